"""The camera: where it stands, and how its operator pans, tilts and zooms after the skater.

A camera does not travel within a shot, so a view differs from the next only by a rotation and the
focal length; that is what lets `training.rink.picture.hall.panorama` draw the arena once a shot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from training.rink.body import JOINT
from training.rink.performance import SIMULATION_HZ, Motion

Array = NDArray[np.float64]
Standpoint = Literal["broadcast", "rink_side", "stands", "on_ice"]

HALF_LENGTH_M, HALF_WIDTH_M, CORNER_M = 30.0, 15.0, 8.5
"""Half the rink's length (x) and width (y), and the radius of its corners."""

_NEAREST_M = 4.5
_SHARES = (0.07, 0.95)
_SIZES = ((640, 360), (854, 480), (960, 540), (1280, 720), (1920, 1080))


@dataclass(frozen=True)
class Window:
    """A part of a picture, scaled: what is drawn where the rest is not wanted."""

    left: float
    """Pixels of the whole picture."""
    top: float
    """Pixels of the whole picture."""
    width: int
    """Pixels of what is drawn."""
    height: int
    """Pixels of what is drawn."""
    scale: float
    """Pixels of what is drawn per pixel of the whole picture."""


@dataclass(frozen=True)
class Views:
    """N moments of one camera."""

    position: Array
    """`(3,)` metres."""
    rotations: Array
    """`(N, 3, 3)`; the rows are the picture's right, down, and the viewing direction."""
    focal_px: Array
    """`(N,)` focal length in pixels."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    middle: tuple[float, float] | None = None
    """Where the camera aims, in pixels; the middle of the picture by default."""

    def __post_init__(self) -> None:
        N = len(self.rotations)
        if self.rotations.shape != (N, 3, 3) or self.focal_px.shape != (N,):
            raise ValueError(
                f"expected rotations (N, 3, 3) and focal_px (N,), "
                f"got {self.rotations.shape} and {self.focal_px.shape}"
            )

    def __len__(self) -> int:
        return len(self.rotations)

    def __getitem__(self, part: slice) -> Views:
        return replace(self, rotations=self.rotations[part], focal_px=self.focal_px[part])

    @property
    def aim(self) -> tuple[float, float]:
        """Where the camera aims, in pixels."""
        return self.middle or (self.width / 2, self.height / 2)

    def through(self, window: Window) -> Views:
        """The same moments, of a part of the picture."""
        x, y = self.aim
        middle = ((x - window.left) * window.scale, (y - window.top) * window.scale)
        return replace(
            self, focal_px=self.focal_px * window.scale, width=window.width, height=window.height,
            middle=middle,
        )  # fmt: skip

    def project(self, points: NDArray[np.floating]) -> tuple[NDArray[np.float32], Array]:
        """World points `(N, ..., 3)` -> pixels `(N, ..., 2)` and depth along the view `(N, ...)`.

        Pixel (0, 0) is the outer corner of the first pixel, so its centre is (0.5, 0.5). What lies
        behind the camera lands far outside the picture.
        """
        N = len(self)
        offset = points.reshape(N, -1, 3) - self.position
        seen = offset @ self.rotations.transpose(0, 2, 1)
        depth = seen[..., 2]
        scale = self.focal_px[:, None] / np.where(depth > 0.1, depth, 0.1)
        xy = seen[..., :2] * scale[..., None] + self.aim
        shape = points.shape[:-1]
        return xy.reshape(*shape, 2).astype(np.float32), depth.reshape(shape)


@dataclass(frozen=True, kw_only=True)
class CameraMove:
    """One camera through a shot, sampled at `SIMULATION_HZ` like the motion it follows."""

    position: Array
    """`(3,)` metres."""
    angles: Array
    """`(T, 3)` radians: pan (counter-clockwise from +x), tilt (up), roll."""
    focal: Array
    """`(T,)` focal length in picture heights."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    standpoint: Standpoint
    """What kind of place it is."""
    window: Window | None = None
    """The part of the picture that is drawn; all of it by default."""

    def at(self, times_s: NDArray[np.floating]) -> Views:
        """The camera at any times `(N,)`; still beyond both ends."""
        place = np.clip(np.asarray(times_s) * SIMULATION_HZ, 0.0, len(self.angles) - 1.0)
        samples = np.arange(len(self.angles))
        pan, tilt, roll = (np.interp(place, samples, self.angles[:, axis]) for axis in range(3))
        focal = np.interp(place, samples, self.focal) * self.height
        views = Views(self.position, _rotations(pan, tilt, roll), focal, self.width, self.height)
        return views.through(self.window) if self.window else views


