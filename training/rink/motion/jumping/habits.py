"""What the rules of a jump leave free: how skaters of all ages and levels differ in the same jump.

A jump is named by foot, edge, toe pick and turns. How arms, trunk and free leg are carried, how
long the glide is, how far a skater turns on the ice and how high the jump goes differ from skater
to skater; `draw_habit` draws that, widely. `book` is the way of the descriptions alone.

The free leg of one kind may be carried like that of another, seen in a mirror where the other foot
skates: a Loop's like a Salchow's, a toe loop's like a flip's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from training.rink.motion.jumping.takeoffs import TAKEOFFS
from training.rink.motion.kinematics.pose import CHANNELS, NUM_CHANNELS, Pose, pose, swapped
from training.rink.motion.phrase import Side

Keys = tuple[tuple[float, Pose], ...]
Entry = Literal["three_turn", "mohawk", "backward", "axel"]

BOOK_ENTRIES: dict[str, Entry] = {
    "Toeloop": "three_turn", "Salchow": "three_turn", "Flip": "three_turn",
    "Loop": "backward", "Lutz": "backward", "Axel": "axel",
}  # fmt: skip
_ENTRIES: dict[str, tuple[Entry, ...]] = {
    "Toeloop": ("three_turn", "three_turn", "mohawk", "backward"),
    "Salchow": ("three_turn", "mohawk", "backward"),
    "Flip": ("three_turn", "mohawk", "backward"),
    "Loop": ("backward", "three_turn", "mohawk"),
    "Lutz": ("backward", "backward", "mohawk"),
    "Axel": ("axel",),
}
_EARLY_S = -0.5
"""Keys before this follow the approach's habit, the last one that of leaving the ice."""
_UPPER = ("pelvis", "spine", "head", "left_hand", "right_hand", "reaches", "elbows")
_LEAVES_S = -0.12
"""Before this the foot on the edge bears the skater; then it, or that on the toe pick, leaves."""
_CLEAR, _CLEAR_OF_PICK = 0.26, 0.22
"""By this share of a leg; the second until the toe pick is planted."""
_LEAN_KEPT_S = -0.2
"""Before this the lean is the edge's."""


def _nothing() -> Pose:
    return np.zeros(NUM_CHANNELS)


@dataclass(frozen=True)
class Habit:
    """How one skater does one jump, apart from what the jump dictates."""

    entry: Entry
    """How the skater comes to the take-off edge."""
    glide_s: tuple[float, float]
    """Range of the time from the turn or step onto that edge to the take-off."""
    approach: Pose = field(default_factory=_nothing)
    """Added to the poses well before the take-off."""
    leaving: Pose = field(default_factory=_nothing)
    """Added to the pose of the take-off."""
    flying: Pose = field(default_factory=_nothing)
    """Added to the poses in the air."""
    landing: Pose = field(default_factory=_nothing)
    """Added to the poses of the landing."""
    arms: tuple[str, float] | None = None
    """Another kind of jump whose trunk and arms are borrowed, and how much of them."""
    free_leg: tuple[Keys, float] | None = None
    """Poses of another free leg, and how much of it."""
    tempo: float = 1.0
    """Longer than 1: the same movements before the take-off take longer."""
    closes_later_s: float = 0.0
    """The position in the air is reached so much later."""
    opens: float = 0.0
    """Turns by which the hips are ahead of the edge before the skater turns."""
    pick_s: float = 0.11
    """How long the toe pick stands in the ice."""
    edge_end_s: float = 0.33
    """Before the take-off, when a skater on the toe pick begins to leave the edge."""
    push: float = 0.28
    """Metres by which that skate is pushed aside."""
    pivot_s: float = 0.17
    """Before the take-off, when the blade of an edge jump begins to turn."""
    braking: float = 1.0
    """Speed of the approach against what is usual for the speed in the air."""

    @property
    def is_book(self) -> bool:
        """Whether nothing is added to the descriptions."""
        return self.arms is None

    def adjusted(self, key_s: float, key: Pose, kind: str) -> Pose:
        """A pose `key_s` seconds before (negative) the take-off as this skater strikes it."""
        result = key.copy()
        if self.is_book:
            return result
        if self.arms:
            other, share = self.arms
            _blend(result, _at(TAKEOFFS[other].keys, key_s), share, _UPPER)
        if self.free_leg:
            _, side = _feet(TAKEOFFS[kind].side)
            keys, share = self.free_leg
            _blend(result, _at(keys, key_s), share, (f"{side}_foot", f"{side}_ankle"))
        late = float(np.clip(1.0 - key_s / _EARLY_S, 0.0, 1.0))
        offset = self.approach + late * (self.leaving - self.approach)
        if self.tempo * key_s < _LEAN_KEPT_S:
            offset = offset.copy()
            offset[CHANNELS["lean"]] = 0.0
        struck = possible(result + offset)
        way = TAKEOFFS[kind]
        edge, other = (f"{side}_foot" for side in _feet(way.side))
        if key_s < _LEAVES_S:
            lift(other, struck, _CLEAR_OF_PICK if way.picks else _CLEAR)
        else:  # whichever foot is free, it stays as high as the descriptions have it
            free = CHANNELS[edge if way.picks else other]
            struck[free][2] = max(struck[free][2], key[free][2] + 0.05 * way.picks)
        return struck


