"""`python -m benchmarks.long_tail [--seeds 0,1,2] [--out DIR]`: what the long-tail options add.

A small InfoGCN on simulated skeletons (`long_tail.toml`): a fixed training set with the challenge's
class frequencies, and a validation set that has every class as often. Each option of `[long_tail]`
alone, and two of them together, against none.
About 45 minutes of one core; finished runs are kept, and the same command goes on with the others.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

import numpy as np
import torch

from laboratory.figures.metrics import class_accuracies
from models.atomic_files import write_text
from models.checkpoint_files import read_state
from models.command_line import Parser, StatusLine, run_command
from pipeline.elements import NUM_CLASSES
from training.classifiers.skeletons import SkeletonRecipe, SkeletonTask
from training.engine.checkpoints import newest_checkpoint
from training.engine.task import EvaluationContext
from training.finetune import load_recipe, train

OPTIONS = {
    "none": (),
    "class-balanced sampling": ("long_tail.balance=1.0",),
    "root-balanced sampling": ("long_tail.balance=0.5",),
    "logit adjustment": ("long_tail.logit_adjustment=1.0",),
    "focal": ("long_tail.focal=2.0",),
    "root-balanced + adjustment 0.5": (
        "long_tail.balance=0.5",
        "long_tail.logit_adjustment=0.5",
    ),
}
RECIPE = Path(__file__).with_suffix(".toml")
GROUPS = ("all classes", "frequent half", "rare half")
"""Of classes, by their training clips; the mean class accuracy is that over all."""


def measure(option: str, seed: int, folder: Path, status: StatusLine) -> list[float]:
    """Train once, and validate once: the mean class accuracy in each of `GROUPS`.

    Raises:
        KeyboardInterrupt: The run was interrupted and can go on.
        InputError: As `training.finetune`.
    """
    result = folder / "result.json"
    if not result.is_file():
        recipe = load_recipe(RECIPE, [f"seed={seed}", *OPTIONS[option]])
        assert isinstance(recipe, SkeletonRecipe)
        resume = newest_checkpoint(folder) is not None
        status.say(f"{option}, seed {seed}")
        if not train(recipe, folder, resume=resume, device="cpu", status=status).finished:
            raise KeyboardInterrupt
        figures = validate(SkeletonTask(recipe, status), folder / "best.safetensors")
        write_text(result, json.dumps(figures) + "\n")
    return [float(json.loads(result.read_text())[group]) for group in GROUPS]


def validate(task: SkeletonTask, weights: Path) -> dict[str, float]:
    """Group of classes -> mean accuracy of its classes on the held-out clips."""
    model = task.build_model().eval()
    model.load_state_dict(read_state(weights))
    with torch.inference_mode():
        logits, labels = task.predictions(model, EvaluationContext())
    accuracies = class_accuracies(logits.numpy().argmax(axis=1), labels.numpy())
    counts = np.bincount(task.training_labels, minlength=NUM_CLASSES)
    common_first = np.argsort(-counts, kind="stable")
    halves = np.split(accuracies[common_first], 2)
    return dict(zip(GROUPS, (float(part.mean()) for part in (accuracies, *halves)), strict=True))


def table(found: dict[str, list[list[float]]]) -> str:
    """Options -> a row of `GROUPS` a seed, as Markdown with what each adds to `none`."""
    lines = [f"| option | {' | '.join(GROUPS)} | added |", "| --- " * (len(GROUPS) + 2) + "|"]
    means = {name: [statistics.mean(c) for c in zip(*r, strict=True)] for name, r in found.items()}
    for name, rows in found.items():
        overall = [row[0] for row in rows]
        spread = f" ± {statistics.stdev(overall):.3f}" if len(overall) > 1 else ""
        first, *others = (f"{mean:.3f}" for mean in means[name])
        added = f"{means[name][0] - means['none'][0]:+.3f}" if name != "none" else ""
        lines.append(f"| {' | '.join((name, first + spread, *others, added))} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input, 130 interrupted."""
    parser = Parser(prog="python -m benchmarks.long_tail", description=__doc__)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--out", type=Path, default=Path("out/long_tail"), metavar="DIR")
    parsed: argparse.Namespace = parser.parse_args(arguments)
    status = StatusLine()

    def command() -> int:
        found: dict[str, list[list[float]]] = {option: [] for option in OPTIONS}
        for seed in (int(text) for text in parsed.seeds.split(",")):
            for option in OPTIONS:
                folder = parsed.out / f"{option.replace(' ', '_')}-seed{seed}"
                found[option].append(measure(option, seed, folder, status))
        sys.stdout.write(table(found) + "\n")
        return 0

    return run_command(command, status)


if __name__ == "__main__":
    sys.exit(main())