def draw_size(rng: np.random.Generator) -> tuple[int, int]:
    """A picture's width and height, 360p to 1080p; now and then a 4:3 one."""
    width, height = _SIZES[rng.choice(len(_SIZES), p=(0.3, 0.2, 0.15, 0.25, 0.1))]
    if rng.random() < 0.06:
        width = round(height * 4 / 3 / 2) * 2
    return width, height


def draw_camera(
    rng: np.random.Generator,
    motion: Motion,
    size: tuple[int, int],
    *,
    span_s: float | None = None,
    share: tuple[float, float] | None = None,
    aim: Sequence[str] = ("pelvis",),
) -> CameraMove:
    """A camera that follows a skater: its place, its operator, its tremble.

    Args:
        rng: Source of every choice; nothing but the skater's path enters besides.
        motion: Whom to follow.
        size: Width and height of the picture.
        span_s: Look no further than this into the motion; all of it by default.
        share: Least and most of the picture's height that the standing skater takes; over 1 for
            close-ups.
        aim: Joints whose middle the operator follows.
    """
    samples = slice(None if span_s is None else 2 + int(span_s * SIMULATION_HZ))
    joints = motion.joints[samples].astype(np.float64)
    target = joints[:, [JOINT[name] for name in aim]].mean(axis=1)
    standpoint, position = _draw_position(rng, target)
    height_m = motion.body.height + 0.1
    operator = _draw_operator(rng, standpoint, share or _SHARES)
    wanted, distance = _angles_to(position, target)
    focal = _zoom(rng, operator, distance, height_m)
    aimed = _follow(operator, wanted, focal, size[0] / size[1])
    T = len(aimed)
    angles = np.column_stack([aimed, np.zeros(T)]) + _tremble(rng, operator, T, focal)
    return CameraMove(
        position=position, angles=angles, focal=focal, width=size[0], height=size[1],
        standpoint=standpoint,
    )  # fmt: skip


@dataclass(frozen=True)
class _Operator:
    share: float  # the skater's share of the picture's height
    zooms: bool  # whether the zoom follows the distance
    lag_s: float
    smoothing_s: float
    framing: tuple[float, float]  # where the skater is held, in picture heights off the centre
    tremble: float  # in picture heights
    roll: float


def _draw_operator(
    rng: np.random.Generator, standpoint: Standpoint, shares: tuple[float, float]
) -> _Operator:
    least, most = np.log(shares)
    share = float(np.exp(rng.triangular(least, least + 0.75 * (most - least), most)))
    handheld = standpoint in ("stands", "on_ice") or rng.random() < 0.25
    return _Operator(
        share=share,
        zooms=bool(rng.random() < (0.35 if handheld else 0.8)),
        lag_s=float(rng.uniform(0.0, 0.22)),
        smoothing_s=float(rng.uniform(0.08, 0.45)),
        framing=(float(rng.normal(0.0, 0.08)), float(rng.normal(0.0, 0.04))),
        tremble=float(rng.uniform(0.002, 0.018) if handheld else rng.uniform(0.0, 0.003)),
        roll=float(rng.normal(0.0, 0.03 if handheld else 0.006)),
    )


def _draw_position(rng: np.random.Generator, target: Array) -> tuple[Standpoint, Array]:
    """A place that keeps its distance from the whole of the skater's path."""
    names: tuple[Standpoint, ...] = ("broadcast", "rink_side", "stands", "on_ice")
    while True:
        standpoint = names[rng.choice(4, p=(0.42, 0.3, 0.18, 0.1))]
        height, beyond = {
            "broadcast": (rng.uniform(2.5, 9.0), rng.uniform(2.0, 14.0)),
            "rink_side": (rng.uniform(1.3, 2.2), rng.uniform(-0.6, 0.5)),
            "stands": (rng.uniform(2.2, 7.0), rng.uniform(3.0, 12.0)),
            "on_ice": (rng.uniform(0.5, 1.7), rng.uniform(-9.0, -0.6)),
        }[standpoint]
        side, along = rng.choice((-1.0, 1.0)), rng.uniform(-0.8, 0.8)
        if rng.random() < 0.75:
            position = np.array([along * HALF_LENGTH_M, side * (HALF_WIDTH_M + beyond), height])
        else:
            position = np.array([side * (HALF_LENGTH_M + beyond), along * HALF_WIDTH_M, height])
        nearest = np.linalg.norm(target[:, :2] - position[:2], axis=1).min()
        if nearest > _NEAREST_M:
            return standpoint, position


