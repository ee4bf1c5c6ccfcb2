"""Draws a scene, frame by frame, with the exact truth of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.types import FloatArray
from training.rink.body import JOINT
from training.rink.camera import Views
from training.rink.picture.hall.bystanders import Bystander, draw_bystanders
from training.rink.picture.hall.panorama import Panorama, trace_panorama
from training.rink.picture.lens import Exposure
from training.rink.picture.painter import Patch, Projected, paint_person
from training.rink.scene import Scene

Bytes = NDArray[np.uint8]

NUM_KEYPOINTS = 17
"""The first joints of a body are those of COCO."""

OUTSIDE, HIDDEN, VISIBLE = 0, 1, 2
"""Visibility of a keypoint: outside the picture, inside but covered, seen (COCO's 0, 1, 2)."""

_BATCH = 16
_SUB_FRAMES = 4

_DEFAULT_TOLERANCE_M = 0.09
_TOLERANCE_M = np.full(NUM_KEYPOINTS, _DEFAULT_TOLERANCE_M, np.float32)
"""How far a joint may lie under the surface that shows it."""
_TOLERANCE_M[[JOINT["nose"], JOINT["left_eye"], JOINT["right_eye"]]] = 0.05
_TOLERANCE_M[[JOINT["left_hip"], JOINT["right_hip"]]] = 0.14


@dataclass(frozen=True)
class RenderedFrame:
    """One picture and where everybody is in it; M people, the skater first."""

    image: Bytes
    """RGB `(H, W, 3)`."""
    boxes_xyxy: FloatArray
    """`(M, 4)` tight boxes of what lies in the picture; NaN for who is out of it."""
    keypoints_xy: FloatArray
    """`(M, 17, 2)` COCO joints, outside the picture too."""
    visibility: Bytes
    """`(M, 17)`: `OUTSIDE`, `HIDDEN` or `VISIBLE`."""


def render(scene: Scene, times_s: NDArray[np.floating]) -> Iterator[RenderedFrame]:
    """The frames of a scene at times `(T,)` seconds, in order; memory stays flat."""
    views = scene.camera.at(times_s)
    panorama = trace_panorama(scene.arena, views)
    bystanders = draw_bystanders(panorama, scene.bystanders, views, scene.lighting)
    window = scene.camera.window
    exposure = Exposure(
        scene.lens,
        views.width,
        views.height,
        whole_height=scene.camera.height * window.scale if window else None,
    )
    stage = _Stage(scene, panorama, bystanders, exposure)
    for start in range(0, len(times_s), _BATCH):
        yield from stage.frames(times_s[start : start + _BATCH], start)


@dataclass(frozen=True)
class _Stage:
    """What stays the same through a shot."""

    scene: Scene
    panorama: Panorama
    bystanders: tuple[Bystander, ...]
    exposure: Exposure

    def frames(self, times_s: NDArray[np.floating], first: int) -> Iterator[RenderedFrame]:
        """A batch of frames; `first` is the number of the first."""
        scene = self.scene
        views = scene.camera.at(times_s)
        joints = self._joints(times_s)
        shown = _project(scene, times_s, views)
        blurred = _Blur(scene, self.panorama, times_s) if scene.shutter > 0 else None
        for n in range(len(times_s)):
            image, patches = self._paint(views, shown, n, unseen=blurred is not None)
            if blurred is not None:
                image = blurred.frame(n)
            for caption in scene.captions:
                caption.lay_over(image)
            image = self.exposure.expose(image, first + n)
            boxes = [person.box(n, views.width, views.height) for person in shown]
            boxes += [person.box(views, n) for person in self.bystanders]
            keypoints, visibility = self._keypoints(joints[:, n], views, n, patches)
            together = np.stack(boxes) if boxes else np.zeros((0, 4), np.float32)
            yield RenderedFrame(image, together, keypoints, visibility)

    def _paint(
        self, views: Views, shown: list[Projected], n: int, *, unseen: bool
    ) -> tuple[Bytes, list[Patch | None]]:
        """As `_paint`; without the arena where only the patches matter."""
        if not unseen:
            return _paint(self.scene, self.panorama, views, shown, n)
        blank = np.zeros((views.height, views.width, 3), np.uint8)
        return blank, _paint_people((blank, None), self.scene, views, shown, n)

    def _joints(self, times_s: NDArray[np.floating]) -> NDArray[np.float32]:
        """COCO joints of actors and bystanders, `(M, N, 17, 3)`."""
        moving = [actor.joints(times_s)[:, :NUM_KEYPOINTS] for actor in self.scene.actors]
        still = [np.repeat(person.joints[None], len(times_s), 0) for person in self.bystanders]
        nobody = np.zeros((0, len(times_s), NUM_KEYPOINTS, 3), np.float32)
        return np.stack(moving + still) if moving or still else nobody

    def _keypoints(
        self, joints: NDArray[np.float32], views: Views, n: int, patches: list[Patch | None]
    ) -> tuple[FloatArray, Bytes]:
        """Pixels `(M, 17, 2)` and visibility `(M, 17)` of joints `(M, 17, 3)`."""
        xy, depth = views[n : n + 1].project(joints[None])
        xy, depth = xy[0], depth[0].astype(np.float32)
        inside = ((xy >= 0) & (xy < (views.width, views.height))).all(axis=-1) & (depth > 0.1)
        nearest = np.full(depth.shape, np.inf, np.float32)
        for patch in patches:
            if patch is not None:
                found = patch.depth_at(xy.reshape(-1, 2)).reshape(depth.shape)
                nearest = np.minimum(nearest, found)
        covered = nearest < depth - _TOLERANCE_M
        moving = len(self.scene.actors)
        covered[:moving] |= _behind_something(self.panorama, joints[:moving], views)
        for index, person in enumerate(self.bystanders, start=moving):
            covered[index] |= person.hidden
        visibility = np.where(inside, np.where(covered, HIDDEN, VISIBLE), OUTSIDE)
        return xy, visibility.astype(np.uint8)


def _project(scene: Scene, times_s: NDArray[np.floating], views: Views) -> list[Projected]:
    return [Projected.of(actor, times_s, views, scene.lighting) for actor in scene.actors]


def _paint(
    scene: Scene, panorama: Panorama, views: Views, shown: list[Projected], n: int
) -> tuple[Bytes, list[Patch | None]]:
    """The clean frame, and everybody's patch of it."""
    behind = panorama.frame(views, n)
    return behind[0], _paint_people(behind, scene, views, shown, n)


def _paint_people(
    behind: tuple[Bytes, Bytes | None], scene: Scene, views: Views, shown: list[Projected], n: int
) -> list[Patch | None]:
    """Everybody's patch, painted into the arena's frame; farthest people first.

    `behind` is the frame, and what is near, as `Panorama.frame` gives them.
    """
    frame, near = behind
    patches: list[Patch | None] = [None] * len(shown)
    for index in np.argsort([-float(np.median(person.depth[n])) for person in shown]):
        patches[index] = paint_person(
            frame, scene.actors[index], shown[index], n, views,
            near=near, light=scene.lighting, polish=scene.arena.polish,
        )  # fmt: skip
    return patches


class _Blur:
    """Frames averaged over the time that the shutter is open."""

    def __init__(self, scene: Scene, panorama: Panorama, times_s: NDArray[np.floating]) -> None:
        open_s = scene.shutter / float(scene.fps)
        offsets = (np.arange(_SUB_FRAMES) + 0.5) / _SUB_FRAMES - 0.5
        moments = (times_s[:, None] + open_s * offsets).reshape(-1)
        self._scene, self._panorama = scene, panorama
        self._views = scene.camera.at(moments)
        self._shown = _project(scene, moments, self._views)

    def frame(self, n: int) -> Bytes:
        """The n-th frame."""
        shape = (self._views.height, self._views.width, 3)
        total = np.zeros(shape, np.uint16)
        for moment in range(n * _SUB_FRAMES, (n + 1) * _SUB_FRAMES):
            total += _paint(self._scene, self._panorama, self._views, self._shown, moment)[0]
        return (total // _SUB_FRAMES).astype(np.uint8)


def _behind_something(
    panorama: Panorama, joints: NDArray[np.float32], views: Views
) -> NDArray[np.bool_]:
    seen = panorama.project(joints, views.position)
    h, w = panorama.near.shape
    column = np.clip(seen[..., 0].astype(np.intp), 0, w - 1)
    row = np.clip(seen[..., 1].astype(np.intp), 0, h - 1)
    hidden: NDArray[np.bool_] = panorama.near[row, column] > 127
    return hidden
