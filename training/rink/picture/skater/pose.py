"""The directions of a body's parts, from its joints: which way trunk, head, limbs and feet face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.rink.body import JOINT

Floats = NDArray[np.float32]

_TINY = np.float32(1e-6)


def unit(vectors: Floats) -> Floats:
    """Vectors `(..., 3)` of length one; zero stays zero."""
    length = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    scaled: Floats = vectors / np.maximum(length, _TINY)[..., None]
    return scaled


def across(vectors: Floats, axis: Floats) -> Floats:
    """The unit vectors nearest to `vectors` that stand square to the unit vectors `axis`."""
    along = np.einsum("...i,...i->...", vectors, axis)[..., None]
    return unit(vectors - along * axis)


def carried(vectors: Floats, start: Floats, end: Floats) -> Floats:
    """`vectors`, turned by the shortest rotation that takes unit `start` to unit `end`."""
    turn = np.cross(start, end)
    cosine = np.einsum("...i,...i->...", start, end)[..., None]
    once = np.cross(turn, vectors)
    rotated: Floats = vectors + once + np.cross(turn, once) / np.maximum(1.0 + cosine, 0.02)
    return rotated


@dataclass(frozen=True)
class Frame:
    """An orthonormal frame, N times: `(N, 3)` each."""

    front: Floats
    left: Floats
    up: Floats


@dataclass(frozen=True)
class Pose:
    """Joints of one person at N moments, with the frames of trunk and head."""

    joints: Floats
    """`(N, J, 3)` metres."""
    pelvis: Frame
    chest: Frame
    head: Frame
    tail: Floats
    """`(N, 3)` where loose hair flies."""
    flare: Floats
    """`(N,)` how far a skirt stands off, radians."""

    @classmethod
    def of(cls, joints: Floats, tail: Floats, flare: Floats) -> Pose:
        """Derive the frames from `(N, J, 3)` joints."""

        def at(name: str) -> Floats:
            return joints[:, JOINT[name]]

        spine = unit(at("neck") - at("pelvis"))
        ears = (at("left_ear") + at("right_ear")) * np.float32(0.5)
        left = unit(at("left_ear") - at("right_ear"))
        front = across(at("nose") - ears, left)
        return cls(
            joints,
            _trunk_frame(at("left_hip") - at("right_hip"), spine),
            _trunk_frame(at("left_shoulder") - at("right_shoulder"), spine),
            Frame(front, left, np.cross(front, left)),
            tail,
            flare,
        )

    def at(self, name: str) -> Floats:
        """One joint, `(N, 3)`."""
        return self.joints[:, JOINT[name]]


def _trunk_frame(sideways: Floats, spine: Floats) -> Frame:
    left = across(sideways, spine)
    return Frame(np.cross(left, spine), left, spine)
