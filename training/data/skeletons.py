"""Skeleton sequences for InfoGCN: from the simulated rink, without pictures, or prepared."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
from torch import Tensor

from models.skeletons import COCO17
from pipeline.classification.sequence import SequenceSettings, make_sequence
from pipeline.elements import LABELS, class_index
from pipeline.pose import pose_stride
from pipeline.settings import Count, NotNegative, Share, ShareBelow1, ShareRange, settings
from pipeline.types import IntArray, PoseSequence
from training.data.challenge import DataError, LabelledClip
from training.data.stems import stem_file
from training.data.store import is_whole
from training.long_tail import epoch_order
from training.rink.files.frequencies import shared_out
from training.rink.skeletons import STREAM, EstimatorNoise, skeleton_clip

KEPT_CLIPS = 4096
"""So many simulated clips stay in memory, 45 kB each: making one takes longer than learning it."""

Frequencies = Literal["equal", "challenge"]
"""Every class as often, or as in the challenge's training data."""


@settings(kw_only=True)
class SkeletonAugmentSettings:
    """How skeleton clips are varied; the defaults vary nothing."""

    time_crop: ShareRange = (1.0, 1.0)
    """Share of the clip that is kept, at a random place."""
    min_frames: Count = 1
    """No fewer frames are kept by it; a shorter clip stays whole. 64 in the published feeder."""
    flip: Share = 0.0
    """Probability of mirroring; it turns a skater's sense of rotation around, which leaves the
    element what it is."""
    rotation: NotNegative = 0.0
    """Turn in the picture, up to so many radians either way. The published one turns in space,
    which two dimensions do not allow."""
    stretch: ShareBelow1 = 0.0
    """Width against height changes by up to this share, as other cameras would see it."""


class LabelledPose(NamedTuple):
    """One clip's poses and its class."""

    pose: PoseSequence
    class_index: int


class SkeletonClips(Protocol):
    """Some skeleton clips, in another order every epoch."""

    @property
    def labels(self) -> IntArray:
        """`(N,)` classes of the clips, in no order of any epoch."""
        ...

    def __len__(self) -> int:
        """Clips an epoch."""
        ...

    def clip(self, epoch: int, position: int, copy: int = 0) -> LabelledPose:
        """The clip at a position of an epoch; the same one whenever it is asked for.

        Copies of it, counted from 0, may show it otherwise.
        """
        ...


class RinkSkeletons:
    """Clips of the simulated rink, made when they are asked for.

    Args:
        seed: Below 100,000 for training, from there to 199,999 for validation.
        count: Clips an epoch.
        noise: Of the pose estimator.
        classes: Names of the classes to draw from.
        frequencies: `equal`, or the `challenge`'s.
        fresh: No two clips are the same; else every epoch has the same ones, like a data set, and
            they are made once.
        balance: `LongTailSettings.balance`.
        margins_s: Up to so many seconds more before and after the element, drawn for each clip.
        wide: Share of clips by any skater instead of one by the book.
    """

    def __init__(
        self,
        *,
        seed: int,
        count: int,
        noise: EstimatorNoise,
        classes: Sequence[str] = LABELS,
        frequencies: Frequencies = "equal",
        fresh: bool = True,
        balance: float = 0.0,
        margins_s: float = 0.0,
        wide: float = 0.0,
    ) -> None:
        self._seed, self._noise, self._fresh, self._balance = seed, noise, fresh, balance
        self._margins_s, self._wide = margins_s, wide
        indices = [class_index(name) for name in classes]
        labels = np.array(indices)[np.arange(count) % len(indices)]
        if frequencies == "challenge":
            shares = shared_out(count, [LABELS[index] for index in indices])
            labels = np.array([class_index(n) for n, share in shares.items() for _ in range(share)])
        self._labels: IntArray = labels.astype(np.int64)

    def __len__(self) -> int:
        return len(self._labels)

    @property
    def labels(self) -> IntArray:
        """`(N,)` classes of the clips, in no order of any epoch."""
        return self._labels

    def clip(self, epoch: int, position: int, copy: int = 0) -> LabelledPose:
        """A motion that no other epoch or position has, if fresh; a copy is another camera's."""
        order = epoch_order(self._labels, seed=self._seed, epoch=epoch, balance=self._balance)
        index = int(order[position])
        label = int(self._labels[index])
        if self._fresh:
            number = epoch * len(self) + position
            made, seed = _simulated, (self._seed, STREAM, number)
        else:
            made, seed = _simulated_before, (self._seed, STREAM, index)
        wide = _is_wide(seed, self._wide)
        return made(label, seed, self._noise, take=copy, margins_s=self._margins_s, wide=wide)


