"""From videos to stored clips: several processes, resumable, broken clips listed and left out."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Literal

import numpy as np

from models.atomic_files import short_name
from models.command_line import StatusLine
from pipeline.messages import Message
from pipeline.settings import Count, NotNegative, Share, settings
from pipeline.tracking.region import RegionSettings, consolidate, whole_frame
from pipeline.types import FloatArray, People, RegionOfInterest, Track
from pipeline.video import FramesLost, Video, open_video
from training.data.challenge import DataError, LabelledClip
from training.data.failures import KILLED, failure_of
from training.data.region_pictures import RegionPictures
from training.data.stems import stem_file, stem_path
from training.data.store import StoredClip, is_whole, write_clip
from training.engine.checkpoints import writing
from training.processes import each_done

RegionSource = Literal["truth", "whole_frame"]
"""The boxes of `truth/<stem>.npz`, as the simulated rink writes them; or no crop, for videos that
are crops already."""


def clips_folder(prepared: Path) -> Path:
    """Where `training.prepare` keeps the clips' pictures."""
    return prepared / "clips"


def poses_folder(prepared: Path) -> Path:
    """Where `training.prepare` keeps boxes and skeletons."""
    return prepared / "poses"


@settings()
class StoreSettings:
    """What is kept of a clip."""

    region: RegionSource = "truth"
    """Where the region comes from."""
    consolidation: RegionSettings = field(default_factory=RegionSettings)
    """From boxes to a region, as in the pipeline."""
    surroundings: NotNegative = 0.15
    """Kept on every side of the region, as a share of its sides, so that it can be moved."""
    short_side: Count = 176
    """Of the region in the pictures, pixels; a smaller region is not enlarged."""
    max_frames: Count = 96
    """Longer clips keep every n-th frame, such that at most so many remain."""
    quality: Count = 95
    """Of the JPEG files."""
    max_broken: Share = 0.05
    """Training does not begin when a larger share of the clips cannot be used."""
    prepared: str = ""
    """What `training.prepare` made of the data set: its clips are used as they are, and all of the
    above but `max_broken` was decided there."""

    @property
    def fingerprint(self) -> str:
        """Changes when a stored clip would."""
        values = {k: v for k, v in asdict(self).items() if k not in ("max_broken", "prepared")}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


class ClipStore:
    """Stored clips below a folder.

    Args:
        folder: One sub-folder per settings.
        settings: What is kept.
    """

    def __init__(self, folder: Path, settings: StoreSettings) -> None:
        self.folder = folder / settings.fingerprint
        self.settings = settings

    def path(self, clip: LabelledClip) -> Path:
        """Where a clip is stored; another place when its video changed."""
        if self.settings.prepared:
            return stem_file(clips_folder(Path(self.settings.prepared)), clip.stem, ".npz")
        status = clip.video.stat()
        identity = f"{clip.video.resolve()} {status.st_size} {status.st_mtime_ns}"
        key = hashlib.sha256(identity.encode()).hexdigest()[:12]
        stored = stem_path(self.folder, clip.stem, f"-{key}.npz")
        return stored.with_name(f"{short_name(Path(clip.stem).name)}-{key}.npz")

    def build(
        self, clips: Sequence[LabelledClip], *, workers: int, status: StatusLine
    ) -> list[tuple[LabelledClip, Path]]:
        """Store what is not stored yet; returns the clips that can be used, in order.

        Raises:
            DataError: Too many clips are broken; names the first of them.
            TrainingError: The disk is full.
        """
        if self.settings.prepared:
            return self._prepared(clips, status)
        broken = {c.stem: "the video is missing" for c in clips if not os.path.isfile(c.video)}
        paths = {c.stem: self.path(c) for c in clips if c.stem not in broken}
        missing = [c for c in clips if c.stem in paths and not is_whole(paths[c.stem])]
        with writing(self.folder, remedy="free some space and run the command again"):
            self.folder.mkdir(parents=True, exist_ok=True)
            broken |= self._store(missing, paths, workers, status)
            self._report(broken, len(clips), status)
        return [(clip, paths[clip.stem]) for clip in clips if clip.stem not in broken]

    def _prepared(
        self, clips: Sequence[LabelledClip], status: StatusLine
    ) -> list[tuple[LabelledClip, Path]]:
        stored = [(clip, self.path(clip)) for clip in clips]
        remedy = "run python -m training.prepare, its report.txt tells more"
        broken = {
            clip.stem: f"{'is damaged' if path.is_file() else 'was not prepared'}; {remedy}"
            for clip, path in stored
            if not is_whole(path)
        }
        with writing(self.folder, remedy="free some space and run the command again"):
            if broken:
                self.folder.mkdir(parents=True, exist_ok=True)
            self._report(broken, len(clips), status)
        return [(clip, path) for clip, path in stored if clip.stem not in broken]

    def _store(
        self,
        clips: Sequence[LabelledClip],
        paths: dict[str, Path],
        workers: int,
        status: StatusLine,
    ) -> dict[str, str]:
        """Store clips; returns what was wrong with those that cannot be, by stem."""
        broken = {}
        jobs = ((clip, paths[clip.stem], self.settings) for clip in clips)
        for done, (stem, reason) in enumerate(
            each_done(store_clip, jobs, workers=workers, killed=_killed), start=1
        ):
            if reason:
                broken[stem] = reason
            status.show(f"storing clips: {done} of {len(clips)}", done / len(clips))
        return broken

    def _report(self, broken: dict[str, str], total: int, status: StatusLine) -> None:
        if not broken:
            return
        listed = self.folder / "broken_clips.txt"
        text = "".join(f"{stem}: {why}\n" for stem, why in sorted(broken.items()))
        listed.write_text(text, encoding="utf-8", errors="backslashreplace")
        stem, why = min(broken.items())
        sentence = f"{len(broken)} of {total} clips cannot be used; {stem}: {why}; all in {listed}"
        if len(broken) > self.settings.max_broken * total:
            raise DataError(f"{sentence}; fix the data set or raise data.store.max_broken")
        status.say(sentence)


