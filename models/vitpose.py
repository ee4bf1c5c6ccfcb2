"""ViTPose (Xu et al. 2022): a plain ViT and a small head turn a person crop into joint heat maps.

The network is `transformers`' VitPose, built from numbers and never from a hub; its keys are those
of the hub's files, and `models.layouts.vitpose` renames the two other published layouts. Crop, flip
test and decoding are ours, in `pipeline.pose`: the library's differ from the published ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from einops import rearrange
from torch import Tensor, nn

from models.layers import attention

Head = Literal["classic", "simple"]
"""`classic`: two deconvolutions of stride 2; `simple`: bilinear x4 and one 3x3 convolution."""

LIBRARY_DECONV_CHANNELS = (256, 256)


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


class ViTPose(nn.Module):
    """Normalised person crops in, heat maps out.

    Building one imports `transformers` (seconds); importing this module does not.

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
        deconv_channels: tuple[int, int] = LIBRARY_DECONV_CHANNELS,
        stem_channels: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        if any(side % patch_size for side in image_size):
            raise ValueError(
                f"image_size {image_size} is not a multiple of patch_size {patch_size}"
            )
        if stem_channels is not None:
            check_stem(stem_channels, patch_size)
        backbone = {
            "hidden_size": dim,
            "num_hidden_layers": depth,
            "num_attention_heads": num_heads,
            "mlp_ratio": mlp_ratio,
            "image_size": list(image_size),
            "patch_size": [patch_size, patch_size],
        }
        network = _library_network(backbone, head=head, num_joints=num_joints)
        self.backbone, self.head = network.backbone, network.head
        if stem_channels is not None:
            self.backbone.embeddings.patch_embeddings = ConvolutionalStem(stem_channels, dim)
        if head == "classic" and deconv_channels != LIBRARY_DECONV_CHANNELS:
            _set_deconv_channels(self.head, dim, deconv_channels, num_joints)
        self.image_size = image_size
        self.num_joints = num_joints
        self.grid = (image_size[0] // patch_size, image_size[1] // patch_size)

    def features(self, pixel_values: Tensor) -> Tensor:
        """Crops `(B, 3, H, W)` to the backbone's feature map `(B, C, h, w)`."""
        tokens = self.backbone.embeddings(pixel_values)  # (B, N, C)
        # Block by block: the library's own forward would keep the output of each.
        for block in self.backbone.encoder.layer:
            tokens = block(tokens)
        tokens = self.backbone.layernorm(tokens)
        h, w = self.grid
        return rearrange(tokens, "B (h w) C -> B C h w", h=h, w=w)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Crops `(B, 3, H, W)` to heat maps `(B, J, 4h, 4w)`; a joint's peak tends to 1."""
        return self.head(self.features(pixel_values))


def _library_network(backbone: dict[str, Any], *, head: Head, num_joints: int) -> Any:
    """`VitPoseForPoseEstimation` with the published epsilon and the project's attention."""
    from transformers import (
        AttentionInterface,
        VitPoseBackboneConfig,
        VitPoseConfig,
        VitPoseForPoseEstimation,
    )

    AttentionInterface.register("rinkside", _attention_for_library)
    # The library's default epsilon is 1e-12; the published networks were trained with 1e-6.
    settings: dict[str, Any] = {
        "backbone_config": VitPoseBackboneConfig(**backbone, layer_norm_eps=1e-6),
        "use_simple_decoder": head == "simple",
        "num_labels": num_joints,
        "attn_implementation": "rinkside",
    }
    return VitPoseForPoseEstimation(VitPoseConfig(**settings))


def _attention_for_library(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: None,
    *,
    scaling: float,
    **_: object,
) -> tuple[Tensor, None]:
    """`models.layers.attention` in the form that `transformers` calls; ViTPose masks nothing."""
    return attention(query, key, value, scale=scaling).transpose(1, 2), None  # (B, N, heads, D)


def _set_deconv_channels(
    head: nn.Module, dim: int, channels: tuple[int, int], num_joints: int
) -> None:
    """Rebuild the classic head with other widths, under the same names."""
    first, second = channels
    head.deconv1 = nn.ConvTranspose2d(dim, first, 4, stride=2, padding=1, bias=False)
    head.batchnorm1 = nn.BatchNorm2d(first)
    head.deconv2 = nn.ConvTranspose2d(first, second, 4, stride=2, padding=1, bias=False)
    head.batchnorm2 = nn.BatchNorm2d(second)
    head.conv = nn.Conv2d(second, num_joints, 1)


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
