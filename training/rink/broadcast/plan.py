"""What a broadcast of a programme shows, shot after shot, before anything is drawn.

The skating goes on while shots of it are cut together. Replays, graphics and pictures of other
people are put in between: the skating waits for them, so seconds of the video are not those of the
motion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from pipeline.types.programme import ShotKind, Transition
from training.rink.broadcast.inserts import Insert, after_skating, before_skating, in_between
from training.rink.performance import Program, ProgramElement

_STYLES = {"uncut": 0.12, "calm": 0.46, "lively": 0.42}
_SHOTS_S = {"uncut": (600.0, 600.0), "calm": (15.0, 60.0), "lively": (6.0, 25.0)}
"""How long one camera stays."""
_SHORTEST_S = 3.0
_BEFORE_S = 0.4
"""A jump's start lies so long before its take-off: no cut there."""
_CUT_IN = {"Sequence": 0.15, "spin": 0.05}
"""How often a cut may fall into a sequence, or a spin; into a jump it never does."""
_CLOSE_UPS = 0.3
_CLOSE_UP_S = (1.6, 4.0)
_FADES: dict[ShotKind, float] = {
    "skating": 0.05, "replay": 0.55, "close_up": 0.2, "graphics": 0.35, "black": 0.4, "nobody": 0.3,
}  # fmt: skip
"""How often a shot begins, or ends, with a cross-fade."""
_FADE_S = (0.2, 0.8)


@dataclass(frozen=True, kw_only=True)
class BroadcastShot:
    """One shot; frames count from the begin of the video."""

    kind: ShotKind
    begins: Transition
    first: int
    stop: int
    fade: int = 0
    """Frames of the cross-fade whose middle is `first`; even, 0 for a cut."""
    motion_s: float = float("nan")
    """Second of the programme's motion that the first frame shows; NaN where none of it."""
    slowed: float = 1.0
    """How many times slower a replay is."""
    repeats: bool = False
    """Whether a slow replay shows each frame several times, as without a high-speed camera."""
    element: int | None = None
    """Number of the element that is replayed."""
    view: str = ""
    """`bust` or `skates` for close-ups, `group` or `seats` for other people."""

    @property
    def live(self) -> bool:
        """Whether the programme goes on in it."""
        return self.kind in ("skating", "close_up") and self.element is None

    def motion_at(self, frame: int, fps: Fraction) -> float:
        """Second of the motion that a frame of the video shows."""
        return self.motion_s + (frame - self.first) / float(fps) / self.slowed


def plan_broadcast(
    rng: np.random.Generator, motion: Program, fps: Fraction, *, plain: bool = False
) -> tuple[BroadcastShot, ...]:
    """The shots of a broadcast, in order, without a gap.

    Args:
        rng: Source of every choice.
        motion: The programme.
        fps: Frames a second.
        plain: Skating alone, with hard cuts.
    """
    style = str(rng.choice(list(_STYLES), p=list(_STYLES.values())))
    if plain and style == "uncut":
        style = "calm"
    cuts = _draw_cuts(rng, motion, _SHOTS_S[style])
    if plain or style == "uncut":
        return _timed(_live(cuts), rng, fps, fades=False)
    close = _close_ups(rng, motion, cuts)
    between = _mid_inserts(rng, motion, cuts)
    shots = [*before_skating(rng)]
    for piece, end in zip(_live(cuts, close), cuts[1:], strict=True):
        shots += [piece, *between.get(end, [])]
    shots += after_skating(rng, motion)
    return _timed(shots, rng, fps, fades=True)


def _busy(element: ProgramElement) -> tuple[float, float]:
    """When an element must not be cut."""
    return element.start_s - _BEFORE_S, element.end_s


def _draw_cuts(
    rng: np.random.Generator, motion: Program, shots_s: tuple[float, float]
) -> list[float]:
    """Seconds of the motion at which the camera changes, both ends included."""
    allowed = {}
    for element in motion.elements:
        kind = "spin" if element.positions else element.label
        allowed[element.number] = rng.random() < _CUT_IN.get(kind, 0.0)
    blocked = [_busy(e) for e in motion.elements if not allowed[e.number]]
    cuts, at = [0.0], 0.0
    while True:
        at = _moved_out(at + float(rng.uniform(*shots_s)), blocked)
        if at > motion.duration_s - _SHORTEST_S:
            return [*cuts, motion.duration_s]
        cuts.append(at)


