"""`python -m training.measure.evidence`: fit what the refined verdict reads from skeletons.

Writes `pipeline/verdict/evidence.safetensors`, from simulated skeletons alone: the take-off network
from seeds below 100,000, the tables of turns from validation seeds. About ten minutes on one core.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import torch

from models.checkpoint_files import sha256_of
from models.command_line import Parser
from pipeline.elements import ELEMENTS
from pipeline.verdict.evidence_numbers import NUMBERS, EvidenceNumbers, write_numbers
from training.measure.evidence_fit import (
    LEAST_WRONG,
    fit_takeoff,
    fit_turns,
    takeoff_examples,
    wrong_takeoffs,
)
from training.rink.skeletons import STREAM, EstimatorNoise, SkeletonClip, skeleton_clip

TRAINING_SEED, VALIDATION_SEED = 70_000, 100_700
NOISES = (
    EstimatorNoise(),
    # What the demo's pose network does to rink pictures (docs/training_demo.md).
    EstimatorNoise(
        jitter=0.025, drift_s=0.15, swaps=0.01, half_swaps=0.12, lost=0.09, confidence=0.54,
        confidence_in_air=0.58,
    ),
)  # fmt: skip
"""Every second clip has the one or the other."""


def jumps(seed: int, per_class: int) -> Iterator[SkeletonClip]:
    """Simulated skeletons of every jump, over and over."""
    for number in range(per_class):
        for element in ELEMENTS:
            if element.family == "jump":
                clip = (seed, STREAM, number * len(ELEMENTS) + element.class_index)
                yield skeleton_clip(element.label, clip, noise=NOISES[number % 2])


def main(arguments: list[str] | None = None) -> int:
    """Draw, fit, write."""
    parser = Parser(prog="python -m training.measure.evidence", description=__doc__)
    parser.add_argument("--out", type=Path, default=NUMBERS)
    parser.add_argument("--training", type=int, default=200, help="clips a jump for the take-off")
    parser.add_argument("--validation", type=int, default=24, help="clips a jump for the tables")
    parsed = parser.parse_args(arguments)
    torch.set_num_threads(1)  # more would add up in another order, and so to other bits
    network = fit_takeoff(takeoff_examples(jumps(TRAINING_SEED, parsed.training)))
    held_out = takeoff_examples(jumps(VALIDATION_SEED, parsed.validation))
    wrong = wrong_takeoffs(network, held_out)
    tables = fit_turns(jumps(VALIDATION_SEED, parsed.validation))
    numbers = EvidenceNumbers(tables, network, max(LEAST_WRONG, wrong))
    sources = (
        f"simulated rink: {parsed.training} skeleton clips a jump of seed {TRAINING_SEED} "
        f"(take-off), {parsed.validation} of seed {VALIDATION_SEED} (turns)"
    )
    write_numbers(numbers, parsed.out, sources)
    sys.stdout.write(f"take-offs read wrongly: {wrong:.1%} of {len(held_out)}\n")
    sys.stdout.write(f"{parsed.out}, sha256 {sha256_of(parsed.out)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
