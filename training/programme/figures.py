"""What a finder's answer to some programmes is worth: one number for each question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.programme.frame_classes import MOMENTS
from pipeline.programme.segments import Segment as Element
from pipeline.types.programme import COMBINATION_SPIN, LAYBACK_SPIN, FrameScores
from training.programme.metrics import Counts, Segment, average_precision, edit_score, matched

FRAME_S = 0.04
"""Of 25 frames a second, in which tolerances are told."""
_OVERLAPS = (0.1, 0.25, 0.5, 0.75, 0.9)
_NEAR_FRAMES = 3
_TOUCHING = 0.1
_SPOT = 0.05
_POSITIONS = {"camel": "CamelSpin", "sit": "SitSpin", "upright": "UprightSpin"}


@dataclass(frozen=True)
class Answer:
    """What was found in one programme, and what is in it."""

    found: tuple[Element, ...]
    true: tuple[Element, ...]
    scores: FrameScores
    duration_s: float


def kind_of(element: Element) -> str:
    """As much of an element's class as a skeleton tells without the classifiers."""
    if element.family in ("jump", "combination"):
        return "+".join(["jump"] * len(element.jumps))
    if element.family == "sequence":
        return "Sequence"
    held = {position.position for position in element.positions}
    if len(held) != 1:
        return COMBINATION_SPIN
    return _POSITIONS.get(held.pop(), LAYBACK_SPIN)


def figures(answers: Sequence[Answer]) -> dict[str, float]:
    """Every figure over all programmes together.

    `f1_K` and `kind_f1_K`: segments at an overlap of K %, without and with `kind_of`; `edit`;
    `moments`: share of the true jumps whose take-off and landing are both within 3 frames;
    `false_a_minute`; `map_N`: spotting of take-offs and landings within N frames; `quality`: the
    mean of what training is to better.
    """
    named = {
        **{f"f1_{round(100 * k)}": _f1(answers, k, labels=False) for k in _OVERLAPS},
        **{f"kind_f1_{round(100 * k)}": _f1(answers, k, labels=True) for k in _OVERLAPS},
        "edit": float(np.mean([_edit(answer) for answer in answers])),
        "moments": _near(answers),
        "false_a_minute": _false(answers),
        **{f"map_{frames}": _spotting(answers, frames) for frames in (1, 2, 4)},
    }
    return {**named, "quality": _quality(named)}


def _quality(named: Mapping[str, float]) -> float:
    shares = [named[name] for name in ("kind_f1_50", "f1_75", "f1_90", "moments")]
    return float(np.mean([*shares, named["edit"] / 100, 1.0 - min(named["false_a_minute"], 1.0)]))


def _segments(elements: Sequence[Element]) -> list[Segment]:
    return [Segment(e.start_s, e.end_s, kind_of(e)) for e in elements]


def _f1(answers: Sequence[Answer], overlap: float, *, labels: bool) -> float:
    counts = Counts()
    for answer in answers:
        found, true = _segments(answer.found), _segments(answer.true)
        counts += matched(found, true, overlap, labels=labels)
    return counts.f1


def _edit(answer: Answer) -> float:
    return edit_score(*([kind_of(e) for e in part] for part in (answer.found, answer.true)))


def _jumps(elements: Sequence[Element]) -> list[tuple[float, float]]:
    return [jump for element in elements for jump in element.jumps]


def _near(answers: Sequence[Answer]) -> float:
    hits, total = 0, 0
    for answer in answers:
        found, true = np.array(_jumps(answer.found)), _jumps(answer.true)
        total += len(true)
        for jump in true:
            if len(found):
                off = np.abs(found - np.array(jump)).max(axis=1)
                hits += bool(off.min() <= _NEAR_FRAMES * FRAME_S + 1e-9)
    return hits / total if total else 1.0


def _false(answers: Sequence[Answer]) -> float:
    false = sum(
        matched(_segments(a.found), _segments(a.true), _TOUCHING, labels=False).false
        for a in answers
    )
    return 60.0 * false / sum(answer.duration_s for answer in answers)


def _spotting(answers: Sequence[Answer], frames: int) -> float:
    precisions = []
    for column in range(len(MOMENTS)):
        predicted = [
            (video, moment_s, height)
            for video, answer in enumerate(answers)
            for moment_s, height in _spots(answer.scores, column)
        ]
        true = [
            (video, jump[column])
            for video, answer in enumerate(answers)
            for jump in _jumps(answer.true)
        ]
        precisions.append(average_precision(predicted, true, frames * FRAME_S + 1e-9))
    return float(np.mean(precisions))


def _spots(scores: FrameScores, column: int) -> list[tuple[float, float]]:
    """Local peaks of a moment's score: time and height."""
    values = scores.moments[:, column]
    padded = np.pad(values, 1)
    peaks = (values >= padded[:-2]) & (values > padded[2:]) & (values >= _SPOT)
    return [(float(scores.times_s[n]), float(values[n])) for n in np.flatnonzero(peaks)]
