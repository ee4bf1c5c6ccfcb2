"""What was found in a video's pieces, on disk: a run that was killed goes on where it was.

One file a piece, written whole or not at all, in a folder that is named by all that decides what is
found (`pipeline.inputs`). Everybody on this machine shares the cache.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.atomic_files import clear_unfinished, written
from pipeline.errors import write_error
from pipeline.messages import Message
from pipeline.places import cache_folder
from pipeline.pose.left_right import Peaks
from pipeline.programme.reading.findings import Finding
from pipeline.programme.reading.pieces import PIECE_ENDS
from pipeline.programme.reading.same_skater import SkaterMemory
from pipeline.types import Detections, Track

MAX_READINGS = 100
"""Videos whose findings are kept; the least recently used are dropped."""
MAX_BYTES = 512 * 2**20
"""Of all of them."""

Arrays = Mapping[str, NDArray[Any]]


class ReadingCache:
    """The findings of many videos, below a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or cache_folder()) / "readings"

    def of(self, key: str) -> KeptReading:
        """Those of the video, profile and weights that a key stands for; others may go for it."""
        self._make_room(key)
        return KeptReading(self.folder / key)

    def _make_room(self, key: str) -> None:
        """Drop what was not used for longest, but not what is asked for."""
        entries = []
        with suppress(OSError):  # there is none yet, or it is somebody else's
            entries = [e for e in self.folder.iterdir() if e.is_dir() and e.name != key]
        ages = {entry: _last_use(entry) for entry in entries}
        left = MAX_BYTES
        for number, entry in enumerate(sorted(entries, key=lambda e: -ages[e])):
            left -= _size(entry)
            if left < 0 or number >= MAX_READINGS - 1:
                shutil.rmtree(entry, ignore_errors=True)


class KeptReading:
    """The findings of one video, one file a piece.

    Args:
        folder: Theirs alone; made when the first is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problem: Message | None = None
        """Why what is found is not kept any more; None while it is."""

    def findings(self) -> list[Finding]:
        """Those of the pieces from the video's start on, without gaps.

        What is damaged counts as not there, with all that follows.
        """
        found: list[Finding] = []
        stop = 0
        while (finding := self._at(stop)) is not None:
            found.append(finding)
            stop = finding.stop
        with suppress(OSError):
            os.utime(self.folder)
        return found

    def keep(self, finding: Finding) -> None:
        """Add the finding of the next piece; where that fails, say so in `problem` and go on."""
        if self.problem is not None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if finding.first == 0:
                clear_unfinished(self.folder)
            with written(self._path(finding.first)) as scratch, scratch.open("wb") as file:
                np.savez_compressed(file, allow_pickle=False, **_arrays(finding))
        except OSError as error:
            self.problem = write_error(self.folder, error).message

    def _path(self, first: int) -> Path:
        return self.folder / f"{first:06d}.npz"

    def _at(self, first: int) -> Finding | None:
        try:
            # Opened here: of a damaged one, numpy would leave that undone.
            with self._path(first).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                finding = _finding(arrays)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        return finding if finding.first == first < finding.stop else None


def _arrays(finding: Finding) -> Arrays:
    found, tracks, n = finding.detections, finding.tracks, finding.stop - finding.first
    arrays: dict[str, NDArray[Any]] = {
        "span": np.array([finding.first, finding.stop, finding.joints_first]),
        "ends": np.array(PIECE_ENDS.index(finding.ends)),
        "signals": finding.signals,
        "key_frames": found.key_frames,
        "frame": found.frame,
        "boxes": found.boxes_xyxy,
        "scores": found.scores,
        "person_ids": np.array([t.person_id for t in tracks], np.int64),
        "track_boxes": np.array([t.boxes_xyxy for t in tracks], np.float32).reshape(-1, n, 4),
        "track_scores": np.array([t.scores for t in tracks], np.float32).reshape(-1, n),
        "track_detected": np.array([t.detected for t in tracks], np.bool_).reshape(-1, n),
        "main": np.array(_number(finding.main_id)),
        "points": np.array([finding.points, finding.rival]),
        "joints": finding.joints,
        "joint_scores": finding.joint_scores,
        "tail_points": finding.tail.points,
        "tail_values": finding.tail.values,
        "tail_others": finding.tail.others,
        "looks": finding.memory.looks,
        "skater": np.array(_number(finding.memory.person_id)),
    }
    if found.appearance is not None:
        arrays["appearance"] = found.appearance
    return arrays


def _finding(arrays: Arrays) -> Finding:
    first, stop, joints_first = (int(value) for value in arrays["span"])
    points, rival = (float(value) for value in arrays["points"])
    tracks = zip(
        arrays["person_ids"].tolist(),
        arrays["track_boxes"],
        arrays["track_scores"],
        arrays["track_detected"],
        strict=True,
    )
    return Finding(
        first,
        stop,
        PIECE_ENDS[int(arrays["ends"])],
        arrays["signals"],
        Detections(
            stop - first,
            arrays["key_frames"],
            arrays["frame"],
            arrays["boxes"],
            arrays["scores"],
            arrays.get("appearance"),
        ),
        tuple(Track(*track) for track in tracks),
        _or_none(int(arrays["main"])),
        points,
        rival,
        joints_first,
        arrays["joints"],
        arrays["joint_scores"],
        Peaks(arrays["tail_points"], arrays["tail_values"], arrays["tail_others"]),
        SkaterMemory(arrays["looks"], _or_none(int(arrays["skater"]))),
    )


def _number(value: int | None) -> int:
    return -1 if value is None else value


def _or_none(value: int) -> int | None:
    return None if value < 0 else value


def _last_use(entry: Path) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:  # another process dropped it meanwhile
        return 0.0


def _size(entry: Path) -> int:
    size = 0
    with suppress(OSError):
        size = sum(file.stat().st_size for file in entry.iterdir())
    return size
