"""The deformable encoder and decoder of DINO-DETR (Zhang et al. 2023), with official key names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from models.dino.deformable_attention import DeformableAttention
from models.dino.positions import box_positions, inverse_sigmoid
from models.dino.pyramid import Pyramid
from models.layers import attention

REFINEMENT_EPS = 1e-3
"""Of the inverse sigmoid between decoder layers, in every published version."""


class BoxMlp(nn.Module):
    """Linear layers with ReLU between them, in float32: a box needs more digits than bf16 has."""

    def __init__(self, in_dim: int, hidden_dim: int, out_dim: int, *, num_layers: int) -> None:
        super().__init__()
        widths = [in_dim, *[hidden_dim] * (num_layers - 1), out_dim]
        self.layers = nn.ModuleList(
            nn.Linear(width, following) for width, following in pairwise(widths)
        )

    def forward(self, x: Tensor) -> Tensor:
        """`(..., in_dim)` -> `(..., out_dim)`."""
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            for layer in self.layers[:-1]:
                x = F.relu(layer(x))
            return self.layers[-1](x)

    def zero_output(self) -> None:
        """Make the last layer say 0, so that an untrained head leaves its reference alone."""
        for parameter in self.layers[-1].parameters():
            nn.init.zeros_(parameter)


class QueryAttention(nn.Module):
    """Multi-head self-attention of the queries, with the parameter names of torch's module."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * dim))
        self.out_proj = nn.Linear(dim, dim)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: Tensor, positions: Tensor, bias: Tensor | None) -> Tensor:
        """Queries and keys are `x + positions`, values `x`; all `(B, Q, C)`, `bias` `(Q, Q)`."""
        C = x.shape[-1]
        weight_qk, weight_v = self.in_proj_weight.split([2 * C, C])
        bias_qk, bias_v = self.in_proj_bias.split([2 * C, C])
        q, k = F.linear(x + positions, weight_qk, bias_qk).chunk(2, dim=-1)
        v = F.linear(x, weight_v, bias_v)
        q, k, v = (rearrange(y, "b n (h d) -> b h n d", h=self.num_heads) for y in (q, k, v))
        return self.out_proj(rearrange(attention(q, k, v, bias=bias), "b h n d -> b n (h d)"))


class EncoderLayer(nn.Module):
    """Deformable self-attention over all maps and a feed-forward part, normalised afterwards."""

    def __init__(
        self, dim: int, *, feedforward_dim: int, num_heads: int, num_levels: int, num_points: int
    ) -> None:
        super().__init__()
        self.self_attn = DeformableAttention(
            dim, num_levels=num_levels, num_heads=num_heads, num_points=num_points
        )
        self.norm1 = nn.LayerNorm(dim)
        self.linear1 = nn.Linear(dim, feedforward_dim)
        self.linear2 = nn.Linear(feedforward_dim, dim)
        self.norm2 = nn.LayerNorm(dim)

    def forward(
        self, tokens: Tensor, positions: Tensor, reference: Tensor, pyramid: Pyramid
    ) -> Tensor:
        """`(B, N, C)` -> the same; `reference` `(B | 1, N, L, 2)` are the tokens' own places."""
        seen = self.self_attn(tokens + positions, reference, tokens, pyramid)
        tokens = self.norm1(tokens + seen)
        return self.norm2(tokens + self.linear2(F.relu(self.linear1(tokens), inplace=True)))


class Encoder(nn.Module):
    """A stack of encoder layers over the tokens of all maps."""

    def __init__(self, layers: Iterable[EncoderLayer]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, tokens: Tensor, positions: Tensor, pyramid: Pyramid) -> Tensor:
        """`(B, N, C)` -> the memory `(B, N, C)`; `positions` `(B | 1, N, C)`."""
        reference = pyramid.centres()[:, :, None] * pyramid.valid_ratios[:, None]  # (B|1, N, L, 2)
        for layer in self.layers:
            tokens = layer(tokens, positions, reference, pyramid)
        return tokens


