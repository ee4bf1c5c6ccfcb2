"""Boxes and skeletons on real clips: `python -m benchmarks.real_clips --videos A --reference B`.

For every `<clip>.mp4` with a `<clip>.npz` of reference poses: the share of labelled frames in which
the box of the chosen skater overlaps the reference's main person by half (`found`), the same for
whichever box of the detector fits best (`in view`), and the share of right joints (PCK at 0.1 of
the box's longer side) over the frames in which the skater was found and, as the network's own
figure, from the reference's boxes. Runs on one frame's pixels at a time; the classifiers are left
out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from torch import nn

from models.checkpoint_files import read_state
from models.command_line import Parser, run_command
from models.dino import Dino
from models.vitpose import ViTPose
from models.weights import load_strict
from pipeline.config import Profile, load_profile
from pipeline.detection.boxes import lengths, pairwise_iou
from pipeline.detection.detector import DinoDetector, Frame
from pipeline.errors import ConfigError
from pipeline.networks import Networks
from pipeline.pose import PoseEstimator
from pipeline.tracking.people import find_people
from pipeline.types import Detections, FloatArray, IntArray, People
from pipeline.video import Video, open_video
from training.engine.engine import BEST
from training.network import NetworkSettings

OUT = Path("out/benchmarks/real_clips.json")
FOUND_IOU = 0.5
PCK = 0.1
JOINT_SCORE_THRESHOLD, AGREEMENT = 0.4, 0.04
"""Reference joints that count: the teacher is sure of them, and a second network agrees."""
ANYBODY = ("sports2d_demo2",)
"""Clips whose main person changes: any labelled person counts."""


@dataclass(frozen=True)
class Reference:
    """Labelled people, one a row."""

    frame: IntArray
    """`(N,)`."""
    boxes: FloatArray
    """`(N, 4)` xyxy."""
    joints: FloatArray
    """`(N, 17, 2)`."""
    counted: NDArray[np.bool_]
    """`(N, 17)` joints that are sure enough to judge by."""

    @classmethod
    def read(cls, path: Path) -> Reference:
        """The main person's rows, or everybody's where the main person changes."""
        rows = np.load(path)
        chosen = np.ones(len(rows["frame"]), np.bool_) if path.stem in ANYBODY else rows["main"]
        sure = (rows["kp_score"] > JOINT_SCORE_THRESHOLD) & (
            rows["movenet_disagreement"] < AGREEMENT
        )[:, None]
        return cls(
            rows["frame"][chosen].astype(np.int64),
            rows["box_xyxy"][chosen].astype(np.float32),
            rows["keypoints"][chosen].astype(np.float32),
            sure[chosen],
        )

    def best_fit(self, frame: int, boxes: FloatArray) -> tuple[float, int]:
        """Highest IoU of some boxes `(M, 4)` with anybody in a frame, and whose row that is."""
        rows = np.flatnonzero(self.frame == frame)
        if not len(boxes):
            return 0.0, int(rows[0])
        overlap = np.nan_to_num(pairwise_iou(self.boxes[rows], boxes)).max(1)
        return float(overlap.max()), int(rows[overlap.argmax()])


@dataclass(frozen=True)
class ClipMetrics:
    """What was measured on one clip; shares of 1."""

    clip: str
    """Name of the video."""
    frames: int
    """Labelled."""
    found: float
    """The chosen skater's box is right."""
    in_view: float
    """Some box that the detector is certain of is right, on the frames that it looked at."""
    pck: float
    """Right joints over the frames in which the skater was found; NaN where in none."""
    pck_true_boxes: float
    """Right joints from the reference's boxes."""


def right_joints(joints: FloatArray, reference: Reference, rows: IntArray) -> NDArray[np.bool_]:
    """Of the counted joints of some rows, which of `joints` `(N, 17, 2)` are near enough."""
    boxes = reference.boxes[rows]
    reach = PCK * lengths(boxes)
    distance = np.linalg.norm(joints - reference.joints[rows], axis=-1)
    return np.asarray((distance <= reach[:, None])[reference.counted[rows]], np.bool_)