def _angles_to(position: Array, target: Array) -> tuple[Array, Array]:
    """Pan and tilt `(T, 2)` that centre the target, and its distance `(T,)`."""
    offset = target - position
    flat = np.hypot(offset[:, 0], offset[:, 1])
    pan = np.unwrap(np.arctan2(offset[:, 1], offset[:, 0]))
    return np.column_stack([pan, np.arctan2(offset[:, 2], flat)]), np.hypot(flat, offset[:, 2])


def _zoom(rng: np.random.Generator, operator: _Operator, distance: Array, height_m: float) -> Array:
    """Focal length in picture heights; the hand on the zoom is slow and never quite steady."""
    middle = np.full_like(distance, np.median(distance))
    slow = gaussian_filter1d(distance, SIMULATION_HZ * rng.uniform(0.4, 1.2), mode="nearest")
    followed = slow if operator.zooms else middle
    drift = 1.0 + rng.normal(0.0, 0.06) * np.linspace(-1.0, 1.0, len(distance))
    return np.clip(operator.share * followed / height_m * drift, 0.55, 40.0)


def _follow(operator: _Operator, wanted: Array, focal: Array, aspect: float) -> Array:
    """Pan and tilt of an operator who smooths, comes late, and never loses the skater for long."""
    smooth = gaussian_filter1d(wanted, SIMULATION_HZ * operator.smoothing_s, axis=0, mode="nearest")
    late = round(operator.lag_s * SIMULATION_HZ)
    aim = np.concatenate([np.repeat(smooth[:1], late, axis=0), smooth])[: len(wanted)]
    aim = aim - np.array([[1.0, -1.0]]) * np.array(operator.framing) / focal[:, None]
    room = 0.5 - 0.45 * min(operator.share, 0.8)
    across = aspect * 0.7 * (0.5 - 0.15 * min(operator.share, _SHARES[1]))
    limit = np.column_stack([across / focal, 0.6 * room / focal])
    return wanted - limit * np.tanh((wanted - aim) / limit)


def _tremble(rng: np.random.Generator, operator: _Operator, T: int, focal: Array) -> Array:
    """Pan, tilt and roll of an unsteady hand, `(T, 3)`: slow sway and a finer shiver."""
    pad = int(SIMULATION_HZ)
    noise = rng.standard_normal((2, T + 2 * pad, 3))
    sway = gaussian_filter1d(noise[0], 0.22 * SIMULATION_HZ, axis=0)
    shiver = gaussian_filter1d(noise[1], 0.035 * SIMULATION_HZ, axis=0)
    hand = (sway / sway.std(axis=0) + 0.25 * shiver / shiver.std(axis=0))[pad : pad + T]
    scale = np.column_stack([1.0 / focal, 1.0 / focal, np.full(T, 0.5)])
    return operator.tremble * hand * scale + np.array([0.0, 0.0, operator.roll])


def _rotations(pan: Array, tilt: Array, roll: Array) -> Array:
    """`(N,)` angles -> `(N, 3, 3)` with rows right, down, forward."""
    cos_pan, sin_pan, cos_tilt, sin_tilt = np.cos(pan), np.sin(pan), np.cos(tilt), np.sin(tilt)
    zero = np.zeros_like(pan)
    forward = np.stack([cos_pan * cos_tilt, sin_pan * cos_tilt, sin_tilt], axis=-1)
    right = np.stack([sin_pan, -cos_pan, zero], axis=-1)
    down = np.cross(forward, right)
    cos_roll, sin_roll = np.cos(roll)[:, None], np.sin(roll)[:, None]
    return np.stack(
        [right * cos_roll + down * sin_roll, down * cos_roll - right * sin_roll, forward], axis=1
    )
