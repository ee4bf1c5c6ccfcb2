"""Which part of a long clip to analyse: the element, cut as the classifiers' clips were.

The demo's classifiers learnt from clips of the simulated rink: of a jump about 1.6 s, the middle of
the flight a little behind the clip's; of a spin from 0.2 to 1.2 s before it is centred to 0.4 to
0.9 s after its last turn (`training/rink/motion/clip.py`, which a test holds beside this).
"""

from __future__ import annotations

from pipeline.measure.records import Measurements, Span

JUMP_CLIP_S, FLIGHT_AT = 1.6, 0.55
"""Usual length of a jump's clip, and at which share of it the middle of the flight lies."""
LONGEST_JUMP_CLIP_S = 2.3
SPIN_BEFORE_S, SPIN_AFTER_S = 0.7, 0.65
"""Usual time before and after the turning of a spin."""
LONGEST_SPIN_CLIP_S = 9.5


def stretch_to_cut(found: Measurements, first_s: float, last_s: float) -> Span | None:
    """The part of a clip to analyse alone; None where the clip is short enough, or nothing is seen.

    Args:
        found: What was measured.
        first_s: When the clip begins, on the same clock.
        last_s: When it ends.
    """
    cut = _around(found)
    longest = LONGEST_JUMP_CLIP_S if found.kind == "jump" else LONGEST_SPIN_CLIP_S
    if cut is None or last_s - first_s <= longest:
        return None
    return Span(cut.name, max(first_s, cut.start_s), min(last_s, cut.end_s))


def _around(found: Measurements) -> Span | None:
    takeoff, landing = found.of("takeoff"), found.of("landing")
    if found.kind == "spin" and found.turning is not None:
        turning = found.turning
        return Span("spin", turning.start_s - SPIN_BEFORE_S, turning.end_s + SPIN_AFTER_S)
    if takeoff is None or landing is None or not (takeoff.estimate and landing.estimate):
        return None
    middle = 0.5 * (takeoff.estimate.value + landing.estimate.value)
    start = middle - FLIGHT_AT * JUMP_CLIP_S
    return Span("jump", start, start + JUMP_CLIP_S)
