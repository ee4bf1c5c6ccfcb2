"""`python -m training.measure`: fit what `pipeline.measure` knows, on the simulated rink alone.

Writes `pipeline/measure/learned.safetensors`; takes are drawn anew each time from the same seeds,
all below 100,000. About half an hour on one core.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.command_line import Parser
from pipeline.elements import ELEMENTS
from pipeline.measure.learned import WEIGHTS
from training.measure.facing_fit import fit_facing, frames_of
from training.measure.flight_fit import example, fit_flight
from training.measure.takes import STREAM, Take, draw_act, draw_loose_jump, film
from training.rink.skeletons import EstimatorNoise

JUMPS = tuple(element.label for element in ELEMENTS if element.family == "jump")
OTHERS = tuple(element.label for element in ELEMENTS if element.family != "jump")
SPINS = tuple(element.label for element in ELEMENTS if element.family == "spin")


def flight_takes(first: int, count: int, cameras: int) -> Iterator[Take]:
    """Four loose jumps, then something else, over and over; each filmed by several cameras."""
    for number in range(count):
        seed = (first + number, STREAM)
        if number % 5 == 4:
            act = draw_act(OTHERS[number // 5 % len(OTHERS)], seed)
        else:
            act = draw_loose_jump(JUMPS[number % len(JUMPS)], seed)
        for camera in range(cameras):
            yield film(act, (*seed, camera))


def facing_takes(first: int, count: int) -> Iterator[Take]:
    """Two loose jumps, then a spin or something else; sides are never exchanged."""
    noise = replace(EstimatorNoise(), swaps=0.0)
    third = (*SPINS, "NoBasic", *SPINS, "Sequence")
    for number in range(count):
        seed = (first + number, STREAM)
        if number % 3 == 2:
            act = draw_act(third[number // 3 % len(third)], seed)
        else:
            act = draw_loose_jump(JUMPS[number % len(JUMPS)], seed)
        yield film(act, seed, noise=noise)


def _facing(count: int) -> dict[str, Tensor]:
    print("simulating takes for the facing network", file=sys.stderr, flush=True)
    joints, directions = frames_of(facing_takes(40_000, count), np.random.default_rng(0))
    return fit_facing(joints, directions)


def _flight(count: int, cameras: int, steps: int) -> dict[str, Tensor]:
    print("simulating takes for the flight network", file=sys.stderr, flush=True)
    takes = flight_takes(50_000, count, cameras)
    examples = [one for take in takes if (one := example(take)) is not None]
    print("fitting the flight network", file=sys.stderr, flush=True)
    return fit_flight(examples, steps=steps)


def main(arguments: list[str] | None = None) -> int:
    """Draw, fit, write."""
    parser = Parser(prog="python -m training.measure", description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument(
        "--flights", type=int, default=4000, help="simulated acts for the flight network"
    )
    parser.add_argument("--cameras", type=int, default=3, help="cameras for each act")
    parser.add_argument(
        "--steps", type=int, default=3000, help="training steps of the flight network"
    )
    parser.add_argument(
        "--facings", type=int, default=1800, help="simulated takes for the facing network"
    )
    parser.add_argument("--keep-facing", type=Path, help="reuse the facing network in this file")
    parsed = parser.parse_args(arguments)
    torch.set_num_threads(1)  # more would add up in another order, and so to other bits
    if parsed.keep_facing is None:
        tensors = _facing(parsed.facings)
    else:
        known = load_file(parsed.keep_facing)
        tensors = {name: value for name, value in known.items() if name.startswith("facing.")}
    tensors |= _flight(parsed.flights, parsed.cameras, parsed.steps)
    names = ("flights", "cameras", "steps", "facings")
    settings = {name: getattr(parsed, name) for name in names}
    metadata = {
        "made_by": "python -m training.measure",
        "settings": json.dumps(settings),
        "sources": "simulated rink, seeds below 100,000",
    }
    save_file(tensors, parsed.out, metadata=metadata)
    print(f"written to {parsed.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
