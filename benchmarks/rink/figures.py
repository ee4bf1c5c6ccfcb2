"""`python -m benchmarks.rink.figures DATA RUN`: boxes and skeletons of an evaluation against truth.

DATA is a data set of `python -m training.rink render`, RUN what `python -m training.evaluate` made
of it; no network runs. Skaters whose box is, in the median, below 15 % of the picture's height are
counted apart. A frame without a box, and a joint without a pose, is wrong; the last column leaves
out the frames in which the skater was not found, as `benchmarks.rink.clips` does.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.command_line import Parser, run_command
from pipeline.detection.boxes import iou, lengths
from pipeline.errors import InputError
from pipeline.storage.analysis_files import load
from pipeline.types import Analysis, FloatArray
from training.evaluation.analyses import FOLDER

SMALL = 0.15
"""Of the picture's height."""
IOU, PCK = 0.5, 0.1


@dataclass(frozen=True)
class Truth:
    """What the rink knows of one clip."""

    boxes: FloatArray
    """`(T, 4)` of the skater, NaN where out of the picture."""
    others: FloatArray
    """`(T, M, 4)` of everybody else."""
    joints: FloatArray
    """`(T, 17, 2)`."""
    inside: NDArray[np.bool_]
    """`(T, 17)` joints inside the picture, covered ones too."""

    @classmethod
    def read(cls, path: Path) -> Truth:
        """Raises InputError for a file that cannot be read."""
        try:
            with path.open("rb") as file, np.load(file) as arrays:
                return cls(
                    arrays["boxes_xyxy"],
                    arrays["other_boxes"],
                    arrays["keypoints_xy"],
                    arrays["keypoint_scores"] > 0,
                )
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise InputError(f"{path}: no truth can be read from it ({error})") from error


@dataclass(frozen=True)
class ClipCounts:
    """What was counted on one clip."""

    stem: str
    height: float
    """Of the skater's box in the median, as a share of the picture's."""
    frames: int
    """In which the skater is in the picture."""
    found: int
    """In which the chosen box overlaps hers by half."""
    chosen: bool
    """In most frames with a box, nobody fits it better than the skater."""
    joints: int
    """Inside the picture, over the frames in which a pose was asked for."""
    right: int
    """Of them, within a tenth of her box's longer side."""
    joints_found: int
    """Those of the frames in which the chosen box overlaps hers by half."""
    right_found: int
    """Of them, the right ones."""


def count(stem: str, analysis: Analysis, truth: Truth) -> ClipCounts:
    """Hold one analysis against the truth; frames are joined by their number in the file."""
    rows = analysis.timeline.frame_index
    if rows.max(initial=0) >= len(truth.boxes):
        raise InputError(f"{stem}: its truth has {len(truth.boxes)} frames, fewer than the video")
    boxes, others = truth.boxes[rows], truth.others[rows]
    there = ~np.isnan(boxes[:, 0])
    main = analysis.people.main
    ours = main.boxes_xyxy if main is not None else np.full_like(boxes, np.nan)
    overlap = iou(ours, boxes)
    nobody = np.zeros((len(rows), 1))
    rivals = [iou(ours, others[:, m])[:, None] for m in range(others.shape[1])]
    rival = np.concatenate([nobody, *rivals], axis=1)
    drawn = there & ~np.isnan(ours[:, 0])
    hers = overlap[drawn] > rival[drawn].max(axis=1)
    found = overlap >= IOU
    asked = np.arange(0, len(rows), analysis.pose.stride)
    asked = asked[there[asked]]
    joints, right = _joints(analysis, truth, rows, boxes, asked)
    joints_found, right_found = _joints(analysis, truth, rows, boxes, asked[found[asked]])
    height = float(np.nanmedian(boxes[:, 3] - boxes[:, 1])) if there.any() else 0.0
    return ClipCounts(
        stem=stem,
        height=height / analysis.video.height,
        frames=int(there.sum()),
        found=int(found[there].sum()),
        chosen=bool(drawn.any() and hers.mean() > 0.5),
        joints=joints,
        right=right,
        joints_found=joints_found,
        right_found=right_found,
    )


def _joints(
    analysis: Analysis,
    truth: Truth,
    rows: NDArray[np.int64],
    boxes: FloatArray,
    asked: NDArray[np.int64],
) -> tuple[int, int]:
    counted = truth.inside[rows][asked]
    distance = np.linalg.norm(
        analysis.pose.keypoints_xy[asked] - truth.joints[rows][asked], axis=-1
    )  # (F, 17)
    near = np.nan_to_num(distance, nan=np.inf) <= PCK * lengths(boxes[asked])[:, None]
    return int(counted.sum()), int((near & counted).sum())


@dataclass(frozen=True)
class Group:
    """Shares over some clips."""

    clips: int
    box_iou_rate: float
    """Frames whose box overlaps the skater's by half."""
    right_person: float
    """Clips."""
    pck: float
    """Joints."""
    pck_found: float
    """Those of the frames in which the skater was found."""

    @classmethod
    def of(cls, counts: Sequence[ClipCounts]) -> Group:
        """Each frame, clip and joint counts the same."""
        return cls(
            len(counts),
            _share(sum(c.found for c in counts), sum(c.frames for c in counts)),
            _share(sum(c.chosen for c in counts), len(counts)),
            _share(sum(c.right for c in counts), sum(c.joints for c in counts)),
            _share(sum(c.right_found for c in counts), sum(c.joints_found for c in counts)),
        )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def measure(data: Path, run: Path) -> list[ClipCounts]:
    """Every analysis of a run that has truth beside its video.

    Raises:
        InputError: Nothing there, or a file that cannot be read.
    """
    folders = sorted(path.parent for path in run.glob(f"{FOLDER}/*/analysis.json"))
    if not folders:
        raise InputError(f"{run}: contains no analyses; make them with python -m training.evaluate")
    return [
        count(folder.name, load(folder), Truth.read(data / "truth" / f"{folder.name}.npz"))
        for folder in folders
    ]


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input."""
    parser = Parser(prog="python -m benchmarks.rink.figures", description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("run", type=Path, metavar="RUN")
    parsed = parser.parse_args(arguments)
    return run_command(lambda: _run(parsed))


def _run(parsed: argparse.Namespace) -> int:
    counts = measure(parsed.data, parsed.run)
    groups = {
        f"skaters of {SMALL:.0%} of the height and more": [c for c in counts if c.height >= SMALL],
        "smaller": [c for c in counts if c.height < SMALL],
    }
    print(
        "| skaters | clips | box IoU >= 0.5, frames | right person, clips | PCK@0.1, joints "
        "| in the boxes found |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    summary = {name: Group.of(members) for name, members in groups.items() if members}
    for name, group in summary.items():
        print(
            f"| {name} | {group.clips} | {group.box_iou_rate:.3f} | {group.right_person:.3f} "
            f"| {group.pck:.3f} | {group.pck_found:.3f} |"
        )
    content = {
        "groups": {name: asdict(group) for name, group in summary.items()},
        "clips": [asdict(clip) for clip in counts],
    }
    out = parsed.run / "rink_figures.json"
    out.write_text(json.dumps(content, indent=1) + "\n")
    print(f"written to {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
