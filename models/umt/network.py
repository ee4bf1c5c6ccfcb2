"""Unmasked Teacher: a plain video ViT with joint attention over space and time.

Follows the fine-tuning network of OpenGVLab/unmasked_teacher (single_modality): tubelets of one
frame, q and v biases without a k bias, mean pooling, state-dict names as published. Unlike there,
any number of frames and any image size work, and the position table is an ordinary buffer.
Attention maps, for a rollout: a forward hook on a block's `attn` gets the module's input x, and
`attention_probabilities(*module.queries_keys_values(x)[:2])` is the map `(B, heads, N, N)`.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from models.layers import DropPath, attention, keeping_kernel
from models.umt.positions import sinusoid_table
from models.vitpose import ConvolutionalStem, check_stem

LAYER_NORM_EPS = 1e-6
# Tokens that the MLP treats at a time without gradients: bounds its hidden activations.
MLP_CHUNK = 2048


class PatchEmbed(nn.Module):
    """Cuts every frame into patches: one linear map of each patch's pixels."""

    def __init__(self, *, patch_size: int, dim: int) -> None:
        super().__init__()
        size = (1, patch_size, patch_size)
        self.proj = nn.Conv3d(3, dim, kernel_size=size, stride=size)

    def forward(self, video: Tensor) -> Tensor:
        """Video `(B, 3, T, H, W)` to tokens `(B, N, C)`, N running over T, then H, then W."""
        tokens = self.proj(video).flatten(2).transpose(1, 2)  # (B, C, T, h, w) -> (B, N, C)
        return tokens.contiguous()  # or every residual sum to come would keep C outermost


