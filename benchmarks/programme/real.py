"""How well jumps of real programmes are found, for whoever has the videos of the labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.programme.clips import kinds_of
from benchmarks.programme.listed import ListedElement
from benchmarks.programme.real_labels import FoundVideo, RealMoment
from benchmarks.programme.scores import FRAME_S, JUMP_FRAMES, moment_precision
from pipeline.types.programme import FoundJump, Programme


@dataclass(frozen=True)
class RealScores:
    """Figures over the programmes whose videos are there; shares of 1."""

    programmes: int
    jumps: int
    """True ones."""
    found: float
    """Share of them with take-off and landing within `JUMP_FRAMES` frames of 25 a second."""
    kind: float
    """Share of those found whose likeliest kind is right, whatever the turns."""
    kind_in_two: float
    """Share whose kind is that of one of the two likeliest."""
    false_per_minute: float
    """Jumps found where nobody is in the air."""
    flying: float
    """Share of the flying spins found as such."""
    moments: dict[int, float]
    """Mean average precision of take-offs and landings, by tolerance in frames."""


def real_scores(read: Sequence[tuple[FoundVideo, Programme]]) -> RealScores:
    """Figures over at least one programme; times of the found ones are the files'."""
    true = [
        (shifted(one, video.start_s), programme)
        for video, programme in read
        for one in video.programme.jumps
    ]
    pairs = [(one, _found(one, programme)) for one, programme in true]
    right = [(one, jump) for one, jump in pairs if jump is not None]
    named = [(one, kinds_of(jump.candidates)) for one, jump in right if one.kind]
    flying = [
        _flies(shifted(one, video.start_s), programme)
        for video, programme in read
        for one in video.programme.flying_spins
    ]
    return RealScores(
        programmes=len(read),
        jumps=len(true),
        found=_share(len(right), len(true)),
        kind=_share(sum(one.kind in kinds[:1] for one, kinds in named), len(named)),
        kind_in_two=_share(sum(one.kind in kinds[:2] for one, kinds in named), len(named)),
        false_per_minute=60
        * sum(_false(video, programme) for video, programme in read)
        / sum(video.programme.seconds for video, _ in read),
        flying=_share(sum(flying), len(flying)),
        moments=_moments(read),
    )


def shifted(moment: RealMoment, start_s: float) -> RealMoment:
    """In seconds of the file in which the programme begins at `start_s`."""
    return RealMoment(moment.kind, moment.takeoff_s + start_s, moment.landing_s + start_s)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _found(moment: RealMoment, programme: Programme) -> FoundJump | None:
    near_s = JUMP_FRAMES * FRAME_S + 1e-6
    jumps = (jump for element in programme.elements for jump in element.jumps)
    right = (
        jump
        for jump in jumps
        if abs(jump.takeoff_s - moment.takeoff_s) <= near_s
        and abs(jump.landing_s - moment.landing_s) <= near_s
    )
    return next(right, None)


def _false(video: FoundVideo, programme: Programme) -> int:
    flights = [shifted(one, video.start_s) for one in video.programme.moments]
    return sum(
        not any(f.takeoff_s < jump.landing_s and jump.takeoff_s < f.landing_s for f in flights)
        for element in programme.elements
        for jump in element.jumps
    )


def _flies(flight: RealMoment, programme: Programme) -> bool:
    return any(
        element.flying and element.start_s < flight.landing_s and element.end_s > flight.takeoff_s
        for element in programme.elements
    )


def _moments(read: Sequence[tuple[FoundVideo, Programme]]) -> dict[int, float]:
    return moment_precision(
        [
            (
                [ListedElement.of_found(element) for element in programme.elements],
                [
                    (one.takeoff_s + video.start_s, one.landing_s + video.start_s)
                    for one in video.programme.jumps
                ],
            )
            for video, programme in read
        ]
    )
