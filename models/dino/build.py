"""The published detectors, and the small one that is trained here, as builder functions."""

from __future__ import annotations

from models.dino.dino import Dino
from models.dino.resnet import ResNet
from models.dino.swin import SwinTransformer

_STAGES = {4: (1, 2, 3), 5: (0, 1, 2, 3)}
"""Number of scales -> stages of the trunk; one more scale is made by a strided convolution."""


def _stages(num_scales: int) -> tuple[int, ...]:
    if num_scales not in _STAGES:
        raise ValueError(f"DINO is published with 4 or 5 scales, not with {num_scales}")
    return _STAGES[num_scales]


def dino_r50(
    *,
    num_scales: int = 4,
    num_classes: int = 91,
    num_queries: int = 900,
    shared_heads: bool = True,
    head_eps: float = 1e-3,
    position_temperature: float = 20.0,
    position_offset: float = 0.0,
    num_labels: int | None = None,
) -> Dino:
    """DINO with ResNet-50, 47 M parameters; the defaults are the official `DINO_4scale`.

    mmdetection's checkpoints: `num_classes=80, num_labels=80, shared_heads=False, head_eps=1e-5`;
    its "improved" recipe also `position_temperature=10000, position_offset=-0.5`.
    """
    return Dino(
        ResNet(out_stages=_stages(num_scales)),
        num_levels=num_scales,
        num_classes=num_classes,
        num_queries=num_queries,
        shared_heads=shared_heads,
        head_eps=head_eps,
        position_temperature=position_temperature,
        position_offset=position_offset,
        num_labels=num_labels,
    )


def dino_swin_l(
    *,
    num_scales: int = 4,
    num_classes: int = 91,
    num_queries: int = 900,
    shared_heads: bool = True,
    head_eps: float = 1e-3,
    position_temperature: float = 20.0,
    position_offset: float = 0.0,
    num_labels: int | None = None,
) -> Dino:
    """DINO with Swin-L (window 12), 218 M parameters; arguments as in `dino_r50`."""
    return Dino(
        SwinTransformer(out_stages=_stages(num_scales)),
        num_levels=num_scales,
        num_classes=num_classes,
        num_queries=num_queries,
        shared_heads=shared_heads,
        head_eps=head_eps,
        position_temperature=position_temperature,
        position_offset=position_offset,
        num_labels=num_labels,
    )


def dino_tiny(
    *,
    num_classes: int = 1,
    num_queries: int = 50,
    dim: int = 128,
    width: int = 32,
    blocks: tuple[int, int, int, int] = (1, 1, 2, 2),
    num_heads: int = 4,
    feedforward_dim: int = 512,
    encoder_layers: int = 1,
    decoder_layers: int = 3,
    shared_heads: bool = True,
) -> Dino:
    """The small person detector of the demo, trained from scratch, for images of about 320 pixels.

    A narrow ResNet with batch norm, maps of strides 16 and 32, one encoder and three decoder
    layers; 45 ms of one AMX core for an image forward and backward, 320x192, bf16.
    """
    return Dino(
        ResNet(blocks=blocks, width=width, norm="batch", out_stages=(2, 3)),
        num_classes=num_classes,
        num_levels=2,
        num_queries=num_queries,
        dim=dim,
        num_heads=num_heads,
        feedforward_dim=feedforward_dim,
        encoder_layers=encoder_layers,
        decoder_layers=decoder_layers,
        shared_heads=shared_heads,
    )


def person_class(num_classes: int) -> int:
    """Where the class heads keep "person": 91 COCO ids, 80 contiguous classes or persons alone."""
    places = {91: 1, 80: 0, 1: 0}
    if num_classes not in places:
        raise ValueError(
            f"no class list with {num_classes} classes is known; expected 91, 80 or 1: "
            "say which class is a person"
        )
    return places[num_classes]
