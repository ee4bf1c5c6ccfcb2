"""Where one shot ends and the next begins: hard cuts, cross-fades and fades through black.

Small pictures are compared, never whole frames, and nothing is learnt. A cut is a frame that no
motion of the one before explains, much unlike its neighbours, and that stays (a flash does not). A
cross-fade is a frame half-way between one well before and one well after (the double chromatic
difference of Yu et al. 1997) that both of them, moved and mixed, explain far better than either.
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
_FADE_UNEXPLAINED = 0.6
"""Share of that difference that motion must leave unexplained."""
_FADE_HALFWAY = 0.65
"""How far, as a share of that difference, its middle frame may be from their mean."""
_FADE_CONTRAST = 0.93
"""Fine contrast of the middle frame, as a share of the sharper one's: two pictures blur each
other."""
_FADE_BLEND = 0.53
"""What is left unexplained of the middle frame by both pictures, moved and mixed, as a share of
what the better one leaves alone."""
BLACK, BLACK_SPREAD = 28.0, 10.0
"""Mean and spread of the grey levels, at most, of a black frame."""

FADE_S = (0.2, 0.32, 0.48)
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
    moved, target = _moved(first), _blocks(second)  # (N, S, P), (N, P)
    away = np.abs(moved - target[:, None]).mean(axis=2)
    return float(away.min(axis=1).mean())


def unmixed(before: Thumb, middle: Thumb, after: Thumb) -> float:
    """How much worse one of two pictures explains a third than their mean, 0..1 and above.

    Every block of either may come from elsewhere nearby; the squares are multiplied out, or all
    pairs of moves would have to be looked at.
    """
    first, last, target = _moved(before), _moved(after), _blocks(middle)
    own = (target**2).sum(axis=1)  # (N,)
    squares, products = [], []
    for moved in (first, last):
        squares.append((moved**2).sum(axis=2))  # (N, S)
        products.append((moved @ target[:, :, None])[..., 0])
    alone = min(
        (own[:, None] + square - 2 * product).min(axis=1).mean()
        for square, product in zip(squares, products, strict=True)
    )
    halves = [square / 4 - product for square, product in zip(squares, products, strict=True)]
    mixed = halves[0][:, :, None] + halves[1][:, None] + (first @ last.transpose(0, 2, 1)) / 2
    together = (own + mixed.min(axis=(1, 2))).mean()
    return float(np.sqrt(max(together, 0.0) / max(alone, 1e-6)))


def _blocks(thumb: Thumb) -> Thumb:
    """The blocks of a picture, `(N, P)`; what is left at its right side does not count."""
    rows, columns = HEIGHT // _BLOCK, WIDTH // _BLOCK
    whole = thumb[: rows * _BLOCK, : columns * _BLOCK]
    parts = whole.reshape(rows, _BLOCK, columns, _BLOCK, 3).transpose(0, 2, 1, 3, 4)
    return parts.reshape(rows * columns, -1)


def _moved(thumb: Thumb) -> Thumb:
    """The blocks of a picture that is moved by up to `_REACH`, `(N, S, P)`."""
    across, down = _REACH
    padded = np.pad(thumb, ((down, down), (across, across), (0, 0)), mode="edge")
    moves = [
        _blocks(padded[y : y + HEIGHT, x : x + WIDTH])
        for y in range(2 * down + 1)
        for x in range(2 * across + 1)
    ]
    return np.stack(moves, axis=1)


def _fine_contrast(thumb: Thumb) -> float:
    grey = thumb.mean(axis=2)
    return float((grey - cv2.blur(grey, (9, 9))).std())


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
        self._last, self._last_fades = self._decided, False
        self._offs: dict[tuple[int, int], float] = {}

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
                self._last, self._last_fades = position, begins == "fade"
                found.append(Boundary(position, begins))
        return found

    def _at(self, position: int) -> Literal["cut", "fade"] | None:
        if position <= self._last or position == self._first:
            return None
        if self._is_cut(position):
            return "cut"
        # Near a boundary, the frames before and after are those of other shots.
        near = 2 * self._fades[-1] if self._last_fades else self._settle
        if position - self._last > near and self._is_fade(position):
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
        earlier = [p for p in (position - 3, position - 6) if p >= self._last]
        befores = [before, *(t for t in map(self._thumb, earlier) if t is not None)]
        return all(
            unexplained(b, other) >= _CUT_STAYS * new
            for b in befores
            for other in later
            if other is not None
        )

    def _moving(self, position: int) -> float:
        """What motion leaves unexplained near a frame, at most.

        Where frames are shown several times over, that is between two that are not the same.
        """
        near = [position + k for k in range(-6, 7) if k and position + k > self._last]
        left = []
        for other in sorted(near, key=self._step)[-3:]:
            first, second = self._thumb(other - 1), self._thumb(other)
            if first is not None and second is not None:
                left.append(unexplained(first, second))
        return sorted(left)[-2] if len(left) > 1 else 0.0  # the highest may be a flash

    def _is_fade(self, position: int) -> bool:
        """Whether this is the middle of a cross-fade: of some length, the best frame near."""
        return any(self._is_fade_of(position, half) for half in self._fades)

    def _is_fade_of(self, position: int, half: int) -> bool:
        here = self._off(position, half)
        if here > _FADE_HALFWAY:
            return False
        around = [k for k in range(-self._settle, self._settle + 1) if k]
        if any(self._off(position + k, half) < here + 1e-9 * (k < 0) for k in around):
            return False
        pictures = self._around(position, half)
        if pictures is None:
            return False
        before, middle, after = pictures
        motion = unexplained(before, after) < _FADE_UNEXPLAINED * difference(before, after)
        return not motion and unmixed(before, middle, after) <= _FADE_BLEND

    def _around(self, position: int, half: int) -> tuple[Thumb, Thumb, Thumb] | None:
        """A frame between those well before and after it, if it may be half-way between them."""
        before, middle, after = (self._thumb(position + k) for k in (-half, 0, half))
        if before is None or middle is None or after is None or position - half < self._last:
            return None
        return before, middle, after

    def _off(self, position: int, half: int) -> float:
        """How far a frame is from half-way; infinite where it cannot be a mixture."""
        if (position, half) not in self._offs:
            if len(self._offs) > 50 * self.reach:
                self._offs.clear()
            self._offs[position, half] = self._new_off(position, half)
        return self._offs[position, half]

    def _new_off(self, position: int, half: int) -> float:
        pictures = self._around(position, half)
        if pictures is None:
            return np.inf
        before, middle, after = pictures
        apart = difference(before, after)
        sharp = max(_fine_contrast(before), _fine_contrast(after))
        if apart < _FADE or _fine_contrast(middle) > _FADE_CONTRAST * sharp:
            return np.inf
        return difference(middle, np.float32(0.5) * (before + after)) / apart
