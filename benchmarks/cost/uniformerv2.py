"""What the folded Extractor of UniFormerV2 saves: `python -m benchmarks.cost.uniformerv2`.

The paper's network (L/14, 32 frames at 224, recipe `ssv2`) runs once with the query folded into the
key projection and the values projected after pooling, once with all tokens projected as in the
official code. Operations are counted exactly, on the meta device; CPU time is the best of three
passes in a fresh process each, peak memory that process's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.cost.umt import DTYPES, cpu_has_bf16, peak_gib
from models.command_line import Parser
from models.uniformerv2 import UniFormerV2, uniformerv2_l14

OUT = Path("out/benchmarks/uniformerv2_cost.json")
PASSES = 3
NAMES = {True: "folded", False: "written_out"}


@dataclass(frozen=True)
class Cost:
    """What one clip costs."""

    extractor: str
    """`folded` or `written_out`."""
    dtype: str
    """Of weights and activations."""
    cpu_s: float
    """CPU seconds of the quickest pass, all threads."""
    wall_s: float
    """Elapsed seconds of the quickest pass, which other work on the machine stretches."""
    peak_gib: float
    """Largest resident memory of the process, the weights included."""


def multiply_adds(*, fold: bool) -> float:
    """Multiply-adds of one clip, in units of 10^9: products of matrices and convolutions."""
    with torch.device("meta"):
        model, clip = _model_and_clip(fold=fold)
    with FlopCounterMode(display=False) as counter:
        model(clip)
    return float(counter.get_total_flops()) / 2e9


def measure(*, fold: bool, dtype: str) -> Cost:
    """Time a few passes with seeded weights in this process."""
    torch.manual_seed(0)
    torch.set_default_dtype(DTYPES[dtype])  # converted afterwards, float32 would set the peak
    model, clip = _model_and_clip(fold=fold)
    cpu_s, wall_s = [], []
    for _ in range(PASSES):
        cpu, wall = time.process_time(), time.perf_counter()
        with torch.inference_mode():
            model(clip)
        cpu_s.append(time.process_time() - cpu)
        wall_s.append(time.perf_counter() - wall)
    return Cost(NAMES[fold], dtype, min(cpu_s), min(wall_s), peak_gib())


def _model_and_clip(*, fold: bool) -> tuple[UniFormerV2, torch.Tensor]:
    model = uniformerv2_l14(fold_extractor=fold).eval().requires_grad_(False)
    return model, torch.randn(1, 3, model.num_frames, *model.image_size)


def measure_in_child(*, fold: bool, dtype: str) -> Cost:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.cost.uniformerv2", "--row", NAMES[fold], dtype]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Cost(**json.loads(output))


def main(arguments: list[str] | None = None) -> int:
    """Print the tables, write them to out/benchmarks/uniformerv2_cost.json."""
    parser = Parser(prog="python -m benchmarks.cost.uniformerv2")
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.row:
        extractor, dtype = options.row
        print(json.dumps(asdict(measure(fold=extractor == NAMES[True], dtype=dtype))))
        return 0
    counted = {NAMES[fold]: multiply_adds(fold=fold) for fold in (True, False)}
    saved = 1 - counted["folded"] / counted["written_out"]
    print("UniFormerV2-L/14, 32 frames at 224, recipe ssv2, one clip")
    for name, number in counted.items():
        print(f"{name:<11} {number:8.1f} G multiply-adds")
    print(f"folding saves {100 * saved:.1f} % of them")
    print(f"{'extractor':<11} {'dtype':<5} {'CPU s':>7} {'wall s':>7} {'GiB':>6}")
    costs = []
    for dtype in ["fp32", "bf16"] if cpu_has_bf16() else ["fp32"]:
        for fold in (True, False):
            cost = measure_in_child(fold=fold, dtype=dtype)
            costs.append(cost)
            print(
                f"{cost.extractor:<11} {cost.dtype:<5} "
                f"{cost.cpu_s:7.1f} {cost.wall_s:7.1f} {cost.peak_gib:6.2f}",
                flush=True,
            )
    ratios = {
        folded.dtype: folded.cpu_s / written_out.cpu_s
        for folded, written_out in zip(costs[::2], costs[1::2], strict=True)
    }
    for dtype, ratio in ratios.items():
        print(f"{dtype}: {ratio:.2f}x the written-out CPU time")
    report = {
        "threads": torch.get_num_threads(),
        "giga_multiply_adds": counted,
        "saved": saved,
        "ratios": ratios,
        "costs": [asdict(cost) for cost in costs],
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
