"""Programmes of the simulated rink with what is truly in them: `training.rink program`'s folders.

Nothing here is read by what is measured; it sees `program.mp4` alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.programme.listed import ListedElement
from pipeline.errors import InputError
from pipeline.types import FloatArray
from training.programme.truth import read_elements, true_elements


@dataclass(frozen=True)
class TrueShot:
    """One camera's part; seconds since the file's first frame."""

    start_s: float
    end_s: float
    kind: str
    """As `pipeline.types.programme.ShotKind`."""
    fade_s: float = 0.0
    """How long the picture before fades into this one, half of it before `start_s`; 0 for a hard
    cut."""


@dataclass(frozen=True)
class TrueProgramme:
    """One rendered programme."""

    folder: Path
    name: str
    video_s: float
    elements: tuple[ListedElement, ...]
    """In order of time."""
    shots: tuple[TrueShot, ...]
    """In order of time, without gaps."""

    @property
    def video(self) -> Path:
        """The only file that may be looked at."""
        return self.folder / "program.mp4"

    def skater_boxes(self) -> tuple[FloatArray, FloatArray]:
        """Times `(T,)` and the skater's boxes `(T, 4)` xyxy; NaN: not in the picture."""
        truth = np.load(self.folder / "truth" / "program.npz")
        return truth["pts_s"], truth["boxes_xyxy"]


def read_programme(folder: Path) -> TrueProgramme:
    """One finished folder of `python -m training.rink program`.

    Raises:
        InputError: It holds no finished programme.
    """
    try:
        content = json.loads((folder / "program.json").read_text(encoding="utf-8"))
        video_s = content["frames"] / content["fps"]
        elements = true_elements(read_elements(content["elements"]))
        shots = _shots(content["shots"], video_s)
    except FileNotFoundError:
        raise InputError(
            f"{folder}: holds no finished programme of `python -m training.rink program`"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder / 'program.json'}: cannot be read ({error!r})") from error
    listed = tuple(ListedElement.of_true(element) for element in elements)
    return TrueProgramme(folder, folder.name, video_s, listed, shots)


def _shots(content: list[dict[str, Any]], video_s: float) -> tuple[TrueShot, ...]:
    starts = [float(shot["start_s"]) for shot in content]
    return tuple(
        TrueShot(start, end, shot.get("kind", "skating"), float(shot.get("fade_s") or 0.0))
        for shot, start, end in zip(content, starts, [*starts[1:], video_s], strict=True)
    )
