"""`python -m benchmarks.long_tail [--seeds 0,1,2] [--epochs N]`: what the long-tail options add.

InfoGCN on simulated skeletons: a fixed training set with the challenge's class frequencies, and a
validation set that has every class as often. Each option of `[long_tail]` alone, and two of them
together, against none; mean class accuracy over the seeds.
A run that was begun is continued; some hours on a processor.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

from pipeline.errors import InputError
from training.console import StatusLine
from training.engine.checkpoints import newest_checkpoint
from training.finetune import RECIPES, load_recipe, train

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
RECIPE = RECIPES / "demo_infogcn.toml"
FOLDER = Path("out/long_tail")
FIGURE = "mean_class_accuracy"


def measure(option: str, seed: int, epochs: int, clips: int, status: StatusLine) -> float:
    """Train once; the figure of the last evaluation.

    Raises:
        InputError: As `training.finetune`.
    """
    folder = FOLDER / f"{option.replace(' ', '_')}-seed{seed}"
    result = folder / "result.json"
    if result.is_file():
        return float(json.loads(result.read_text())[FIGURE])
    settings = [
        f"seed={seed}",
        "data.frequencies=challenge",
        "data.fresh=false",
        f"data.clips={clips}",
        f"optim.epochs={epochs}",
        "engine.max_minutes=0",
        "engine.fit_schedule=false",
        *OPTIONS[option],
    ]
    recipe = load_recipe(RECIPE, settings)
    resume = newest_checkpoint(folder) is not None
    outcome = train(recipe, folder, resume=resume, status=status)
    if not outcome.finished:
        raise KeyboardInterrupt
    result.write_text(json.dumps(dict(outcome.figures)) + "\n")
    return outcome.figures[FIGURE]


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_tail", description=__doc__)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--clips", type=int, default=5600)
    parsed = parser.parse_args(arguments)
    seeds = [int(seed) for seed in parsed.seeds.split(",")]
    status = StatusLine()
    rows = []
    try:
        for option in OPTIONS:
            found = [measure(option, s, parsed.epochs, parsed.clips, status) for s in seeds]
            spread = statistics.stdev(found) if len(found) > 1 else 0.0
            rows.append((option, statistics.mean(found), spread))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return 130
    print(f"| option | mean class accuracy, {len(seeds)} seeds | added |")
    print("| --- | --- | --- |")
    for option, mean, spread in rows:
        print(f"| {option} | {mean:.3f} +- {spread:.3f} | {mean - rows[0][1]:+.3f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
