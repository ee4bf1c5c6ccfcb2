"""Heat maps -> joints: DARK (Zhang et al. 2020) in its unbiased (UDP) form, all maps at once.

The highest cell is refined by one Newton step on the logarithm of the blurred map, which leads to
the exact maximum when the map is a Gaussian. mmpose and the original ViTPose blur differently at
the map's border, which moves joints within five cells of it; both ways are here.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.errors import InputError

Border = Literal["zero", "reflect"]
"""How the blur continues a map: `zero` as mmpose, which then restores the maximum; `reflect` as the
original repository. On synthetic joints 3-5 cells from the border zero is 10 times more exact."""

BLUR_KERNEL = 11
"""Cells; for targets of sigma 2 (OpenCV's rule gives this kernel a sigma of 2)."""
PEAK_WINDOW = 5
"""Cells; a peak is the highest in a square of this side."""
MAX_STEP = 3.0
"""Cells; 12 pixels of the crop. Noisy synthetic joints stay below: a longer one refines nothing."""


def decode_heatmaps(
    heatmaps: Tensor,
    *,
    border: Border = "zero",
    kernel: int = BLUR_KERNEL,
    max_step: float | None = MAX_STEP,
) -> tuple[Tensor, Tensor]:
    """Find the joint in every map.

    Args:
        heatmaps: `(N, J, H, W)`; left as it is.
        border: How the blur continues a map past its border.
        kernel: Width of the blur, odd, in cells.
        max_step: A refinement longer than this is shortened to it; None as published: without
            limit, which on noisy maps throws joints out of the crop.

    Returns:
        Points `(N, J, 2)`, x and y in cells, NaN where a map has no positive value; and scores
        `(N, J)`, the maps' raw maxima.

    Raises:
        InputError: A map with a value that is not a finite number.
    """
    maps = heatmaps.float()
    _refuse_non_finite(maps)
    scores, peaks = maps.flatten(2).max(dim=2, keepdim=True)  # (N, J, 1)
    points = _refined(maps, peaks, border=border, kernel=kernel, max_step=max_step)
    return torch.where(scores > 0, points[:, :, 0], torch.nan), scores[..., 0]


def decode_peaks(
    heatmaps: Tensor,
    *,
    count: int,
    partner: tuple[int, ...],
    border: Border = "zero",
    kernel: int = BLUR_KERNEL,
    max_step: float | None = MAX_STEP,
) -> tuple[Tensor, Tensor, Tensor]:
    """Find the highest peaks of every map; the first is `decode_heatmaps`'s joint.

    Args:
        heatmaps: `(N, J, H, W)`; left as it is.
        count: K, peaks of a map; NaN where it has fewer.
        partner: The mirrored joint of each.
        border: As in `decode_heatmaps`, with the next two.
        kernel: Width of the blur.
        max_step: Limit of the refinement.

    Returns:
        Points `(N, J, K, 2)` in cells, the map's values there `(N, J, K)`, and the values of the
        partner's map at the same cells.

    Raises:
        InputError: A map with a value that is not a finite number.
    """
    maps = heatmaps.float()
    _refuse_non_finite(maps)
    highest = F.max_pool2d(maps, PEAK_WINDOW, stride=1, padding=PEAK_WINDOW // 2)
    summits = torch.where(maps == highest, maps, -torch.inf)
    values, peaks = summits.flatten(2).topk(count, dim=2)  # (N, J, K)
    points = _refined(maps, peaks, border=border, kernel=kernel, max_step=max_step)
    others = maps[:, list(partner)].flatten(2).gather(2, peaks)
    exists = values > 0
    points = torch.where(exists[..., None], points, torch.nan)
    return points, torch.where(exists, values, 0), torch.where(exists, others, 0)


def _refined(
    maps: Tensor, peaks: Tensor, *, border: Border, kernel: int, max_step: float | None
) -> Tensor:
    """Points `(N, J, K, 2)` by one Newton step from the cells of flat indices `(N, J, K)`."""
    W = maps.shape[3]
    cells = torch.stack((peaks % W, peaks // W), dim=-1)
    step = _newton_step(_blurred(maps, border=border, kernel=kernel), cells)
    if max_step is not None:
        length = step.norm(dim=-1, keepdim=True)
        step = step * (max_step / length.clamp(min=max_step))
    return cells + step


def _refuse_non_finite(maps: Tensor) -> None:
    finite = maps.isfinite().flatten(2).all(dim=2)
    if not finite.all():
        person, joint = (~finite).nonzero()[0].tolist()
        raise InputError(
            f"heat map of joint {joint} (crop {person}) holds NaN or infinity: the pose network's "
            "weights are damaged; fetch or convert its checkpoint again"
        )


def _blurred(maps: Tensor, *, border: Border, kernel: int) -> Tensor:
    """Gaussian blur of maps `(N, J, H, W)` as one matrix product down and one across."""
    H, W = maps.shape[2:]
    down, across = (_blur_matrix(size, kernel, border).to(maps.device) for size in (H, W))
    blurred = down @ maps @ across.T
    if border == "zero":
        blurred = blurred * (maps.amax((2, 3)) / blurred.amax((2, 3)))[..., None, None]
    return blurred


@cache
def _blur_matrix(size: int, kernel: int, border: Border) -> Tensor:
    """`(size, size)`: a row holds what each cell of a line gives to one blurred cell."""
    radius = kernel // 2
    sigma = 0.3 * (radius - 1) + 0.8  # OpenCV's rule
    offsets = torch.arange(-radius, radius + 1)
    weights = torch.exp(-(offsets.double() ** 2) / (2 * sigma**2))
    weights /= weights.sum()
    sources = torch.arange(size)[:, None] + offsets  # (size, kernel), partly outside
    weights = weights.expand(size, -1)
    if border == "reflect":
        period = max(2 * (size - 1), 1)  # ... 2 1 | 0 1 2 ... without repeating the edge
        sources = sources % period
        sources = torch.minimum(sources, period - sources)
    else:
        inside = (sources >= 0) & (sources < size)
        weights, sources = weights * inside, sources.clamp(0, size - 1)
    matrix = torch.zeros(size, size, dtype=torch.float64)
    return matrix.scatter_add_(1, sources, weights).float()


def _newton_step(blurred: Tensor, cells: Tensor) -> Tensor:
    """From peaks `(N, J, K, 2)` to the maxima of the parabolas through their surroundings."""
    H, W = blurred.shape[2:]
    x, y = cells.unbind(-1)

    def at(dx: int, dy: int) -> Tensor:
        index = (y + dy).clamp(0, H - 1) * W + (x + dx).clamp(0, W - 1)  # (N, J, K)
        value = blurred.flatten(2).gather(2, index)
        return value.clamp(0.001, 50).log()  # limits of both references

    here, right, left, below, above = at(0, 0), at(1, 0), at(-1, 0), at(0, 1), at(0, -1)
    gradient_x, gradient_y = (right - left) / 2, (below - above) / 2
    # A trace of curvature keeps a flat neighbourhood solvable.
    epsilon = torch.finfo(torch.float32).eps
    xx, yy = right - 2 * here + left + epsilon, below - 2 * here + above + epsilon
    xy = (at(1, 1) - right - below + 2 * here - left - above + at(-1, -1)) / 2
    determinant = xx * yy - xy * xy
    step = -torch.stack(
        (yy * gradient_x - xy * gradient_y, xx * gradient_y - xy * gradient_x), dim=-1
    )
    return (step / determinant[..., None]).nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
