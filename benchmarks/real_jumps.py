"""Whether InfoGCN names the jumps of real skaters: the demo's weights, and fine-tuned ones.

    python -m benchmarks.real_jumps --reference FILE.npz --out out/real_jumps

Reference: see `benchmarks.reference_jumps`. Takes are cut as the rink cuts its jumps, set down
anywhere on its ice, and seen by its cameras and a noisy pose estimator. Each skater is left out
once: `training/recipes/real_jumps_infogcn.toml` learns the others' takes and as many jumps of the
rink, and is asked about the skater's. Weights and skeletons stay in OUT; they only measure.
A run that was begun is continued. Ends with 1 where the goal is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.reference_jumps import KINDS, ReferenceJump, load_reference
from laboratory.figures.metrics import mean_class_accuracy
from models.atomic_files import write_text, written
from models.command_line import Parser, StatusLine, run_command
from models.zoo import initialise, load_model
from pipeline.classification.classify import forward_logits
from pipeline.elements import ELEMENTS, LABELS, class_index
from pipeline.errors import InputError
from pipeline.types import FloatArray, IntArray, PoseSequence
from training.classifiers.skeletons import SkeletonRecipe
from training.data.challenge import read_labels
from training.data.skeletons import PreparedPoses, sequence
from training.engine.checkpoints import newest_checkpoint
from training.engine.engine import BEST
from training.finetune import RECIPES, load_recipe, train
from training.measure.takes import Act, film
from training.rink.motion.clip import jump_span, placed
from training.rink.performance import SIMULATION_HZ
from training.rink.skeletons import EstimatorNoise, skeleton_clip

RECIPE = RECIPES / "real_jumps_infogcn.toml"
STREAM = 6
"""Second number of these views' seeds."""
SEED = 51
GOAL = 0.90
LEARNED, TESTED = 12, 6
"""Cameras a take."""
RINK_CAMERAS = 4
RINK_LABELS = tuple(f"{turns}{kind}" for turns in (1, 2, 3) for kind in KINDS)
"""Turns that the other skaters lack come from the rink."""
_FLIP, _LUTZ = KINDS.index("Flip"), KINDS.index("Lutz")


@dataclass(frozen=True)
class JumpAccuracies:
    """Mean class accuracies over the views of one skater's takes."""

    five: float
    """Of the kinds of jump whatever their turns, Flip and Lutz as one: the goal is on this."""
    six: float
    """Of the kinds of jump."""
    flip_lutz: float
    """Of Flips and Lutzes, when it must be one of the two."""

    @classmethod
    def of(cls, logits: FloatArray, labels: IntArray) -> JumpAccuracies:
        """Of logits `(N, 28)` and classes `(N,)`, which are jumps."""
        kind_of = [KINDS.index(e.kind) if e.family == "jump" else -1 for e in ELEMENTS]
        kinds = np.array(kind_of)[labels]
        kind_logits = _summed(logits, np.array(kind_of))  # (N, 28) -> (N, 6)
        joined = np.array([_FLIP if kind == _LUTZ else kind for kind in range(len(KINDS))])
        either = np.isin(kinds, (_FLIP, _LUTZ))
        two = kind_logits[either][:, [_FLIP, _LUTZ]]
        return cls(
            five=mean_class_accuracy(_summed(kind_logits, joined), joined[kinds]),
            six=mean_class_accuracy(kind_logits, kinds),
            flip_lutz=mean_class_accuracy(two, (kinds[either] == _LUTZ).astype(np.int64)),
        )


def _summed(logits: FloatArray, groups: IntArray) -> FloatArray:
    """Logits `(N, 6)` of groups: their members' probabilities add up; empty ones have none."""
    members = torch.from_numpy(groups)[None] == torch.arange(len(KINDS))[:, None]  # (6, K)
    masked = torch.from_numpy(logits)[:, None].masked_fill(~members, -torch.inf)  # (N, 6, K)
    summed: FloatArray = masked.logsumexp(dim=2).numpy()
    return summed


def view(jump: ReferenceJump, seed: Sequence[int], noise: EstimatorNoise) -> PoseSequence:
    """What a pose estimator sees of a take: another span, place and camera for every seed."""
    rng = np.random.default_rng((*seed, 0))
    start, end = jump_span(jump.act.takeoff_s, jump.act.landing_s, rng)
    motion = jump.act.motion
    first, last = np.searchsorted(motion.times_s, (max(start, 0.0), end))
    joints = placed(motion.joints[first:last], rng, mirrored=False)
    if joints is None:
        raise InputError(f"a {jump.act.label} of skater {jump.skater} does not fit on the rink")
    shown = replace(
        motion, times_s=np.arange(last - first) / SIMULATION_HZ, joints=joints,
        support=motion.support[first:last],
    )  # fmt: skip
    begins = first / SIMULATION_HZ
    act: Act = replace(
        jump.act, motion=shown, takeoff_s=jump.act.takeoff_s - begins,
        landing_s=jump.act.landing_s - begins,
    )  # fmt: skip
    return film(act, seed, noise=noise).pose


