"""How often the rule names the labelled main person: the table of `docs/main_skater.md`.

    python -m benchmarks.main_skater --reference DIR

DIR holds one `.npz` a clip with every person's box (`frame`, `box_xyxy`, `box_score`), the flag
`main` of the person meant, `fps`, `size_wh`, `n_frames`, and `stride` where not every frame is
labelled. The flag is hidden from the rule. Every thinning of the boxes is tried with many seeds or
offsets, and the worst of them is what the table shows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.command_line import Parser, print_error
from pipeline.config import load_profile
from pipeline.detection.boxes import pairwise_iou
from pipeline.tracking.main_skater import choice_warnings
from pipeline.tracking.people import follow
from pipeline.types import Detections, Timeline, Track

SEEDS = 50
"""Random thinnings tried of each kind."""
MIN_IOU = 0.5
"""Overlap from which a box is said to be right."""


@dataclass(frozen=True)
class Reference:
    """Labelled boxes of one clip."""

    name: str
    timeline: Timeline
    frame_size: tuple[int, int]
    labelled: NDArray[np.int64]  # frames with labels, also where nobody is in view
    frame: NDArray[np.int64]
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    main: NDArray[np.bool_]

    @staticmethod
    def load(path: Path) -> Reference:
        """Read one clip's file."""
        data = np.load(path)
        T = int(data["n_frames"])
        stride = int(data["stride"]) if "stride" in data else 1
        width, height = data["size_wh"].tolist()
        return Reference(
            name=path.stem,
            timeline=Timeline(np.arange(T), np.arange(T) / float(data["fps"])),
            frame_size=(width, height),
            labelled=np.arange(0, T, stride),
            frame=data["frame"].astype(np.int64),
            boxes=data["box_xyxy"].astype(np.float32),
            scores=data["box_score"].astype(np.float32),
            main=data["main"].astype(bool),
        )


Boxes = NDArray[np.bool_]
Thinning = tuple[NDArray[np.int64], Boxes]
"""Key frames, and which boxes the detector is said to have found on them."""


@dataclass(frozen=True)
class Result:
    """Shares of the frames in which the main person is labelled."""

    named: float
    """Of all labelled people, our box overlaps the main person's most."""
    iou: float
    """Our box overlaps the main person's by at least `MIN_IOU`."""
    anybody: float
    """Our box overlaps that of some labelled person by at least `MIN_IOU`."""


def thinnings(reference: Reference, kind: str) -> Iterator[Thinning]:
    """The ways in which boxes are left out."""
    frames, everything = reference.labelled, np.ones(len(reference.frame), dtype=bool)
    if kind == "all boxes":
        yield frames, everything
    elif kind == "1 frame in 5 dropped":
        for offset in range(5):
            yield np.delete(frames, np.s_[offset::5]), everything
        for seed in range(SEEDS):
            yield frames[np.random.default_rng(seed).random(len(frames)) >= 0.2], everything
    elif kind == "1 box in 5 missed":
        for seed in range(SEEDS):
            yield frames, np.random.default_rng(seed).random(len(reference.frame)) >= 0.2
    else:
        step = int(kind.split()[-1])
        for offset in range(step):
            yield frames[offset::step], everything


def judge(reference: Reference, main: Track) -> Result:
    """Compare the chosen track with the labels."""
    rows = np.flatnonzero(reference.main)
    named = right = anybody = 0
    for row in rows.tolist():
        box = main.boxes_xyxy[reference.frame[row]]
        if np.isnan(box[0]):
            continue
        present = np.flatnonzero(reference.frame == reference.frame[row])
        overlap = pairwise_iou(box[None], reference.boxes[present])[0]
        named += present[overlap.argmax()] == row and overlap.max() > 0
        right += overlap[present == row][0] >= MIN_IOU
        anybody += overlap.max() >= MIN_IOU
    return Result(named / len(rows), right / len(rows), anybody / len(rows))


def run(reference: Reference, thinning: Thinning) -> tuple[Result, tuple[str, ...]]:
    """Choose the skater from what a thinning leaves; also what the rule warns of."""
    key_frames, found = thinning
    found = found & np.isin(reference.frame, key_frames)
    detections = Detections(
        len(reference.timeline),
        key_frames,
        reference.frame[found],
        reference.boxes[found],
        reference.scores[found],
    )
    profile = load_profile("demo")
    people = follow(detections, reference.timeline, reference.frame_size, profile)
    warnings = choice_warnings(people, reference.timeline, reference.frame_size)
    if people.main is None:
        return Result(0, 0, 0), warnings
    return judge(reference, people.main), warnings


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = Parser(prog="python -m benchmarks.main_skater", description=__doc__)
    parser.add_argument("--reference", type=Path, required=True, help="folder of .npz files")
    folder = parser.parse_args(arguments).reference
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        print_error(f"{folder}: no .npz file in it")
        return 2
    kinds = ["all boxes", "1 frame in 5 dropped", "1 box in 5 missed", "every 4", "every 8"]
    print(
        "| clip | boxes given | runs | named, worst | IoU >= 0.5, worst (mean) | anybody, worst |"
    )
    print("|---|---|---|---|---|---|")
    for path in paths:
        reference = Reference.load(path)
        sparse = len(reference.labelled) < len(reference.timeline)
        for kind in kinds[:3] if sparse else kinds:
            results = [run(reference, thinning)[0] for thinning in thinnings(reference, kind)]
            iou = [result.iou for result in results]
            print(
                f"| {reference.name} | {kind} | {len(results)} "
                f"| {min(result.named for result in results):.3f} "
                f"| {min(iou):.3f} ({np.mean(iou):.3f}) "
                f"| {min(result.anybody for result in results):.3f} |"
            )
        _, warnings = run(reference, next(thinnings(reference, "all boxes")))
        for warning in warnings:
            print(f"{reference.name}: {warning}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
