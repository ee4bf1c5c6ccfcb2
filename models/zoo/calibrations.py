"""Numbers fitted to sets of weights, `[[calibration]]` of the manifest: temperatures and the like.

They are no network, so no builder makes them; what is in a file is the pipeline's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from models.zoo.manifest import MANIFEST, Figure, ManifestError, figure_of, read_document


@dataclass(frozen=True)
class FittedNumbers:
    """One file of fitted numbers."""

    name: str
    """Lower-case letters, digits and underscores; unique."""
    file: str
    """Safetensors file beside the manifest."""
    sha256: str
    """Of the file, whole."""
    licence: str
    """SPDX name."""
    source: str
    """What they were fitted on, and by which command."""
    figures: tuple[Figure, ...] = ()
    """What they reach."""

    def __post_init__(self) -> None:
        parts = PurePosixPath(self.file).parts
        if len(parts) != 1 or parts[0] in ("..", "/"):
            raise ManifestError(f"calibration {self.name!r}: file must lie beside the manifest")
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ManifestError(f"calibration {self.name!r}: sha256 must be 64 hex digits")

    def path(self, manifest: Path = MANIFEST) -> Path:
        """Where its file lies."""
        return manifest.parent / self.file


def read_calibrations(path: Path = MANIFEST) -> tuple[FittedNumbers, ...]:
    """The `[[calibration]]` entries of a manifest.

    Raises:
        ManifestError: Unreadable, or an entry with an unknown, missing or wrong key.
    """
    found = tuple(_entry(entry, path) for entry in read_document(path).get("calibration", []))
    names = [entry.name for entry in found]
    if len(set(names)) != len(names):
        raise ManifestError(f"{path}: a calibration is listed twice: {', '.join(names)}")
    return found


def _entry(entry: Any, path: Path) -> FittedNumbers:
    keys = {field.name for field in fields(FittedNumbers)}
    needed = keys - {"figures"}
    if not isinstance(entry, dict) or not needed <= set(entry) <= keys:
        raise ManifestError(
            f"{path}: a calibration has the keys {', '.join(sorted(keys))}, got {entry}"
        )
    wrong = [key for key in needed if not isinstance(entry[key], str)]
    if wrong:
        raise ManifestError(f"{path}: calibration: {wrong[0]} must be a str")
    figures = tuple(figure_of(figure, str(path)) for figure in entry.get("figures", ()))
    return FittedNumbers(**{**entry, "figures": figures})
