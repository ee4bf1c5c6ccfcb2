"""The skater's body: joint names, proportions, and where its mass sits.

Lengths are fractions of the standing height from the tables of Drillis and Contini (in Winter,
"Biomechanics and Motor Control of Human Movement"); segment masses and their centres are those of
de Leva (1996), with a pair of skates added to the feet.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from models.skeletons import COCO17

Sex = Literal["female", "male"]

_CHILDREN = 0.4
"""Share of children among all skaters."""

JOINTS: tuple[str, ...] = (
    *COCO17.joints,
    "left_toe", "right_toe", "left_heel", "right_heel", "pelvis", "neck", "head_top",
)  # fmt: skip
"""COCO-17 in COCO order, then what COCO lacks. `toe` and `heel` are the tip (with the toe pick) and
the tail of the blade, on its running edge; `pelvis` is midway between the hips, `neck` midway
between the shoulders."""

JOINT: dict[str, int] = {name: index for index, name in enumerate(JOINTS)}
"""Index of a joint by its name."""

MIRRORED_JOINTS: tuple[int, ...] = tuple(
    JOINT[
        name.replace("left", "right") if name.startswith("left") else name.replace("right", "left")
    ]
    for name in JOINTS
)
"""Index that puts every joint in its mirrored joint's place."""


@dataclass(frozen=True)
class Body:
    """One skater's proportions; all lengths in metres."""

    sex: Sex
    """Which of the two tables of proportions was used; decides nothing in the motion."""
    height: float
    """Standing height without skates."""
    girth: float
    """Thickness of trunk and limbs relative to an average skater of this height, about 1."""
    upper_arm: float
    """Shoulder to elbow."""
    forearm: float
    """Elbow to wrist."""
    thigh: float
    """Hip to knee."""
    shank: float
    """Knee to ankle."""
    shoulder_width: float
    """Between the shoulder joints."""
    hip_width: float
    """Between the hip joints."""
    trunk: float
    """Pelvis to neck."""
    head: float
    """Neck to the top of the head."""
    ankle_height: float
    """Ankle joint above the ice, boot and blade included."""
    blade: float
    """Length of the blade, tail to tip."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "sex" and not value > 0:
                raise ValueError(f"{field.name}: expected a positive number, got {value}")

    @classmethod
    def draw(cls, rng: np.random.Generator, *, sex: Sex | None = None, wide: bool = False) -> Body:
        """A random skater; the same generator state gives the same body.

        `wide`: any age, children too; otherwise a grown skater.
        """
        if sex is None:
            sex = "female" if rng.random() < 0.5 else "male"
        mean, shoulders, hips = (1.60, 0.180, 0.122) if sex == "female" else (1.72, 0.195, 0.112)
        height = float(np.clip(rng.normal(mean, 0.055), mean - 0.14, mean + 0.14))
        limb, arm, broad = 1.0 + 0.03 * np.clip(rng.standard_normal(3), -2.0, 2.0)
        head = 0.178
        if wide:
            limb, arm, broad = 1.0 + 1.5 * (np.array([limb, arm, broad]) - 1.0)
            if rng.random() < _CHILDREN:
                young = rng.uniform(0.0, 1.0)  # 0 a grown skater, 1 about six years old
                height *= 1.0 - 0.28 * young
                limb, head = limb * (1.0 - 0.06 * young), head * (1.0 + 0.22 * young)
        return cls(
            sex=sex,
            height=height,
            girth=float(np.clip(rng.normal(1.0, 0.07), 0.85, 1.2)),
            upper_arm=float(0.166 * height * arm),
            forearm=float(0.154 * height * arm),
            thigh=float(0.249 * height * limb),
            shank=float(0.246 * height * limb),
            shoulder_width=float(shoulders * height * broad),
            hip_width=float(hips * height * broad),
            trunk=float(0.262 * height * (2.0 - limb)),
            head=float(head * height),
            ankle_height=float(0.045 * height + 0.06),
            blade=float(0.155 * height),
        )

    @property
    def leg(self) -> float:
        """Hip to ankle with a straight knee."""
        return self.thigh + self.shank

    @property
    def arm(self) -> float:
        """Shoulder to wrist with a straight elbow."""
        return self.upper_arm + self.forearm

    @property
    def core_inertia(self) -> float:
        """What the thickness of trunk and limbs adds to the inertia about the long axis.

        Square metres: a moment of inertia per unit of mass.
        """
        return 0.0055 * (self.height / 1.65) ** 2 * self.girth**2


_SEGMENTS: tuple[tuple[str, str, float, float], ...] = (
    # proximal end, distal end, share of the mass, centre of mass from the proximal end
    ("neck", "head_top", 0.068, 0.55),
    ("left_shoulder", "left_hip", 0.214, 0.45),
    ("right_shoulder", "right_hip", 0.214, 0.45),
    *(
        (f"{side}_{start}", f"{side}_{end}", mass, centre)
        for side in ("left", "right")
        for start, end, mass, centre in (
            ("shoulder", "elbow", 0.026, 0.577),
            ("elbow", "wrist", 0.021, 0.62),  # with the hand
            ("hip", "knee", 0.142, 0.39),
            ("knee", "ankle", 0.044, 0.44),
            ("heel", "toe", 0.019, 0.5),  # with the skate
        )
    ),
)


def _joint_masses() -> np.ndarray:
    masses = np.zeros(len(JOINTS))
    for proximal, distal, mass, centre in _SEGMENTS:
        masses[JOINT[proximal]] += mass * (1.0 - centre)
        masses[JOINT[distal]] += mass * centre
    return masses / masses.sum()


JOINT_MASSES: np.ndarray = _joint_masses()
"""Share of the body's mass that each joint stands for, `(J,)`, sum 1.

A segment's mass is split between its two end joints so that its centre of mass is kept."""
