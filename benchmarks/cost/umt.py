"""What Unmasked Teacher costs: `python -m benchmarks.cost.umt [--quick]`.

Each network is a fresh process that imports torch and models.umt only, so the peak is its
own. UMT-L16 16x224 runs twice there with the same weights, through `attention` and through the
plain written-out softmax(q k^T) v: the ratio of CPU times is the figure to compare between
machines. UMT-L16 16x448, left out by `--quick`, has no reference: it would need over 20 GiB. Ends
with 1 where a target is missed.
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

from models.command_line import Parser
from models.layers import attention_kernel
from models.umt.builders import umt_l16

OUT = Path("out/benchmarks/umt_cost.json")
GIB = 2**30
SMALL = "umt_l16_16x224"
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

    def __str__(self) -> str:
        return (
            f"{self.model:<16} {self.dtype:<5} {self.attention:<11} "
            f"{self.cpu_s:7.1f} {self.wall_s:7.1f} {self.peak_gib:6.2f}"
        )


@dataclass(frozen=True)
class Row:
    """What a process is to measure."""

    num_frames: int
    image_size: int
    dtype: str
    reference: bool
    """Run the written-out attention as well, after the fast one."""


def rows(*, quick: bool) -> list[Row]:
    """The processes to start; bf16 where the CPU computes in it."""
    dtypes = ["fp32", "bf16"] if cpu_has_bf16() else ["fp32"]
    small = [Row(16, 224, dtype, reference=True) for dtype in dtypes]
    return small if quick else [*small, Row(16, 448, dtypes[-1], reference=False)]


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
    for kernel in ("auto", "written_out") if row.reference else ("auto",):
        cpu, wall = time.process_time(), time.perf_counter()
        with torch.inference_mode(), attention_kernel(kernel):
            model(video)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        costs.append(Cost(name, row.dtype, kernel, cpu, wall, peak_gib()))
    return costs


def measure_in_child(row: Row) -> list[Cost]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.cost.umt", "--row", json.dumps(asdict(row))]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [Cost(**cost) for cost in json.loads(output)]


@dataclass(frozen=True)
class Target:
    """A figure and what it must not exceed."""

    name: str
    """Of the figure, with its unit."""
    figure: float
    """As measured."""
    limit: float
    """Largest figure that is accepted."""

    @property
    def met(self) -> bool:
        """Whether the figure is accepted."""
        return self.figure <= self.limit

    def __str__(self) -> str:
        verdict = "ok" if self.met else "MISSED"
        return f"{self.name}: {self.figure:.2f}, at most {self.limit} {verdict}"


def targets(measured: list[Cost]) -> list[Target]:
    """The figures of one process that have a limit."""
    fast = measured[0]
    name = f"{fast.model} {fast.dtype}"
    memory = Target(f"{name} peak, GiB", fast.peak_gib, 1.7 if fast.model == SMALL else 4.0)
    if len(measured) == 1:
        return [memory]
    ratio = fast.cpu_s / measured[1].cpu_s
    return [memory, Target(f"{name} CPU time, of the written-out reference's", ratio, 0.75)]


def main(arguments: list[str] | None = None) -> int:
    """Print a table, write it to out/benchmarks/umt_cost.json; 1 where a target is missed."""
    parser = Parser(prog="python -m benchmarks.cost.umt", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out 16x448")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.row:
        print(json.dumps([asdict(cost) for cost in measure(Row(**json.loads(options.row)))]))
        return 0
    costs: list[Cost] = []
    limits: list[Target] = []
    print(f"{'network':<16} {'dtype':<5} {'attention':<11} {'CPU s':>7} {'wall s':>7} {'GiB':>6}")
    for row in rows(quick=options.quick):
        measured = measure_in_child(row)
        for cost in measured:
            print(cost, flush=True)
        costs += measured
        limits += targets(measured)
    print(*limits, sep="\n")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "threads": torch.get_num_threads(),
        "costs": [asdict(cost) for cost in costs],
        "targets": [asdict(target) for target in limits],
    }
    OUT.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0 if all(target.met for target in limits) else 1


if __name__ == "__main__":
    sys.exit(main())
