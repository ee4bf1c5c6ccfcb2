"""Where the rings of each part of a body are hung: along limbs, trunk, neck, feet, hair, skirt.

Each function takes the places of a part's rings and gives a function from pose to `Rings`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.rink.picture.skater.figure import Rings
from training.rink.picture.skater.pose import Floats, Pose, across, carried, unit


def along_limb(
    joints: tuple[str, str, str], places: NDArray[np.floating], *, arm: bool
) -> Callable[[Pose], Rings]:
    """Rings along two bones; places 0, 1, 2 are the three joints, beyond them the line goes on."""
    second = np.clip((places - 0.85) / 0.3, 0.0, 1.0).astype(np.float32)[:, None]
    on_first = np.minimum(places, 1.0).astype(np.float32)[:, None]
    on_second = np.maximum(places - 1.0, 0.0).astype(np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        upper, middle, lower = (pose.at(name) for name in joints)
        trunk = pose.chest if arm else pose.pelvis
        first_axis, second_axis = unit(middle - upper), unit(lower - middle)
        first_front = carried(trunk.front, -trunk.up, first_axis)
        second_front = carried(first_front, first_axis, second_axis)
        axis = _blend(first_axis, second_axis, second)
        center = (
            upper[:, None]
            + on_first * (middle - upper)[:, None]
            + on_second * (lower - middle)[:, None]
        )
        return Rings(center, across(_blend(first_front, second_front, second), axis), axis)

    return place


def along_trunk(heights: NDArray[np.floating]) -> Callable[[Pose], Rings]:
    """Rings up the spine; 0 is the pelvis, 1 the neck; hips turn into shoulders on the way."""
    share = np.clip(heights, 0.0, 1.0).astype(np.float32)[:, None]
    up = heights.astype(np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        pelvis, neck = pose.at("pelvis"), pose.at("neck")
        front = _blend(pose.pelvis.front, pose.chest.front, share)
        axis = np.broadcast_to(pose.pelvis.up[:, None], front.shape)
        center = pelvis[:, None] + up * (neck - pelvis)[:, None]
        return Rings(center, across(front, axis), axis)

    return place


def along_neck(count: int) -> Callable[[Pose], Rings]:
    """Rings from just under the neck joint into the head."""
    share = np.linspace(-0.15, 1.0, count, dtype=np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        start, end = pose.at("neck"), _skull(pose)
        axis = np.repeat(unit(end - start)[:, None], count, axis=1)
        center = start[:, None] + share * (end - start)[:, None]
        return Rings(center, across(_blend(pose.chest.front, pose.head.front, share), axis), axis)

    return place


def in_head(heights: NDArray[np.floating]) -> Callable[[Pose], Rings]:
    """Rings of the head: 0 at the ears, metres upwards."""
    up = heights.astype(np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        shape = (len(pose.joints), len(heights), 3)
        axis = np.broadcast_to(pose.head.up[:, None], shape)
        front = np.broadcast_to(pose.head.front[:, None], shape)
        return Rings(_skull(pose)[:, None] + up * axis, front, axis)

    return place


def along_foot(side: str, places: NDArray[np.floating], lift: object) -> Callable[[Pose], Rings]:
    """Rings along a blade, 0 its tail and 1 its tip, each `lift` metres above its edge."""
    share = places.astype(np.float32)[:, None]
    above = np.broadcast_to(np.asarray(lift, np.float32), places.shape)[:, None]

    def place(pose: Pose) -> Rings:
        heel, toe = pose.at(f"{side}_heel"), pose.at(f"{side}_toe")
        axis = unit(toe - heel)
        up = across(pose.at(f"{side}_ankle") - heel, axis)[:, None]
        center = heel[:, None] + share * (toe - heel)[:, None] + above * up
        shape = center.shape
        return Rings(center, np.broadcast_to(up, shape), np.broadcast_to(axis[:, None], shape))

    return place


def beyond_wrist(side: str, places: NDArray[np.floating]) -> Callable[[Pose], Rings]:
    """Rings of a hand, in metres beyond the wrist."""
    out = places.astype(np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        shoulder, elbow, wrist = (
            pose.at(f"{side}_{joint}") for joint in ("shoulder", "elbow", "wrist")
        )
        axis = unit(wrist - elbow)
        upper = unit(elbow - shoulder)
        front = carried(carried(pose.chest.front, -pose.chest.up, upper), upper, axis)
        center = wrist[:, None] + out * axis[:, None]
        shape = center.shape
        fronts = np.broadcast_to(front[:, None], shape)
        return Rings(center, fronts, np.broadcast_to(axis[:, None], shape))

    return place


def _skull(pose: Pose) -> Floats:
    middle: Floats = (pose.at("left_ear") + pose.at("right_ear")) * np.float32(0.5)
    return middle


def _blend(first: Floats, second: Floats, share: Floats) -> Floats:
    return unit(first[:, None] * (1 - share) + second[:, None] * share)


def skirt_around(lengths: NDArray[np.floating], waist: float) -> Callable[[Pose], Rings]:
    """Rings of a skirt, in metres of cloth below the waist, spread by its flare and lifted by legs.

    `waist` is its place on the trunk. The outline must be that of the waist in every ring.
    """
    cloth = lengths.astype(np.float32)

    def place(pose: Pose) -> Rings:
        flare = pose.flare[:, None] * (0.75 + 0.25 * cloth / cloth[-1])
        pelvis, neck = pose.at("pelvis"), pose.at("neck")
        start = pelvis + waist * (neck - pelvis)
        down = -pose.pelvis.up[:, None]
        center = start[:, None] + (cloth * np.cos(flare))[..., None] * down
        shape = center.shape
        front = np.broadcast_to(pose.pelvis.front[:, None], shape)
        scale = 1.0 + cloth * np.sin(flare) / 0.14
        return Rings(center, front, np.broadcast_to(down, shape), scale.astype(np.float32))

    return place


def along_tail(length: float, count: int, back: float) -> Callable[[Pose], Rings]:
    """Rings of a pony-tail that starts `back` metres behind the ears."""
    share = np.linspace(0.0, 1.0, count, dtype=np.float32)[:, None]

    def place(pose: Pose) -> Rings:
        root = _skull(pose) - back * pose.head.front + 0.05 * pose.head.up
        first = unit(0.3 * pose.head.up - pose.head.front)
        bend = np.minimum(2.5 * share, 1.0)
        axis = _blend(first, pose.tail, bend)
        step = length / (count - 1) * axis
        center = root[:, None] + np.cumsum(step, axis=1) - step[:, :1]
        sideways = np.broadcast_to(pose.head.left[:, None], axis.shape)
        return Rings(center, across(sideways, axis), axis)

    return place


def over_thighs(radius: float) -> Callable[[Pose, Floats], Floats]:
    """Cloth `(N, R, S, 3)` lifted out of both thighs, which are `radius` metres thick."""

    def lift(pose: Pose, cloth: Floats) -> Floats:
        for side in ("left", "right"):
            hip, knee = (
                pose.at(f"{side}_hip")[:, None, None],
                pose.at(f"{side}_knee")[:, None, None],
            )
            bone = knee - hip
            share = ((cloth - hip) * bone).sum(axis=-1) / (bone * bone).sum(axis=-1)
            middle = hip + np.clip(share, 0.0, 1.0)[..., None] * bone
            off = cloth - middle
            distance = np.sqrt((off * off).sum(axis=-1, keepdims=True))
            grown = np.maximum(radius / np.maximum(distance, np.float32(1e-4)), np.float32(1.0))
            cloth = middle + off * grown
        return cloth

    return lift
