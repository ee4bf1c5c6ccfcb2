"""How each of the six jumps leaves the ice: foot, edge, toe pick, and the poses that lead to it.

Times count from the take-off. The poses are written by hand after the technical descriptions of the
jumps, with figures (how far arms and free leg are out, how deep the knee bends) rounded from motion
capture of competitive skaters.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.rink.motion.kinematics.pose import Pose, pose
from training.rink.motion.phrase import Side


@dataclass(frozen=True)
class Takeoff:
    """How one kind of jump leaves the ice."""

    side: Side
    """The foot whose edge it is."""
    picks: bool
    """Whether the toe pick of the other foot takes the skater off."""
    lean: tuple[float, float]
    """Range of the tangent of the lean on the take-off edge: left of the travel is positive."""
    turned: float
    """Turns of the body between the edge and the take-off."""
    knee: float
    """Deepest bend before the push, degrees."""
    keys: tuple[tuple[float, Pose], ...]
    """Poses up to the take-off."""
    axel: bool = False
    """Whether it leaves the ice forward."""


_RISEN_ON_LEFT_PICK = pose(
    trunk=(2.0, -3.0), twist=-15.0, left_hand=(0.36, -0.05, -0.32), right_hand=(0.48, 0.40, -0.28),
    left_foot=(0.0, 0.05, -0.95), right_foot=(0.36, 0.05, -0.86), knee=34.0,
    left_ankle=(45.0, 5.0), right_ankle=(25.0, 5.0), lean=(-0.26, 0.0),
)  # fmt: skip
_RISEN_ON_RIGHT_PICK = pose(
    trunk=(0.0, -4.0), twist=-15.0, left_hand=(0.38, -0.13, -0.28), right_hand=(0.48, 0.37, -0.16),
    left_foot=(0.50, 0.02, -0.78), right_foot=(0.05, 0.1, -0.95), knee=35.0,
    left_ankle=(20.0, 5.0), right_ankle=(45.0, 5.0), lean=(-0.26, 0.0),
)  # fmt: skip

_TOELOOP = (
    (-0.60, pose(trunk=(46, 3), twist=-25.0, left_hand=(0.61, 0.25, -0.42),
                 right_hand=(-0.20, -1.0, 0.12), left_foot=(0.02, 0.35, -0.72), knee=72.0)),
    (-0.35, pose(trunk=(48, -2), twist=-26.0, left_hand=(0.64, 0.26, -0.44),
                 right_hand=(-0.22, -0.98, 0.08), left_foot=(-0.45, 0.45, -0.66), knee=86.0,
                 left_ankle=(35.0, 15.0), lean=(0.0, 0.0))),
    (-0.22, pose(trunk=(39, -8), twist=-31.0, left_hand=(0.68, 0.23, -0.36),
                 right_hand=(0.10, -0.97, -0.02), left_foot=(-0.72, 0.30, -0.58), knee=86.0,
                 left_ankle=(45.0, 25.0), lean=(-0.05, 0.0))),
    (-0.10, pose(trunk=(22, -10), twist=-24.0, left_hand=(0.45, 0.18, -0.38),
                 right_hand=(0.42, -0.40, -0.55), left_foot=(-0.62, 0.15, -0.68), knee=66.0,
                 left_ankle=(40.0, 10.0), right_foot=(0.38, 0.18, -0.68), lean=(-0.18, 0.0))),
    (-0.05, pose(trunk=(10, -8), twist=-16.0, left_hand=(0.34, 0.10, -0.38),
                 right_hand=(0.43, 0.20, -0.62), left_foot=(-0.30, 0.10, -0.82), knee=48.0,
                 right_foot=(0.42, 0.15, -0.73), lean=(-0.23, 0.0))),
    (0.0, _RISEN_ON_LEFT_PICK),
)  # fmt: skip

_FLIP = (
    (-0.60, pose(trunk=(38, 8), twist=-4.0, left_hand=(0.76, 0.36, 0.02),
                 right_hand=(-0.18, -0.98, 0.2), right_foot=(-0.82, -0.12, -0.45), knee=70.0,
                 right_ankle=(40.0, 15.0))),
    (-0.35, pose(trunk=(42, 8), twist=-4.0, left_hand=(0.76, 0.32, -0.20),
                 right_hand=(0.05, -1.0, 0.05), right_foot=(-0.86, -0.22, -0.36), knee=80.0,
                 right_ankle=(50.0, 20.0), lean=(0.0, 0.0))),
    (-0.22, pose(trunk=(39, 4), twist=-4.0, left_hand=(0.68, 0.20, -0.28),
                 right_hand=(0.30, -0.78, -0.28), right_foot=(-0.78, -0.10, -0.48), knee=76.0,
                 right_ankle=(50.0, 20.0), lean=(-0.05, 0.0))),
    (-0.10, pose(trunk=(27, -5), twist=-6.0, left_hand=(0.32, 0.12, -0.52),
                 right_hand=(0.28, -0.10, -0.80), right_foot=(-0.52, 0.08, -0.62), knee=52.0,
                 right_ankle=(38.0, 8.0), left_foot=(0.10, 0.36, -0.78), lean=(-0.18, 0.0))),
    (-0.05, pose(trunk=(10, -6), twist=-10.0, left_hand=(0.24, 0.05, -0.50),
                 right_hand=(0.32, 0.44, -0.52), right_foot=(-0.24, 0.18, -0.84), knee=46.0,
                 left_foot=(0.32, 0.34, -0.80), lean=(-0.23, 0.0))),
    (0.0, _RISEN_ON_RIGHT_PICK),
)  # fmt: skip

_LUTZ = (
    (-1.40, pose(trunk=(26, -4), twist=-8.0, left_hand=(0.70, 0.45, -0.15),
                 right_hand=(-0.25, -0.92, 0.10), right_foot=(-0.55, -0.12, -0.70), knee=55.0,
                 right_ankle=(40.0, 15.0))),
    (-0.60, pose(trunk=(42, 3), twist=-8.0, left_hand=(0.82, 0.28, -0.16),
                 right_hand=(-0.05, -0.98, 0.22), right_foot=(-0.74, -0.06, -0.58), knee=74.0,
                 right_ankle=(45.0, 15.0))),
    (-0.35, pose(trunk=(44, 3), twist=-8.0, left_hand=(0.80, 0.26, -0.20),
                 right_hand=(0.08, -0.98, 0.16), right_foot=(-0.84, -0.10, -0.42), knee=84.0,
                 right_ankle=(50.0, 20.0), lean=(0.0, 0.0))),
    (-0.22, pose(trunk=(41, 2), twist=-5.0, left_hand=(0.74, 0.20, -0.30),
                 right_hand=(0.28, -0.80, -0.22), right_foot=(-0.78, -0.06, -0.50), knee=80.0,
                 right_ankle=(50.0, 20.0), lean=(-0.05, 0.0))),
    (-0.10, pose(trunk=(28, -5), twist=-6.0, left_hand=(0.32, 0.15, -0.56),
                 right_hand=(0.24, -0.15, -0.80), right_foot=(-0.50, 0.10, -0.64), knee=56.0,
                 right_ankle=(38.0, 8.0), left_foot=(0.12, 0.32, -0.78), lean=(-0.18, 0.0))),
    (-0.05, pose(trunk=(10, -6), twist=-10.0, left_hand=(0.24, 0.06, -0.52),
                 right_hand=(0.30, 0.46, -0.52), right_foot=(-0.22, 0.20, -0.84), knee=46.0,
                 left_foot=(0.34, 0.32, -0.80), lean=(-0.23, 0.0))),
    (0.0, _RISEN_ON_RIGHT_PICK),
)  # fmt: skip

_LOOP = (
    (-0.75, pose(trunk=(34, 2), twist=-22.0, left_hand=(0.64, 0.44, -0.34),
                 right_hand=(0.0, -0.98, 0.14), left_foot=(0.46, 0.12, -0.80), knee=42.0)),
    (-0.35, pose(trunk=(40, 2), twist=-14.0, left_hand=(0.74, 0.34, -0.36),
                 right_hand=(0.02, -0.98, 0.07), left_foot=(0.62, 0.14, -0.70), knee=54.0,
                 left_ankle=(15.0, 5.0), lean=(-0.06, 0.0))),
    (-0.22, pose(trunk=(26, 0), twist=-6.0, left_hand=(0.72, 0.12, -0.10),
                 right_hand=(0.52, -0.76, 0.02), left_foot=(0.63, 0.14, -0.66), knee=54.0,
                 left_ankle=(20.0, 5.0), lean=(-0.16, 0.0))),
    (-0.10, pose(trunk=(4, -3), twist=-9.0, left_hand=(0.50, 0.08, -0.25),
                 right_hand=(0.64, -0.20, -0.40), left_foot=(0.57, 0.0, -0.66), knee=60.0,
                 left_ankle=(25.0, 5.0), lean=(-0.24, 0.0))),
    (-0.05, pose(trunk=(-2, -3), twist=-8.0, left_hand=(0.40, -0.06, -0.36),
                 right_hand=(0.48, 0.36, -0.42), left_foot=(0.48, -0.12, -0.70), knee=52.0,
                 left_ankle=(30.0, 5.0), lean=(-0.22, 0.0))),
    (0.0, pose(trunk=(0, 2), twist=-8.0, left_hand=(0.37, -0.30, -0.12),
               right_hand=(0.44, 0.28, -0.18), left_foot=(0.38, -0.26, -0.74), knee=35.0,
               right_foot=(0.0, 0.05, -0.96), left_ankle=(35.0, 5.0), right_ankle=(45.0, 5.0),
               lean=(-0.22, 0.0))),
)  # fmt: skip

_SALCHOW = (
    (-0.75, pose(trunk=(28, 6), twist=-9.0, left_hand=(0.75, 0.28, -0.20),
                 right_hand=(-0.50, -0.86, -0.22), right_foot=(-0.76, -0.22, -0.58), knee=42.0,
                 right_ankle=(50.0, 20.0))),
    (-0.50, pose(trunk=(32, 5), twist=-7.0, left_hand=(0.72, 0.25, -0.38),
                 right_hand=(-0.12, -0.98, -0.22), right_foot=(-0.30, -0.50, -0.80), knee=42.0,
                 right_ankle=(35.0, 15.0))),
    (-0.35, pose(trunk=(35, 2), twist=-11.0, left_hand=(0.72, 0.22, -0.37),
                 right_hand=(0.28, -0.95, -0.22), right_foot=(0.10, -0.44, -0.84), knee=48.0,
                 lean=(-0.06, 0.0))),
    (-0.22, pose(trunk=(30, -2), twist=-16.0, left_hand=(0.74, 0.06, -0.22),
                 right_hand=(0.58, -0.72, -0.28), right_foot=(0.24, -0.26, -0.74), knee=58.0,
                 right_ankle=(20.0, 5.0), lean=(-0.15, 0.0))),
    (-0.10, pose(trunk=(14, -5), twist=-22.0, left_hand=(0.48, 0.02, -0.22),
                 right_hand=(0.62, -0.02, -0.50), right_foot=(0.30, -0.06, -0.70), knee=60.0,
                 right_ankle=(20.0, 5.0), lean=(-0.22, 0.0))),
    (-0.05, pose(trunk=(4, -4), twist=-22.0, left_hand=(0.36, -0.08, -0.32),
                 right_hand=(0.50, 0.34, -0.42), right_foot=(0.34, -0.02, -0.74), knee=52.0,
                 right_ankle=(25.0, 5.0), lean=(-0.20, 0.0))),
    (0.0, pose(trunk=(0, 2), twist=-20.0, left_hand=(0.38, -0.26, -0.15),
               right_hand=(0.46, 0.28, -0.18), right_foot=(0.26, -0.05, -0.84), knee=34.0,
               left_foot=(0.0, 0.0, -0.96), left_ankle=(45.0, 5.0), right_ankle=(30.0, 5.0),
               lean=(-0.18, 0.0))),
)  # fmt: skip

_AXEL = (
    (-0.85, pose(trunk=(36, -2), twist=8.0, left_hand=(0.50, 0.55, -0.55),
                 right_hand=(0.10, -0.50, -0.80), left_foot=(0.10, 0.10, -0.82), knee=64.0)),
    (-0.55, pose(trunk=(38, 6), twist=4.0, left_hand=(0.62, 0.66, -0.20),
                 right_hand=(0.60, -0.20, -0.40), right_foot=(-0.66, -0.18, -0.66), knee=76.0,
                 right_ankle=(35.0, 25.0))),
    (-0.38, pose(trunk=(28, 8), twist=6.0, left_hand=(0.30, 0.78, -0.40),
                 right_hand=(0.10, -0.70, -0.60), right_foot=(-0.80, -0.05, -0.42), knee=78.0,
                 right_ankle=(50.0, 30.0), lean=(0.02, 0.0))),
    (-0.24, pose(trunk=(14, 6), twist=10.0, left_hand=(-0.45, 0.40, -0.74),
                 right_hand=(-0.50, -0.20, -0.78), right_foot=(-0.74, -0.10, -0.42), knee=72.0,
                 right_ankle=(50.0, 25.0), lean=(-0.06, 0.0))),
    (-0.15, pose(trunk=(11, 4), twist=2.0, left_hand=(-0.15, 0.05, -0.92),
                 right_hand=(0.10, -0.40, -0.80), right_foot=(-0.38, -0.36, -0.68), knee=58.0,
                 right_ankle=(40.0, 15.0), lean=(-0.16, 0.0))),
    (-0.07, pose(trunk=(20, 3), twist=-18.0, left_hand=(0.48, -0.10, -0.62),
                 right_hand=(0.64, -0.36, -0.06), right_foot=(0.10, -0.48, -0.66), knee=50.0,
                 right_ankle=(30.0, 10.0), lean=(-0.16, 0.0))),
    (0.0, pose(trunk=(17, 1), twist=-26.0, left_hand=(0.40, -0.34, -0.08),
               right_hand=(0.54, 0.04, 0.18), right_foot=(0.26, -0.40, -0.58), knee=24.0,
               left_foot=(0.0, 0.05, -0.97), left_ankle=(45.0, 5.0), right_ankle=(30.0, 5.0),
               lean=(-0.10, 0.0))),
)  # fmt: skip

TAKEOFFS: dict[str, Takeoff] = {
    "Toeloop": Takeoff("right", True, (0.14, 0.32), 0.33, 88.0, _TOELOOP),
    "Loop": Takeoff("right", False, (0.36, 0.60), 0.47, 62.0, _LOOP),
    "Salchow": Takeoff("left", False, (0.34, 0.58), 0.47, 60.0, _SALCHOW),
    "Flip": Takeoff("left", True, (0.14, 0.30), 0.34, 80.0, _FLIP),
    "Lutz": Takeoff("left", True, (-0.34, -0.16), 0.34, 84.0, _LUTZ),
    "Axel": Takeoff("left", False, (0.30, 0.50), 0.20, 78.0, _AXEL, axel=True),
}
"""Every kind of jump, by the name that the classes use."""

APPROACHES: tuple[Pose, ...] = tuple(takeoff.keys[0][1] for takeoff in TAKEOFFS.values())
"""How skaters come to a jump, whichever it is."""

AIR_OPEN = pose(
    trunk=(4, 0), twist=-10.0, left_hand=(0.50, 0.05, -0.20), right_hand=(0.50, -0.05, -0.18),
    left_foot=(0.14, -0.06, -0.90), right_foot=(-0.04, 0.0, -0.96), knee=18.0,
    left_ankle=(50.0, 5.0), right_ankle=(50.0, 5.0), lean=(-0.23, 0.0),
)  # fmt: skip
"""In the air with arms and legs apart, as in an easy single."""
AIR_TIGHT = pose(
    trunk=(1, 0), twist=-15.0, head=(4.0, 0.0, 12.0), left_hand=(0.33, -0.40, -0.10),
    right_hand=(0.35, 0.13, -0.06), left_foot=(0.18, -0.29, -0.92),
    right_foot=(-0.07, 0.03, -0.985), knee=14.0, left_ankle=(55.0, 40.0),
    right_ankle=(55.0, 0.0), lean=(-0.25, 0.0),
)  # fmt: skip
"""In the air as in a quadruple: arms on the chest, legs crossed."""
