"""What both kinds of UniFormerV2 blocks are made of: layer norm, feed-forward, two attentions.

Parameters carry the names of `nn.MultiheadAttention` and of CLIP, so published weights fit as they
are; the arithmetic is our own.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from models.layers import attention, attention_probabilities

Activation = Literal["quickgelu", "gelu"]

TOKENS_IN_CACHE = 512
"""Tokens that pass a feed-forward layer at a time on a CPU."""


class LayerNorm(nn.LayerNorm):
    """Layer norm that computes in float32 whatever it is given, as the official one does."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last axis; the result has the type of `x`."""
        weight, bias = self.weight.float(), self.bias.float()
        return F.layer_norm(x.float(), self.normalized_shape, weight, bias, self.eps).to(x.dtype)


def quick_gelu(x: Tensor) -> Tensor:
    """OpenAI CLIP's approximation of GELU: x * sigmoid(1.702 x)."""
    gate = (1.702 * x).sigmoid_()
    # The backward pass needs the gate; without one its memory takes the product.
    return gate * x if torch.is_grad_enabled() else gate.mul_(x)


class FeedForward(nn.Module):
    """Linear, activation, dropout, linear."""

    def __init__(
        self, width: int, hidden: int, *, act: Activation = "quickgelu", dropout: float = 0.0
    ) -> None:
        super().__init__()
        if act not in ("quickgelu", "gelu"):
            raise ValueError(f"act: expected 'quickgelu' or 'gelu', got {act!r}")
        self.c_fc = nn.Linear(width, hidden)
        self.activation = quick_gelu if act == "quickgelu" else F.gelu
        self.dropout = nn.Dropout(dropout)
        self.c_proj = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """`(..., C)` -> `(..., C)`."""
        if torch.is_grad_enabled() or x.device.type != "cpu":
            return self._transform(x)
        # In pieces, the four times wider hidden layer stays in the caches of a CPU.
        pieces = x.flatten(0, -2).split(TOKENS_IN_CACHE)
        return torch.cat([self._transform(piece) for piece in pieces]).unflatten(0, x.shape[:-1])

    def _transform(self, x: Tensor) -> Tensor:
        return self.c_proj(self.dropout(self.activation(self.c_fc(x))))


class _Projections(nn.Module):
    """The parameters of `nn.MultiheadAttention`, under its names and with its initial values."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} cannot be divided among {heads} heads")
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)


class SelfAttention(_Projections):
    """Multi-head self-attention among the tokens of one frame."""

    def forward(self, x: Tensor) -> Tensor:
        """`(B, N, C)` -> `(B, N, C)`."""
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = rearrange(qkv, "b n (three h d) -> three b h n d", three=3, h=self.heads)
        return self.out_proj(rearrange(attention(q, k, v), "b h n d -> b n (h d)"))


class SingleQueryAttention(_Projections):
    """Cross-attention of one query to many tokens, without projecting those tokens.

    Keys and values of N tokens cost 2 N C^2 operations, all for one query. Two identities save
    them: q . (W_k y) = (W_k^T q) . y, so W_k moves into the query; and the weights sum to one, so
    sum_n p_n (W_v y_n + b_v) = W_v (sum_n p_n y_n) + b_v, so W_v acts on the pooled token.

    Args:
        width: Channels C.
        heads: Attention heads.
        fold: False projects all tokens, as the official code does: for tests and costs.
    """

    def __init__(self, width: int, heads: int, *, fold: bool = True) -> None:
        super().__init__(width, heads)
        self.fold = fold

    def forward(self, query: Tensor, tokens: Tensor) -> Tensor:
        """Query `(B, 1, C)` and tokens `(B, N, C)` -> `(B, 1, C)`."""
        gather = self._gather_folded if self.fold else self._gather_written_out
        return self.out_proj(gather(query, tokens))

    def _gather_folded(self, query: Tensor, tokens: Tensor) -> Tensor:
        w_q, w_k, w_v = self.in_proj_weight.chunk(3)
        b_q, _, b_v = self.in_proj_bias.chunk(3)  # b_k shifts all scores alike: softmax forgets it
        w_k = rearrange(w_k, "(h d) c -> h d c", h=self.heads)
        w_v = rearrange(w_v, "(h d) c -> h d c", h=self.heads)
        q = rearrange(F.linear(query, w_q, b_q), "b 1 (h d) -> b h d", h=self.heads)
        folded = torch.einsum("b h d, h d c -> b c h", q * q.shape[-1] ** -0.5, w_k)
        weights = (tokens @ folded).softmax(dim=1)  # (B, N, heads)
        pooled = weights.transpose(1, 2) @ tokens  # (B, heads, C)
        out = torch.einsum("b h c, h d c -> b h d", pooled, w_v)
        return rearrange(out, "b h d -> b 1 (h d)") + b_v.to(out.dtype)

    def _gather_written_out(self, query: Tensor, tokens: Tensor) -> Tensor:
        w_q, w_k, w_v = self.in_proj_weight.chunk(3)
        b_q, b_k, b_v = self.in_proj_bias.chunk(3)
        projected = (
            F.linear(query, w_q, b_q),
            F.linear(tokens, w_k, b_k),
            F.linear(tokens, w_v, b_v),
        )
        q, k, v = (rearrange(x, "b n (h d) -> b h n d", h=self.heads) for x in projected)
        return rearrange(attention_probabilities(q, k) @ v, "b h n d -> b n (h d)")
