"""The Unmasked Teachers that Rinkside knows, by their sizes."""

from __future__ import annotations

from models.umt.network import UMT


def umt_l16(
    *,
    num_frames: int = 16,
    image_size: int = 224,
    num_classes: int = 28,
    drop_path: float = 0.0,
    checkpoint_blocks: int = 0,
) -> UMT:
    """UMT-L16, the paper's network (303 M parameters)."""
    return UMT(
        num_frames=num_frames,
        image_size=image_size,
        num_classes=num_classes,
        drop_path=drop_path,
        checkpoint_blocks=checkpoint_blocks,
        dim=1024,
        depth=24,
        num_heads=16,
    )


def umt_b16(
    *,
    num_frames: int = 16,
    image_size: int = 224,
    num_classes: int = 28,
    drop_path: float = 0.0,
    checkpoint_blocks: int = 0,
) -> UMT:
    """UMT-B16 (86 M parameters)."""
    return UMT(
        num_frames=num_frames,
        image_size=image_size,
        num_classes=num_classes,
        drop_path=drop_path,
        checkpoint_blocks=checkpoint_blocks,
        dim=768,
        depth=12,
        num_heads=12,
    )


def umt_tiny(
    *,
    num_frames: int = 16,
    image_size: int = 112,
    num_classes: int = 28,
    drop_path: float = 0.0,
    checkpoint_blocks: int = 0,
) -> UMT:
    """A small one for tests and the demo (2.8 M parameters)."""
    return UMT(
        num_frames=num_frames,
        image_size=image_size,
        num_classes=num_classes,
        drop_path=drop_path,
        checkpoint_blocks=checkpoint_blocks,
        dim=192,
        depth=6,
        num_heads=3,
    )


def umt_stem(
    *,
    num_frames: int = 16,
    image_size: int = 112,
    num_classes: int = 28,
    drop_path: float = 0.0,
    checkpoint_blocks: int = 0,
) -> UMT:
    """The demo's (3.0 M parameters): stem and blocks of `vitpose_tiny`, from which it can start.

    What a small network needs first, where the limbs are, a pose network has learned already.
    """
    return UMT(
        num_frames=num_frames,
        image_size=image_size,
        num_classes=num_classes,
        drop_path=drop_path,
        checkpoint_blocks=checkpoint_blocks,
        dim=192,
        depth=6,
        num_heads=6,
        stem_channels=(32, 64, 128, 192),
    )
