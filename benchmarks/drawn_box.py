"""`python -m benchmarks.drawn_box --videos DIR --reference DIR`: a skater marked by hand, followed.

The labelled box of the main person is drawn in the first, the middle and the last labelled frame of
each clip, as a user would draw it; in the other labelled frames the followed box is compared with
the label. Once with the detector's boxes, once by the picture alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np

from benchmarks.real_clips import FOUND_IOU, Reference
from models.command_line import Parser, run_command
from models.dino import Dino
from pipeline.annotations.marked import SkaterBox
from pipeline.config import Profile, load_profile
from pipeline.detection.build import build_detector
from pipeline.errors import ConfigError
from pipeline.messages import Message
from pipeline.networks import Networks
from pipeline.tracking.drawn_box import with_drawn
from pipeline.tracking.people import find_people
from pipeline.types import Detections, FloatArray, IntArray, People
from pipeline.video import Frame, Video, open_video

OUT = Path("out/benchmarks/drawn_box.json")


@dataclass(frozen=True)
class Followed:
    """Shares of the labelled frames in which the followed box is right."""

    clip: str
    """Name of the video."""
    frames: int
    """Labelled."""
    with_detector: tuple[float, ...]
    """Drawn in the first, the middle, the last labelled frame."""
    picture_alone: tuple[float, ...]
    """The same without any box of a detector."""


def nobody(num_frames: int) -> tuple[Detections, People]:
    """What a detector that never looks tells."""
    nothing = np.zeros(0, np.int64)
    detections = Detections(
        num_frames=num_frames,
        key_frames=nothing,
        frame=nothing,
        boxes_xyxy=np.zeros((0, 4), np.float32),
        scores=np.zeros(0, np.float32),
    )
    return detections, People((), None, Message.of("nobody_looked_for"))


def right(main: FloatArray, reference: Reference) -> float:
    """Share of the labelled frames in which a box `(T, 4)` overlaps the label by enough."""
    labelled = np.unique(reference.frame)
    fits = [reference.best_fit(int(t), main[t : t + 1])[0] for t in labelled]
    return float(np.mean([fit >= FOUND_IOU for fit in fits]))


def follow_drawn(
    video: Video, reference: Reference, seen: tuple[Detections, People]
) -> tuple[float, ...]:
    """`right` for a box drawn in the first, the middle and the last labelled frame."""
    size = (video.info.width, video.info.height)

    def frames(positions: IntArray) -> Iterator[Frame]:
        return (frame for _, frame in video.frames(positions))

    figures = []
    detections, people = seen
    for row in (0, len(reference.frame) // 2, len(reference.frame) - 1):
        position = int(reference.frame[row])
        x1, y1, x2, y2 = map(float, reference.boxes[row])
        box = SkaterBox(int(video.timeline.frame_index[position]), (x1, y1, x2, y2))
        drawn = with_drawn(people, box, frames, video.timeline, size, detections=detections)
        assert drawn.main is not None
        figures.append(right(drawn.main.boxes_xyxy, reference))
    return tuple(figures)


def judged(path: Path, reference: Reference, profile: Profile, networks: Networks) -> Followed:
    """Figures of one clip."""
    video = open_video(path)
    size = (video.info.width, video.info.height)
    detector = build_detector(cast(Dino, networks.get("detector")), profile.detector)
    seen = find_people(
        detector,
        lambda positions: (frame for _, frame in video.frames(positions)),
        video.timeline,
        size,
        profile,
    )
    return Followed(
        path.stem,
        len(np.unique(reference.frame)),
        follow_drawn(video, reference, seen),
        follow_drawn(video, reference, nobody(len(video))),
    )


def _line(row: Followed) -> str:
    one, other = (
        " ".join(f"{share:.3f}" for share in shares)
        for shares in (row.with_detector, row.picture_alone)
    )
    return f"{row.clip:<24}{row.frames:>4} frames; with the detector {one}; picture alone {other}"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m benchmarks.drawn_box", description=__doc__)
    parser.add_argument("--videos", type=Path, required=True, metavar="DIR", help="*.mp4")
    parser.add_argument("--reference", type=Path, required=True, metavar="DIR", help="*.npz")
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--out", type=Path, default=OUT, help=f"default: {OUT}")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input."""
    parsed = _parser().parse_args(arguments)
    return run_command(lambda: _run(parsed))


def _run(parsed: argparse.Namespace) -> int:
    profile = load_profile(parsed.profile)
    networks = Networks(profile)
    paths = sorted(parsed.reference.glob("*.npz"))
    if not paths:
        raise ConfigError(f"{parsed.reference}: holds no *.npz")
    rows = []
    for path in paths:
        video = parsed.videos / f"{path.stem}.mp4"
        rows.append(judged(video, Reference.read(path), profile, networks))
        sys.stdout.write(_line(rows[-1]) + "\n")
        sys.stdout.flush()
    parsed.out.parent.mkdir(parents=True, exist_ok=True)
    parsed.out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
