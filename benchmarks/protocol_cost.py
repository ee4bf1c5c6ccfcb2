"""`python -m benchmarks.protocol_cost`: what the paper's protocol costs, counted, not run.

Multiplications are counted on the meta device (matrix products and convolutions of one view, twice
a multiply-add); a training step costs three forward passes and the blocks that gradient
checkpointing computes again. Hours are those of `--gpus` A100 at `--utilisation` of 312 TFLOP/s in
half precision: an expectation, not a measurement.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch.utils.flop_counter import FlopCounterMode

from models.umt import UMT
from models.uniformerv2 import UniFormerV2
from training.finetune import RECIPES, load_recipe
from training.tasks.clips import ClipRecipe
from training.tasks.skeletons import SkeletonRecipe

TRAIN_CLIPS, TEST_CLIPS = 19_993, 8_586
VIEWS = 15
A100 = 312e12
NAMES = (
    "umt_l16_16x224",
    "umt_l16_16x448",
    "umt_l16_32x224",
    "uniformerv2_l14_32x224",
    "infogcn_coco17_320",
)


@dataclass(frozen=True)
class Cost:
    """Of one recipe."""

    name: str
    params: int
    forward: float
    """FLOP of one view."""
    training: float
    """FLOP of the whole training."""
    testing: float
    """FLOP of the test split with all views, equal ones not left out."""


def cost_of(path: Path) -> Cost:
    """Count one recipe."""
    recipe = load_recipe(path, [])
    if isinstance(recipe, ClipRecipe):
        network = cast(UMT | UniFormerV2, recipe.network.on_meta())
        side = network.image_size if isinstance(network.image_size, int) else network.image_size[0]
        shape, views = (1, 3, network.num_frames, side, side), VIEWS
    elif isinstance(recipe, SkeletonRecipe):
        network = recipe.network.build()  # autocast does not know the meta device
        shape, views = (1, 3, recipe.sequence.num_frames, 17, 1), 1
    else:
        raise TypeError(f"{path}: neither clips nor skeletons")
    device = "meta" if isinstance(recipe, ClipRecipe) else "cpu"
    network.eval().requires_grad_(False).to(device)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), torch.device(device), counter:
        network(torch.zeros(shape))
    forward = float(counter.get_total_flops())
    blocks = 24
    again = min(recipe.engine.gradient_checkpointing, blocks) / blocks
    samples = TRAIN_CLIPS * (1 - recipe.data.validation_share)
    samples *= recipe.optim.repeats * recipe.optim.epochs
    return Cost(
        recipe.name,
        sum(p.numel() for p in network.parameters()),
        forward,
        forward * (3 + again) * samples,
        forward * views * TEST_CLIPS,
    )


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.protocol_cost", description=__doc__)
    parser.add_argument("--gpus", type=int, default=8)
    parser.add_argument("--utilisation", type=float, default=0.4, help="of the peak")
    parsed = parser.parse_args(arguments)
    speed = parsed.gpus * parsed.utilisation * A100
    print(
        "| recipe | parameters, M | GFLOP a view | training, EFLOP | hours | test, EFLOP | hours |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    total = [0.0, 0.0]
    for name in NAMES:
        cost = cost_of(RECIPES / f"{name}.toml")
        total = [total[0] + cost.training, total[1] + cost.testing]
        print(
            f"| {cost.name} | {cost.params / 1e6:.1f} | {cost.forward / 1e9:,.1f} "
            f"| {cost.training / 1e18:.2f} | {cost.training / speed / 3600:.1f} "
            f"| {cost.testing / 1e18:.2f} | {cost.testing / speed / 3600:.1f} |"
        )
    print(
        f"| together | | | {total[0] / 1e18:.2f} | {total[0] / speed / 3600:.1f} "
        f"| {total[1] / 1e18:.2f} | {total[1] / speed / 3600:.1f} |"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
