"""Whom the user takes for the skater: a person's number, or a box drawn in one frame."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from pipeline.errors import InputError

_NUMBER = re.compile(r"\s*(\d{1,9})\s*")
_BOX = re.compile(r"\s*(\d{1,9})\s*:\s*([^:]+)")
MIN_SIDE = 4.0
"""Pixels; a smaller box shows nobody, and is a slip of the hand."""


@dataclass(frozen=True)
class SkaterBox:
    """A box around the skater that a person drew in one frame."""

    frame: int
    """Of the file, counted from 0 as in `Timeline.frame_index`."""
    xyxy: tuple[float, float, float, float]
    """Source-frame pixels, x2 and y2 exclusive."""

    def __post_init__(self) -> None:
        x1, y1, x2, y2 = self.xyxy
        if not all(map(math.isfinite, self.xyxy)) or min(x2 - x1, y2 - y1) < MIN_SIDE:
            raise InputError.of("box_size", box=_numbers(self.xyxy), least=f"{MIN_SIDE:g}")
        if self.frame < 0:
            raise InputError.of("box_frame", frame=self.frame + 1)

    def __str__(self) -> str:
        """As it is typed: `FRAME:x1,y1,x2,y2`, frames counted from 1 as the player shows them."""
        return f"{self.frame + 1}:{_numbers(self.xyxy)}"


Chosen = int | SkaterBox | None
"""A person's number, a drawn box, or None: the rule chooses."""


def read_chosen(text: str) -> Chosen:
    """What was typed: nothing, a person's number, or a box as `FRAME:x1,y1,x2,y2`.

    Raises:
        InputError: It is none of these.
    """
    if not text.strip():
        return None
    if match := _NUMBER.fullmatch(text):
        return int(match[1])
    return read_box(text)


def read_box(text: str) -> SkaterBox:
    """A box as `FRAME:x1,y1,x2,y2`, the frame counted from 1.

    Raises:
        InputError: It is written otherwise, or too small.
    """
    match = _BOX.fullmatch(text)
    try:
        numbers = [float(part) for part in match[2].split(",")] if match else []
    except ValueError:
        numbers = []
    if match is None or len(numbers) != 4:
        raise InputError.of("skater_unreadable", text=text)
    x1, y1, x2, y2 = numbers
    return SkaterBox(int(match[1]) - 1, (x1, y1, x2, y2))


def _numbers(xyxy: tuple[float, float, float, float]) -> str:
    return ",".join(f"{value:.1f}".rstrip("0").rstrip(".") for value in xyxy)