Job = tuple[LabelledClip, Path, StoreSettings]


def store_clip(job: Job) -> tuple[str, str]:
    """Decode and store one clip; may run in a process of its own.

    Returns:
        The stem, and what is wrong with the clip or an empty string.

    Raises:
        OSError: The disk is full.
    """
    clip, path, settings = job
    try:
        video = open_video(clip.video)
        try:
            stored = _decode(video, clip, settings)
        except FramesLost:
            stored = _decode(video.rescan(), clip, settings)
        write_clip(stored, path)
    except Exception as error:  # nor may a clip that nobody foresaw end the run
        return clip.stem, failure_of(error)
    return clip.stem, ""


def _killed(job: Job) -> tuple[str, str]:
    return job[0].stem, KILLED


def _decode(video: Video, clip: LabelledClip, settings: StoreSettings) -> StoredClip:
    size = (video.info.width, video.info.height)
    pictures = RegionPictures(
        len(video),
        size,
        _region(video, clip, size, settings),
        short_side=settings.short_side,
        max_frames=settings.max_frames,
        surroundings=settings.surroundings,
        quality=settings.quality,
    )
    for position, frame in video.frames(sorted(pictures.wanted)):
        pictures.add(position, frame)
    return pictures.clip()


def _region(
    video: Video, clip: LabelledClip, size: tuple[int, int], settings: StoreSettings
) -> RegionOfInterest:
    if settings.region == "whole_frame":
        return whole_frame(size, even=settings.consolidation.even)
    boxes = _true_boxes(clip, len(video))
    absent = np.isnan(boxes[:, 0])
    scores = np.where(absent, np.nan, 1.0).astype(np.float32)
    skater = Track(0, boxes, scores, ~absent)
    people = People(
        (skater,) if not absent.all() else (), 0 if not absent.all() else None, Message("truth")
    )
    return consolidate(
        people, size, settings.consolidation, name=clip.video.name, num_frames=len(video)
    )


def _true_boxes(clip: LabelledClip, num_frames: int) -> FloatArray:
    try:
        with clip.truth.open("rb") as file, np.load(file) as arrays:
            boxes = np.asarray(arrays["boxes_xyxy"], np.float32)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{clip.truth}: no boxes_xyxy can be read from it ({error}); choose "
            "data.store.region = 'whole_frame' for clips without truth"
        ) from error
    if boxes.shape != (num_frames, 4):
        raise DataError(
            f"{clip.truth}: boxes_xyxy of shape {boxes.shape}, expected ({num_frames}, 4)"
        )
    return boxes
