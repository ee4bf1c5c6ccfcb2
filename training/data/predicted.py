"""Skeletons that the demo's own pose network predicts in rendered clips: InfoGCN learns its errors.

Noise that is made up (`training.rink.skeletons`) differs from what a network does: its errors
follow the pose, the view and the blur. Here the rink draws the skater as large as the pose network
looks at the skater, in boxes as the detector gives them, and only the predicted joints are kept.

`python -m training.finetune RECIPE.toml --data-only` predicts a recipe's skeletons ahead.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import field
from pathlib import Path

import numpy as np

from models.atomic_files import written
from models.command_line import StatusLine
from models.vitpose import ViTPose
from models.zoo import find_checkpoint, load_model
from pipeline.elements import LABELS
from pipeline.errors import ConfigError
from pipeline.pose import PoseEstimator, PoseSettings
from pipeline.settings import ShareAbove0, settings
from pipeline.storage.cache import cache_folder
from pipeline.types import FloatArray, IntArray, PoseSequence
from training.data.rendered import RenderedClips, check_apart, render_stored_clip
from training.data.skeletons import LabelledPose, SkeletonClips, read_pose
from training.engine.checkpoints import writing
from training.engine.settings import quickest_precision
from training.long_tail import epoch_order
from training.network import naming
from training.rink.skeletons import joint_boxes

KEY_FRAMES = 4
"""Detector boxes come every so many frames, with lines between them."""


def _large(seed: int, count: int) -> RenderedClips:
    """As large as the pose network looks at the skater, with all frames of a jump."""
    return RenderedClips(seed=seed, count=count, short_side=256, long_side=576, max_frames=240)


@settings(kw_only=True)
class PredictedSettings:
    """Which rendered clips, and what predicts the joints."""

    training: RenderedClips = field(default_factory=lambda: _large(31, 1680))
    """Seed below 100,000."""
    validation: RenderedClips = field(default_factory=lambda: _large(100_031, 140))
    """Seed 100,000 to 199,999."""
    checkpoint: str = "vitpose_demo_rink"
    """The pose network, a checkpoint of the manifest: one that saw the rink alone, as the skeleton
    network then does too."""
    share: ShareAbove0 = 0.5
    """Of the training clips; the others are simulated without pictures, no two alike."""
    cache: str = ""
    """Where they are kept; empty: `skeletons` in Rinkside's cache."""

    def __post_init__(self) -> None:
        check_apart(self.training, self.validation)


class PredictedSkeletons:
    """Skeleton clips that a pose network predicted in rendered pictures.

    Args:
        clips: Which.
        settings: What predicts, and where the skeletons are kept.
        status: Told how far it is.
        seed: Of their order; None keeps it.

    Raises:
        ConfigError: No checkpoint is called so, or it is not a pose network.
        TrainingError: The disk is full.
        WeightsError: The pose network's weights are not here.
    """

    def __init__(
        self,
        clips: RenderedClips,
        settings: PredictedSettings,
        status: StatusLine,
        *,
        seed: int | None = None,
    ) -> None:
        with naming("data.predicted.checkpoint"):
            checkpoint = find_checkpoint(settings.checkpoint)
        kept = Path(settings.cache) if settings.cache else cache_folder() / "skeletons"
        self._folder = kept / f"{clips.fingerprint}-{checkpoint.sha256[:12]}"
        self._clips, self._seed = clips, seed
        self._labels: IntArray = np.arange(clips.count, dtype=np.int64) % len(LABELS)
        self._predict_missing(settings.checkpoint, status)

    def __len__(self) -> int:
        return len(self._labels)

    @property
    def labels(self) -> IntArray:
        """`(N,)` classes of the clips, in no order of any epoch."""
        return self._labels

    def clip(self, epoch: int, position: int, copy: int = 0) -> LabelledPose:
        """A clip as it was predicted, in every copy."""
        if self._seed is not None:
            order = epoch_order(self._labels, seed=self._seed, epoch=epoch, balance=0.0)
            position = int(order[position])
        pose = read_pose(self._path(position), "is damaged; delete it, it will be made again")
        return LabelledPose(pose, int(self._labels[position]))

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.npz"

    def _predict_missing(self, checkpoint: str, status: StatusLine) -> None:
        with self._writing():
            self._folder.mkdir(parents=True, exist_ok=True)
        missing = [n for n in range(self._clips.count) if not self._path(n).is_file()]
        if not missing:
            return
        estimator = _estimator(checkpoint)
        for done, number in enumerate(missing, start=1):
            self._keep(number, predict_skeleton(number, self._clips, estimator))
            status.show(f"predicting skeletons: {done} of {len(missing)}", done / len(missing))

    def _keep(self, number: int, pose: PoseSequence) -> None:
        with self._writing(), written(self._path(number)) as scratch, scratch.open("wb") as file:
            np.savez(file, keypoints_xy=pose.keypoints_xy, keypoint_scores=pose.scores)

    def _writing(self) -> AbstractContextManager[None]:
        return writing(self._folder, remedy="free some space and run the command again")


