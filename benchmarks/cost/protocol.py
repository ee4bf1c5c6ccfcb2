"""`python -m benchmarks.cost.protocol`: what the paper's protocol costs, counted, not run.

Operations are counted without running them (matrix products and convolutions of one view or frame,
twice a multiply-add); a training step costs three forward passes and the blocks that gradient
checkpointing computes again. Hours are those of `--gpus` A100 at `--utilisation` of their peak in
the arithmetic of the commands, 312 TFLOP/s in half precision and 19.5 in full: an expectation, not
a measurement.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import nn
from torch._subclasses import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from models.command_line import Parser
from models.dino import resized_hw
from models.layers import attention_kernel
from models.umt.network import UMT
from models.uniformerv2 import UniFormerV2
from models.vitpose import ViTPose
from models.weights import build_on_meta
from models.zoo import BUILDERS
from pipeline.config import load_profile
from pipeline.detection.detector import key_frames
from pipeline.pose import pose_frame_indices
from pipeline.types import Precision
from training.classifiers.clip_recipe import ClipRecipe
from training.classifiers.skeletons import SkeletonRecipe
from training.finetune import RECIPES, load_recipe

TRAIN_CLIPS, TEST_CLIPS = 19_993, 8_586
FRAMES = 142
"""Of a clip on average: 364 in Sequence, which is 30.5 % of them, and about 44 in the others."""
FRAME_HW = (720, 1280)
"""Assumption: the smaller of the broadcasts'."""
VIEWS = 15
A100: dict[Precision, float] = {"fp32": 19.5e12, "bf16": 312e12, "fp16": 312e12}
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


@dataclass(frozen=True)
class Finding:
    """Of detector or pose network, which find the skater before anything is cropped."""

    name: str
    frame: float
    """FLOP of one frame, flipped copies included."""
    frames: int
    """Of a clip that it looks at."""
    precision: Precision

    def of(self, clips: int) -> float:
        """FLOP of so many clips."""
        return self.frame * self.frames * clips


def findings(frames: int) -> list[Finding]:
    """The two networks of `paper.toml`, on clips of so many frames."""
    profile = load_profile("paper")
    detector, pose = profile.detector, profile.pose
    size = resized_hw(
        *FRAME_HW,
        short_side=detector.short_side,
        long_side=detector.long_side,
        rule=detector.rule,
    )
    looked = key_frames(frames, every=detector.every, at_most=detector.max_key_frames)
    boxes = detector_flop(detector.checkpoint, size)
    joints = pose_flop(pose.checkpoint) * (1 + pose.flip_test)
    return [
        Finding(detector.checkpoint, boxes, len(looked), "fp32"),
        Finding(pose.checkpoint, joints, len(pose_frame_indices(frames)), pose.precision),
    ]


def detector_flop(builder: str, size: tuple[int, int]) -> float:
    """Of one frame. Autocast, which DINO leaves in places, does not know the meta device."""
    network: nn.Module = build_on_meta(BUILDERS[builder]).eval().requires_grad_(False)
    network.to_empty(device="cpu")  # memory that nobody touches
    counter = FlopCounterMode(display=False)
    with (
        FakeTensorMode(allow_non_fake_inputs=True),
        torch.no_grad(),
        attention_kernel("written_out"),  # the processor's fast kernel is not counted
        counter,
    ):
        network(torch.zeros(1, 3, *size))
    return float(counter.get_total_flops())


def pose_flop(builder: str) -> float:
    """Of one crop."""
    network = cast(ViTPose, build_on_meta(BUILDERS[builder]).eval().requires_grad_(False))
    network.to("meta")  # buffers too
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), torch.device("meta"), counter:
        network(torch.zeros(1, 3, *network.image_size))
    return float(counter.get_total_flops())


def networks_table(speed: float) -> None:
    """Print what training and testing the recipes cost."""
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


def findings_table(frames: int, used: float) -> None:
    """Print what it costs to find the skaters, in `prepare` and again in `evaluate`."""
    print("| network | GFLOP a frame | frames | prepare, EFLOP | hours | test, EFLOP | hours |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    hours = [0.0, 0.0]
    for finding in findings(frames):
        train, test = finding.of(TRAIN_CLIPS), finding.of(TEST_CLIPS)
        speed = 3600 * used * A100[finding.precision]
        hours = [hours[0] + train / speed, hours[1] + test / speed]
        print(
            f"| {finding.name} | {finding.frame / 1e9:,.1f} | {finding.frames} "
            f"| {train / 1e18:.2f} | {train / speed:.1f} "
            f"| {test / 1e18:.2f} | {test / speed:.1f} |"
        )
    print(f"| together | | | | {hours[0]:.1f} | | {hours[1]:.1f} |")


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    parser = Parser(prog="python -m benchmarks.cost.protocol", description=__doc__)
    parser.add_argument("--gpus", type=int, default=8)
    parser.add_argument("--utilisation", type=float, default=0.4, help="of the peak")
    parser.add_argument("--frames", type=int, default=FRAMES, help="of a clip on average")
    parsed = parser.parse_args(arguments)
    used = parsed.gpus * parsed.utilisation
    findings_table(parsed.frames, used)
    print()
    networks_table(used * A100[load_profile("paper").precision])
    return 0


if __name__ == "__main__":
    sys.exit(main())