def _is_wide(seed: tuple[int, ...], share: float) -> bool:
    """Whether a clip is one by any skater, the same in every copy."""
    return bool(np.random.default_rng((*seed, 7)).random() < share)


def _simulated(
    label: int,
    seed: tuple[int, ...],
    noise: EstimatorNoise,
    *,
    take: int,
    margins_s: float,
    wide: bool,
) -> LabelledPose:
    simulated = skeleton_clip(
        LABELS[label], seed, noise=noise, take=take, margins_s=margins_s, wide=wide
    )
    stride = pose_stride(len(simulated.scores))
    return LabelledPose(PoseSequence(simulated.keypoints_xy, simulated.scores, stride), label)


_simulated_before = lru_cache(maxsize=KEPT_CLIPS)(_simulated)


class PreparedPoses:
    """Clips of a data set whose poses were predicted before.

    Args:
        clips: Of the data set.
        folder: Holds `<stem>.npz` with the names of `arrays.npz`.
        seed: Of their order; None keeps that of the list.
        balance: `LongTailSettings.balance`.
        max_absent: A larger share of clips without poses is an error; a smaller one is left out.

    Raises:
        DataError: Too many clips have no poses.
    """

    def __init__(
        self,
        clips: Sequence[LabelledClip],
        folder: Path,
        *,
        seed: int | None = None,
        balance: float = 0.0,
        max_absent: float = 0.0,
    ) -> None:
        self._folder, self._seed, self._balance = folder, seed, balance
        self.absent = [clip for clip in clips if not is_whole(self._path(clip))]
        """Clips without poses, or with damaged ones."""
        if len(self.absent) > max_absent * len(clips):
            first = self._path(self.absent[0])
            what = "is damaged" if first.is_file() else "there is no such file"
            raise DataError(
                f"{first}: {what} ({len(self.absent)} of {len(clips)} clips have no poses); "
                "run `python -m training.prepare` first"
            )
        left_out = {clip.stem for clip in self.absent}
        self._clips = [clip for clip in clips if clip.stem not in left_out]
        self._labels = np.array([clip.class_index for clip in self._clips], dtype=np.int64)

    def __len__(self) -> int:
        return len(self._clips)

    @property
    def labels(self) -> IntArray:
        """`(N,)` classes of the clips, in the order of the list."""
        return self._labels

    def clip(self, epoch: int, position: int, copy: int = 0) -> LabelledPose:
        """A clip as it was predicted, in every copy."""
        if self._seed is not None:
            order = epoch_order(self._labels, seed=self._seed, epoch=epoch, balance=self._balance)
            position = int(order[position])
        clip = self._clips[position]
        pose = read_pose(self._path(clip), "no poses can be read from it")
        return LabelledPose(pose, clip.class_index)

    def _path(self, clip: LabelledClip) -> Path:
        return stem_file(self._folder, clip.stem, ".npz")


def read_pose(path: Path, complaint: str) -> PoseSequence:
    """Poses of one clip, under the names of `arrays.npz`.

    Raises:
        DataError: They cannot be read; its sentence begins with the complaint.
    """
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            stride = int(arrays["pose_stride"]) if "pose_stride" in arrays else 1
            return PoseSequence(arrays["keypoints_xy"], arrays["keypoint_scores"], stride)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: {complaint} ({error})") from error


def augmented(
    pose: PoseSequence, settings: SkeletonAugmentSettings, rng: np.random.Generator
) -> PoseSequence:
    """A variation of a clip's poses."""
    joints, scores = pose.keypoints_xy[:: pose.stride], pose.scores[:: pose.stride]
    share = rng.uniform(*settings.time_crop)
    length = min(max(int(len(scores) * share), settings.min_frames), len(scores))
    start = int(rng.integers(0, len(scores) - length, endpoint=True))
    kept = slice(start, start + length)
    joints, scores = joints[kept], scores[kept]
    if rng.random() < settings.flip:
        joints = joints[:, COCO17.flip_order] * np.array([-1, 1], np.float32)
        scores = scores[:, COCO17.flip_order]
    angle = rng.uniform(-settings.rotation, settings.rotation)
    wide = 1 + rng.uniform(-settings.stretch, settings.stretch)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    joints = (joints * np.array([wide, 1 / wide]) @ turn).astype(np.float32)
    return PoseSequence(joints, scores)


def sequence(pose: PoseSequence, settings: SequenceSettings, *, cropped: bool) -> Tensor:
    """The network's input `(3, T, 17, 1)`; `cropped` poses are not cropped in time again."""
    return make_sequence(pose, replace(settings, crop=1.0) if cropped else settings)