class StemEmbed(nn.Module):
    """A convolutional stem on every frame in the place of the patches' linear map.

    It brings a learned position table of its own, `(1, h w, C)`, so that a network which learned
    on pictures can go on with clips; the fixed one of space and time is added as ever.
    """

    def __init__(self, *, channels: tuple[int, ...], dim: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.stem = ConvolutionalStem(channels, dim)
        self.positions = nn.Parameter(torch.zeros(1, grid[0] * grid[1], dim))

    def forward(self, video: Tensor) -> Tensor:
        """Video `(B, 3, T, H, W)` to tokens `(B, N, C)`, N running over T, then H, then W."""
        frames = video.transpose(1, 2).flatten(0, 1)
        frames = frames.contiguous(memory_format=torch.channels_last)
        tokens = self.stem(frames) + self.positions  # (B T, h w, C)
        return tokens.unflatten(0, (len(video), -1)).flatten(1, 2)


class Attention(nn.Module):
    """Multi-head self-attention with biases on queries and values only."""

    def __init__(self, *, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.q_bias = nn.Parameter(torch.zeros(dim))
        self.v_bias = nn.Parameter(torch.zeros(dim))
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.proj = nn.Linear(dim, dim)

    def queries_keys_values(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The three projections of tokens `(B, N, C)`, each `(B, heads, N, D)`."""
        bias = torch.cat((self.q_bias, torch.zeros_like(self.q_bias), self.v_bias))
        qkv = F.linear(x, self.qkv.weight, bias)  # (B, N, 3C)
        q, k, v = qkv.unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        return q, k, v

    def forward(self, x: Tensor) -> Tensor:
        """Tokens `(B, N, C)` to tokens."""
        x = attention(*self.queries_keys_values(x))
        return self.proj(x.transpose(1, 2).flatten(2))  # (B, heads, N, D) -> (B, N, C)


class Mlp(nn.Module):
    """Two linear maps with the exact (erf) GELU between them."""

    def __init__(self, *, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens `(B, N, C)` to tokens, a stretch of them at a time when no gradient is needed."""
        if torch.is_grad_enabled():
            return self.fc2(F.gelu(self.fc1(x)))
        parts = [self.fc2(F.gelu(self.fc1(part))) for part in x.split(MLP_CHUNK, dim=1)]
        return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]


class Block(nn.Module):
    """Pre-norm transformer block with stochastic depth."""

    def __init__(self, *, dim: int, num_heads: int, mlp_ratio: float, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.attn = Attention(dim=dim, num_heads=num_heads)
        self.drop_path = DropPath(drop_path)
        self.norm2 = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.mlp = Mlp(dim=dim, hidden=int(dim * mlp_ratio))

    def forward(self, x: Tensor) -> Tensor:
        """Tokens `(B, N, C)` to tokens."""
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class UMT(nn.Module):
    """Unmasked Teacher, fine-tuning form: video in, class logits out.

    Args:
        num_frames: T of a clip.
        image_size: Side of the square frames, pixels; a multiple of `patch_size`.
        num_classes: K.
        dim: Channels C of a token.
        depth: Number of blocks.
        num_heads: Attention heads; must divide `dim`.
        patch_size: Side of a patch, pixels.
        mlp_ratio: Hidden channels of the MLP, in units of `dim`.
        drop_path: Stochastic depth of the last block; grows linearly from 0 at the first.
        init_scale: The head's first weights are shrunk by this factor.
        stem_channels: Widths of a convolutional stem in place of the patch embedding; each halves
            the resolution, so there are log2(patch_size) of them.
        checkpoint_blocks: The first so many blocks use activation checkpointing.

    Raises:
        ValueError: Sizes that do not fit together.
    """

    pos_embed: Tensor

    def __init__(
        self,
        *,
        num_frames: int = 16,
        image_size: int = 224,
        num_classes: int = 28,
        dim: int = 1024,
        depth: int = 24,
        num_heads: int = 16,
        patch_size: int = 16,
        mlp_ratio: float = 4.0,
        drop_path: float = 0.0,
        init_scale: float = 0.001,
        stem_channels: tuple[int, ...] | None = None,
        checkpoint_blocks: int = 0,
    ) -> None:
        super().__init__()
        if image_size % patch_size or image_size < patch_size:
            raise ValueError(
                f"image_size must be a multiple of patch_size {patch_size}, got {image_size}"
            )
        if dim % num_heads:
            raise ValueError(f"dim must be a multiple of num_heads {num_heads}, got {dim}")
        self.num_frames = num_frames
        self.image_size = image_size
        self.checkpoint_blocks = checkpoint_blocks
        self.grid = (num_frames, image_size // patch_size, image_size // patch_size)
        self.patch_embed: PatchEmbed | StemEmbed = PatchEmbed(patch_size=patch_size, dim=dim)
        if stem_channels is not None:
            check_stem(stem_channels, patch_size)
            self.patch_embed = StemEmbed(channels=stem_channels, dim=dim, grid=self.grid[1:])
        self.register_buffer("pos_embed", sinusoid_table(dim, self.grid))
        self.blocks = nn.ModuleList(
            Block(
                dim=dim,
                num_heads=num_heads,
                mlp_ratio=mlp_ratio,
                drop_path=drop_path * i / max(depth - 1, 1),
            )
            for i in range(depth)
        )
        self.fc_norm = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.head = nn.Linear(dim, num_classes)
        self.apply(_initialise)
        with torch.no_grad():
            self.head.weight.mul_(init_scale)
        self.register_load_state_dict_pre_hook(_supply_positions)

    def embed(self, video: Tensor) -> Tensor:
        """Video `(B, 3, T, H, W)` to tokens with positions `(B, N, C)`."""
        T, S = self.num_frames, self.image_size
        if tuple(video.shape[1:]) != (3, T, S, S):
            raise ValueError(f"video: expected (B, 3, {T}, {S}, {S}), got {tuple(video.shape)}")
        tokens = self.patch_embed(video)
        return tokens + self.pos_embed.to(tokens.dtype)

    def transform(self, tokens: Tensor) -> Tensor:
        """Tokens `(B, N, C)` through all blocks."""
        for index, block in enumerate(self.blocks):
            if self.training and index < self.checkpoint_blocks:
                tokens = checkpoint(keeping_kernel(block), tokens, use_reentrant=False)
            else:
                tokens = block(tokens)
        return tokens

    def pool(self, tokens: Tensor) -> Tensor:
        """Tokens `(B, N, C)` to features `(B, C)`: the norm of their mean."""
        return self.fc_norm(tokens.mean(dim=1))

    def forward(self, video: Tensor) -> Tensor:
        """Normalised video `(B, 3, T, H, W)` to logits `(B, K)`."""
        return self.head(self.pool(self.transform(self.embed(video))))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _supply_positions(model: UMT, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """A file without a position table means the fixed one (8-frame checkpoints lack it)."""
    key = f"{prefix}pos_embed"
    if key not in state:
        device = next((value.device for value in state.values()), torch.device("cpu"))
        state[key] = sinusoid_table(model.head.in_features, model.grid, device=device)
