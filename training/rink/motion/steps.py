"""Step and choreographic sequences: edges, turns, twizzles and long poses across the rink."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.rink.motion.kinematics.edges import (
    ARMS,
    FREE_LEGS,
    Edge,
    Flow,
    TurnKind,
    glide,
    glide_pose,
    one_foot_turn,
    twizzle,
    two_feet,
)
from training.rink.motion.kinematics.pose import CHANNELS, Pose, pose, swapped, varied
from training.rink.motion.phrase import Mark, Phrase, Side, joined

_TURNS: tuple[TurnKind, ...] = ("three", "bracket", "rocker", "counter")
_STEP_MOVES = {
    "step": 0.42,
    "turn": 0.34,
    "twizzle": 0.14,
    "spiral": 0.04,
    "eagle": 0.03,
    "lunge": 0.03,
}
_SHOW_MOVES = {
    "step": 0.40,
    "turn": 0.18,
    "twizzle": 0.06,
    "spiral": 0.14,
    "eagle": 0.12,
    "lunge": 0.10,
}


_HANDS = np.array(ARMS)


class Choreographer:
    """Puts moves one after the other and keeps the path along a line or round a circle."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.speed = rng.uniform(2.8, 3.9)
        self.circling = rng.uniform(-0.5, 0.5) if rng.random() < 0.4 else 0.0
        self.edge = Edge("left" if rng.random() < 0.5 else "right", backward=False, outside=True)
        self.phrases: list[Phrase] = []
        self.heading = 0.0
        self.seconds = 0.0
        self.facing = 0.0
        self.arms = 0

    def add(self, phrase: Phrase, turned: float) -> None:
        """Append a phrase on which the path turns by `turned` radians."""
        self.phrases.append(phrase)
        self.heading += turned
        self.seconds += phrase.duration
        self.facing = phrase.end_facing

    def wanted_curve(self) -> float:
        """Which way the path should bend next: mostly back to the pattern, 1 left, -1 right."""
        pull = np.tanh((self.heading - self.circling * self.seconds) / 0.5)
        return -1.0 if self.rng.random() < 0.5 + 0.48 * pull else 1.0

    def flow(self, seconds: float, lean: tuple[float, float] = (0.10, 0.32)) -> Flow:
        """A draw of speed and lean for a stretch of so many seconds."""
        return Flow(self.speed * self.rng.uniform(0.88, 1.12), self.rng.uniform(*lean), seconds)

    def shape(self, side: Side, *, knee: tuple[float, float] = (28.0, 58.0)) -> Pose:
        """A draw of arms, trunk and free leg."""
        rng = self.rng
        return glide_pose(
            side,
            rng,
            free=str(rng.choice(list(FREE_LEGS))),
            arms=self._next_arms(),
            trunk=(rng.uniform(0.0, 24.0), rng.uniform(-14.0, 14.0)),
            twist=rng.uniform(-28.0, 28.0),
            knee=rng.uniform(*knee),
        )

    def _next_arms(self) -> int:
        """Arms that are reached from the last ones without sweeping through the body."""
        reached = np.linalg.norm(_HANDS + _HANDS[self.arms], axis=2).min(axis=1)
        near = np.flatnonzero(reached > 0.9)
        self.arms = int(self.rng.choice(near[near != self.arms]))
        return self.arms

    def step(self) -> None:
        """Onto the other foot, perhaps from forward to backward."""
        rng = self.rng
        side, backward = self.edge.other_side, self.edge.backward ^ bool(rng.random() < 0.4)
        curve = self.wanted_curve()
        outside = Edge(side, backward, outside=True).curve == curve
        edge = Edge(side, backward, outside)
        flow = self.flow(rng.uniform(0.42, 0.80))
        push = 0.22 if rng.random() < 0.6 else 0.0
        phrase = glide(edge, flow, self.shape(side), coming_from=self.facing, push=push)
        self.edge = edge
        self.add(phrase, flow.turned(edge.curve))

    def turn(self) -> None:
        """A turn on the foot that the skater is on."""
        kind = _TURNS[int(self.rng.choice(4, p=(0.4, 0.2, 0.2, 0.2)))]
        edge, flow = self.edge, self.flow(self.rng.uniform(0.88, 1.1))
        poses = (self.shape(edge.side), self.shape(edge.side))
        phrase = one_foot_turn(edge, kind, flow, poses)
        after = edge.after(kind)
        self.edge = after
        self.add(phrase, 0.5 * (flow.turned(edge.curve) + flow.turned(after.curve)))

    def twizzle(self) -> None:
        """Two to four quick turns on one foot."""
        rng = self.rng
        revolutions = int(rng.integers(2, 5))
        flow = self.flow(0.4 + revolutions / rng.uniform(1.7, 2.5), (0.05, 0.15))
        shape = self.shape(self.edge.side, knee=(12.0, 26.0))
        held = glide_pose(
            self.edge.side, rng, free="passe" if rng.random() < 0.5 else "crossed",
            arms=int(rng.choice([2, 4, 6])), knee=float(shape[CHANNELS["knee"]][0]),
        )  # fmt: skip
        phrase = twizzle(self.edge, revolutions, flow, held, direction=self.edge.curve)
        self.add(phrase, 0.4 * flow.turned(self.edge.curve))

    def spiral(self) -> None:
        """A long edge with the free leg above the hip."""
        rng, side = self.rng, self.edge.other_side
        curve = self.wanted_curve()
        backward = self.edge.backward
        edge = Edge(side, backward, Edge(side, backward, outside=True).curve == curve)
        left, right = ARMS[int(rng.choice([0, 3, 5]))]
        shape = pose(
            pelvis=(58, 0, 0), spine=(4, 0, 0), head=(-34, 0, 0), left_hand=left, right_hand=right,
            right_foot=(-0.96, -0.08, rng.uniform(0.0, 0.35)), right_ankle=(60, 20), knees=(4, 20),
            knee=10.0,
        )  # fmt: skip
        shape = varied(swapped(shape) if side == "right" else shape, rng)
        flow = self.flow(rng.uniform(1.4, 2.2), (0.08, 0.20))
        self.edge = edge
        self.add(
            glide(edge, flow, shape, coming_from=self.facing),
            flow.turned(edge.curve),
        )

    def eagle(self) -> None:
        """A spread eagle or an Ina Bauer: both feet in one line, turned out."""
        rng = self.rng
        bauer = rng.random() < 0.5
        left_hand, right_hand = ARMS[int(rng.choice([0, 3, 4]))]
        shape = pose(
            pelvis=(8, 0, 0), spine=(-30 if bauer else -4, 0, 0), head=(-10, 0, 0),
            left_hand=left_hand, right_hand=right_hand, knees=(55, 55),
            knee=46.0 if bauer else 12.0,
        )  # fmt: skip
        flow = self.flow(rng.uniform(1.2, 1.8), (0.05, 0.22))
        curve = self.wanted_curve()
        reach = 0.36 if bauer else 0.30
        # Toes out: facing left of the travel, the right blade points forward and leads.
        faces_left = (self.edge.side == "right") != self.edge.backward
        lead = reach if faces_left else -reach
        phrase = two_feet(
            (0.5, 0.0) if faces_left else (0.0, 0.5),
            0.25 if faces_left else -0.25,
            flow,
            varied(shape, rng, 0.6),
            curve=curve,
            stance=((-lead, 0.12 if bauer else 0.0), (lead, -0.12 if bauer else 0.0)),
            coming_from=self.facing,
        )
        self.add(phrase, flow.turned(curve))
        self._leave_eagle("right" if faces_left else "left")

    def _leave_eagle(self, side: Side) -> None:
        outside = Edge(side, backward=False, outside=True).curve == self.wanted_curve()
        edge = Edge(side, backward=False, outside=outside)
        flow = self.flow(0.55)
        phrase = glide(edge, flow, self.shape(side), coming_from=self.facing)
        self.edge = edge
        self.add(phrase, flow.turned(edge.curve))

    def lunge(self) -> None:
        """Deep on one knee, the other leg far behind, arms wide."""
        rng = self.rng
        side = self.edge.other_side
        backward = self.edge.backward
        edge = Edge(side, backward, outside=bool(rng.random() < 0.5))
        left, right = ARMS[int(rng.choice([0, 3, 4, 8]))]
        shape = pose(
            trunk=(rng.uniform(-6, 24), 0), left_hand=left, right_hand=right, knee=88.0,
            right_foot=(-0.86, -0.10, -0.44), right_ankle=(55, 30), knees=(8, 25),
        )  # fmt: skip
        shape = varied(swapped(shape) if side == "right" else shape, rng)
        flow = self.flow(rng.uniform(1.0, 1.4), (0.02, 0.10))
        self.edge = edge
        self.add(
            glide(edge, flow, shape, coming_from=self.facing),
            flow.turned(edge.curve),
        )


def sequence(seconds: float, rng: np.random.Generator) -> Phrase:
    """A step or a choreographic sequence of at least `seconds`, in a line or a circle."""
    dance = Choreographer(rng)
    weights = _SHOW_MOVES if rng.random() < 0.35 else _STEP_MOVES
    moves: dict[str, Callable[[], None]] = {name: getattr(dance, name) for name in weights}
    names, shares = list(weights), np.array(list(weights.values()))
    previous = ""
    while dance.seconds < seconds:
        choice = str(rng.choice(names, p=shares / shares.sum()))
        if choice == previous and choice != "step":
            continue
        moves[choice]()
        previous = choice
    phrase = joined(dance.phrases)
    phrase.marks.append(Mark("Sequence", 0.0, phrase.duration))
    return phrase
