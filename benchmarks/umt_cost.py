"""What Unmasked Teacher costs: `python -m benchmarks.umt_cost [--large]`.

Each row is a fresh process that imports torch and models.umt only, so its peak is the network's.
UMT-L16 16x224 is run twice there with the same weights, through `attention` and through the plain
written-out softmax(q k^T) v: the ratio of CPU times is the figure to compare between machines.
`--large` adds UMT-L16 16x448, which written out would need over 20 GiB.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from models.layers import attention_kernel
from models.umt import umt_l16

OUT = Path("out/benchmarks/umt_cost.json")
GIB = 2**30
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Cost:
    """One pass of one clip."""

    model: str
    """Key of the network."""
    dtype: str
    """Of weights and activations."""
    attention: str
    """Kernel behind `attention`."""
    cpu_s: float
    """CPU seconds of the pass, all threads."""
    wall_s: float
    """Elapsed seconds, which other work on the machine stretches."""
    peak_gib: float
    """Largest resident memory of the process so far."""


@dataclass(frozen=True)
class Row:
    """What a process is to measure."""

    num_frames: int
    image_size: int
    dtype: str
    twin: bool
    """Run the written-out attention as well, after the fast one."""


def rows(*, large: bool) -> list[Row]:
    """The processes to start; bf16 only where the CPU computes in it."""
    dtypes = ["fp32", "bf16"] if cpu_has_bf16() else ["fp32"]
    small = [Row(16, 224, dtype, twin=True) for dtype in dtypes]
    return [*small, Row(16, 448, dtypes[-1], twin=False)] if large else small


def cpu_has_bf16() -> bool:
    """Whether the CPU has instructions for bfloat16 products."""
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text(encoding="utf-8").split() if cpuinfo.exists() else []
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)


def peak_gib() -> float:
    """Largest resident memory of this process.

    Linux's own mark starts anew with the program; `ru_maxrss` would carry the parent's over.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / GIB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GIB


def measure(row: Row) -> list[Cost]:
    """Build the network with seeded weights and time a pass of each kernel in this process."""
    torch.manual_seed(0)
    model = umt_l16(num_frames=row.num_frames, image_size=row.image_size).eval()
    model = model.to(DTYPES[row.dtype])
    shape = (1, 3, row.num_frames, row.image_size, row.image_size)
    video = torch.randn(shape, dtype=DTYPES[row.dtype])
    name = f"umt_l16_{row.num_frames}x{row.image_size}"
    costs = []
    for kernel in ("auto", "written_out") if row.twin else ("auto",):
        cpu, wall = time.process_time(), time.perf_counter()
        with torch.inference_mode(), attention_kernel(kernel):
            model(video)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        costs.append(Cost(name, row.dtype, kernel, cpu, wall, peak_gib()))
    return costs


def measure_in_child(row: Row) -> list[Cost]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.umt_cost", "--row", json.dumps(asdict(row))]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [Cost(**cost) for cost in json.loads(output)]


def main() -> int:
    """Print a table, write it to out/benchmarks/umt_cost.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.umt_cost", description=__doc__)
    parser.add_argument("--large", action="store_true", help="also 16x448 (minutes)")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.row:
        print(json.dumps([asdict(cost) for cost in measure(Row(**json.loads(arguments.row)))]))
        return 0
    costs: list[Cost] = []
    ratios: dict[str, float] = {}
    print(f"{'network':<16} {'dtype':<5} {'attention':<11} {'CPU s':>7} {'wall s':>7} {'GiB':>6}")
    for row in rows(large=arguments.large):
        measured = measure_in_child(row)
        for cost in measured:
            print(
                f"{cost.model:<16} {cost.dtype:<5} {cost.attention:<11} "
                f"{cost.cpu_s:7.1f} {cost.wall_s:7.1f} {cost.peak_gib:6.2f}",
                flush=True,
            )
        costs += measured
        if row.twin:
            fast, twin = measured
            ratios[f"{fast.model} {fast.dtype}"] = fast.cpu_s / twin.cpu_s
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f}x the written-out CPU time")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    report = {"threads": torch.get_num_threads(), "ratios": ratios, "costs": [*map(asdict, costs)]}
    OUT.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
