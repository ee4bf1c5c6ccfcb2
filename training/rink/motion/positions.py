"""The positions in which a spin is held: what arms, trunk and free leg do."""

from __future__ import annotations

from dataclasses import dataclass

from training.rink.motion.kinematics.pose import Pose, pose


@dataclass(frozen=True)
class Position:
    """One of the positions in which a spin may be held."""

    pose: Pose
    """On the left foot."""
    rates: tuple[float, float]
    """Range of the turning, revolutions a second."""
    gathered: Pose | None = None
    """Where the arms go as the spin gets faster; None: they stay."""
    through: Pose | None = None
    """A position that is held for a moment on the way."""

    @property
    def gathered_pose(self) -> Pose:
        """Where the skater is once the spin is fast."""
        return self.pose if self.gathered is None else self.gathered


def _position(
    base: Pose, rates: tuple[float, float], **gathered: tuple[float, ...] | float
) -> Position:
    return Position(base, rates, pose(base, **gathered) if gathered else None)


_CAMEL = pose(
    pelvis=(68, 0, 0), spine=(14, 0, 0), head=(-42, 0, 0), left_hand=(0.15, 0.97, 0.05),
    right_hand=(0.15, -0.97, 0.05), right_foot=(-1.02, -0.06, 0.10), right_ankle=(60, 25),
    knees=(4, 25), knee=10,
)  # fmt: skip
_SIT = pose(
    pelvis=(32, 0, 0), spine=(26, 0, 0), head=(-30, 0, 0), left_hand=(0.80, 0.10, -0.45),
    right_hand=(0.80, -0.10, -0.45), right_foot=(0.93, -0.08, -0.26), right_ankle=(45, 25),
    knees=(10, 15), knee=118,
)  # fmt: skip
_SCRATCH = pose(
    pelvis=(2, 0, 0), spine=(-2, 0, 0), left_hand=(0.62, 0.45, -0.05),
    right_hand=(0.62, -0.45, -0.05), right_foot=(0.30, 0.10, -0.88), right_ankle=(50, 15),
    knees=(0, 20), knee=7,
)  # fmt: skip
_LAYBACK = pose(
    pelvis=(10, 0, 0), spine=(-62, 0, 0), head=(-38, 0, 0), left_hand=(-0.42, 0.36, 0.72),
    right_hand=(-0.42, -0.36, 0.72), right_foot=(-0.58, -0.34, -0.48), right_ankle=(60, 30),
    knees=(6, 45), knee=14,
)  # fmt: skip
_BIELLMANN = pose(
    pelvis=(50, 0, 0), spine=(-42, 0, 0), head=(-22, 0, 0), left_hand=(-0.72, 0.02, 0.55),
    right_hand=(-0.72, -0.02, 0.55), right_foot=(-0.42, -0.05, 0.80), right_ankle=(35, 10),
    knees=(3, 10), knee=6,
)  # fmt: skip

POSITIONS: dict[str, tuple[tuple[float, Position], ...]] = {
    "CamelSpin": (
        (0.40, _position(_CAMEL, (1.6, 2.4))),
        (0.20, _position(_CAMEL, (1.6, 2.4), left_hand=(0.92, 0.28, 0.10),
                         right_hand=(-0.62, -0.55, 0.10))),
        (0.22, _position(_CAMEL, (1.7, 2.5), left_hand=(-0.75, 0.30, 0.05),
                         right_hand=(-0.75, -0.30, 0.05))),
        (0.18, _position(pose(_CAMEL, pelvis=(62, -28, 0), spine=(4, -22, -20), head=(-20, 0, -15),
                              right_foot=(-1.0, -0.12, 0.20)), (1.6, 2.2),
                         left_hand=(-0.10, 0.70, 0.65), right_hand=(-0.10, -0.70, -0.55))),
    ),
    "SitSpin": (
        (0.50, _position(_SIT, (1.8, 3.0))),
        (0.20, _position(_SIT, (1.8, 2.8), left_hand=(0.55, -0.25, -0.35),
                         right_hand=(0.55, 0.25, -0.35), spine=(38, 0, 0))),
        (0.15, _position(pose(_SIT, pelvis=(42, 0, 0), spine=(34, 0, 0),
                              right_foot=(-0.30, 0.05, -0.42), right_ankle=(50, 10), knee=114),
                         (1.8, 2.7), left_hand=(0.85, 0.25, -0.1), right_hand=(0.85, -0.25, -0.1))),
        (0.15, _position(pose(_SIT, pelvis=(40, 0, 0), spine=(40, 0, 0), knees=(10, 50),
                              right_foot=(0.42, 0.30, -0.10), right_ankle=(30, 20)), (1.9, 2.9),
                         left_hand=(0.60, -0.10, -0.50), right_hand=(0.60, 0.05, -0.50))),
    ),
    "UprightSpin": (
        (0.28, _position(_SCRATCH, (2.3, 3.5), left_hand=(0.34, -0.28, -0.18),
                         right_hand=(0.34, 0.28, -0.14), right_foot=(0.14, 0.20, -0.93))),
        (0.14, _position(_SCRATCH, (2.2, 3.3), left_hand=(0.05, 0.10, 0.95),
                         right_hand=(0.05, -0.10, 0.95), right_foot=(0.12, 0.19, -0.93))),
        (0.28, _position(_LAYBACK, (1.6, 2.5))),
        (0.10, _position(pose(_LAYBACK, spine=(-48, 24, 10)), (1.6, 2.4),
                         left_hand=(-0.25, 0.80, 0.40), right_hand=(-0.40, -0.10, 0.85))),
        (0.20, Position(_BIELLMANN, (1.7, 2.6), through=_LAYBACK)),
    ),
}  # fmt: skip
"""Each class's positions with how often they are chosen."""
