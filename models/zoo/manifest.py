"""`checkpoints/manifest.toml`: every set of weights that Rinkside knows of, read and checked.

Weights ship as safetensors beside the manifest (`file`), can be fetched (`urls`), or must be
downloaded by hand from a `page`; docs/checkpoints.md explains every key.
"""

from __future__ import annotations

import inspect
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from models.checkpoint_files import sha256_of
from models.errors import UserError
from models.families import FAMILIES
from models.zoo.builders import BUILDERS, BUILDERS_BY_FAMILY

Status = Literal["trained", "demo", "untrained"]
"""Fit for use; a small network with a modest result; an initialisation that must be trained."""

ROOT = Path(__file__).resolve().parent.parent.parent
MANIFEST = ROOT / "checkpoints" / "manifest.toml"
UNKNOWN = "unknown"

_REQUIRED = ("name", "family", "builder", "status", "licence", "source")


class ManifestError(UserError):
    """A manifest that cannot be read as one; names the entry and the key."""


@dataclass(frozen=True)
class Figure:
    """A measured number and how it came about."""

    name: str
    """What was measured, e.g. `"COCO AP"`."""
    value: float
    """In the unit that `name` implies."""
    command: str
    """The command that measured it, or who published it."""


@dataclass(frozen=True)
class Checkpoint:
    """One set of weights: what it is, where it comes from, how to check it."""

    name: str
    """Lower-case letters, digits and underscores; unique."""
    family: str
    """`umt`, `uniformerv2`, `infogcn`, `vitpose`, `dino` or `temporal`."""
    builder: str
    """Name of a builder of that family."""
    status: Status
    """What the weights are worth."""
    licence: str
    """SPDX name, or `unknown` and what is known."""
    source: str
    """Where the weights come from, in words."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of the builder that differ from its own."""
    file: str = ""
    """Safetensors file beside the manifest."""
    urls: tuple[str, ...] = ()
    """Where to fetch the published file; tried in order."""
    page: str = ""
    """Where to download the published file by hand."""
    sha256: str = UNKNOWN
    """Of `file`, or of the published file; 8 digits or more of it, or `unknown`."""
    people: str = ""
    """Whose pictures of real people it was trained on, to be said wherever it is used; empty:
    nobody's, or a published file, whose page tells."""
    figures: tuple[Figure, ...] = ()
    """What it reaches."""
    note: str = ""
    """What else one should know."""

    def __post_init__(self) -> None:
        problem = next(_problems(self), None)
        if problem is not None:
            raise ManifestError(f"checkpoint {self.name!r}: {problem}")

    def path(self, manifest: Path = MANIFEST) -> Path:
        """Where its safetensors file lies or will lie once it is fetched."""
        if self.file:
            return manifest.parent / self.file
        name = f"{self.name}.safetensors"
        candidates = [folder / name for folder in fetched_folders(manifest)]
        return next((path for path in candidates if path.exists()), candidates[0])

    @property
    def remedy(self) -> str:
        """What to run when the weights are absent."""
        if self.urls:
            return f"run: python -m models.zoo fetch {self.name}"
        if self.file:
            return f"{self.file} belongs to the project; restore it, e.g. with `git lfs pull`"
        return f"download it from {self.page}, then run: {self.conversion}"

    @property
    def conversion(self) -> str:
        """The command for a published file that was downloaded by hand."""
        return (
            f"python -m models.zoo convert FILE --family {self.family} --builder {self.builder} "
            f"--out checkpoints/fetched/{self.name}.safetensors"
        )


def fetched_folders(manifest: Path = MANIFEST) -> list[Path]:
    """Where fetched weights may lie; new ones go to the first."""
    cache = os.environ.get("RINKSIDE_CACHE")
    shared = [Path(cache).expanduser() / "checkpoints"] if cache else []
    return [*shared, manifest.parent / "fetched"]


def read_manifest(path: Path = MANIFEST) -> dict[str, Checkpoint]:
    """Read and check a manifest: name -> checkpoint, in the order of the file.

    Raises:
        ManifestError: Unreadable, or an entry with an unknown key or a wrong value.
    """
    document = read_document(path)
    checkpoints: dict[str, Checkpoint] = {}
    for number, entry in enumerate(document.get("checkpoint", []), start=1):
        checkpoint = _checkpoint(entry, f"{path}: entry {number}")
        if checkpoint.name in checkpoints:
            raise ManifestError(f"{path}: checkpoint {checkpoint.name!r}is listed twice")
        checkpoints[checkpoint.name] = checkpoint
    return checkpoints


