"""Prepares one clip: detect, track, region, crop, pose (paper, Sec. II-A and II-B).

`clips/<stem>.npz` holds the pictures that the video networks learn from (`training.data.store`),
`poses/<stem>.npz` boxes and joints with the names of `arrays.npz`. The second is written last and
holds the key of both: the video's bytes, the settings and the weights.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch

from models.atomic_files import written
from pipeline import __version__
from pipeline.analyser import Analyser
from pipeline.clip_run import Found
from pipeline.config import Profile, load_profile
from pipeline.errors import ConfigError
from pipeline.settings import with_stored_keys
from pipeline.types import (
    FloatArray,
    ReaderName,
    RegionOfInterest,
    VideoInfo,
    deciding_fields,
)
from training.data.build import clips_folder, poses_folder
from training.data.failures import failure_of
from training.data.region_pictures import RegionPictures
from training.data.stems import stem_path
from training.data.store import is_whole, write_clip

VERSION = 1
"""Counted up when the same settings give other files."""


@dataclass(frozen=True, kw_only=True)
class PictureSettings:
    """What is kept of the region's pictures."""

    short_side: int = 256
    """Of the region in the pictures, pixels; a smaller region is not enlarged."""
    max_frames: int = 128
    """Longer clips keep every n-th frame, such that at most so many remain."""
    surroundings: float = 0.0
    """Kept on every side of the region, as a share of its sides."""
    quality: int = 90
    """Of the JPEG files."""

    def __post_init__(self) -> None:
        for name in ("short_side", "max_frames"):
            if getattr(self, name) < 1:
                option = name.replace("_", "-")
                raise ConfigError(f"--{option}: must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How clips are prepared; small enough to be sent to every process."""

    profile: str
    """Name, or path of a TOML file."""
    out: str
    """CACHE."""
    pictures: PictureSettings = field(default_factory=PictureSettings)
    """What is kept of the region's pictures."""
    device: str = "cpu"
    """Of the networks."""
    untrained: bool = False
    """Random weights, for timing and tests."""
    reader: ReaderName | None = None
    """Which library decodes the videos; the profile's if None."""


@dataclass(frozen=True)
class Job:
    """One clip to be prepared."""

    stem: str
    video: str


@dataclass(frozen=True)
class Outcome:
    """How it went."""

    stem: str
    state: Literal["made", "known", "failed"]
    notes: tuple[str, ...] = ()
    """Why it failed, or what is odd about it."""


class Preparer:
    """Prepares clips, one at a time; a process makes one and keeps it.

    Raises:
        ConfigError: No such profile or device.
        MissingWeights: Detector or pose network are not here.
    """

    def __init__(self, preparation: Preparation) -> None:
        # One thread each: several processes share the machine, and every one must give the same.
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        self._preparation = preparation
        self._out = Path(preparation.out)
        profile = load_profile(preparation.profile)
        if preparation.reader:
            profile = replace(profile, reader=preparation.reader)
        self._analyser = Analyser(
            profile,
            device=preparation.device,
            untrained=preparation.untrained,
            stages=("detector", "pose"),
        )
        self.about: Mapping[str, Any] = _about(preparation, self._analyser)
        """What decides the files besides the clip."""

    @property
    def analyser(self) -> Analyser:
        """Finds the skater."""
        return self._analyser

    def __call__(self, job: Job) -> Outcome:
        """Prepare a clip unless it is prepared already.

        Raises:
            OSError: The disk is full, or the place cannot be written.
            WeightsError: A network cannot be loaded.
        """
        key = self._key(Path(job.video))
        if key is None:
            return _failed(job, f"{job.video}: is missing or cannot be read")
        try:
            return self._prepared(job, key)
        except Exception as error:  # one strange clip among thousands must not end a night's work
            return _failed(job, failure_of(error))

    def _prepared(self, job: Job, key: str) -> Outcome:
        poses = stem_path(poses_folder(self._out), job.stem, ".npz")
        clips = stem_path(clips_folder(self._out), job.stem, ".npz")
        known = known_notes(poses, key) if is_whole(clips) else None
        if known is not None:
            return Outcome(job.stem, "known", known)
        # What is left of another video: nobody may train on it if this one fails.
        for stale in (poses, clips):
            stale.unlink(missing_ok=True)
        found, pictures = self._analyser.find(job.video, self._collector)
        notes = (*map(str, found.warnings), *_oddities(found))
        write_clip(pictures.clip(), clips)
        _write_poses(found, notes, key, poses)
        return Outcome(job.stem, "made", notes)

    def _collector(self, video: VideoInfo, region: RegionOfInterest) -> RegionPictures:
        return RegionPictures(
            video.frames, (video.width, video.height), region, **asdict(self._preparation.pictures)
        )

    def _key(self, video: Path) -> str | None:
        try:
            with video.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None
        text = json.dumps({**self.about, "video": content}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _failed(job: Job, reason: str) -> Outcome:
    return Outcome(job.stem, "failed", (" ".join(reason.splitlines()),))


def _about(preparation: Preparation, analyser: Analyser) -> dict[str, Any]:
    about = analyser.about
    return {
        "version": VERSION,
        "rinkside_version": __version__,
        "pictures": asdict(preparation.pictures),
        "weights": about["weights"],
        "stages": _stages(analyser.profile),
    }


def _stages(profile: Profile) -> dict[str, Any]:
    """Settings of the stages that run here; a classifier's do not matter."""
    names = ("detector", "track", "main_skater", "region", "pose")
    stages: dict[str, Any] = with_stored_keys({n: asdict(getattr(profile, n)) for n in names})
    if "reader" in deciding_fields(profile):
        stages["reader"] = profile.reader
    return stages


def known_notes(path: Path, key: str) -> tuple[str, ...] | None:
    """What was noted of a clip that was prepared with the same key; None when it was not."""
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            if str(arrays["key"]) != key:
                return None
            return tuple(str(note) for note in arrays["notes"])
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _write_poses(found: Found, notes: tuple[str, ...], key: str, path: Path) -> None:
    main = found.people.main
    T = len(found.timeline)
    arrays: dict[str, Any] = {
        "frame_index": found.timeline.frame_index,
        "pts_s": found.timeline.pts_s,
        "boxes_xyxy": _absent(T, 4) if main is None else main.boxes_xyxy,
        "box_scores": _absent(T) if main is None else main.scores,
        "keypoints_xy": found.pose.keypoints_xy,
        "keypoint_scores": found.pose.scores,
        "pose_stride": np.array(found.pose.stride),
        "region_xyxy": found.region.xyxy,
        "size": np.array([found.video.width, found.video.height]),
        "notes": np.array(notes, dtype=np.str_),
        "key": np.array(key),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with written(path) as scratch, scratch.open("wb") as file:
        np.savez_compressed(file, **arrays)


def _absent(*shape: int) -> FloatArray:
    return np.full(shape, np.nan, dtype=np.float32)


def _oddities(found: Found) -> list[str]:
    """What a person should look at before training on the clip."""
    notes = []
    joints = found.pose.scores[:: found.pose.stride]
    posed = float((joints.max(axis=1, initial=0.0) > 0).mean())
    if posed < 0.5:
        notes.append(f"a skeleton in {posed:.0%} of the frames only")
    if len(found.timeline) < 8:
        notes.append(f"{len(found.timeline)} frames only")
    return notes
