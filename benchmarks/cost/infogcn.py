"""What InfoGCN costs: `python -m benchmarks.cost.infogcn`.

A training step (forward and backward) at batch 16 and 320 frames, and one sequence in evaluation,
with the network and with its reference, on the same weights and one thread. Each training is a
fresh process, so the peak is its own, of three steps: the first ones also pay for memory that the
process has never touched, so the least of the three are compared. Ends with 1 where a target is
missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.cost.umt import Target, cpu_has_bf16, peak_gib
from models.command_line import Parser
from models.infogcn.network import InfoGCN, InfoGCNOutput, infogcn_coco17
from models.infogcn.reference import written_out

OUT = Path("out/benchmarks/infogcn_cost.json")
BATCH, FRAMES = 16, 320
STEPS, ROUNDS = 3, 5
PEAK_GIB, RATIO = 2.5, 1.3
"""The targets: memory, and CPU time against the reference implementation's."""

Forward = Callable[[InfoGCN, Tensor], InfoGCNOutput]


def _fast(network: InfoGCN, x: Tensor) -> InfoGCNOutput:
    return network(x, with_latent=True)


FORWARD: dict[str, Forward] = {"infogcn": _fast, "written_out": written_out}


@dataclass(frozen=True)
class Cost:
    """One figure."""

    what: str
    """`training` a step, or `evaluation` of a sequence."""
    network: str
    """`infogcn` or its reference `written_out`."""
    dtype: str
    """Of the activations."""
    cpu_s: float
    """CPU seconds, one thread, the least of several rounds."""
    peak_gib: float
    """Largest resident memory of the process so far."""

    def __str__(self) -> str:
        return (
            f"{self.what:<11} {self.network:<12} {self.dtype:<5} "
            f"{self.cpu_s:7.2f} {self.peak_gib:6.2f}"
        )


def cpu_seconds(work: Callable[[], object], rounds: int) -> float:
    """The least CPU time of several rounds."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def measure(name: str) -> list[Cost]:
    """Training, then evaluation, of one of the two networks in this process."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network, forward = infogcn_coco17(), FORWARD[name]
    x = torch.randn(BATCH, network.in_channels, FRAMES, network.num_joints, network.num_people)
    labels = torch.arange(BATCH)

    def step() -> None:
        F.cross_entropy(forward(network, x).logits, labels).backward()

    def evaluate() -> None:
        with torch.inference_mode():
            forward(network, x[:1])

    costs = [Cost("training", name, "fp32", cpu_seconds(step, STEPS), peak_gib())]
    network.eval()
    costs.append(Cost("evaluation", name, "fp32", cpu_seconds(evaluate, ROUNDS), peak_gib()))
    if cpu_has_bf16():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            cpu_s = cpu_seconds(evaluate, ROUNDS)
        costs.append(Cost("evaluation", name, "bf16", cpu_s, peak_gib()))
    return costs


def measure_in_child(name: str) -> list[Cost]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.cost.infogcn", "--network", name]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [Cost(**cost) for cost in json.loads(output)]


def main(arguments: list[str] | None = None) -> int:
    """Print a table, write it to out/benchmarks/infogcn_cost.json; 1 where a target is missed."""
    parser = Parser(prog="python -m benchmarks.cost.infogcn", description=__doc__)
    parser.add_argument("--network", choices=FORWARD, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.network:
        print(json.dumps([asdict(cost) for cost in measure(options.network)]))
        return 0
    print(f"{'what':<11} {'network':<12} {'dtype':<5} {'CPU s':>7} {'GiB':>6}")
    measured: dict[str, list[Cost]] = {}
    for name in FORWARD:
        measured[name] = measure_in_child(name)
        print(*measured[name], sep="\n", flush=True)
    ours, plain = measured["infogcn"][0], measured["written_out"][0]
    step = f"training step, {BATCH} x {FRAMES} frames"
    limits = [
        Target(f"{step}, peak GiB", ours.peak_gib, PEAK_GIB),
        Target(f"{step}, CPU time of the written-out reference's", ours.cpu_s / plain.cpu_s, RATIO),
    ]
    print(*limits, sep="\n")
    report = {
        "costs": [asdict(cost) for costs in measured.values() for cost in costs],
        "targets": [asdict(target) for target in limits],
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0 if all(target.met for target in limits) else 1


if __name__ == "__main__":
    sys.exit(main())
