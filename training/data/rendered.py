"""Stored clips straight from the simulated rink: only the skater's surroundings are ever rendered.

The picture is that of `training.rink` for the same seed, cut to the region that the pipeline would
find, scaled down, and spoilt by JPEG as codecs spoil it. Besides, it holds what is true in every
frame (joints, heading, bearing skate), which auxiliary heads learn.

`python -m training.finetune RECIPE.toml --data-only` draws a recipe's clips ahead of its training.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from models.command_line import StatusLine
from pipeline.elements import LABELS
from pipeline.errors import ConfigError
from pipeline.messages import Message
from pipeline.settings import Count, NotNegative, Share, settings
from pipeline.tracking.region import RegionSettings, consolidate
from pipeline.types import FloatArray, People, Track
from training.data.store import ClipWriter, FrameTargets, StoredClip, write_clip
from training.engine.checkpoints import writing
from training.processes import each_done
from training.rink.body import JOINT
from training.rink.camera import Window
from training.rink.picture.skater.actor import Actor
from training.rink.render import NUM_KEYPOINTS, render
from training.rink.scene import ClipScene, draw_scene
from training.rink.skeletons import joint_boxes

STREAM = 4
"""Second number of these clips' seeds."""

VERSION = 2
"""Counted up when the same settings give other clips."""


@settings(kw_only=True)
class RenderedClips:
    """Which clips are rendered, and what is kept of them."""

    seed: Annotated[int, Field(ge=0, lt=200_000)]
    """Below 100,000 for training, 100,000 to 199,999 for validation."""
    count: Count
    """Clips, over the classes alike."""
    short_side: Count = 128
    """Of the region, pixels; a smaller region is not enlarged."""
    long_side: Count = 288
    """Limit of the region's other side, pixels."""
    max_frames: Count = 48
    """Frames of a clip that are rendered, spread over it."""
    surroundings: NotNegative = 0.12
    """Rendered on every side of the region, as a share of its sides, so that it can be moved."""
    quality: tuple[int, int] = (40, 92)
    """Of the JPEG files, drawn for each clip."""
    blurred: Share = 0.2
    """Share of the clips whose shutter stays open as the scene says, which costs three times the
    work; the others are sharp."""
    margins_s: NotNegative = 0.0
    """Up to so many seconds more before and after the element, drawn for each clip."""
    wide: bool = False
    """Any skater instead of one by the book, as `training.rink.motion.perform` says."""

    def __post_init__(self) -> None:
        low, high = self.quality
        if not 1 <= low <= high <= 100:
            raise ConfigError(f"rendered.quality: must be in 1..100, got {low, high}")

    @property
    def fingerprint(self) -> str:
        """Changes when a clip would; the count does not."""
        values = {**asdict(self), "count": 0, "version": VERSION}
        for later in ("margins_s", "wide"):  # clips that were stored before it stay
            if not values[later]:
                del values[later]
        digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
        return f"rink-{self.seed}-{digest[:12]}"

    def label(self, number: int) -> str:
        """Class of a clip."""
        return LABELS[number % len(LABELS)]


def check_apart(training: RenderedClips, validation: RenderedClips) -> None:
    """Refuse seeds that let a network be validated on what it learnt.

    Raises:
        ConfigError: Names the seeds.
    """
    if not training.seed < 100_000 <= validation.seed:
        raise ConfigError(
            "training.seed: must be below 100000 and validation.seed at least that, got "
            f"{training.seed} and {validation.seed}"
        )


class RenderedStore:
    """Rendered clips below a folder; what is there already is not rendered again.

    Args:
        folder: One sub-folder per settings.
        clips: Which.
    """

    def __init__(self, folder: Path, clips: RenderedClips) -> None:
        self.folder, self.clips = folder / clips.fingerprint, clips

    def path(self, number: int) -> Path:
        """Where a clip is stored."""
        return self.folder / f"{number:06d}.npz"

    def build(self, status: StatusLine, *, workers: int = 0) -> list[tuple[int, Path]]:
        """Draw what is missing; returns class index and path of every clip.

        Args:
            status: Told about it.
            workers: Processes; 0: this one.

        Raises:
            TrainingError: The disk is full.
        """
        missing = [n for n in range(self.clips.count) if not self.path(n).is_file()]
        jobs = ((number, self.clips, self.path(number)) for number in missing)
        with writing(self.folder, remedy="free some space and run the command again"):
            self.folder.mkdir(parents=True, exist_ok=True)
            for done, _ in enumerate(each_done(_draw, jobs, workers=workers), start=1):
                status.show(f"rendering clips: {done} of {len(missing)}", done / len(missing))
        return [(n % len(LABELS), self.path(n)) for n in range(self.clips.count)]


def _draw(job: tuple[int, RenderedClips, Path]) -> None:
    number, clips, path = job
    write_clip(render_stored_clip(number, clips), path)


