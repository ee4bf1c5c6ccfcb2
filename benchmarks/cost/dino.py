"""What the detector costs a frame on a CPU: `python -m benchmarks.cost.dino`.

The published DINO (ResNet-50, four scales, a frame of 480x800) and the demo's small one run beside
a reference with the same weights, which samples map by map with `grid_sample`, stacks and sums as
the official code does without its CUDA kernel, and applies the frozen batch norms after the
convolutions. CPU time on one thread, the best of a few passes; bf16 where the CPU computes in it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.cost.umt import cpu_has_bf16
from models.dino import Dino, dino_r50, dino_tiny
from models.dino.pyramid import Pyramid
from models.dino.resnet import Norm

OUT = Path("out/benchmarks/dino_cost.json")

CASES: dict[str, tuple[Callable[[], Dino], tuple[int, int], int]] = {
    "dino_r50_480x800": (dino_r50, (480, 800), 3),
    "dino_tiny_180x320": (dino_tiny, (180, 320), 10),
}
"""Name -> builder, height and width of the frame, passes."""


@dataclass(frozen=True)
class Cost:
    """One network, computed in one way."""

    network: str
    """Key of `CASES`."""
    way: str
    """`ours` or `written_out`."""
    dtype: str
    """Of the activations."""
    cpu_ms: float
    """CPU milliseconds a frame, one thread."""


def sample_map_by_map(value: Tensor, points: Tensor, weights: Tensor, pyramid: Pyramid) -> Tensor:
    """The reference of `sample_and_sum`: every sampled vector is held before they are summed."""
    B, Q, heads = points.shape[:3]
    samples = []
    for level, tokens in enumerate(torch.split(value, pyramid.counts, dim=1)):
        maps = tokens.flatten(2).transpose(1, 2).reshape(B * heads, -1, *pyramid.shapes[level])
        grid = 2 * points[:, :, :, level] / pyramid.sizes[level] - 1
        grid = grid.transpose(1, 2).flatten(0, 1)  # (B * heads, Q, P, 2)
        samples.append(F.grid_sample(maps, grid, align_corners=False))
    shares = weights.transpose(1, 2).reshape(B * heads, 1, Q, -1)
    summed = (torch.stack(samples, dim=-2).flatten(-2) * shares).sum(-1)  # (B * heads, D, Q)
    return summed.view(B, -1, Q).transpose(1, 2)


def conv_then_norm(x: Tensor, conv: nn.Conv2d, norm: Norm) -> Tensor:
    """The reference of `conv_norm`: a multiplication and an addition over the whole map."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
    shift = norm.bias - norm.running_mean * scale
    convolved: Tensor = conv(x)
    return convolved * scale[:, None, None] + shift[:, None, None]


@contextmanager
def written_out() -> Iterator[None]:
    """Compute as the reference implementation does inside the `with` block."""
    with (
        mock.patch("models.dino.deformable_attention.sample_and_sum", sample_map_by_map),
        mock.patch("models.dino.resnet.conv_norm", conv_then_norm),
    ):
        yield


def cpu_ms(network: Dino, pixels: Tensor, passes: int, dtype: torch.dtype) -> float:
    """CPU milliseconds of the fastest pass, after one to warm up."""
    times = []
    reduced = dtype != torch.float32
    with torch.inference_mode(), torch.autocast("cpu", dtype=dtype, enabled=reduced):
        for _ in range(passes + 1):
            start = time.process_time()
            network(pixels)
            times.append(time.process_time() - start)
    return 1000 * min(times[1:])


def measure(name: str) -> list[Cost]:
    """Both ways of one network, in all arithmetics that the CPU has."""
    builder, size, passes = CASES[name]
    torch.manual_seed(0)
    network = builder().eval()
    pixels = torch.randn(1, 3, *size)
    costs = []
    for dtype in [torch.float32, torch.bfloat16] if cpu_has_bf16() else [torch.float32]:
        label = str(dtype).removeprefix("torch.")
        costs.append(Cost(name, "ours", label, cpu_ms(network, pixels, passes, dtype)))
        with written_out():
            costs.append(Cost(name, "written_out", label, cpu_ms(network, pixels, passes, dtype)))
    return costs


def disagreement(name: str) -> float:
    """Largest difference between the two ways in the best logit of each chosen place, float32."""
    builder, size, _ = CASES[name]
    torch.manual_seed(0)
    network = builder().eval()
    pixels = torch.randn(1, 3, *size)
    with torch.inference_mode():
        ours = network(pixels).proposals.prediction.logits.amax(-1)  # (1, Q), sorted
        with written_out():
            plain = network(pixels).proposals.prediction.logits.amax(-1)  # (1, Q), sorted
    return float((ours - plain).abs().max())


def main(arguments: list[str] | None = None) -> int:
    """Print a table and write it to out/benchmarks/dino_cost.json; takes names of `CASES`."""
    torch.set_num_threads(1)
    names = arguments or list(CASES)
    print(f"{'network':<18} {'dtype':<9} {'ours ms':>9} {'written out ms':>15} {'ratio':>6}")
    costs: list[Cost] = []
    for name in names:
        found = measure(name)
        for ours, plain in zip(found[::2], found[1::2], strict=True):
            ratio = ours.cpu_ms / plain.cpu_ms
            print(
                f"{name:<18} {ours.dtype:<9} {ours.cpu_ms:9.1f} {plain.cpu_ms:15.1f} {ratio:6.2f}"
            )
        costs += found
    differences = {name: disagreement(name) for name in names}
    print(f"largest difference of the proposals' logits: {max(differences.values()):.1e}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    report = {"threads": 1, "differences": differences, "costs": [asdict(cost) for cost in costs]}
    OUT.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
