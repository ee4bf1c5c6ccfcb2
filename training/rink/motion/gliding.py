"""Skating that is no element: stroking, crossovers, glides, bows, entrances, waiting."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from training.rink.motion.kinematics.edges import (
    ARMS,
    Edge,
    Flow,
    glide,
    glide_pose,
    one_foot_turn,
    two_feet,
)
from training.rink.motion.kinematics.pose import STAND, Pose, pose, varied
from training.rink.motion.phrase import AUTO, Contact, Phrase, Side, joined

_QUIET_ARMS = (0, 1, 1, 2, 5)


def _stroke_pose(edge: Edge, rng: np.random.Generator, free: str, knee: float) -> Pose:
    arms = int(rng.choice(_QUIET_ARMS))
    trunk = (rng.uniform(6.0, 24.0), rng.uniform(-3.0, 3.0))
    return glide_pose(
        edge.side, rng, free=free, arms=arms, trunk=trunk, twist=rng.uniform(-10, 10), knee=knee
    )


def stroking(seconds: float, rng: np.random.Generator, *, speed: float | None = None) -> Phrase:
    """Forward strokes, foot after foot, faster or at an even pace."""
    pace = rng.uniform(2.5, 5.0) if speed is None else speed
    side: Side = "left" if rng.random() < 0.5 else "right"
    bias = rng.uniform(-0.06, 0.06)
    phrases: list[Phrase] = []
    total = 0.0
    while total < seconds:
        edge = Edge(side, backward=False, outside=False)
        flow = Flow(pace, 0.05 + bias * edge.curve, rng.uniform(0.50, 0.75))
        shape = _stroke_pose(edge, rng, "behind", rng.uniform(42.0, 60.0))
        phrases.append(glide(edge, flow, shape, push=rng.uniform(0.28, 0.42)))
        total += flow.seconds
        pace = min(pace * rng.uniform(0.98, 1.08), 6.0)
        side = edge.other_side
    return joined(phrases)


def crossovers(
    seconds: float,
    rng: np.random.Generator,
    *,
    backward: bool,
    curve: float = 1.0,
    speed: float | None = None,
) -> Phrase:
    """Crossovers on a circle, to the left of the travel if `curve` is 1, to the right if -1."""
    pace = rng.uniform(3.0, 5.5) if speed is None else speed
    lean = rng.uniform(0.22, 0.42)
    inner = Edge("left", backward, outside=True)
    if inner.curve != curve:
        inner = Edge("right", backward, outside=True)
    outer = Edge(inner.other_side, backward, outside=False)
    beat = rng.uniform(0.40, 0.60)
    phrases: list[Phrase] = []
    total = 0.0
    while total < seconds:
        for edge, push, free, aside in (
            (inner, -0.22, "side", 0.0),
            (outer, 0.34, "crossed", 0.10 * curve),
        ):
            flow = Flow(pace, lean, beat * rng.uniform(0.9, 1.1))
            knee = rng.uniform(48.0, 66.0) if edge is inner else rng.uniform(40.0, 56.0)
            shape = _stroke_pose(edge, rng, free, knee)
            phrases.append(glide(edge, flow, shape, push=push, aside=aside))
            total += flow.seconds
    return joined(phrases)


def long_glide(seconds: float, rng: np.random.Generator, *, backward: bool | None = None) -> Phrase:
    """One edge, held quietly: before a jump, after a landing, or for its own sake."""
    back = bool(rng.random() < 0.5) if backward is None else backward
    edge = Edge("left" if rng.random() < 0.5 else "right", back, bool(rng.random() < 0.7))
    flow = Flow(rng.uniform(2.0, 4.5), rng.uniform(0.04, 0.22), seconds)
    return glide(edge, flow, _stroke_pose(edge, rng, "behind", rng.uniform(22.0, 48.0)))


def transition(seconds: float, rng: np.random.Generator) -> Phrase:
    """A turn or a step between glides, without hurry."""
    first = Edge("left" if rng.random() < 0.5 else "right", backward=False, outside=True)
    speed = rng.uniform(2.5, 4.5)
    lean = rng.uniform(0.08, 0.25)
    turn_s = rng.uniform(0.9, 1.3)
    rest = max(seconds - turn_s, 0.8)
    before, after = 0.5 * rest, 0.5 * rest
    before_turn, into, out_of = (
        _stroke_pose(first, rng, "behind", rng.uniform(28, 46)) for _ in range(3)
    )
    turned = first.after("three")
    return joined(
        [
            glide(first, Flow(speed, lean, before), before_turn),
            one_foot_turn(first, "three", Flow(speed, lean, turn_s), (into, out_of)),
            glide(turned, Flow(speed, lean, after), _stroke_pose(turned, rng, "beside", 34.0),
                  coming_from=turned.facing),
        ]
    )  # fmt: skip


def both_feet(seconds: float, rng: np.random.Generator, *, speed: float | None = None) -> Phrase:
    """Gliding, or waiting, on both feet."""
    pace = rng.uniform(0.8, 3.5) if speed is None else speed
    back = 0.5 if rng.random() < 0.3 else 0.0
    left, right = ARMS[int(rng.choice(_QUIET_ARMS))]
    shape = varied(pose(STAND, left_hand=left, right_hand=right, knee=14.0), rng)
    outwards = -0.12 if back else 0.12
    return two_feet(
        (back, back),
        back,
        Flow(pace, rng.uniform(0.0, 0.05), seconds),
        shape,
        curve=1.0 if rng.random() < 0.5 else -1.0,
        stance=((0.05, outwards), (-0.05, -outwards)),
        coming_from=back,
    )


def bow(seconds: float, rng: np.random.Generator) -> Phrase:
    """Standing, greeting the audience, and bowing."""
    turned = rng.uniform(-0.35, 0.35)
    arms_up = varied(pose(STAND, left_hand=(0.15, 0.5, 0.82), right_hand=(0.15, -0.5, 0.82),
                          knee=6.0), rng)  # fmt: skip
    wide = varied(
        pose(STAND, left_hand=(0.1, 0.97, 0.1), right_hand=(0.1, -0.97, 0.1), knee=8.0), rng
    )
    down = varied(pose(STAND, trunk=(rng.uniform(45, 75), 0), left_hand=(-0.2, 0.75, -0.5),
                       right_hand=(0.5, -0.2, -0.75), knee=16.0), rng)  # fmt: skip
    at = np.array([0.05, 0.30, 0.55, 0.80, 0.98]) * seconds
    shapes = (
        varied(STAND, rng),
        arms_up if rng.random() < 0.6 else wide,
        down,
        wide,
        varied(STAND, rng),
    )
    return Phrase(
        seconds,
        poses=list(zip(at.tolist(), shapes, strict=True)),
        path=[(0.0, 0.02, 0.0), (seconds, 0.02, 0.0)],
        facing=[
            (0.0, 0.0, AUTO),
            (0.2 * seconds, 0.0, AUTO),
            (0.55 * seconds, turned, AUTO),
            (0.95 * seconds, 0.0, AUTO),
        ],
        contacts=[
            Contact("left", 0.0, seconds, aside=0.13, pivot=((0.0, 1.0),)),
            Contact("right", 0.0, seconds, aside=-0.13, pivot=((0.0, 1.0),)),
        ],
    )


def entrance(seconds: float, rng: np.random.Generator) -> Phrase:
    """From standing still into the first strokes."""
    wait = min(rng.uniform(0.5, 1.5), 0.4 * seconds)
    still = both_feet(wait, rng, speed=0.05)
    still = Phrase(
        still.duration, still.poses, still.path,
        [(0.0, 0.0, AUTO), (0.1, 0.0, AUTO), (wait, 0.0, AUTO)],
        [Contact("left", 0.0, wait, aside=0.12), Contact("right", 0.0, wait, aside=-0.12)],
    )  # fmt: skip
    return joined([still, stroking(seconds - wait, rng, speed=1.6)])


def stop(seconds: float, rng: np.random.Generator) -> Phrase:
    """Gliding out to a standstill and a final pose."""
    ready = varied(pose(STAND, knee=20.0), rng)
    left, right = ARMS[int(rng.choice([3, 4, 6, 9]))]
    final = varied(pose(STAND, trunk=(rng.uniform(-10, 14), rng.uniform(-8, 8)), left_hand=left,
                        right_hand=right, knee=10.0), rng)  # fmt: skip
    return Phrase(
        seconds,
        poses=[(0.2, ready), (0.6 * seconds, final), (seconds, varied(final, rng, 0.3))],
        path=[(0.0, rng.uniform(1.5, 3.0), 0.05), (0.55 * seconds, 0.02, 0.0)],
        facing=[(0.0, 0.0, AUTO), (0.1, 0.0, AUTO), (seconds, 0.0, AUTO)],
        contacts=[
            Contact("left", 0.0, seconds, aside=0.12), Contact("right", 0.0, seconds, aside=-0.12),
        ],
    )  # fmt: skip


def faced(phrases: Sequence[Phrase], facing: float, rng: np.random.Generator) -> list[Phrase]:
    """The phrases with a step put in wherever the skater has to turn round first.

    `facing` is that of the skater at the begin, in turns: 0 forward, 0.5 backward.
    """
    result = []
    for phrase in phrases:
        wanted = phrase.start_facing % 1.0
        if abs(wanted - facing) > 0.25:
            side: Side = "right" if phrase.contacts[0].side == "left" else "left"
            edge = Edge(side, wanted == 0.5, outside=True)
            flow = Flow(max(phrase.path[0][1], 1.0), 0.1, 0.7)
            shape = glide_pose(side, rng, free="beside", knee=36.0)
            result.append(glide(edge, flow, shape, coming_from=facing))
        result.append(phrase)
        facing = phrase.end_facing % 1.0
    return result


Form = Callable[[float, np.random.Generator], Phrase]

_LINKS: tuple[tuple[float, Form], ...] = (
    (0.30, stroking),
    (0.10, lambda seconds, rng: crossovers(seconds, rng, backward=False)),
    (0.10, lambda seconds, rng: crossovers(seconds, rng, backward=False, curve=-1.0)),
    (0.15, lambda seconds, rng: crossovers(seconds, rng, backward=True)),
    (0.10, lambda seconds, rng: crossovers(seconds, rng, backward=True, curve=-1.0)),
    (0.15, long_glide),
    (0.10, transition),
)
_STANDING: tuple[tuple[float, Form], ...] = ((0.5, bow), (0.3, both_feet), (0.2, stop))


def _any_of(forms: Sequence[tuple[float, Form]], rng: np.random.Generator) -> Form:
    return forms[rng.choice(len(forms), p=np.array([share for share, _ in forms]))][1]


def no_element(seconds: float, rng: np.random.Generator) -> Phrase:
    """At least `seconds` of skating that is none of the elements."""
    drawn = rng.random()
    if drawn < 0.16:
        return _any_of(_STANDING, rng)(seconds, rng)
    if drawn < 0.22:
        return entrance(seconds, rng)
    return linking(seconds, rng)


def linking(seconds: float, rng: np.random.Generator) -> Phrase:
    """At least `seconds` of stroking, crossovers, glides and single turns."""
    pieces: list[Phrase] = []
    left = seconds
    while left > 0.0:
        piece = _any_of(_LINKS, rng)(min(left, rng.uniform(2.5, 5.5)), rng)
        pieces.append(piece)
        left -= piece.duration
    return joined(faced(pieces, pieces[0].start_facing, rng))
