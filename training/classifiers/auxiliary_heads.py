"""Truths of every frame as further targets of the video networks, while they learn.

The published networks start from large models: a masked teacher's student, CLIP. A small network
that starts from nothing sees one label a clip; the rink also knows where the joints are, which way
the skater faces, how far they turn to the next frame and which skate bears them. A small head reads
these from the last block's tokens, so that their features come to hold them. It is dropped with the
training: `best.safetensors` does not have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.umt.network import UMT
from models.uniformerv2 import UniFormerV2
from pipeline.settings import NotNegative, ShareAbove0, settings

NAME = "guide"
"""Of the head within the network in training, as checkpoints of runs have it."""

NUM_JOINTS, NUM_SUPPORTS = 17, 4


@settings(kw_only=True)
class AuxiliarySettings:
    """Weights of the further targets, all 0: none, and no head; and what they tell to leave out."""

    joints: NotNegative = 0.0
    """Which patch holds each joint, and where in it."""
    heading: NotNegative = 0.0
    """Which way the skater faces."""
    turn: NotNegative = 0.0
    """By how much he turns until the next frame."""
    support: NotNegative = 0.0
    """Left skate, right, both or none."""
    tokens: ShareAbove0 = 1.0
    """Share of each frame's patches that an Unmasked Teacher sees, those near the skater first."""

    @property
    def active(self) -> bool:
        """Whether there is anything to learn besides the class."""
        return max(self.joints, self.heading, self.turn, self.support) > 0


class AuxiliaryHead(nn.Module):
    """Tokens of the last block to what is true in every frame.

    Args:
        dim: Channels C of a token.
        class_token: Every frame has one in front, which stands for the frame; without one a
            weighted mean of its patches does.
    """

    def __init__(self, dim: int, *, class_token: bool) -> None:
        super().__init__()
        self.class_token = class_token
        self.norm = nn.LayerNorm(dim)
        self.place = nn.Linear(dim, NUM_JOINTS)
        self.offset = nn.Linear(dim, 2 * NUM_JOINTS)
        self.attend = nn.Linear(dim, 1)
        self.frame = nn.Linear(dim, 3 + NUM_SUPPORTS)
        for layer in (self.place, self.offset, self.attend, self.frame):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        """Tokens `(B, T, N, C)`, or `(B, T, 1 + N, C)`, to what is predicted from them.

        Returns:
            `place` `(B, T, N, J)` and `offset` `(B, T, N, J, 2)` of every token; of every frame
            `heading` `(B, T, 2)`, `turn` `(B, T)`, `support` `(B, T, 4)`.
        """
        tokens = self.norm(tokens)
        if self.class_token:
            summary, tokens = tokens[:, :, 0], tokens[:, :, 1:]
        else:
            share = self.attend(tokens).softmax(dim=2)  # (B, T, N, 1)
            summary = (share * tokens).sum(dim=2)
        frame = self.frame(summary).float()
        return {
            "place": self.place(tokens).float(),
            "offset": self.offset(tokens).float().unflatten(-1, (NUM_JOINTS, 2)),
            "heading": frame[..., :2],
            "turn": frame[..., 2],
            "support": frame[..., 3:],
        }


def attach(network: nn.Module) -> None:
    """Give a network in training the head: `NAME.*` in its state dict."""
    video = cast(UMT | UniFormerV2, network)
    if isinstance(video, UMT):
        network.add_module(NAME, AuxiliaryHead(video.head.in_features, class_token=False))
    else:
        network.add_module(NAME, AuxiliaryHead(video.class_embedding.numel(), class_token=True))


@contextmanager
def kept_tokens(network: nn.Module) -> Iterator[list[Tensor]]:
    """Collects the last block's tokens, as `AuxiliaryHead` takes them, of all forward passes."""
    kept: list[Tensor] = []
    blocks = network.blocks if isinstance(network, UMT) else _transformer(network).resblocks
    last = list(cast(nn.ModuleList, blocks))[-1]

    def keep(_module: nn.Module, _inputs: object, tokens: Tensor) -> None:
        if isinstance(network, UMT):
            kept.append(tokens.unflatten(1, (network.grid[0], -1)))  # (B, T N, C)
        else:
            kept.append(tokens)

    handle = last.register_forward_hook(keep)
    try:
        yield kept
    finally:
        handle.remove()


def _transformer(network: nn.Module) -> nn.Module:
    return cast(UniFormerV2, network).transformer


