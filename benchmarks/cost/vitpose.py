"""What the pose stage costs: `python -m benchmarks.cost.vitpose`.

Networks: CPU time per person and pass on one thread (the flip test makes two passes); bf16 where
the CPU computes in it. Decoding: all maps at once, as the pipeline does, against the plain loop
over persons and joints that the published code runs. The best of several rounds each.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from benchmarks.cost.umt import cpu_has_bf16
from models.vitpose import ViTPose, vitpose_b, vitpose_s, vitpose_tiny
from pipeline.pose.decode import BLUR_KERNEL, Border, decode_heatmaps

OUT = Path("out/benchmarks/vitpose_cost.json")
ROUNDS = 5


@dataclass(frozen=True)
class Cost:
    """One figure."""

    what: str
    """Network, or way of decoding."""
    dtype: str
    """Of the activations."""
    persons: int
    """Crops in the batch."""
    cpu_ms_per_person: float
    """CPU milliseconds, one thread."""


def decode_map_by_map(heatmaps: Tensor, *, border: Border = "zero") -> tuple[Tensor, Tensor]:
    """The reference of `decode_heatmaps` (`max_step=None`): map after map, OpenCV's blur."""
    N, J = heatmaps.shape[:2]
    points, scores = torch.full((N, J, 2), torch.nan), torch.zeros(N, J)
    for n in range(N):
        for j in range(J):
            heatmap = heatmaps[n, j].numpy()
            scores[n, j] = float(heatmap.max())
            if scores[n, j] > 0:
                y, x = np.unravel_index(heatmap.argmax(), heatmap.shape)
                step = _newton_step(_log_of_blurred(heatmap, border), int(x), int(y))
                points[n, j] = torch.from_numpy(np.array([x, y], np.float32) - step)
    return points, scores


def _log_of_blurred(heatmap: np.ndarray, border: Border) -> np.ndarray:
    """Logarithm of the blurred map, one cell of edge around it."""
    if border == "zero":
        margin = BLUR_KERNEL // 2
        padded = cv2.GaussianBlur(np.pad(heatmap, margin), (BLUR_KERNEL, BLUR_KERNEL), 0)
        blurred = padded[margin:-margin, margin:-margin]
        blurred = blurred * (heatmap.max() / blurred.max())
    else:
        blurred = cv2.GaussianBlur(heatmap, (BLUR_KERNEL, BLUR_KERNEL), 0)
    return np.pad(np.log(np.clip(blurred, 0.001, 50)), 1, mode="edge")


def _newton_step(log_map: np.ndarray, x: int, y: int) -> np.ndarray:
    (nw, north, _), (west, here, east), (_, south, se) = log_map[y : y + 3, x : x + 3]
    gradient = np.array([east - west, south - north]) / 2
    cross = (se - east - south + 2 * here - west - north + nw) / 2
    hessian = np.array([[east - 2 * here + west, cross], [cross, south - 2 * here + north]])
    epsilon = np.finfo(np.float32).eps
    return (np.linalg.inv(hessian + epsilon * np.eye(2)) @ gradient).astype(np.float32)


def cpu_ms(function: Callable[[], object]) -> float:
    """CPU milliseconds of the fastest of `ROUNDS` calls, after one to warm up."""
    function()
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def network_cost(name: str, network: ViTPose, dtype: torch.dtype, persons: int) -> Cost:
    """One pass of a batch, per person."""
    network.eval()
    pixel_values = torch.randn(persons, 3, *network.image_size)
    with (
        torch.inference_mode(),
        torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32),
    ):
        milliseconds = cpu_ms(partial(network, pixel_values))
    return Cost(name, str(dtype).removeprefix("torch."), persons, milliseconds / persons)


def decoding_costs(persons: int = 32) -> list[Cost]:
    """Heat maps of 32 persons: at once and in the loop."""
    heatmaps = torch.rand(persons, 17, 64, 48, generator=torch.Generator().manual_seed(0))
    ways = {"decode_heatmaps": decode_heatmaps, "decode_map_by_map": decode_map_by_map}
    return [
        Cost(name, "float32", persons, cpu_ms(partial(decode, heatmaps)) / persons)
        for name, decode in ways.items()
    ]


def costs() -> list[Cost]:
    """All figures, printed as they come."""
    torch.manual_seed(0)
    dtypes = [torch.float32, torch.bfloat16] if cpu_has_bf16() else [torch.float32]
    networks = {"vitpose_s": vitpose_s(), "vitpose_b": vitpose_b()}
    found = [
        network_cost(name, network, dtype, 4)
        for name, network in networks.items()
        for dtype in dtypes
    ]
    for image_size in ((256, 192), (128, 96)):
        name = f"vitpose_tiny_{image_size[0]}x{image_size[1]}"
        network = vitpose_tiny(image_size=image_size)
        found += [network_cost(name, network, torch.float32, persons) for persons in (1, 8)]
    return found + decoding_costs()


def main(arguments: list[str] | None = None) -> int:
    """Print a table, write it to out/benchmarks/vitpose_cost.json."""
    torch.set_num_threads(1)
    found = costs()
    print(f"{'what':<21} {'dtype':<9} {'persons':>7} {'CPU ms/person':>14}")
    for cost in found:
        print(f"{cost.what:<21} {cost.dtype:<9} {cost.persons:7} {cost.cpu_ms_per_person:14.2f}")
    at_once, loop = (cost.cpu_ms_per_person for cost in found[-2:])
    print(f"decoding all maps at once: {at_once / loop:.2f}x the loop's CPU time")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    report = {"threads": 1, "decoding_ratio": at_once / loop, "costs": [*map(asdict, found)]}
    OUT.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
