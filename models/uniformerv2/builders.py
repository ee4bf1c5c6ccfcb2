"""The sizes of UniFormerV2 and its two recipes.

`ssv2` (the default) has local UniBlocks, halves the frames in the patch embedding and gathers after
the later two thirds of the blocks; `kinetics` has plain CLIP blocks, keeps all frames and gathers
after the last four. Assumption: the paper's network is the `ssv2` one, whose published settings
(32 frames at 224, learning rate 2e-5, 5 epochs of warm-up, drop path 0.2) equal the paper's Table I
to the number; choose the other with `recipe`.
"""

from __future__ import annotations

from typing import Literal

from models.uniformerv2.layers import Activation
from models.uniformerv2.network import UniFormerV2

Recipe = Literal["ssv2", "kinetics"]


def uniformerv2_l14(
    *,
    num_frames: int = 32,
    recipe: Recipe = "ssv2",
    num_classes: int = 28,
    image_size: int | tuple[int, int] = 224,
    act: Activation = "quickgelu",
    backbone_drop_path_rate: float | None = None,
    drop_path_rate: float | None = None,
    dropout: float = 0.5,
    checkpoint_blocks: int = 0,
    fold_extractor: bool = True,
) -> UniFormerV2:
    """UniFormerV2-L/14, the paper's: 574 M parameters (`ssv2`) or 354 M (`kinetics`).

    Args:
        num_frames: 8, 16 or 32 in the published networks.
        recipe: "ssv2" or "kinetics".
        num_classes: Classes K.
        image_size: Pixels, one side or (height, width).
        act: "quickgelu" for OpenAI's CLIP weights, "gelu" for open_clip's LAION ones.
        backbone_drop_path_rate: Of the local blocks; the recipe's by default (ssv2: 0.2).
        drop_path_rate: Of the global blocks; the recipe's by default (ssv2: 0.4).
        dropout: In the global blocks' MLPs and before the classifier.
        checkpoint_blocks: Local blocks that checkpointed in the backward pass.
        fold_extractor: False for the written-out reference of the global attention.
    """
    return _build(
        patch_size=14,
        width=1024,
        depth=24,
        gathered={"ssv2": 16, "kinetics": 4},
        num_frames=num_frames,
        recipe=recipe,
        num_classes=num_classes,
        image_size=image_size,
        act=act,
        backbone_drop_path_rate=backbone_drop_path_rate,
        drop_path_rate=drop_path_rate,
        dropout=dropout,
        checkpoint_blocks=checkpoint_blocks,
        fold_extractor=fold_extractor,
    )


def uniformerv2_b16(
    *,
    num_frames: int = 32,
    recipe: Recipe = "ssv2",
    num_classes: int = 28,
    image_size: int | tuple[int, int] = 224,
    act: Activation = "quickgelu",
    backbone_drop_path_rate: float | None = None,
    drop_path_rate: float | None = None,
    dropout: float = 0.5,
    checkpoint_blocks: int = 0,
    fold_extractor: bool = True,
) -> UniFormerV2:
    """UniFormerV2-B/16: 163 M parameters (`ssv2`) or 114 M; arguments as `uniformerv2_l14`."""
    return _build(
        patch_size=16,
        width=768,
        depth=12,
        gathered={"ssv2": 8, "kinetics": 4},
        num_frames=num_frames,
        recipe=recipe,
        num_classes=num_classes,
        image_size=image_size,
        act=act,
        backbone_drop_path_rate=backbone_drop_path_rate,
        drop_path_rate=drop_path_rate,
        dropout=dropout,
        checkpoint_blocks=checkpoint_blocks,
        fold_extractor=fold_extractor,
    )


def uniformerv2_tiny(
    *,
    num_frames: int = 16,
    recipe: Recipe = "ssv2",
    num_classes: int = 28,
    image_size: int | tuple[int, int] = 112,
    act: Activation = "quickgelu",
    backbone_drop_path_rate: float | None = None,
    drop_path_rate: float | None = None,
    dropout: float = 0.5,
    checkpoint_blocks: int = 0,
    fold_extractor: bool = True,
) -> UniFormerV2:
    """A UniFormerV2 for tests and demonstrations; arguments as `uniformerv2_l14`."""
    return _build(
        patch_size=16,
        width=192,
        depth=6,
        gathered={"ssv2": 4, "kinetics": 2},
        num_frames=num_frames,
        recipe=recipe,
        num_classes=num_classes,
        image_size=image_size,
        act=act,
        backbone_drop_path_rate=backbone_drop_path_rate,
        drop_path_rate=drop_path_rate,
        dropout=dropout,
        checkpoint_blocks=checkpoint_blocks,
        fold_extractor=fold_extractor,
    )


def uniformerv2_stem(
    *,
    num_frames: int = 32,
    recipe: Recipe = "ssv2",
    num_classes: int = 28,
    image_size: int | tuple[int, int] = 96,
    act: Activation = "gelu",
    backbone_drop_path_rate: float | None = None,
    drop_path_rate: float | None = None,
    dropout: float = 0.5,
    checkpoint_blocks: int = 0,
    fold_extractor: bool = True,
) -> UniFormerV2:
    """The demo's: stem and blocks of `vitpose_tiny`, from which it can start.

    What a small network needs first, where the limbs are, a pose network has learned already.
    """
    return _build(
        patch_size=16,
        width=192,
        depth=6,
        gathered={"ssv2": 2, "kinetics": 2},
        num_frames=num_frames,
        recipe=recipe,
        num_classes=num_classes,
        image_size=image_size,
        act=act,
        backbone_drop_path_rate=backbone_drop_path_rate,
        drop_path_rate=drop_path_rate,
        dropout=dropout,
        checkpoint_blocks=checkpoint_blocks,
        fold_extractor=fold_extractor,
        heads=6,
        stem_channels=(32, 64, 128, 192),
    )


def _build(
    *,
    patch_size: int,
    width: int,
    depth: int,
    gathered: dict[Recipe, int],
    num_frames: int,
    recipe: Recipe,
    num_classes: int,
    image_size: int | tuple[int, int],
    act: Activation,
    backbone_drop_path_rate: float | None,
    drop_path_rate: float | None,
    dropout: float,
    checkpoint_blocks: int,
    fold_extractor: bool,
    heads: int | None = None,
    stem_channels: tuple[int, ...] | None = None,
) -> UniFormerV2:
    if recipe not in gathered:
        raise ValueError(f"recipe: expected one of {', '.join(gathered)}, got {recipe!r}")
    local = recipe == "ssv2"
    rates = (0.2, 0.4) if local else (0.0, 0.0)
    return UniFormerV2(
        patch_size=patch_size,
        width=width,
        depth=depth,
        heads=heads or width // 64,
        stem_channels=stem_channels,
        num_frames=num_frames,
        num_classes=num_classes,
        image_size=image_size,
        temporal_downsample=local,
        no_lmhra=not local,
        return_list=range(depth - gathered[recipe], depth),
        act=act,
        backbone_drop_path_rate=(
            rates[0] if backbone_drop_path_rate is None else backbone_drop_path_rate
        ),
        drop_path_rate=rates[1] if drop_path_rate is None else drop_path_rate,
        mlp_dropout=dropout,
        cls_dropout=dropout,
        checkpoint_blocks=checkpoint_blocks,
        fold_extractor=fold_extractor,
    )
