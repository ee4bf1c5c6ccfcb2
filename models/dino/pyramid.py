"""The feature maps of all scales as one row of tokens, and where in it there is padding.

Images of one batch are padded at the bottom and the right, so the un-padded part of every map is a
rectangle in its top left corner: two lengths per image and scale say everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Pyramid:
    """Sizes of L feature maps, fine to coarse, whose N tokens stand in one row.

    A leading 1 in place of B means that nothing is padded and all images are alike.
    """

    shapes: tuple[tuple[int, int], ...]
    """Height and width of each map."""
    rows: tuple[Tensor, ...]
    """Bool `(B | 1, H)` a map: which rows hold image."""
    columns: tuple[Tensor, ...]
    """Bool `(B | 1, W)` a map: which columns hold image."""
    padding: Tensor | None
    """Bool `(B, N)`, True where there is no image; None when nothing is padded."""

    @classmethod
    def of(
        cls, features: Sequence[Tensor], batch_hw: tuple[int, int], sizes_hw: Tensor | None
    ) -> Pyramid:
        """The pyramid of feature maps `(B, C, H, W)`.

        Args:
            features: One tensor a scale.
            batch_hw: Height and width of the padded batch, in pixels.
            sizes_hw: `(B, 2)` heights and widths before padding; None: nothing is padded.
        """
        shapes = tuple((feature.shape[2], feature.shape[3]) for feature in features)
        device = features[0].device
        lengths = torch.tensor([batch_hw], device=device) if sizes_hw is None else sizes_hw
        rows = [_filled(lengths[:, 0], batch_hw[0], height) for height, _ in shapes]
        columns = [_filled(lengths[:, 1], batch_hw[1], width) for _, width in shapes]
        padding = None
        if sizes_hw is not None:
            both = zip(rows, columns, strict=True)
            image = [(r[:, :, None] & c[:, None, :]).flatten(1) for r, c in both]
            padding = ~torch.cat(image, dim=1)
        return cls(shapes, tuple(rows), tuple(columns), padding)

    @property
    def counts(self) -> list[int]:
        """Tokens of each map; their sum is N."""
        return [height * width for height, width in self.shapes]

    @cached_property
    def sizes(self) -> Tensor:
        """`(L, 2)` width and height of each map, float."""
        pairs = [(width, height) for height, width in self.shapes]
        return torch.tensor(pairs, dtype=torch.float32, device=self.rows[0].device)

    @cached_property
    def filled(self) -> Tensor:
        """`(B | 1, L, 2)` columns and rows of each map that hold image, float."""
        both = zip(self.columns, self.rows, strict=True)
        return torch.stack([torch.stack([c.sum(1), r.sum(1)], -1) for c, r in both], 1).float()

    @property
    def valid_ratios(self) -> Tensor:
        """`(B | 1, L, 2)` share of the width and height of each map that holds image."""
        return self.filled / self.sizes

    def centres(self) -> Tensor:
        """`(B | 1, N, 2)` middle x, y of each token, in units of its un-padded image."""
        centres = []
        for filled, (height, width) in zip(self.filled.unbind(1), self.shapes, strict=True):
            y = torch.arange(height, device=filled.device) + 0.5
            x = torch.arange(width, device=filled.device) + 0.5
            grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)  # (H, W, 2)
            centres.append(grid.flatten(0, 1) / filled[:, None])
        return torch.cat(centres, dim=1)


def _filled(lengths: Tensor, full: int, size: int) -> Tensor:
    """Which of `size` places hold image, by the nearest of `full` pixels, `(B, size)`."""
    pixels = torch.arange(full, device=lengths.device) < lengths[:, None]
    return F.interpolate(pixels.float()[:, None], size=size)[:, 0].bool()
