"""Where one shot ends and the next begins: hard cuts, cross-fades and fades through black.

Small pictures are compared, never whole frames, and nothing is learnt. A cut is a frame that no
motion of the one before explains, much unlike its neighbours, and that stays (a flash does not). A
cross-fade is a frame half-way between one well before and one well after (the double chromatic
difference of Yu et al. 1997) where no motion leads from the one to the other.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video import Frame

Thumb = NDArray[np.float32]
"""`(HEIGHT, WIDTH, 3)`, 0..255."""

WIDTH, HEIGHT = 64, 36
_BLOCK = 12
"""Side of the blocks that are sought in the frame before; 5 x 3 of them."""
_REACH = (7, 3)
"""How far, in pixels of the small picture, across and up and down."""

_CUT = 7.0
"""Mean difference, in grey levels, that motion must leave unexplained at a cut."""
_CUT_TO_NEIGHBOURS = 2.2
"""How many times more than at the frames around it."""
_CUT_STAYS = 0.6
"""Share of it that must be there still some frames later; a flash is over by then."""
_FADE = 9.0
"""Mean difference between the pictures before and after a cross-fade."""
_FADE_HALFWAY = 0.3
"""How far, as a share of that difference, its middle frame may be from half-way."""
_FADE_UNEXPLAINED = 0.45
"""Share of that difference that motion must leave unexplained."""
BLACK, BLACK_SPREAD = 28.0, 10.0
"""Mean and spread of the grey levels, at most, of a black frame."""

FADE_S = (0.12, 0.2, 0.32, 0.48)
"""Half the length of the cross-fades that are looked for."""
_STAYS_S = (0.08, 0.16, 0.28)
"""After a cut, when the picture must still be another one."""
_SETTLE_S = 0.2


def thumb_of(frame: Frame) -> Thumb:
    """A small picture of a frame."""
    step = max(1, frame.shape[1] // (WIDTH * 5))
    small = cv2.resize(
        np.ascontiguousarray(frame[::step, ::step]), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA
    )
    return np.asarray(small, np.float32)


def is_black(thumb: Thumb) -> bool:
    """Whether a frame shows nothing."""
    grey = thumb.mean(axis=2)
    return bool(grey.mean() <= BLACK and grey.std() <= BLACK_SPREAD)


def difference(first: Thumb, second: Thumb) -> float:
    """Mean difference of two pictures, grey levels."""
    return float(np.abs(first - second).mean())


def unexplained(first: Thumb, second: Thumb) -> float:
    """The mean difference that is left when every block may come from elsewhere nearby."""
    across, down = _REACH
    padded = np.pad(first, ((down, down), (across, across), (0, 0)), mode="edge")
    least: NDArray[np.float32] | None = None
    rows, columns = HEIGHT // _BLOCK, WIDTH // _BLOCK
    target = second[:, : columns * _BLOCK]
    for y in range(2 * down + 1):
        for x in range(2 * across + 1):
            moved = padded[y : y + HEIGHT, x : x + columns * _BLOCK]
            away = np.abs(moved - target).sum(axis=2)
            blocks = away.reshape(rows, _BLOCK, columns, _BLOCK).sum(axis=(1, 3))
            least = blocks if least is None else np.minimum(least, blocks)
    assert least is not None
    return float(least.sum() / (3 * target.shape[0] * target.shape[1]))


@dataclass(frozen=True)
class Boundary:
    """Where a shot begins."""

    position: int
    """Its first frame; of a cross-fade, the middle."""
    begins: Literal["cut", "fade"]


class BoundaryFinder:
    """Finds boundaries while the frames come: `add` every small picture in order, then `finish`.

    Whether there is a boundary at a frame hangs on the frames within `reach` of it alone.

    Args:
        fps: Frames a second.
        first: Position of the first frame that will be added.
        known: Boundaries at or before this position are known already, and not told again.
    """

    def __init__(self, fps: float, *, first: int = 0, known: int | None = None) -> None:
        self._fps = fps
        self._fades = sorted({max(3, round(half_s * fps)) for half_s in FADE_S})
        self._settle = max(1, round(_SETTLE_S * fps))
        self.reach = self._fades[-1] + self._settle + 1
        """Frames before and after that a decision needs."""
        self._thumbs: deque[Thumb] = deque(maxlen=2 * self.reach + 1)
        self._steps: deque[float] = deque(maxlen=2 * self.reach + 1)
        self._first = self._next = first
        self._decided = max(first, first if known is None else known)
        self._last = self._decided

    @property
    def decided(self) -> int:
        """Whether there is a boundary at positions before this one is known."""
        return self._decided

    def add(self, thumb: Thumb) -> list[Boundary]:
        """Take the next frame; the boundaries that it settles."""
        before = self._thumbs[-1] if self._thumbs else thumb
        self._thumbs.append(thumb)
        self._steps.append(difference(before, thumb))
        self._next += 1
        return self._settled(self._next - self.reach)

    def finish(self) -> list[Boundary]:
        """There are no more frames: the boundaries that are left."""
        return self._settled(self._next)

    def _settled(self, until: int) -> list[Boundary]:
        found = []
        for position in range(self._decided, until):
            self._decided = position + 1
            begins = self._at(position)
            if begins is not None:
                self._last = position
                found.append(Boundary(position, begins))
        return found

    def _at(self, position: int) -> Literal["cut", "fade"] | None:
        if position <= self._last or position == self._first:
            return None
        if self._is_cut(position):
            return "cut"
        # Near a boundary, the frames before and after are those of other shots.
        if position - self._last > self._settle and self._is_fade(position):
            return "fade"
        return None

    def _thumb(self, position: int) -> Thumb | None:
        at = position - (self._next - len(self._thumbs))
        return self._thumbs[at] if 0 <= at < len(self._thumbs) else None

    def _step(self, position: int) -> float:
        at = position - (self._next - len(self._thumbs))
        return self._steps[at] if 0 < at < len(self._steps) else 0.0

    def _is_cut(self, position: int) -> bool:
        step = self._step(position)
        around = [self._step(position + k) for k in range(-6, 7) if k]
        if step < _CUT or step < 1.3 * sorted(around)[-2]:
            return False
        before, after = self._thumb(position - 1), self._thumb(position)
        if before is None or after is None:
            return False
        new = unexplained(before, after)
        if new < _CUT or new < _CUT_TO_NEIGHBOURS * self._moving(position):
            return False
        later = [self._thumb(position + max(1, round(s * self._fps))) for s in _STAYS_S]
        earlier = self._thumb(position - 3)
        befores = [before] if earlier is None else [before, earlier]
        return all(
            unexplained(b, other) >= _CUT_STAYS * new
            for b in befores
            for other in later
            if other is not None
        )

    def _moving(self, position: int) -> float:
        """What motion leaves unexplained next to a frame."""
        pairs = [(-3, -2), (-2, -1), (0, 1), (1, 2)]
        left = []
        for a, b in pairs:
            first, second = self._thumb(position + a), self._thumb(position + b)
            if first is not None and second is not None:
                left.append(unexplained(first, second))
        return sorted(left)[-2] if len(left) > 1 else 0.0  # the highest may be a flash

    def _is_fade(self, position: int) -> bool:
        """Whether this is the middle of a cross-fade: the best one within a few frames."""
        here = self._halfway(position)
        if here > _FADE_HALFWAY:
            return False
        near = [self._halfway(position + k) for k in range(-self._settle, self._settle + 1) if k]
        return all(here <= other for other in near[: self._settle]) and all(
            here < other for other in near[self._settle :]
        )

    def _halfway(self, position: int) -> float:
        """How far from half-way, least over the lengths of a cross-fade; infinite where none."""
        middle = self._thumb(position)
        if middle is None:
            return np.inf
        best = np.inf
        for half in self._fades:
            before, after = self._thumb(position - half), self._thumb(position + half)
            if before is None or after is None:
                break
            apart = difference(before, after)
            if apart < _FADE:
                continue
            off = difference(middle, np.float32(0.5) * (before + after)) / apart
            if off < min(best, _FADE_HALFWAY) and self._is_new(before, after, apart):
                best = off
        return best

    def _is_new(self, before: Thumb, after: Thumb, apart: float) -> bool:
        return unexplained(before, after) >= _FADE_UNEXPLAINED * apart