def book(kind: str) -> Habit:
    """The way of the descriptions."""
    return Habit(BOOK_ENTRIES[kind], glide_s=(0.48, 0.6) if kind == "Axel" else (0.85, 1.25))


def draw_habit(kind: str, rng: np.random.Generator) -> Habit:
    """Any skater's way of one kind of jump."""
    kinds = [other for other in TAKEOFFS if other != kind]
    entries, legs = _ENTRIES[kind], _FREE_LEGS.get(kind, ())
    leg = int(rng.integers(len(legs) + 1))
    arms, share = str(rng.choice(kinds)), rng.uniform(0.0, 0.8)
    most = 0.5 if kind == "Axel" else 1.0  # an Axel's arms swing with its free leg
    shortest = rng.uniform(0.48, 0.7) if kind == "Axel" else rng.uniform(0.66, 1.0)
    return Habit(
        entry=entries[int(rng.integers(len(entries)))],
        glide_s=(shortest, shortest + 0.25),
        approach=_drawn(rng, 1.0),
        leaving=_drawn(rng, 0.9),
        flying=_in_the_air(rng),
        landing=_on_edge(_drawn(rng, 0.9)),
        arms=(arms, most * share),
        free_leg=(legs[leg], rng.uniform(0.4, 1.0)) if leg < len(legs) else None,
        tempo=rng.uniform(0.75, 1.4),
        closes_later_s=rng.uniform(-0.03, 0.06),
        opens=rng.uniform(-0.10, 0.14) if kind != "Axel" else rng.uniform(-0.08, 0.06),
        pick_s=rng.uniform(0.08, 0.15),
        edge_end_s=rng.uniform(0.38, 0.46),
        push=rng.uniform(0.03, 0.32),
        pivot_s=rng.uniform(0.12, 0.22),
        braking=rng.uniform(0.65, 1.15) * (1.25 if kind == "Axel" else 1.0),
    )


def possible(drawn: Pose) -> Pose:
    """The nearest pose that a body can strike."""
    result = drawn.copy()
    reaches, knee = CHANNELS["reaches"], CHANNELS["knee"]
    result[reaches] = np.clip(result[reaches], 0.35, 1.0)
    result[knee] = np.clip(result[knee], 8.0, 96.0)
    for name in ("left_foot", "right_foot"):
        length = float(np.linalg.norm(result[CHANNELS[name]]))
        result[CHANNELS[name]] *= float(np.clip(length, 0.55, 0.99)) / max(length, 1e-6)
    return result


def _feet(edge: Side) -> tuple[Side, Side]:
    """The foot on the take-off edge and the other one."""
    return ("left", "right") if edge == "left" else ("right", "left")


def lift(foot: str, struck: Pose, clear: float) -> None:
    """Hold a free foot clear of the ice under a skater whose other knee is bent."""
    bend = np.radians(float(struck[CHANNELS["knee"]][0]))
    struck[CHANNELS[foot]][2] = max(struck[CHANNELS[foot]][2], clear - np.cos(0.5 * bend))


def _in_the_air(rng: np.random.Generator) -> Pose:
    """Legs wrapped, apart or tucked; arms on the chest, open, or one or both above the head."""
    flying = _drawn(rng, 0.7)
    tucked = rng.uniform(0.0, 0.22)
    flying[CHANNELS["left_foot"]][2] += tucked * rng.uniform(0.3, 1.0)
    flying[CHANNELS["right_foot"]][2] += tucked * rng.uniform(0.0, 0.7)
    raised = rng.random(2) < (0.06 if rng.random() < 0.8 else 0.5)
    for name, up in zip(("left_hand", "right_hand"), raised, strict=True):
        if up:
            flying[CHANNELS[name]] += (-0.2, 0.0, 1.4)
            flying[CHANNELS["reaches"]] += 0.3
    return flying