class Judge:
    """Runs one profile's detector and pose network over clips.

    Args:
        profile: Settings of the stages.
        runs: Folders of training runs whose weights stand in for the profile's, by stage.

    Raises:
        ConfigError: A stage has no weights to be judged.
    """

    def __init__(self, profile: Profile, runs: Mapping[str, Path | None]) -> None:
        self._profile = profile
        networks = Networks(profile)
        loaded = {
            stage: _trained(run) if run else _shipped(networks, stage)
            for stage, run in runs.items()
        }
        self._dino, self._vitpose = cast(Dino, loaded["detector"]), cast(ViTPose, loaded["pose"])

    def clip(self, path: Path, reference: Reference) -> ClipMetrics:
        """Figures of one clip."""
        video = open_video(path)
        detections, people = self._people(video)
        labelled = np.unique(reference.frame)
        main = np.full((len(video), 4), np.nan, np.float32)
        if people.main is not None:
            main = people.main.boxes_xyxy
        fits = [reference.best_fit(int(t), main[t : t + 1]) for t in labelled]
        found = np.array([fit >= FOUND_IOU for fit, _ in fits])
        rows = np.array([row for _, row in fits])
        seen = [t for t in labelled.tolist() if t in detections.key_frames]
        certain = detections.scores >= self._profile.track.high_score_threshold
        views = [
            reference.best_fit(t, detections.boxes_xyxy[certain & (detections.frame == t)])[0]
            >= FOUND_IOU
            for t in seen
        ]
        return ClipMetrics(
            clip=path.stem,
            frames=len(labelled),
            found=float(found.mean()),
            in_view=float(np.mean(views)) if views else float("nan"),
            pck=self._pck(video, reference, rows[found], main[labelled[found]]),
            pck_true_boxes=self._pck(video, reference, rows, reference.boxes[rows]),
        )

    def _people(self, video: Video) -> tuple[Detections, People]:
        detector = DinoDetector(self._dino, self._profile.detector)
        size = (video.info.width, video.info.height)

        def frames(positions: IntArray) -> Iterator[Frame]:
            return (frame for _, frame in video.frames(positions))

        return find_people(detector, frames, video.timeline, size, self._profile)

    def _pck(self, video: Video, reference: Reference, rows: IntArray, boxes: FloatArray) -> float:
        """Right joints from one box in the frame of each row."""
        if not len(rows):
            return float("nan")
        wanted = reference.frame[rows]
        all_boxes = np.full((len(video), 4), np.nan, np.float32)
        all_boxes[wanted] = boxes
        run = PoseEstimator(self._vitpose, self._profile.pose).start(all_boxes)
        for position, frame in video.frames(wanted):
            run.add(frame, position)
        joints = run.finish().keypoints_xy[wanted]
        return float(right_joints(joints, reference, rows).mean())


def _trained(run: Path) -> nn.Module:
    recipe = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    network = NetworkSettings(**recipe["network"]).build()
    load_strict(network, read_state(run / BEST), source=str(run / BEST))
    return network


def _shipped(networks: Networks, stage: str) -> nn.Module:
    if networks.is_untrained(stage):
        raise ConfigError(f"the {stage} has no weights to be judged; name a run that has")
    return networks.get(stage)


def _table(figures: Sequence[ClipMetrics]) -> str:
    lines = [f"{'clip':<24}{'frames':>8}{'found':>8}{'in view':>9}{'PCK':>7}{'true boxes':>12}"]
    lines += [
        f"{f.clip:<24}{f.frames:>8}{f.found:>8.3f}{f.in_view:>9.3f}{f.pck:>7.3f}"
        f"{f.pck_true_boxes:>12.3f}"
        for f in figures
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input."""
    parser = Parser(prog="python -m benchmarks.real_clips", description=__doc__)
    parser.add_argument("--videos", type=Path, required=True, metavar="DIR", help="*.mp4")
    parser.add_argument("--reference", type=Path, required=True, metavar="DIR", help="*.npz")
    parser.add_argument("--profile", default="demo")
    parser.add_argument(
        "--detector-run", type=Path, metavar="RUN", help="in place of the profile's"
    )
    parser.add_argument("--pose-run", type=Path, metavar="RUN", help="in place of the profile's")
    parser.add_argument("--out", type=Path, default=OUT, help=f"default: {OUT}")
    parsed = parser.parse_args(arguments)
    return run_command(lambda: _run(parsed))


def _run(parsed: argparse.Namespace) -> int:
    runs = {"detector": parsed.detector_run, "pose": parsed.pose_run}
    judge = Judge(load_profile(parsed.profile), runs)
    paths = sorted(parsed.reference.glob("*.npz"))
    if not paths:
        raise ConfigError(f"{parsed.reference}: contains no *.npz")
    figures = [
        judge.clip(parsed.videos / f"{path.stem}.mp4", Reference.read(path)) for path in paths
    ]
    sys.stdout.write(_table(figures) + "\n")
    parsed.out.parent.mkdir(parents=True, exist_ok=True)
    parsed.out.write_text(json.dumps([asdict(f) for f in figures], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