def _moved_out(at: float, blocked: Sequence[tuple[float, float]]) -> float:
    """The first time from `at` on that lies in none of the stretches, which are in order."""
    for begin, end in blocked:
        if begin < at < end:
            at = end
    return at


def _live(cuts: Sequence[float], close: Sequence[tuple[float, float, str]] = ()) -> list[Insert]:
    """The skating from cut to cut."""
    views = {begin: view for begin, _, view in close}
    return [
        Insert(
            kind="close_up" if begin in views else "skating",
            seconds=end - begin,
            motion_s=begin,
            view=views.get(begin, ""),
        )
        for begin, end in pairwise(cuts)
    ]


def _close_ups(
    rng: np.random.Generator, motion: Program, cuts: list[float]
) -> list[tuple[float, float, str]]:
    """Stretches without an element that are shown close, each from a cut; adds their ends."""
    found: list[tuple[float, float, str]] = []
    for begin, end in list(pairwise(cuts)):
        seconds = float(rng.uniform(*_CLOSE_UP_S))
        free = min([end - _SHORTEST_S, *(_busy(e)[0] for e in motion.elements if e.end_s > begin)])
        if begin + seconds < free and rng.random() < _CLOSE_UPS and len(found) < 3:
            found.append((begin, begin + seconds, "bust" if rng.random() < 0.7 else "skates"))
    cuts[:] = sorted({*cuts, *(end for _, end, _ in found)})
    return found


def _mid_inserts(
    rng: np.random.Generator, motion: Program, cuts: list[float]
) -> dict[float, list[Insert]]:
    """Inserts by the second of the motion that they follow; adds the cuts that they need."""
    inserts: dict[float, list[Insert]] = {}
    last = motion.elements[-1].number
    for number in rng.permutation(last)[: int(rng.choice(3, p=(0.45, 0.4, 0.15)))]:
        element = [e for e in motion.elements if e.number == number][-1]
        after = min(_busy(e)[0] for e in motion.elements if e.number == number + 1)
        at = element.end_s + float(rng.uniform(0.3, 0.9))
        near = [cut for cut in cuts if abs(cut - at) < _SHORTEST_S]
        if near and element.end_s <= near[0] <= after:
            at = near[0]
        elif near or at > after:
            continue
        inserts[at] = [in_between(rng, motion, int(number))]
        cuts[:] = sorted({*cuts, at})
    return inserts


def _timed(
    shots: Sequence[Insert], rng: np.random.Generator, fps: Fraction, *, fades: bool
) -> tuple[BroadcastShot, ...]:
    """The shots with their frames; what is live follows the motion frame by frame."""
    timed: list[BroadcastShot] = []
    at = 0
    for shot in shots:
        count = max(round(shot.seconds * fps), 2)
        motion_s = shot.motion_s
        if shot.element is None and not np.isnan(motion_s):
            begin = round(motion_s * fps)
            count = round((motion_s + shot.seconds) * fps) - begin
            motion_s = begin / float(fps)
        before = timed[-1] if timed else None
        fade = _fade(rng, before, shot, count, float(fps)) if fades else 0
        timed.append(
            BroadcastShot(
                kind=shot.kind, begins="start" if before is None else "fade" if fade else "cut",
                first=at, stop=at + count, fade=fade, motion_s=motion_s, slowed=shot.slowed,
                repeats=shot.repeats, element=shot.element, view=shot.view,
            )
        )  # fmt: skip
        at += count
    return tuple(timed)


def _fade(
    rng: np.random.Generator, before: BroadcastShot | None, shot: Insert, count: int, fps: float
) -> int:
    """Frames of the cross-fade into a shot."""
    share = max(_FADES[shot.kind], _FADES[before.kind] if before else 0.0)
    frames = 2 * round(0.5 * rng.uniform(*_FADE_S) * fps)
    if before is None or rng.random() > share:
        return 0
    room = min(count, before.stop - before.first - before.fade // 2) // 2
    return max(min(frames, room) // 2 * 2, 0)
