"""The UniFormerV2 network: patch embedding, local and global blocks, classification."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from einops import rearrange
from torch import Tensor, nn

from models.uniformerv2.blocks import Extractor, LocalUniBlock, PositionEncoding, add_to_patches
from models.uniformerv2.layers import Activation, LayerNorm
from models.vitpose import ConvolutionalStem, check_stem


class StemConv(nn.Module):
    """A convolutional stem on every frame, then a mixture of neighbouring frames.

    It begins as the middle frame alone: a network that learned on pictures can go on with clips.
    """

    def __init__(self, *, channels: Sequence[int], width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.stem = ConvolutionalStem(tuple(channels), width)
        self.frames = nn.Conv3d(
            width,
            width,
            kernel_size=(kernel, 1, 1),
            stride=(stride, 1, 1),
            padding=((kernel - 1) // 2, 0, 0),
            bias=False,
        )
        with torch.no_grad():
            self.frames.weight.zero_()
            self.frames.weight[:, :, kernel // 2, 0, 0] = torch.eye(width)

    def forward(self, clip: Tensor) -> Tensor:
        """`(B, 3, T, H, W)` -> `(B, C, T', H, W)` of patches."""
        B = len(clip)
        pictures = rearrange(clip, "b c t h w -> (b t) c h w")
        maps = self.stem.layers(pictures.contiguous(memory_format=torch.channels_last))
        return self.frames(rearrange(maps, "(b t) c h w -> b c t h w", b=B))


class Transformer(nn.Module):
    """Local blocks over the frames; after some of them a global block gathers the whole clip.

    Args:
        local_blocks: All local blocks, in order.
        extractors: The hearts of the global blocks, in order.
        return_list: The local block after which each global one gathers, ascending.
        width: Channels C.
        num_classes: Classes K.
        cls_dropout: Dropout before the classifier.
        frozen: Classify the video token alone.
    """

    def __init__(
        self,
        local_blocks: Iterable[LocalUniBlock],
        extractors: Iterable[Extractor],
        *,
        return_list: Sequence[int],
        width: int,
        num_classes: int,
        cls_dropout: float,
        frozen: bool,
    ) -> None:
        super().__init__()
        self.return_list = list(return_list)
        self.resblocks = nn.ModuleList(local_blocks)
        self.temporal_cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.dpe = nn.ModuleList(PositionEncoding(width) for _ in return_list)
        self.dec = nn.ModuleList(extractors)
        self.proj = nn.Sequential(
            LayerNorm(width), nn.Dropout(cls_dropout), nn.Linear(width, num_classes)
        )
        self.balance = None if frozen else nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        """Tokens `(B, T, 1 + H W, C)` of a `(H, W)` grid -> logits `(B, K)`."""
        video = self.temporal_cls_token.expand(x.shape[0], -1, -1)
        for i, block in enumerate(self.resblocks):
            x = block(x)
            if i in self.return_list:
                video = self.gather(self.return_list.index(i), video, x, grid)
        return self.classify(video, x)

    def gather(self, j: int, video: Tensor, x: Tensor, grid: tuple[int, int]) -> Tensor:
        """Global UniBlock `j`: `video` `(B, 1, C)` gathers from `x` `(B, T, 1 + H W, C)`."""
        position = self.dpe[j](x[:, :, 1:].unflatten(2, grid)).flatten(2, 3)
        return self.dec[j](video, add_to_patches(x, position).flatten(1, 2))

    def classify(self, video: Tensor, x: Tensor) -> Tensor:
        """Logits `(B, K)` of the video token, weighed against the frames' mean class token."""
        video = video.squeeze(1)
        if self.balance is not None:
            share = self.balance.sigmoid()
            video = (1 - share) * video + share * x[:, :, 0].mean(1)
        return self.proj(video)


