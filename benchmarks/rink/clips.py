"""`python -m benchmarks.rink.clips --data DIR`: boxes and skeletons on rink clips.

DIR is a data set of `python -m training.rink render`, from a seed of 500,000 or more, and the truth
files in it are what is compared with; detection, tracking, the choice of the skater and the poses
run as in an analysis. Skaters whose box is, in the median, below 15 % of the picture's height are
counted apart.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.real_clips import ClipMetrics, Judge, Reference
from benchmarks.rink.figures import SMALL
from models.command_line import Parser, run_command
from pipeline.config import load_profile
from pipeline.errors import ConfigError
from pipeline.video import open_video

OUT = Path("out/benchmarks/rink_clips.json")
CHOSEN = 0.5
"""The right person is chosen where the box is right in so many frames."""


@dataclass(frozen=True)
class RinkMetrics:
    """What was measured on one clip."""

    figures: ClipMetrics
    """As on real clips."""
    label: str
    """Class of the element."""
    height: float
    """Of the skater's box in the median, as a share of the picture's."""


@dataclass(frozen=True)
class Summary:
    """Means over clips, each frame or joint counting the same."""

    clips: int
    found: float
    """Frames in which the chosen skater's box is right."""
    in_view: float
    """Key frames in which some box is right."""
    chosen: float
    """Clips in which it is so in most frames."""
    pck: float
    """Right joints within the picture, over the frames in which the skater was found."""
    pck_true_boxes: float
    """The same from the true boxes, over all frames."""


def read_truth(path: Path, height: int) -> tuple[Reference, str, float]:
    """The skater of one clip, the element, and the share of the picture's height."""
    with np.load(path, allow_pickle=False) as truth:
        boxes = truth["boxes_xyxy"]
        (rows,) = np.nonzero(~np.isnan(boxes[:, 0]))
        reference = Reference(
            rows.astype(np.int64),
            boxes[rows].astype(np.float32),
            truth["keypoints_xy"][rows].astype(np.float32),
            truth["keypoint_visibility"][rows] > 0,
        )
        share = float(np.median(reference.boxes[:, 3] - reference.boxes[:, 1])) / height
        return reference, str(truth["label"]), share


def summarise(rows: Sequence[RinkMetrics]) -> Summary:
    """One line of the table; NaN where there are no clips."""
    own = [row.figures for row in rows]
    frames = np.array([f.frames for f in own], float)

    def mean(values: list[float], weights: np.ndarray) -> float:
        known = ~np.isnan(values)
        return (
            float(np.average(np.array(values)[known], weights=weights[known]))
            if any(known)
            else float("nan")
        )

    found = np.array([f.found for f in own])
    return Summary(
        clips=len(own),
        found=mean(found.tolist(), frames),
        in_view=mean([f.in_view for f in own], frames),
        chosen=mean((found >= CHOSEN).astype(float).tolist(), np.ones(len(own))),
        pck=mean([f.pck for f in own], frames * found),
        pck_true_boxes=mean([f.pck_true_boxes for f in own], frames),
    )


def table(rows: Sequence[RinkMetrics]) -> str:
    """All, small ones apart, and each class."""
    large = [row for row in rows if row.height >= SMALL]
    small = [row for row in rows if row.height < SMALL]
    lines = [
        f"{'clips':<26}{'number':>8}{'found':>8}{'in view':>9}{'chosen':>8}{'PCK':>7}"
        f"{'true boxes':>12}"
    ]
    parts = {f"{SMALL:.0%} of the height or more": large, "smaller": small}
    parts |= {
        label: [r for r in large if r.label == label] for label in sorted({r.label for r in large})
    }
    for name, part in parts.items():
        if part:
            s = summarise(part)
            lines.append(
                f"{name:<26}{s.clips:>8}{s.found:>8.3f}{s.in_view:>9.3f}{s.chosen:>8.3f}"
                f"{s.pck:>7.3f}{s.pck_true_boxes:>12.3f}"
            )
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m benchmarks.rink.clips", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--profile", default="demo")
    parser.add_argument(
        "--detector-run", type=Path, metavar="RUN", help="in place of the profile's"
    )
    parser.add_argument("--pose-run", type=Path, metavar="RUN", help="in place of the profile's")
    parser.add_argument("--out", type=Path, default=OUT, help=f"default: {OUT}")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input."""
    parsed = _parser().parse_args(arguments)
    return run_command(lambda: _run(parsed))


def _run(parsed: argparse.Namespace) -> int:
    runs = {"detector": parsed.detector_run, "pose": parsed.pose_run}
    judge = Judge(load_profile(parsed.profile), runs)
    paths = sorted((parsed.data / "truth").glob("*.npz"))
    if not paths:
        raise ConfigError(f"{parsed.data}: contains no truth/*.npz; render it first")
    rows = [_judged(judge, parsed.data, path) for path in paths]
    sys.stdout.write(table(rows) + "\n")
    parsed.out.parent.mkdir(parents=True, exist_ok=True)
    content = [{**vars(r.figures), "label": r.label, "height": r.height} for r in rows]
    parsed.out.write_text(json.dumps(content, indent=1) + "\n")
    return 0


def _judged(judge: Judge, folder: Path, path: Path) -> RinkMetrics:
    places = [folder / f"{split}_videos" / f"{path.stem}.mp4" for split in ("test", "train")]
    video = next((place for place in places if place.is_file()), places[0])
    reference, label, share = read_truth(path, open_video(video).info.height)
    return RinkMetrics(judge.clip(video, reference), label, share)


if __name__ == "__main__":
    sys.exit(main())
