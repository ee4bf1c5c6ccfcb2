"""ViTPose (Xu et al. 2022): a plain ViT and a small head turn a person crop into joint heat maps.

Follows github.com/ViTAE-Transformer/ViTPose, whose names the parameters have; the other published
layouts are read by `models.layouts.vitpose`. Crop, flip test and decoding are in `pipeline.pose`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from models.layers import attention

Head = Literal["classic", "simple"]
"""`classic`: two deconvolutions of stride 2; `simple`: bilinear x4 and one 3x3 convolution."""

DECONV_CHANNELS = (256, 256)
"""Widths of the published classic head."""
LAYER_NORM_EPS = 1e-6
PATCH_PADDING = 2
"""The published patch embedding reaches two pixels over the crop's border."""


def check_stem(channels: Sequence[int], patch_size: int) -> None:
    """Refuse a stem whose convolutions, each of stride 2, do not make one token a patch.

    Raises:
        ValueError: Both sizes.
    """
    if 2 ** len(channels) != patch_size:
        raise ValueError(
            f"a stem of {len(channels)} convolutions makes patches of {2 ** len(channels)} pixels, "
            f"patch_size is {patch_size}"
        )


class ConvolutionalStem(nn.Module):
    """3x3 convolutions of stride 2 in place of the patch embedding.

    Small ViTs learn faster from scratch with it (Xiao et al. 2021, "Early convolutions help
    transformers see better").
    """

    def __init__(self, channels: tuple[int, ...], dim: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in zip((3, *channels[:-1]), channels, strict=True):
            convolution = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], dim, 1))

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Crops `(B, 3, H, W)` to tokens `(B, N, C)`."""
        return self.layers(pixel_values).flatten(2).transpose(1, 2)


class PatchEmbed(nn.Module):
    """Patches to tokens by one convolution."""

    def __init__(self, *, dim: int, patch_size: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dim, patch_size, stride=patch_size, padding=PATCH_PADDING)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Crops `(B, 3, H, W)` to tokens `(B, N, C)`."""
        return self.proj(pixel_values).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, *, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens `(B, N, C)` to tokens."""
        q, k, v = rearrange(
            self.qkv(x), "B N (three heads D) -> three B heads N D", three=3, heads=self.num_heads
        )
        x = attention(q, k, v)
        return self.proj(x.transpose(1, 2).flatten(2))  # (B, heads, N, D) -> (B, N, C)


class Mlp(nn.Module):
    """Two linear maps with the exact (erf) GELU between them."""

    def __init__(self, *, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens `(B, N, C)` to tokens."""
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, *, dim: int, num_heads: int, mlp_ratio: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.attn = Attention(dim=dim, num_heads=num_heads)
        self.norm2 = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.mlp = Mlp(dim=dim, hidden=dim * mlp_ratio)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens `(B, N, C)` to tokens."""
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Backbone(nn.Module):
    """The plain ViT: `num_patches` tokens, and row 0 of its position table for all of them."""

    def __init__(
        self, patch_embed: nn.Module, blocks: nn.ModuleList, *, num_patches: int, dim: int
    ):
        super().__init__()
        self.patch_embed = patch_embed
        # The row of a class token that is no more is still added to every patch.
        self.pos_embed = nn.Parameter(torch.zeros(1, num_patches + 1, dim))
        self.blocks = blocks
        self.last_norm = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)

    def embed(self, pixel_values: Tensor) -> Tensor:
        """Crops `(B, 3, H, W)` to tokens `(B, N, C)` with their positions."""
        return self.patch_embed(pixel_values) + (self.pos_embed[:, 1:] + self.pos_embed[:, :1])

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Crops `(B, 3, H, W)` to tokens `(B, N, C)`."""
        x = self.embed(pixel_values)
        for block in self.blocks:
            x = block(x)
        return self.last_norm(x)


