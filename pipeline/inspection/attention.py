"""Where the networks look: attention rollout over frames, and joint occlusion for the skeleton.

Rollout (Abnar and Zuidema 2020): every layer passes half of a token's weight on unchanged and half
along its attention, heads averaged. It is followed backwards from the answer, one layer at a time
and some queries at a time, so that no N x N map is ever held for the whole network. The maps are
those of the written-out attention; the network itself runs as always.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor, nn

from models.layers import attention_probabilities
from models.umt.network import UMT
from models.umt.network import Attention as UMTAttention
from models.uniformerv2 import UniFormerV2
from models.uniformerv2.layers import SelfAttention, SingleQueryAttention
from pipeline.classification.classify import forward_logits
from pipeline.types import NUM_JOINTS, CancelCheck

QUERIES_AT_A_TIME = 256


@dataclass(frozen=True)
class Look:
    """Where a video network looks in one view."""

    frames: NDArray[np.float64]
    """`(T,)` share of the attention that each sampled frame gets, summing to 1."""
    patches: NDArray[np.float64]
    """`(T, h, w)` the same within the frames, summing to 1."""


def look_at(network: nn.Module, view: Tensor, cancelled: CancelCheck | None = None) -> Look:
    """Attention rollout of a video network over one view `(1, 3, T, S, S)`.

    Raises:
        TypeError: The network is neither an Unmasked Teacher nor a UniFormerV2.
    """
    check = cancelled or (lambda: None)
    view = view.to(next(network.parameters()).device)
    with torch.inference_mode():
        if isinstance(network, UMT):
            weights = _roll_umt(network, view, check)
        elif isinstance(network, UniFormerV2):
            weights = _roll_uniformerv2(network, view, check)
        else:
            raise TypeError(f"no attention rollout for a {type(network).__name__}")
    patches = weights.double().cpu().numpy()
    # UniFormerV2's tokens may stand for two frames each.
    repeat = view.shape[2] // len(patches)
    patches = np.repeat(patches, repeat, axis=0)
    patches /= patches.sum()
    return Look(patches.sum(axis=(1, 2)), patches)


def _roll_umt(network: UMT, view: Tensor, check: CancelCheck) -> Tensor:
    """`(T, h, w)`: from the mean over all tokens back through joint space-time attention."""
    layers = [cast(UMTAttention, block.attn) for block in network.blocks]
    with _inputs_of(layers) as inputs:
        network(view)
    num_tokens = inputs[0][0].shape[1]
    weights = torch.full((num_tokens,), 1 / num_tokens, device=view.device)
    for layer, (tokens,) in zip(reversed(layers), reversed(inputs), strict=True):
        check()
        q, k, _ = layer.queries_keys_values(tokens)
        weights = (weights + _passed_back(weights[None], q, k)[0]) / 2
    return weights.view(network.grid)


def _roll_uniformerv2(network: UniFormerV2, view: Tensor, check: CancelCheck) -> Tensor:
    """`(T', h, w)`: from the video token back through global, then local blocks.

    Patches mix over time by convolution only, which rollout passes by: a frame keeps its own.
    """
    transformer = network.transformer
    local = [cast(SelfAttention, block.attn) for block in transformer.resblocks]
    gathering = [cast(SingleQueryAttention, block.attn) for block in transformer.dec]
    with _inputs_of([*local, *gathering]) as inputs:
        network(view)
    balance = transformer.balance
    # The frames' class tokens share in the answer, all frames alike.
    share = 0.0 if balance is None else float(balance.sigmoid().mean())
    T = inputs[0][0].shape[0]
    weights = torch.zeros(T, inputs[0][0].shape[1], device=view.device)
    weights[:, 0] += share / T
    strength = 1 - share  # of the video token
    gathered = dict(zip(transformer.return_list, range(len(gathering)), strict=True))
    for number in reversed(range(len(local))):
        check()
        if number in gathered:
            query, tokens = inputs[len(local) + gathered[number]]
            strength /= 2
            seen = gather_probabilities(gathering[gathered[number]], query, tokens)
            weights += strength * seen.mean(dim=1)[0].view(T, -1)
        q, k = self_projections(local[number], inputs[number][0])
        weights = (weights + _passed_back(weights, q, k)) / 2
    return weights[:, 1:].reshape(T, *network.grid)


def self_projections(layer: SelfAttention, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Queries and keys `(B, heads, N, D)` of self-attention among tokens `(B, N, C)`."""
    qkv = F.linear(tokens, layer.in_proj_weight, layer.in_proj_bias)
    q, k, _ = rearrange(qkv, "b n (three h d) -> three b h n d", three=3, h=layer.heads)
    return q, k


def gather_probabilities(layer: SingleQueryAttention, query: Tensor, tokens: Tensor) -> Tensor:
    """The written-out map `(B, heads, N)` of one query over tokens `(B, N, C)`."""
    w_q, w_k, _ = layer.in_proj_weight.chunk(3)
    b_q, b_k, _ = layer.in_proj_bias.chunk(3)
    q, k = (
        rearrange(F.linear(x, w, b), "b n (h d) -> b h n d", h=layer.heads)
        for x, w, b in ((query, w_q, b_q), (tokens, w_k, b_k))
    )
    return attention_probabilities(q, k)[:, :, 0]


def _passed_back(weights: Tensor, q: Tensor, k: Tensor) -> Tensor:
    """Weights `(B, N)` of queries handed to the keys they look at, heads averaged: `(B, N)`."""
    handed = torch.zeros_like(weights)
    for part, q_part in zip(
        weights.split(QUERIES_AT_A_TIME, dim=1), q.split(QUERIES_AT_A_TIME, dim=2), strict=True
    ):
        seen = attention_probabilities(q_part, k).mean(dim=1)  # (B, queries, N)
        handed += torch.einsum("b q, b q n -> b n", part, seen)
    return handed


@contextmanager
def _inputs_of(layers: Sequence[nn.Module]) -> Iterator[list[tuple[Tensor, ...]]]:
    """What each layer is given, in the order of `layers`, filled while the block runs."""
    given: list[tuple[Tensor, ...]] = [()] * len(layers)
    thread = threading.get_ident()

    def keep(place: int) -> Callable[[nn.Module, Any], None]:
        def hook(_layer: nn.Module, inputs: Any) -> None:
            if threading.get_ident() == thread:  # another thread may use the same network
                given[place] = inputs

        return hook

    handles = [layer.register_forward_pre_hook(keep(place)) for place, layer in enumerate(layers)]
    try:
        yield given
    finally:
        for handle in handles:
            handle.remove()


def occlude_joints(network: nn.Module, sequence: Tensor, class_index: int) -> NDArray[np.float64]:
    """How much the skeleton network's probability of a class falls without each joint.

    A joint is taken away by laying it on the hips' mean (the origin) with score 0.

    Args:
        network: InfoGCN.
        sequence: `(C, T, J, M)`.
        class_index: The class that is asked about.

    Returns:
        `(J,)`: probability with all joints less that without one; negative where it helps to not
        see a joint.
    """
    batch = sequence[None].repeat(NUM_JOINTS + 1, 1, 1, 1, 1)
    for joint in range(NUM_JOINTS):
        batch[joint + 1, :, :, joint] = 0
    logits = torch.from_numpy(forward_logits(network, batch)).double()
    probabilities: NDArray[np.float64] = logits.softmax(dim=1)[:, class_index].numpy()
    return probabilities[0] - probabilities[1:]