def _on_edge(offset: Pose) -> Pose:
    offset[CHANNELS["lean"]] = 0.0
    return offset


def _drawn(rng: np.random.Generator, amount: float) -> Pose:
    offset: Pose = amount * _SPREAD * np.clip(rng.standard_normal(NUM_CHANNELS), -2.2, 2.2)
    return offset


def _at(keys: Sequence[tuple[float, Pose]], time: float) -> Pose:
    """The pose between two keys; the first and the last are held."""
    times = np.array([key_s for key_s, _ in keys])
    after = int(np.clip(np.searchsorted(times, time), 1, len(keys) - 1))
    (begin, first), (end, second) = keys[after - 1], keys[after]
    share = float(np.clip((time - begin) / (end - begin), 0.0, 1.0))
    between: Pose = first + share * (second - first)
    return between


def _blend(target: Pose, other: Pose, share: float, names: Sequence[str]) -> None:
    for name in names:
        channel = CHANNELS[name]
        target[channel] += share * (other[channel] - target[channel])


def _spread() -> Pose:
    spread = _nothing()
    for name, values in {
        "pelvis": (4.5, 3.5, 6.0), "spine": (6.0, 4.5, 10.0), "head": 9.0,
        "left_hand": 0.22, "right_hand": 0.22, "reaches": 0.13,
        "left_foot": 0.13, "right_foot": 0.13, "left_ankle": 9.0, "right_ankle": 9.0,
        "elbows": 18.0, "knees": 9.0, "knee": 10.0, "lean": 0.03,
    }.items():  # fmt: skip
        spread[CHANNELS[name]] = values
    return spread


_SPREAD = _spread()
"""How far skaters differ in a pose, standard deviations."""


def _foot(side: Side, *track: tuple[float, tuple[float, float, float]]) -> Keys:
    """A free foot's way, the ankle a little pointed and turned out."""
    keys = []
    for time, place in track:
        key = pose()
        key[CHANNELS[f"{side}_foot"]] = place
        key[CHANNELS[f"{side}_ankle"]] = (30.0, 12.0)
        keys.append((time, key))
    return tuple(keys)


def _mirrored(kind: str) -> Keys:
    return tuple((time, swapped(key)) for time, key in TAKEOFFS[kind].keys)


_FREE_LEGS: dict[str, tuple[Keys, ...]] = {
    "Loop": (
        _mirrored("Salchow"),
        _foot("left", (-0.75, (-0.50, 0.15, -0.72)), (-0.35, (-0.15, 0.30, -0.78)),
              (-0.22, (0.25, 0.28, -0.74)), (-0.10, (0.40, 0.15, -0.70)),
              (0.0, (0.35, -0.05, -0.78))),
        _foot("left", (-0.75, (0.25, 0.28, -0.80)), (-0.35, (0.22, 0.30, -0.78)),
              (-0.10, (0.30, 0.12, -0.74)), (0.0, (0.30, -0.10, -0.80))),
    ),
    "Salchow": (
        _mirrored("Loop"),
        _foot("right", (-0.75, (-0.50, -0.15, -0.74)), (-0.35, (-0.10, -0.22, -0.80)),
              (-0.22, (0.15, -0.18, -0.77)), (-0.10, (0.30, -0.05, -0.72)),
              (0.0, (0.20, 0.0, -0.86))),
        _foot("right", (-0.75, (-0.85, -0.35, -0.36)), (-0.35, (0.05, -0.75, -0.58)),
              (-0.22, (0.45, -0.50, -0.58)), (-0.10, (0.55, -0.20, -0.55)),
              (0.0, (0.45, -0.10, -0.70))),
    ),
    "Toeloop": (_mirrored("Flip"), _mirrored("Lutz")),
    "Flip": (_mirrored("Toeloop"), TAKEOFFS["Lutz"].keys),
    "Lutz": (_mirrored("Toeloop"), TAKEOFFS["Flip"].keys),
}  # fmt: skip
"""Other ways to carry the free leg to the take-off."""
