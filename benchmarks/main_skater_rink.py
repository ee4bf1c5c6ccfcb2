"""How often tracks hold together and the rule names the skater, on scenes of the rink.

    python -m benchmarks.main_skater_rink [--clips 840] [--seed 230001]

Nothing is drawn and no network runs: the boxes are those of everybody's joints, thinned out and
moved as a detector does, smaller people more. So hundreds of clips take a minute, and whatever
fails is the rules' doing. `docs/main_skater.md` has the table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.rink.figures import IOU, SMALL
from models.command_line import Parser
from pipeline.config import load_profile
from pipeline.detection.boxes import clamp, extents, iou, lengths
from pipeline.detection.detector import key_frames
from pipeline.elements import LABELS
from pipeline.tracking.people import follow
from pipeline.types import Detections, FloatArray, People, Timeline
from training.rink.scene import ClipScene, draw_scene
from training.rink.skeletons import joint_boxes

HALF_SEEN = 0.06
"""Share of the picture's height at which a person is found in every second key frame."""
JITTER = 0.02
"""Of a box's sides, in lengths of the person."""


@dataclass(frozen=True)
class ClipResult:
    """What became of one clip."""

    label: str
    height: float
    """Of the skater in the median, as a share of the picture's."""
    found: float
    """Share of the frames in which the chosen person's box is right."""
    best: float
    """The same for the person whose box is right most often."""
    parts: int
    """People who are the skater in a tenth of the frames or more: 1 unless the track broke."""


def true_boxes(scene: ClipScene) -> FloatArray:
    """Boxes `(T, M, 4)` of all people within the picture, the skater first; NaN: hardly there."""
    size = scene.camera.width, scene.camera.height
    views = scene.camera.at(scene.times_s)
    still = [np.repeat(b.motion.joints[:1], scene.num_frames, axis=0) for b in scene.bystanders]
    people = [actor.joints(scene.times_s) for actor in scene.actors] + still
    boxes = np.full((scene.num_frames, len(people), 4), np.nan, np.float32)
    for number, joints in enumerate(people):
        xy, depth = views.project(joints)
        whole = joint_boxes(xy)
        inside = clamp(whole, size)
        left = extents(inside).prod(axis=1) / np.maximum(extents(whole).prod(axis=1), 1e-6)
        seen = (depth.min(axis=1) > 0.3) & (left > 0.3) & (extents(inside).min(axis=1) > 3)
        boxes[seen, number] = inside[seen]
    return boxes


def detected(boxes: FloatArray, height: int, every: int, rng: np.random.Generator) -> Detections:
    """What a detector makes of true boxes `(T, M, 4)` in a picture of `height` pixels."""
    looked = key_frames(len(boxes), every=every)
    frame, person = np.nonzero(~np.isnan(boxes[looked, :, 0]))
    there = boxes[looked][frame, person]
    share = (there[:, 3] - there[:, 1]) / height
    chance = 1 / (1 + (HALF_SEEN / np.maximum(share, 1e-6)) ** 4)
    found = rng.random(len(there)) < chance
    moved = there + rng.normal(0, JITTER, there.shape) * lengths(there)[:, None]
    scores = np.clip(0.4 + 0.5 * chance + rng.normal(0, 0.08, len(there)), 0.3, 0.98)
    return Detections(
        num_frames=len(boxes),
        key_frames=looked,
        frame=looked[frame[found]],
        boxes_xyxy=moved[found].astype(np.float32),
        scores=scores[found].astype(np.float32),
    )


@dataclass(frozen=True)
class SimulatedClip:
    """The boxes of one scene, true and detected."""

    label: str
    frame_size: tuple[int, int]
    timeline: Timeline
    boxes: FloatArray
    """True ones `(T, M, 4)`, the skater first; NaN: hardly in the picture."""
    detections: Detections


def simulate(
    clips: int, seed: int, every: int, *, labels: Sequence[str] = LABELS
) -> Iterator[SimulatedClip]:
    """Scenes of a seed, the labels in turn; a detector looks at one frame in `every`."""
    rng = np.random.default_rng(seed)
    for n in range(clips):
        row, column = divmod(n, len(labels))
        scene = draw_scene(labels[column], (seed, row, column, 9))
        size = scene.camera.width, scene.camera.height
        boxes = true_boxes(scene)
        timeline = Timeline(np.arange(len(boxes)), scene.times_s)
        yield SimulatedClip(
            labels[column], size, timeline, boxes, detected(boxes, size[1], every, rng)
        )


def judge(clip: SimulatedClip, people: People) -> ClipResult | None:
    """Hold tracks against the true boxes; None where the skater is never in the picture."""
    there = ~np.isnan(clip.boxes[:, 0, 0])
    if not there.any():
        return None
    skater = clip.boxes[there, 0]
    right = {
        track.person_id: float((iou(track.boxes_xyxy[there], skater) >= IOU).mean())
        for track in people.tracks
    }
    return ClipResult(
        clip.label,
        float(np.median(skater[:, 3] - skater[:, 1])) / clip.frame_size[1],
        0.0 if people.main is None else right[people.main.person_id],
        max(right.values(), default=0.0),
        sum(share >= 0.1 for share in right.values()),
    )


def table(results: Sequence[ClipResult]) -> str:
    """Large and small skaters apart."""
    lines = [
        "| skater | clips | found | best | broken tracks | chosen |",
        "|---|---|---|---|---|---|",
    ]
    groups = {
        f"{SMALL:.0%} of the height or more": [r for r in results if r.height >= SMALL],
        "smaller": [r for r in results if r.height < SMALL],
    }
    for name, rows in groups.items():
        if rows:
            found, best = (float(np.mean([getattr(r, k) for r in rows])) for k in ("found", "best"))
            broken = float(np.mean([r.parts > 1 for r in rows]))
            chosen = float(np.mean([r.found >= 0.5 for r in rows]))
            lines.append(
                f"| {name} | {len(rows)} | {found:.3f} | {best:.3f} | {broken:.3f} | {chosen:.3f} |"
            )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """0 done."""
    parser = Parser(
        prog="python -m benchmarks.main_skater_rink",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--clips", type=int, default=840)
    parser.add_argument("--seed", type=int, default=230_001)
    parsed = parser.parse_args(arguments)
    profile = load_profile("demo")
    results = [
        judge(clip, follow(clip.detections, clip.timeline, clip.frame_size, profile))
        for clip in simulate(parsed.clips, parsed.seed, profile.detector.every)
    ]
    sys.stdout.write(table([result for result in results if result is not None]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