class UniFormerV2(nn.Module):
    """UniFormerV2 for clips of a fixed number of frames and a fixed size.

    Args:
        patch_size: Side of a patch in pixels.
        width: Channels C of a token.
        depth: Number of local blocks.
        heads: Attention heads of the local blocks.
        num_frames: Frames T of a clip.
        num_classes: Classes K.
        image_size: Height and width in pixels, or one number for both. What is left beyond the last
            whole patch is not looked at, as in the official network.
        temporal_downsample: Halve the frames in the patch embedding.
        temporal_kernel_size: Frames that a patch then covers.
        no_lmhra: Leave local MHRA out of the local blocks.
        double_lmhra: Two local MHRA a block, not one.
        dw_reduction: Reduction of the channels inside local MHRA.
        return_list: Local blocks after which a global block gathers.
        global_heads: Attention heads of the global blocks; those of the local ones by default.
        mlp_factor: Hidden width of the global blocks' MLP over C.
        frozen: The variant for a frozen CLIP: the video token alone is classified, without the mean
            class token. Which parameters learn is left to the training.
        act: "quickgelu" for OpenAI's CLIP weights, "gelu" for open_clip's LAION ones.
        backbone_drop_path_rate: Stochastic depth of the last local block, rising from 0.
        drop_path_rate: The same for the global blocks.
        mlp_dropout: Dropout in the global blocks' MLPs: one number or one a block.
        cls_dropout: Dropout before the classifier.
        checkpoint_blocks: So many local blocks checkpointed in the backward pass to save memory.
        stem_channels: Widths of a convolutional stem on every frame in place of the patch
            embedding; each halves the resolution, so there are log2(patch_size) of them.
        fold_extractor: False for the written-out reference of the global attention.

    Raises:
        ValueError: An argument contradicts another.
    """

    def __init__(
        self,
        *,
        patch_size: int,
        width: int,
        depth: int,
        heads: int,
        num_frames: int,
        num_classes: int = 28,
        image_size: int | tuple[int, int] = 224,
        temporal_downsample: bool = True,
        temporal_kernel_size: int = 3,
        no_lmhra: bool = False,
        double_lmhra: bool = True,
        dw_reduction: float = 1.5,
        return_list: Sequence[int] = (8, 9, 10, 11),
        global_heads: int | None = None,
        mlp_factor: float = 4.0,
        frozen: bool = False,
        act: Activation = "quickgelu",
        backbone_drop_path_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        mlp_dropout: float | Sequence[float] = 0.5,
        cls_dropout: float = 0.5,
        checkpoint_blocks: int = 0,
        stem_channels: Sequence[int] | None = None,
        fold_extractor: bool = True,
    ) -> None:
        super().__init__()
        self.num_frames = num_frames
        self.act = act
        self.image_size = (image_size, image_size) if isinstance(image_size, int) else image_size
        self.grid = (self.image_size[0] // patch_size, self.image_size[1] // patch_size)
        stride, kernel = (2, temporal_kernel_size) if temporal_downsample else (1, 1)
        self.conv1: nn.Conv3d | StemConv = nn.Conv3d(
            3,
            width,
            kernel_size=(kernel, patch_size, patch_size),
            stride=(stride, patch_size, patch_size),
            padding=((kernel - 1) // 2, 0, 0),
            bias=False,
        )
        if stem_channels is not None:
            check_stem(stem_channels, patch_size)
            self.conv1 = StemConv(channels=stem_channels, width=width, kernel=kernel, stride=stride)
        tokens = 1 + self.grid[0] * self.grid[1]
        self.class_embedding = nn.Parameter(width**-0.5 * torch.randn(width))
        self.positional_embedding = nn.Parameter(width**-0.5 * torch.randn(tokens, width))
        self.ln_pre = LayerNorm(width)
        layers = _checked_return_list(return_list, depth)
        self.transformer = Transformer(
            [
                LocalUniBlock(
                    width,
                    heads,
                    dw_reduction=dw_reduction,
                    no_lmhra=no_lmhra,
                    double_lmhra=double_lmhra,
                    act=act,
                    drop_path=rate,
                    checkpointed=i < checkpoint_blocks,
                )
                for i, rate in enumerate(_rising(backbone_drop_path_rate, depth))
            ],
            [
                Extractor(
                    width,
                    global_heads or heads,
                    mlp_factor=mlp_factor,
                    act=act,
                    dropout=dropout,
                    drop_path=rate,
                    fold=fold_extractor,
                )
                for rate, dropout in zip(
                    _rising(drop_path_rate, len(layers)),
                    _one_per_block(mlp_dropout, len(layers)),
                    strict=True,
                )
            ],
            return_list=layers,
            width=width,
            num_classes=num_classes,
            cls_dropout=cls_dropout,
            frozen=frozen,
        )

    def forward(self, clip: Tensor) -> Tensor:
        """Logits of normalised RGB clips.

        Args:
            clip: `(B, 3, T, H, W)`, normalised with mean 0.45 and standard deviation 0.225.

        Returns:
            `(B, K)`.

        Raises:
            ValueError: The clip has another shape than the network was built for.
        """
        return self.transformer(self.embed(clip), self.grid)

    def embed(self, clip: Tensor) -> Tensor:
        """Tokens before the first block: `(B, 3, T, H, W)` -> `(B, T', 1 + N, C)`."""
        expected = (3, self.num_frames, *self.image_size)
        if clip.ndim != 5 or clip.shape[1:] != expected:
            raise ValueError(
                f"clip: expected (B, {', '.join(map(str, expected))}) for a UniFormerV2 of "
                f"{self.num_frames} frames at {self.image_size[0]}x{self.image_size[1]} px, "
                f"got {tuple(clip.shape)}"
            )
        return self.tokens(self.conv1(clip))

    def tokens(self, patches: Tensor) -> Tensor:
        """Embedded patches `(B, C, T', H, W)` with class tokens and positions, normalised."""
        x = rearrange(patches, "b c t h w -> b t (h w) c")
        class_token = self.class_embedding.to(x.dtype).expand(*x.shape[:2], 1, -1)
        x = torch.cat([class_token, x], dim=2) + self.positional_embedding.to(x.dtype)
        return self.ln_pre(x)


def _rising(last: float, count: int) -> list[float]:
    return torch.linspace(0, last, count, device="cpu").tolist()


def _checked_return_list(return_list: Sequence[int], depth: int) -> list[int]:
    if len(set(return_list)) != len(return_list) or not set(return_list) <= set(range(depth)):
        raise ValueError(f"return_list: expected blocks out of 0..{depth - 1}, got {return_list}")
    return sorted(return_list)


def _one_per_block(dropout: float | Sequence[float], blocks: int) -> list[float]:
    rates = [float(dropout)] * blocks if isinstance(dropout, float | int) else list(dropout)
    if len(rates) != blocks:
        raise ValueError(f"mlp_dropout: expected {blocks} numbers or one, got {len(rates)}")
    return rates