def write_views(jumps: Sequence[ReferenceJump], out: Path, noise: EstimatorNoise) -> None:
    """All skeletons in `OUT/poses`, and a list of classes for every skater left out.

    A stem begins with the number of its motion, so that no validation shares one with training.
    """
    poses = out / "poses"
    poses.mkdir(parents=True, exist_ok=True)
    learned: dict[str, list[str]] = {jump.skater: [] for jump in jumps}
    tested: dict[str, list[str]] = {jump.skater: [] for jump in jumps}
    for number, jump in enumerate(jumps):
        for camera in range(LEARNED + TESTED):
            stem = f"{number:04d}_{camera:02d}"
            if not (poses / f"{stem}.npz").is_file():
                _keep(poses / f"{stem}.npz", view(jump, (SEED, STREAM, number, camera), noise))
            lists = learned if camera < LEARNED else tested
            lists[jump.skater].append(f"{stem} {class_index(jump.act.label)}")
    rink = list(_rink_views(len(jumps) * LEARNED * 2 // 3, poses, noise))
    for skater in tested:
        folder = out / f"without_{skater}"
        folder.mkdir(exist_ok=True)
        others = [line for other in learned if other != skater for line in learned[other]]
        (folder / "train.txt").write_text("\n".join([*others, *rink]) + "\n")
        (folder / "test_labels.txt").write_text("\n".join(tested[skater]) + "\n")


def _rink_views(count: int, poses: Path, noise: EstimatorNoise) -> Iterator[str]:
    for number in range(count // RINK_CAMERAS):
        label = RINK_LABELS[number % len(RINK_LABELS)]
        for camera in range(RINK_CAMERAS):
            stem = f"{9000 + number}_{camera:02d}"
            if not (poses / f"{stem}.npz").is_file():
                clip = skeleton_clip(label, (SEED, STREAM, number), noise=noise, take=camera)
                _keep(poses / f"{stem}.npz", PoseSequence(clip.keypoints_xy, clip.scores))
            yield f"{stem} {class_index(label)}"


def _keep(path: Path, pose: PoseSequence) -> None:
    with written(path) as scratch, scratch.open("wb") as file:
        np.savez(file, keypoints_xy=pose.keypoints_xy, keypoint_scores=pose.scores)


def judge(model: nn.Module, recipe: SkeletonRecipe) -> JumpAccuracies:
    """Ask a network about the left-out skater of a recipe's folder."""
    clips = PreparedPoses(read_labels(Path(recipe.data.folder), "test"), Path(recipe.data.poses))
    inputs = [
        sequence(clips.clip(0, n).pose, recipe.sequence, cropped=False) for n in range(len(clips))
    ]
    batches = [torch.stack(inputs[n : n + 32]) for n in range(0, len(inputs), 32)]
    logits = np.concatenate([forward_logits(model.eval(), batch) for batch in batches])
    return JumpAccuracies.of(logits, clips.labels)


def measure(recipe: SkeletonRecipe, folder: Path, status: StatusLine) -> JumpAccuracies:
    """Fine-tune by a recipe, once, and judge its last weights.

    Raises:
        InputError: As `training.finetune`.
    """
    result = folder / "result.json"
    if result.is_file():
        return JumpAccuracies(**json.loads(result.read_text()))
    resume = newest_checkpoint(folder) is not None
    if not train(recipe, folder, resume=resume, status=status).finished:
        raise KeyboardInterrupt
    model = recipe.network.build(num_classes=len(LABELS))
    initialise(model, folder / BEST)
    figures = judge(model, recipe)
    write_text(result, json.dumps(asdict(figures)) + "\n")
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0 reached, 1 missed, 2 bad input, 130 interrupted."""
    parser = Parser(prog="python -m benchmarks.real_jumps")
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="skeletons and runs")
    parser.add_argument("--minutes", type=float, help="of fine-tuning a skater; by the recipe")
    parser.add_argument("--skaters", help="leave out these alone, e.g. A,B; default: each")
    parser.add_argument("--baseline-only", action="store_true", help="the demo's weights alone")
    parsed = parser.parse_args(arguments)
    status = StatusLine()
    return run_command(
        lambda: _run(parsed, status), status, interrupted="interrupted; the same command goes on"
    )


def _recipe(parsed: argparse.Namespace, skater: str) -> SkeletonRecipe:
    folder = parsed.out / f"without_{skater}"
    settings = [f"data.folder={folder}", f"data.poses={parsed.out / 'poses'}"]
    if parsed.minutes:
        settings.append(f"engine.max_minutes={parsed.minutes}")
    recipe = load_recipe(RECIPE, settings)
    assert isinstance(recipe, SkeletonRecipe)
    return recipe


def _run(parsed: argparse.Namespace, status: StatusLine) -> int:
    jumps = load_reference(parsed.reference)
    skaters = sorted({jump.skater for jump in jumps})
    status.say("writing the skeletons")
    write_views(jumps, parsed.out, _recipe(parsed, skaters[0]).data.noise)
    rows, reached = [], True
    for skater in parsed.skaters.split(",") if parsed.skaters else skaters:
        recipe = _recipe(parsed, skater)
        takes = sum(jump.skater == skater for jump in jumps)
        found = {recipe.network.start: judge(load_model(recipe.network.start)[0], recipe)}
        if not parsed.baseline_only:
            folder = parsed.out / f"without_{skater}" / f"{recipe.engine.max_minutes:g}_minutes"
            found["fine-tuned"] = measure(recipe, folder, status)
            reached &= found["fine-tuned"].five >= GOAL
        for name, f in found.items():
            rows.append(
                f"| {skater} | {takes} | {name} | {f.five:.3f} | {f.six:.3f} | {f.flip_lutz:.3f} |"
            )
    print("| left out | takes | weights | Flip and Lutz as one | six kinds | Flip or Lutz |")
    print("|---|---|---|---|---|---|", *rows, sep="\n")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