def render_stored_clip(number: int, clips: RenderedClips) -> StoredClip:
    """One clip of the rink, in the form that trainings read."""
    seed = (clips.seed, STREAM, number)
    rng = np.random.default_rng((*seed, 1))
    blur = rng.random() < clips.blurred
    scene = draw_scene(
        clips.label(number), seed, blur=bool(blur), margins_s=clips.margins_s, wide=clips.wide
    )
    frames = kept(scene.num_frames, clips.max_frames)
    region, window = _region_and_window(scene, clips)
    views = replace(scene.camera, window=window)
    actors = tuple(actor for actor in scene.actors if _enters(actor, scene, window))
    windowed = replace(scene, camera=views, actors=actors, captions=())
    writer = ClipWriter(quality=int(rng.integers(*clips.quality, endpoint=True)))
    joints = []
    for frame, rendered in zip(frames, render(windowed, scene.times_s[frames]), strict=True):
        writer.add(int(frame), rendered.image)
        joints.append(rendered.keypoints_xy[0])
    targets = _frame_targets(windowed, scene.times_s[frames], np.stack(joints))
    return writer.clip(num_frames=scene.num_frames, region=region, targets=targets)


def kept(num_frames: int, max_frames: int) -> NDArray[np.int64]:
    """At most so many frames, spread evenly from the first to the last."""
    if num_frames <= max_frames:
        return np.arange(num_frames, dtype=np.int64)
    return np.round(np.linspace(0, num_frames - 1, max_frames)).astype(np.int64)


def _region_and_window(scene: ClipScene, clips: RenderedClips) -> tuple[FloatArray, Window]:
    """The region in pixels of what is rendered, and the part of the picture that is rendered."""
    size = (scene.camera.width, scene.camera.height)
    xy, _ = scene.camera.at(scene.times_s).project(scene.performance.at(scene.times_s))
    boxes = joint_boxes(xy)
    boxes = np.clip(boxes, 0, np.tile(size, 2)).astype(np.float32)
    seen = np.asarray((boxes[:, 2:] - boxes[:, :2] > 1).all(axis=1))
    scores = np.where(seen, 1.0, np.nan).astype(np.float32)
    boxes[~seen] = np.nan
    people = People((Track(0, boxes, scores, seen),), 0, Message("truth"))
    region = consolidate(
        people, size, RegionSettings(), name="rendered clip", num_frames=len(boxes)
    ).xyxy
    sides = region[2:] - region[:2]
    spare = np.tile(clips.surroundings * sides, 2) * (-1, -1, 1, 1)
    left, top, right, bottom = np.clip(region + spare, 0, np.tile(size, 2))
    scale = min(clips.short_side / sides.min(), clips.long_side / sides.max(), 1.0)
    width, height = (max(round(float(v) * scale), 8) for v in (right - left, bottom - top))
    window = Window(float(left), float(top), width, height, float(scale))
    moved = (region - np.tile((left, top), 2)) * scale
    return moved.astype(np.float32), window


def _enters(actor: Actor, scene: ClipScene, window: Window) -> bool:
    """Whether a person comes near the window, shadow and mirror image included."""
    times_s = scene.times_s[::4]
    views = scene.camera.at(times_s).through(window)
    xy, depth = views.project(actor.joints(times_s))
    height = np.maximum(np.ptp(xy[..., 1], axis=1), 1.0)[:, None, None]
    near = ((xy > -height) & (xy < np.array([window.width, window.height]) + height)).all(axis=-1)
    return bool((near & (depth > 0)).any())


def _frame_targets(
    scene: ClipScene, times_s: NDArray[np.floating], joints: FloatArray
) -> FrameTargets:
    performance = scene.performance
    heading = _headings(performance.joints)  # (T,) at 120 Hz, unwrapped
    at = np.clip(np.searchsorted(performance.times_s, times_s), 0, len(heading) - 1)
    pelvis = performance.joints[at, JOINT["pelvis"], :2]
    sight = np.arctan2(*(pelvis - scene.camera.position[:2]).T[::-1])
    return FrameTargets(
        joints_xy=joints[:, :NUM_KEYPOINTS].astype(np.float32),
        heading=(heading[at] - np.unwrap(sight)).astype(np.float32),
        support=performance.support[at].astype(np.uint8),
    )


def _headings(joints: NDArray[np.floating]) -> NDArray[np.float64]:
    """Which way hips and shoulders face, radians counter-clockwise, without jumps of a turn."""
    right, left = (
        joints[:, [JOINT[f"{side}_hip"], JOINT[f"{side}_shoulder"]], :2].sum(axis=1)
        for side in ("right", "left")
    )
    across = right - left
    angles: NDArray[np.float64] = np.unwrap(np.arctan2(across[:, 1], across[:, 0]) + np.pi / 2)
    return angles