class ClassicHead(nn.Module):
    """Two deconvolutions of stride 2, then a 1x1 convolution."""

    def __init__(self, *, dim: int, channels: tuple[int, int], num_joints: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in zip((dim, channels[0]), channels, strict=True):
            layers += [
                nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(inplace=True),
            ]
        self.deconv_layers = nn.Sequential(*layers)
        self.final_layer = nn.Conv2d(channels[1], num_joints, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Feature maps `(B, C, h, w)` to heat maps `(B, J, 4h, 4w)`."""
        return self.final_layer(self.deconv_layers(features))


class SimpleHead(nn.Module):
    """Bilinear x4, then a 3x3 convolution."""

    def __init__(self, *, dim: int, num_joints: int) -> None:
        super().__init__()
        self.final_layer = nn.Conv2d(dim, num_joints, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """Feature maps `(B, C, h, w)` to heat maps `(B, J, 4h, 4w)`."""
        enlarged = F.interpolate(F.relu(features), scale_factor=4, mode="bilinear")
        return self.final_layer(enlarged)


class ViTPose(nn.Module):
    """Normalised person crops in, heat maps out.

    Args:
        dim: Channels C of a token.
        depth: Number of blocks.
        num_heads: Attention heads; must divide `dim`.
        mlp_ratio: Hidden channels of the MLP, in units of `dim`.
        head: Which of the two published heads.
        image_size: Crop (height, width), pixels.
        patch_size: Side of a patch, pixels.
        num_joints: J.
        deconv_channels: Widths of the classic head's two deconvolutions.
        stem_channels: Widths of a convolutional stem in place of the patch embedding; each entry
            halves the resolution, so there are log2(patch_size) of them.

    Raises:
        ValueError: Sizes that do not fit together.
    """

    def __init__(
        self,
        *,
        dim: int,
        depth: int,
        num_heads: int,
        mlp_ratio: int = 4,
        head: Head = "classic",
        image_size: tuple[int, int] = (256, 192),
        patch_size: int = 16,
        num_joints: int = 17,
        deconv_channels: tuple[int, int] = DECONV_CHANNELS,
        stem_channels: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        if any(side % patch_size for side in image_size):
            raise ValueError(
                f"image_size {image_size} is not a multiple of patch_size {patch_size}"
            )
        grid = (image_size[0] // patch_size, image_size[1] // patch_size)
        patch_embed: nn.Module = PatchEmbed(dim=dim, patch_size=patch_size)
        if stem_channels is not None:
            check_stem(stem_channels, patch_size)
            patch_embed = ConvolutionalStem(stem_channels, dim)
        blocks = [Block(dim=dim, num_heads=num_heads, mlp_ratio=mlp_ratio) for _ in range(depth)]
        self.backbone = Backbone(
            patch_embed, nn.ModuleList(blocks), num_patches=grid[0] * grid[1], dim=dim
        )
        self.keypoint_head: nn.Module = (
            ClassicHead(dim=dim, channels=deconv_channels, num_joints=num_joints)
            if head == "classic"
            else SimpleHead(dim=dim, num_joints=num_joints)
        )
        self.image_size = (image_size[0], image_size[1])  # a recipe gives a list
        self.num_joints = num_joints
        self.grid = grid
        self._initialise()

    def features(self, pixel_values: Tensor) -> Tensor:
        """Crops `(B, 3, H, W)` to the backbone's feature map `(B, C, h, w)`."""
        H, W = pixel_values.shape[2:]
        if self.image_size != (H, W):
            raise ValueError(f"crops: expected {self.image_size} pixels, got {(H, W)}")
        h, w = self.grid
        return rearrange(self.backbone(pixel_values), "B (h w) C -> B C h w", h=h, w=w)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Crops `(B, 3, H, W)` to heat maps `(B, J, 4h, 4w)`; a joint's peak tends to 1."""
        return self.keypoint_head(self.features(pixel_values))

    def _initialise(self) -> None:
        nn.init.trunc_normal_(self.backbone.pos_embed, std=0.02)
        for name, module in self.named_modules():
            stem = name.startswith("backbone.patch_embed.layers.")
            if isinstance(module, nn.Linear | nn.Conv2d) and not stem:
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)


def vitpose_s(*, head: Head = "classic") -> ViTPose:
    """ViTPose-S: published COCO AP 73.8 (classic), 73.5 (simple)."""
    return ViTPose(dim=384, depth=12, num_heads=12, head=head)


def vitpose_b(*, head: Head = "classic") -> ViTPose:
    """ViTPose-B: published COCO AP 75.8 (classic), 75.5 (simple)."""
    return ViTPose(dim=768, depth=12, num_heads=12, head=head)


def vitpose_l(*, head: Head = "classic") -> ViTPose:
    """ViTPose-L: published COCO AP 78.3 (classic), 78.2 (simple)."""
    return ViTPose(dim=1024, depth=24, num_heads=16, head=head)


def vitpose_h(*, head: Head = "classic") -> ViTPose:
    """ViTPose-H: published COCO AP 79.1 (classic), 78.9 (simple)."""
    return ViTPose(dim=1280, depth=32, num_heads=16, head=head)


def vitpose_tiny(
    *, head: Head = "classic", image_size: tuple[int, int] = (128, 96), num_joints: int = 17
) -> ViTPose:
    """A small ViTPose with a convolutional stem, which learns from scratch (3.6 M parameters).

    Smaller crops than the 256x192 of the big ones: a skater far from the camera fills no more.
    """
    return ViTPose(
        dim=192,
        depth=6,
        num_heads=6,
        head=head,
        image_size=image_size,
        num_joints=num_joints,
        deconv_channels=(128, 64),
        stem_channels=(32, 64, 128, 192),
    )
