"""`python -m benchmarks.cost.feeding --data DIR --prepared CACHE`: how fast batches can be made.

Clips a second of processor time at 16 frames of 224 pixels, one process, all of one run:
- from prepared clips (`python -m training.prepare`), against a loader that decodes the original
  video anew for every view, as the published code does: 3 times is wanted;
- from the original videos with two augmented copies of a clip (repeated augmentation), decoded once
  for both, against once for each: 1.5 times is wanted, 2 is the bound;
- memory of the process over 2,000 clips: flat is wanted.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.command_line import Parser, run_command
from pipeline.classification.sampling import training_indices
from pipeline.errors import InputError
from pipeline.types import FloatArray
from pipeline.video import open_video
from training.data.augment import AugmentSettings
from training.data.build import clips_folder, poses_folder
from training.data.challenge import read_labels
from training.data.crops import random_crop, training_views
from training.data.store import read_clip

FRAMES, SIDE = 16, 224
AUGMENT = AugmentSettings(crop_scale=(0.08, 1.0), crop_ratio=(0.75, 1.3333), flip=0.5)
PREPARED_TARGET, REPEATED_TARGET = 3.0, 1.5
GROWTH_LIMIT = 1.05
OUT = Path("out/benchmarks/feeding.json")

Loader = Callable[[int, np.random.Generator], None]


@dataclass(frozen=True)
class Source:
    """One clip: its video, its prepared pictures, its region in the video."""

    video: Path
    stored: Path
    region: FloatArray


def sources(data: Path, prepared: Path) -> list[Source]:
    """Clips of the train split that were prepared.

    Raises:
        InputError: There is none.
    """
    found = []
    for clip in read_labels(data, "train"):
        stored = clips_folder(prepared) / f"{clip.stem}.npz"
        poses = poses_folder(prepared) / f"{clip.stem}.npz"
        if stored.is_file() and poses.is_file():
            with np.load(poses) as arrays:
                found.append(Source(clip.video, stored, arrays["region_xyxy"]))
    if not found:
        raise InputError(f"{prepared}: contains no clip of {data}; run python -m training.prepare")
    return found


def from_prepared(clips: Sequence[Source], copies: int = 1) -> Loader:
    """Views of stored pictures."""

    def load(index: int, rng: np.random.Generator) -> None:
        training_views(
            read_clip(clips[index % len(clips)].stored),
            num_frames=FRAMES, side=SIDE, copies=copies, settings=AUGMENT, rng=rng,
        )  # fmt: skip

    return load


def from_videos(clips: Sequence[Source], *, copies: int, decode_once: bool) -> Loader:
    """Views of the original video, decoded once a clip or once a view."""

    def load(index: int, rng: np.random.Generator) -> None:
        clip = clips[index % len(clips)]
        pictures: list[NDArray[np.uint8]] = []
        for copy in range(copies):
            if copy == 0 or not decode_once:
                pictures = _decoded(clip.video, rng)
            x1, y1, x2, y2 = random_crop(clip.region, AUGMENT, rng)
            for picture in pictures:
                cv2.resize(picture[y1:y2, x1:x2], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)

    return load


def _decoded(path: Path, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    video = open_video(path)
    wanted = training_indices(len(video), FRAMES, rng)
    frames = dict(video.frames(np.unique(wanted)))
    return [frames[int(position)] for position in wanted]


def rate(load: Loader, *, seconds: float) -> float:
    """Calls a second of processor time, which other work on the machine does not change."""
    rng = np.random.default_rng(0)
    load(0, rng)  # to warm up
    began, count = time.process_time(), 0
    while time.process_time() - began < seconds:
        count += 1
        load(count, rng)
    return count / (time.process_time() - began)


def growth(load: Loader, clips: int) -> float:
    """Peak memory after `clips` clips to that after a tenth of them."""
    rng = np.random.default_rng(0)
    early = 0
    for index in range(clips):
        load(index, rng)
        if index == clips // 10:
            early = _peak()
    return _peak() / early


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(arguments: list[str] | None = None) -> int:
    """0 when the targets are met, 1 when one is missed, 2 bad input."""
    parser = Parser(prog="python -m benchmarks.cost.feeding", description=__doc__)
    parser.add_argument("--data", required=True, type=Path, metavar="DIR")
    parser.add_argument("--prepared", required=True, type=Path, metavar="CACHE")
    parser.add_argument("--seconds", type=float, default=20.0, help="of processor time, each")
    parser.add_argument("--clips", type=int, default=2000, help="for the memory's growth")
    parsed = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    return run_command(lambda: _run(parsed))


def _run(parsed: argparse.Namespace) -> int:
    clips = sources(parsed.data, parsed.prepared)
    grown = growth(from_prepared(clips), parsed.clips)
    rates = {
        "prepared": rate(from_prepared(clips), seconds=parsed.seconds),
        "video": rate(from_videos(clips, copies=1, decode_once=False), seconds=parsed.seconds),
        "video_each_of_two": rate(
            from_videos(clips, copies=2, decode_once=False), seconds=parsed.seconds
        ),
        "video_once_for_two": rate(
            from_videos(clips, copies=2, decode_once=True), seconds=parsed.seconds
        ),
    }
    prepared = rates["prepared"] / rates["video"]
    repeated = rates["video_once_for_two"] / rates["video_each_of_two"]
    print(f"prepared clips            {rates['prepared']:8.1f} clips/s")
    print(f"video, decoded per view   {rates['video']:8.1f} clips/s")
    print(f"prepared to video         {prepared:8.2f} (wanted {PREPARED_TARGET:g})")
    print(f"two copies, one decoding  {repeated:8.2f} (wanted {REPEATED_TARGET:g})")
    print(f"memory, {parsed.clips} clips to a tenth {grown:8.3f} (wanted {GROWTH_LIMIT:g} or less)")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({**rates, "memory_growth": grown}, indent=1) + "\n")
    met = prepared >= PREPARED_TARGET and repeated >= REPEATED_TARGET and grown <= GROWTH_LIMIT
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