def read_document(path: Path = MANIFEST) -> dict[str, Any]:
    """The tables of a manifest, their entries unread.

    Raises:
        ManifestError: Unreadable, or with a table that manifests do not have.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path} cannot be read: {error}") from error
    unknown = set(document) - {"schema_version", "checkpoint", "calibration"}
    if unknown or document.get("schema_version") != 1:
        raise ManifestError(
            f"{path}: expected schema_version = 1 and [[checkpoint]] entries, got schema_version = "
            f"{document.get('schema_version')} and {', '.join(sorted(unknown)) or 'nothing else'}"
        )
    return document


def known_builder(file: Path, family: str, manifest: Path = MANIFEST) -> str | None:
    """The builder of a published file, where its sha256 is in the manifest.

    Some settings (mmdetection's "improved" positions) show in no key or shape, so that the hash
    alone tells.
    """
    if not file.is_file():
        return None
    sha256 = sha256_of(file)
    for checkpoint in read_manifest(manifest).values():
        if checkpoint.family == family and sha256.startswith(checkpoint.sha256):
            return checkpoint.builder
    return None


def hash_in_name(url: str) -> str | None:
    """The first 8 digits of the sha256 that OpenMMLab puts into file names, if there are any.

    mmdetection ends a name with them, mmpose puts a date behind; a pattern that expects the hash
    at the very end (such as torch.hub's) would check nothing.
    """
    found = re.search(r"-([0-9a-f]{8})(?:_\d{8})?\.pth$", urlsplit(url).path)
    return found[1] if found else None


def _checkpoint(entry: Mapping[str, Any], where: str) -> Checkpoint:
    allowed = {field.name: field.type for field in fields(Checkpoint)}
    for key in entry:
        if key not in allowed:
            raise ManifestError(f"{where}: unknown key {key!r}; known: {', '.join(allowed)}")
    for key in _REQUIRED:
        if key not in entry:
            raise ManifestError(f"{where}: the key {key!r} is missing")
    for key, value in entry.items():
        expected = {"arguments": dict, "urls": list, "figures": list}.get(key, str)
        if not isinstance(value, expected):
            raise ManifestError(
                f"{where}: {key} must be a {expected.__name__}, got {type(value).__name__}"
            )
    return Checkpoint(
        **{
            **entry,
            "arguments": _tuples(entry.get("arguments", {})),
            "urls": tuple(entry.get("urls", ())),
            "figures": tuple(figure_of(figure, where) for figure in entry.get("figures", ())),
        }
    )


def figure_of(entry: Mapping[str, Any], where: str) -> Figure:
    """A measured number of an entry; ManifestError where it is none."""
    names = [field.name for field in fields(Figure)]
    if sorted(entry) != sorted(names):
        raise ManifestError(f"{where}: a figure has the keys {', '.join(names)}, got {entry}")
    return Figure(str(entry["name"]), float(entry["value"]), str(entry["command"]))


def _tuples(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """TOML knows lists only; builders take tuples."""
    return {
        key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()
    }


def _problems(checkpoint: Checkpoint) -> Iterator[str]:
    """What is wrong with an entry, sentence by sentence."""
    if not re.fullmatch(r"[a-z0-9_]+", checkpoint.name):
        yield "a name has lower-case letters, digits and underscores only"
    if checkpoint.family not in FAMILIES:
        yield f"family must be one of {', '.join(FAMILIES)}, got {checkpoint.family!r}"
    if checkpoint.builder not in BUILDERS_BY_FAMILY.get(checkpoint.family, {}):
        yield f"{checkpoint.builder!r} is not a builder of {checkpoint.family}; see `zoo list`"
    if checkpoint.status not in get_args(Status):
        yield f"status must be one of {', '.join(get_args(Status))}, got {checkpoint.status!r}"
    accepted = inspect.signature(BUILDERS[checkpoint.builder]).parameters
    for argument in checkpoint.arguments:
        if argument not in accepted:
            yield f"{checkpoint.builder} takes no argument {argument!r}"
    yield from _origin_problems(checkpoint)


def _origin_problems(checkpoint: Checkpoint) -> Iterator[str]:
    if bool(checkpoint.file) == bool(checkpoint.urls or checkpoint.page):
        yield "give either file, or where it is published: urls or page"
    if PurePosixPath(checkpoint.file).is_absolute() or ".." in PurePosixPath(checkpoint.file).parts:
        yield f"file must lie beside the manifest, got {checkpoint.file!r}"
    known = checkpoint.sha256 != UNKNOWN
    if known and not re.fullmatch(r"[0-9a-f]{8,64}", checkpoint.sha256):
        yield f"sha256 must be 8 to 64 hex digits or {UNKNOWN!r}, got {checkpoint.sha256!r}"
    if checkpoint.file and len(checkpoint.sha256) != 64:
        yield "a file that ships needs its whole sha256"
    for url in checkpoint.urls:
        parts = urlsplit(url)
        local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
        if parts.scheme != "https" and not local:
            yield f"urls must begin with https://, got {url!r}"
        named = hash_in_name(url)
        if named and not checkpoint.sha256.startswith(named):
            yield f"the file name says sha256 {named}, the entry {checkpoint.sha256}"