def auxiliary_losses(
    predicted: Mapping[str, Tensor],
    truth: Mapping[str, Tensor],
    *,
    grid: tuple[int, int],
    kept: Tensor | None = None,
) -> dict[str, Tensor]:
    """The loss of each target, a mean over frames.

    Args:
        predicted: Of `AuxiliaryHead`, T' frames.
        truth: `joints` `(B, T, J, 2)` as shares of the view's sides, `heading` `(B, T)` radians
            unwrapped, `support` `(B, T)`. T may be a multiple of T': every so many frames count.
        grid: Rows and columns of patches.
        kept: `(B, T', K)` patches of which `predicted` tells, K of each frame; None: all.
    """
    step = truth["heading"].shape[1] // predicted["turn"].shape[1]
    joints, heading, support = (truth[name][:, ::step] for name in ("joints", "heading", "support"))
    direction = torch.stack((heading.cos(), heading.sin()), dim=-1)
    turn = (heading.diff(dim=1) / (2 * torch.pi)).clamp(-1, 1)
    place, offset = _place_losses(predicted, joints, grid, kept)
    return {
        "joints": place + offset,
        "heading": F.mse_loss(predicted["heading"], direction),
        "turn": F.smooth_l1_loss(predicted["turn"][:, :-1], turn, beta=0.1),
        "support": F.cross_entropy(predicted["support"].flatten(0, 1), support.flatten()),
    }


def _place_losses(
    predicted: Mapping[str, Tensor], joints: Tensor, grid: tuple[int, int], kept: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Which patch holds a joint, and where in it, over the joints within the patches there are."""
    H, W = grid
    scaled = joints * joints.new_tensor((W, H))  # (B, T, J, 2) in patches
    cell = scaled.floor().long()
    inside = ((joints >= 0) & (joints < 1)).all(dim=-1)  # (B, T, J)
    column, row = cell[..., 0].clamp(0, W - 1), cell[..., 1].clamp(0, H - 1)
    token = row * W + column
    if kept is not None:
        same = kept[..., None, :] == token[..., None]  # (B, T, J, K)
        inside, token = inside & same.any(dim=-1), same.int().argmax(dim=-1)
    logits = predicted["place"].transpose(2, 3)  # (B, T, J, N or K)
    place = F.cross_entropy(logits.flatten(0, 2), token.flatten(), reduction="none")
    where = (scaled - cell - 0.5) * inside[..., None]
    index = token[..., None, None].expand(*token.shape, 1, 2)
    at = predicted["offset"].transpose(2, 3).gather(3, index)[..., 0, :]  # (B, T, J, 2)
    count = inside.sum().clamp(min=1)
    off = ((at - where).abs().sum(dim=-1) * inside).sum() / count
    return (place * inside.flatten()).sum() / count, off


def tokens_near(
    joints: Tensor, *, grid: tuple[int, int], share: float, spread: float = 1.0
) -> Tensor:
    """The patches of each frame that a network in training looks at: mostly the skater's.

    As the Unmasked Teacher's pre-training keeps the tokens that matter most to its teacher, and as
    PatchDropout (Liu et al., 2023) fine-tunes: half of the tokens cost a third.

    Args:
        joints: `(B, T, J, 2)` as shares of the view's sides.
        grid: Rows and columns of patches.
        share: Of the patches kept, at least one.
        spread: How far off, in patches, others are kept by chance.

    Returns:
        `(B, T, K)` indices of patches, ascending.
    """
    H, W = grid
    rows, columns = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    centres = torch.stack((columns, rows), dim=-1).flatten(0, 1).to(joints) + 0.5  # (N, 2)
    scaled = (joints * joints.new_tensor((W, H))).flatten(0, 1)  # (B T, J, 2)
    distance = torch.cdist(centres.expand(len(scaled), -1, -1), scaled).amin(dim=2)
    distance = distance + spread * torch.rand_like(distance)
    count = max(round(share * H * W), 1)
    nearest = distance.topk(count, largest=False).indices.sort(dim=1).values
    return nearest.unflatten(0, joints.shape[:2])


@contextmanager
def only_tokens(network: UMT, kept: Tensor | None) -> Iterator[None]:
    """Inside, the blocks see only the tokens `(B, T, K)` of each frame; None: all of them."""
    if kept is None:
        yield
        return
    frames = torch.arange(kept.shape[1], device=kept.device)[:, None]
    index = (kept + frames * (network.grid[1] * network.grid[2])).flatten(1)  # (B, T K)

    def take(_module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        (tokens,) = inputs
        return (tokens.gather(1, index[..., None].expand(-1, -1, tokens.shape[2])),)

    first = next(iter(network.blocks))
    handle = first.register_forward_pre_hook(take)
    try:
        yield
    finally:
        handle.remove()