class DecoderLayer(nn.Module):
    """Self-attention of the queries, deformable attention to the memory, feed-forward part.

    The published code numbers the norms in another order than it applies them: 2, 1, 3.
    """

    def __init__(
        self, dim: int, *, feedforward_dim: int, num_heads: int, num_levels: int, num_points: int
    ) -> None:
        super().__init__()
        self.self_attn = QueryAttention(dim, num_heads)
        self.norm2 = nn.LayerNorm(dim)
        self.cross_attn = DeformableAttention(
            dim, num_levels=num_levels, num_heads=num_heads, num_points=num_points
        )
        self.norm1 = nn.LayerNorm(dim)
        self.linear1 = nn.Linear(dim, feedforward_dim)
        self.linear2 = nn.Linear(feedforward_dim, dim)
        self.norm3 = nn.LayerNorm(dim)

    def forward(
        self,
        queries: Tensor,
        positions: Tensor,
        reference: Tensor,
        memory: Tensor,
        pyramid: Pyramid,
        *,
        bias: Tensor | None,
    ) -> Tensor:
        """`(B, Q, C)` -> the same; `reference` `(B, Q, L, 4)`, `bias` `(Q, Q)`."""
        queries = self.norm2(queries + self.self_attn(queries, positions, bias))
        seen = self.cross_attn(queries + positions, reference, memory, pyramid)
        queries = self.norm1(queries + seen)
        return self.norm3(queries + self.linear2(F.relu(self.linear1(queries), inplace=True)))


@dataclass(frozen=True)
class DecoderStep:
    """What one decoder layer hands to the heads."""

    hidden: Tensor
    """`(B, Q, C)`, normalised."""
    reference: Tensor
    """`(B, Q, 4)` boxes cxcywh in [0, 1] that the layer started from. Differentiable through the
    layer before ("look forward twice"), though the layer itself saw them detached."""


class Decoder(nn.Module):
    """A stack of decoder layers, each refining the boxes of the one before."""

    def __init__(
        self,
        dim: int,
        layers: Iterable[DecoderLayer],
        *,
        heads: tuple[nn.ModuleList, nn.ModuleList],
    ) -> None:
        super().__init__()
        self.dim = dim
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(dim)
        self.ref_point_head = BoxMlp(2 * dim, dim, dim, num_layers=2)
        # The class heads have no part here, but official checkpoints name them here as well.
        self.class_embed, self.bbox_embed = heads

    def forward(
        self,
        queries: Tensor,
        anchors: Tensor,
        memory: Tensor,
        pyramid: Pyramid,
        *,
        bias: Tensor | None = None,
    ) -> list[DecoderStep]:
        """One step a layer.

        Args:
            queries: `(B, Q, C)` contents.
            anchors: `(B, Q, 4)` boxes before the sigmoid.
            memory: `(B, N, C)` from the encoder.
            pyramid: The maps behind the N tokens.
            bias: `(Q, Q)`, -inf where a query (row) must not see another.
        """
        ratios = pyramid.valid_ratios[:, None].repeat(1, 1, 1, 2)  # (B | 1, 1, L, 4)
        reference = anchors.sigmoid()
        steps: list[DecoderStep] = []
        for layer, bbox_embed in zip(self.layers, self.bbox_embed, strict=True):
            fixed = reference.detach()
            scaled = fixed[:, :, None] * ratios  # (B, Q, L, 4)
            positions = self.ref_point_head(box_positions(scaled[:, :, 0], self.dim))
            queries = layer(queries, positions, scaled, memory, pyramid, bias=bias)
            steps.append(DecoderStep(self.norm(queries), reference))
            if len(steps) < len(self.layers):
                refined = bbox_embed(queries) + inverse_sigmoid(fixed, REFINEMENT_EPS)
                reference = refined.sigmoid()
        return steps
