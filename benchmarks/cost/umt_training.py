"""What attention costs in training: `python -m benchmarks.cost.umt_training [--tiny]`.

Times a training step (forward, backward, AdamW) of UMT-L16 16x224 under bf16 autocast on a CUDA
device with each attention kernel: torch's flash kernel (`sdpa`), the flash-attn package where it is
installed, and the plain softmax(q k^T) v. The paper claims that FlashAttention makes training 2-3
times as fast (Sec. III-A): that is the last ratio. `--tiny` runs the same code on the CPU.

All blocks use activation checkpointing by default, or the written-out maps do not fit 80 GB.
Model FLOP utilisation (MFU) = 3 x forward FLOP / time / peak: checkpointing is not counted as work.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from models.command_line import Parser
from models.layers import AttentionKernel, attention_kernel, flash_attn_installed
from models.umt.builders import umt_l16, umt_tiny
from models.umt.network import UMT

NO_DEVICE = "no CUDA device: nothing was measured"
PEAK_TFLOPS = {"H100 PCIe": 756.0, "H100": 989.0, "H200": 989.0, "A100": 312.0}
"""Dense bf16 products, as NVIDIA states them, by a part of the device's name."""


@dataclass(frozen=True)
class Load:
    """One training step."""

    tiny: bool
    """A small network in place of UMT-L16."""
    batch_size: int
    """Clips a step."""
    checkpoint_blocks: int
    """Blocks with activation checkpointing."""
    device: torch.device
    """Where it runs."""

    def network(self) -> UMT:
        """A new one, on the default device."""
        if self.tiny:
            return umt_tiny(num_frames=4, image_size=32, checkpoint_blocks=self.checkpoint_blocks)
        return umt_l16(num_frames=16, image_size=224, checkpoint_blocks=self.checkpoint_blocks)

    def shape(self, network: UMT) -> tuple[int, ...]:
        """Of the batch."""
        return (self.batch_size, 3, network.num_frames, network.image_size, network.image_size)


def kernels(device: torch.device) -> tuple[AttentionKernel, ...]:
    """Those that can run there, the plain one last."""
    flash = device.type == "cuda" and flash_attn_installed()
    return ("sdpa", "flash_attn", "written_out") if flash else ("sdpa", "written_out")


def forward_flop(load: Load) -> float:
    """Of one forward pass of the batch, counted on the meta device."""
    with torch.device("meta"):
        network = load.network().eval().requires_grad_(False)
        counter = FlopCounterMode(display=False)
        with torch.no_grad(), attention_kernel("sdpa"), counter:
            network(torch.zeros(load.shape(network)))
    return float(counter.get_total_flops())


@contextmanager
def only(kernel: AttentionKernel) -> Iterator[None]:
    """Attention by this kernel; torch's own choice is narrowed to its flash kernel."""
    flash = sdpa_kernel(SDPBackend.FLASH_ATTENTION) if kernel == "sdpa" else nullcontext()
    with flash, attention_kernel(kernel):
        yield


def step_seconds(load: Load, kernel: AttentionKernel, *, steps: int, warm_up: int) -> float:
    """Median seconds of a training step."""
    torch.manual_seed(0)
    network = load.network().to(load.device).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-5)
    clips = torch.randn(load.shape(network), device=load.device)
    labels = torch.randint(28, (load.batch_size,), device=load.device)
    times = []
    with only(kernel):
        for _ in range(warm_up + steps):
            began = _now(load.device)
            with torch.autocast(load.device.type, dtype=torch.bfloat16):
                loss = F.cross_entropy(network(clips), labels)
            loss.backward()
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            times.append(_now(load.device) - began)
    return statistics.median(times[warm_up:])


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def peak_of(name: str) -> float | None:
    """TFLOP/s of a device by its name; None where the table does not have it."""
    return next((peak for part, peak in PEAK_TFLOPS.items() if part in name), None)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m benchmarks.cost.umt_training", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a small network on the CPU")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--checkpoint-blocks", type=int, default=24)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument(
        "--peak-tflops", type=float, help=f"of the device; known: {', '.join(PEAK_TFLOPS)}"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Print seconds, MFU and the ratio; 0 also where nothing can be measured."""
    options = _parser().parse_args(arguments)
    if not options.tiny and not torch.cuda.is_available():
        print(NO_DEVICE)
        return 0
    device = torch.device("cpu" if options.tiny else "cuda")
    name = "CPU" if options.tiny else torch.cuda.get_device_name(device)
    load = Load(options.tiny, options.batch_size, options.checkpoint_blocks, device)
    peak, flop = options.peak_tflops or peak_of(name), forward_flop(load)
    print(
        f"{name}, {load.batch_size} clips a step, {load.checkpoint_blocks} blocks checkpointed, "
        f"bf16, {flop / 1e9:,.2f} GFLOP forward"
    )
    seconds: dict[str, float] = {}
    print(f"{'attention':<12} {'s a step':>9} {'MFU':>6}")
    for kernel in kernels(device):
        try:
            took = step_seconds(load, kernel, steps=options.steps, warm_up=3)
        except torch.OutOfMemoryError:
            print(f"{kernel:<12} out of memory; try a smaller --batch-size")
            continue
        seconds[kernel] = took
        mfu = "-" if peak is None else f"{3 * flop / took / (peak * 1e12):.1%}"
        print(f"{kernel:<12} {took:9.4f} {mfu:>6}", flush=True)
    plain = seconds.pop("written_out", None)
    if plain is not None and seconds:
        best = min(seconds, key=lambda key: seconds[key])
        print(f"written_out / {best}: {plain / seconds[best]:.2f}; the paper claims 2 to 3")
    return 0


if __name__ == "__main__":
    sys.exit(main())