class MixedSkeletons:
    """Clips of two kinds: every epoch all of the first, and the first of the second's epoch.

    Args:
        predicted: All of them are seen in every epoch.
        simulated: Fills the epoch up.
        share: Of `predicted` in an epoch.
    """

    def __init__(self, predicted: SkeletonClips, simulated: SkeletonClips, *, share: float) -> None:
        self._predicted, self._simulated = predicted, simulated
        self._length = round(len(predicted) / share)

    def __len__(self) -> int:
        return self._length

    @property
    def labels(self) -> IntArray:
        """`(N,)` classes of the clips, in no order of any epoch."""
        fill = self._length - len(self._predicted)
        return np.concatenate([self._predicted.labels, np.resize(self._simulated.labels, fill)])

    def clip(self, epoch: int, position: int, copy: int = 0) -> LabelledPose:
        """Predicted and simulated ones spread evenly over the epoch."""
        before = position * len(self._predicted) // self._length
        if (position + 1) * len(self._predicted) // self._length > before:
            return self._predicted.clip(epoch, before, copy)
        number = epoch * (self._length - len(self._predicted)) + position - before
        return self._simulated.clip(*divmod(number, len(self._simulated)), copy)


def predict_skeleton(number: int, clips: RenderedClips, estimator: PoseEstimator) -> PoseSequence:
    """The skeleton predicted in one rendered clip, in pixels of the rendered part."""
    clip = render_stored_clip(number, clips)
    assert clip.targets is not None  # rendered clips have one
    rng = np.random.default_rng((clips.seed, number, 5))
    boxes = detected(joint_boxes(clip.targets.joints_xy), rng)
    return estimator.estimate(clip.pictures(range(len(clip))), boxes)


def detected(boxes: FloatArray, rng: np.random.Generator) -> FloatArray:
    """True boxes `(T, 4)` as a detector and a tracker would give them.

    Edges are a few per cent off, every clip in its own way and every key frame anew; in one clip of
    eight the tracker is elsewhere for a while.
    """
    T = len(boxes)
    keys = np.unique(np.append(np.arange(0, T, KEY_FRAMES), T - 1))
    size = np.tile(boxes[keys, 2:] - boxes[keys, :2], 2)
    error = 0.03 * rng.standard_normal(4) + 0.04 * rng.standard_normal((len(keys), 4))
    if rng.random() < 0.125:
        start = rng.integers(0, len(keys))
        spell = slice(start, start + rng.integers(1, max(len(keys) // 4, 1) + 1))
        error[spell] += np.tile(rng.uniform(-0.8, 0.8, 2), 2)
    moved = boxes[keys] + error * size
    frames = np.arange(T)
    return np.stack([np.interp(frames, keys, moved[:, c]) for c in range(4)], axis=1).astype(
        np.float32
    )


def _estimator(name: str) -> PoseEstimator:
    network, _ = load_model(name)
    if not isinstance(network, ViTPose):
        raise ConfigError(f"data.predicted.checkpoint: {name} is not a pose network")
    return PoseEstimator(
        network, PoseSettings(checkpoint=name, precision=quickest_precision(cpu=True))
    )
