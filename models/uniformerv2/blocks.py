"""The blocks of UniFormerV2: local ones that mix frames, global ones that gather the whole clip.

Tokens travel as `(B, T, 1 + N, C)`: a class token in front of the N patch tokens of every frame.
The official code keeps `(1 + N, B T, C)` and turns it over four times a block; here channels stay
last, 1x1x1 convolutions are linear layers and nothing is turned over.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from models.layers import DropPath, keeping_kernel
from models.uniformerv2.layers import (
    Activation,
    FeedForward,
    LayerNorm,
    SelfAttention,
    SingleQueryAttention,
)


def add_to_patches(x: Tensor, change: Tensor) -> Tensor:
    """Tokens `(B, T, 1 + N, C)` with `change` `(B, T, N, C)` added to all but the class tokens."""
    x = x.clone()
    x[:, :, 1:] += change
    return x


class _Pointwise(nn.Conv3d):
    """A 1x1x1 convolution for `(..., C)`."""

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__(width, out_width, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.flatten(1), self.bias)


class _NeighbouringFrames(nn.Conv3d):
    """A depthwise convolution of three taps along T for `(B, T, N, C)`, zero beyond the clip.

    Three multiply-adds; a grouped Conv3d would want the channels first.
    """

    bias: Tensor

    def __init__(self, width: int) -> None:
        super().__init__(width, width, kernel_size=(3, 1, 1), padding=(1, 0, 0), groups=width)

    def forward(self, x: Tensor) -> Tensor:
        before, here, after = self.weight.flatten(1).to(x.dtype).unbind(1)
        mixed = torch.addcmul(self.bias.to(x.dtype), x, here)
        mixed[:, 1:].addcmul_(x[:, :-1], before)
        mixed[:, :-1].addcmul_(x[:, 1:], after)
        return mixed


class LocalMHRA(nn.Module):
    """Local relation of a patch with the same patch one frame before and after.

    Batch norm, a reduction of the channels, a mixture of three frames and the expansion back, which
    begins at zero: a fresh block leaves CLIP's tokens as they are.

    Args:
        width: Channels C.
        dw_reduction: The inner width is `int(C // dw_reduction)`.
    """

    def __init__(self, width: int, dw_reduction: float) -> None:
        super().__init__()
        inner = int(width // dw_reduction)
        expand = _Pointwise(inner, width)
        for parameter in expand.parameters():
            nn.init.zeros_(parameter)
        self.pos_embed = nn.ModuleList(
            [nn.BatchNorm1d(width), _Pointwise(width, inner), _NeighbouringFrames(inner), expand]
        )

    def forward(self, patches: Tensor) -> Tensor:
        """`(B, T, N, C)` -> `(B, T, N, C)`, the change to add."""
        norm, *convolutions = self.pos_embed
        # On (B T N, C) BatchNorm1d has the statistics of the official BatchNorm3d.
        x = norm(patches.flatten(0, 2)).unflatten(0, patches.shape[:3])
        for convolution in convolutions:
            x = convolution(x)
        return x


class LocalUniBlock(nn.Module):
    """A CLIP block on every frame, with local MHRA before the attention and before the MLP.

    Assumption: drop path drops a branch for whole clips. The official code, whose first axis are
    the tokens of a frame, drops token positions there.

    Args:
        width: Channels C.
        heads: Attention heads.
        dw_reduction: Reduction inside local MHRA.
        no_lmhra: Leave local MHRA out: a plain CLIP block.
        double_lmhra: Also local MHRA before the MLP, not only before the attention.
        act: Activation of the MLP.
        drop_path: Stochastic depth rate of every branch.
        checkpointed: Activation checkpointing of attention and MLP.
        Local
            MHRA is stored: computed twice, its batch norm would count every batch twice.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        dw_reduction: float = 1.5,
        no_lmhra: bool = False,
        double_lmhra: bool = True,
        act: Activation = "quickgelu",
        drop_path: float = 0.0,
        checkpointed: bool = False,
    ) -> None:
        super().__init__()
        self.checkpointed = checkpointed
        self.lmhra1 = None if no_lmhra else LocalMHRA(width, dw_reduction)
        self.attn = SelfAttention(width, heads)
        self.ln_1 = LayerNorm(width)
        self.lmhra2 = None if no_lmhra or not double_lmhra else LocalMHRA(width, dw_reduction)
        self.mlp = FeedForward(width, 4 * width, act=act)
        self.ln_2 = LayerNorm(width)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, 1 + N, C)` -> `(B, T, 1 + N, C)`."""
        if self.lmhra1 is not None:
            x = add_to_patches(x, self.drop_path(self.lmhra1(x[:, :, 1:])))
        x = x + self.drop_path(self._run(self._attend, x))
        if self.lmhra2 is not None:
            x = add_to_patches(x, self.drop_path(self.lmhra2(x[:, :, 1:])))
        return x + self.drop_path(self._run(self._feed_forward, x))

    def _attend(self, x: Tensor) -> Tensor:
        B, T = x.shape[:2]
        return self.attn(self.ln_1(x).flatten(0, 1)).unflatten(0, (B, T))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.mlp(self.ln_2(x))

    def _run(self, branch: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        if self.checkpointed and torch.is_grad_enabled():
            return checkpoint(keeping_kernel(branch), x, use_reentrant=False)
        return branch(x)


class PositionEncoding(nn.Conv3d):
    """Dynamic position encoding: a depthwise 3x3x3 convolution over the patches, to be added.

    Args:
        width: Channels C.
    """

    bias: Tensor

    def __init__(self, width: int) -> None:
        super().__init__(width, width, kernel_size=3, padding=1, groups=width)
        nn.init.zeros_(self.bias)

    def forward(self, patches: Tensor) -> Tensor:
        """`(B, T, H, W, C)` -> `(B, T, H, W, C)`."""
        # Channels stay last in memory: oneDNN runs that some twenty times faster on a CPU.
        x = patches.contiguous().movedim(-1, 1)  # (B, C, T, H, W)
        return super().forward(x).movedim(1, -1)


class Extractor(nn.Module):
    """The heart of a global UniBlock: the video token gathers from all tokens of the clip.

    The last layers of attention and MLP begin at zero, so a fresh block changes nothing.

    Args:
        width: Channels C.
        heads: Attention heads.
        mlp_factor: Hidden width of the MLP over C.
        act: Activation of the MLP.
        dropout: Dropout inside the MLP.
        drop_path: Stochastic depth rate of both branches.
        fold: See `SingleQueryAttention`.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        mlp_factor: float = 4.0,
        act: Activation = "quickgelu",
        dropout: float = 0.0,
        drop_path: float = 0.0,
        fold: bool = True,
    ) -> None:
        super().__init__()
        self.attn = SingleQueryAttention(width, heads, fold=fold)
        self.ln_1 = LayerNorm(width)
        self.mlp = FeedForward(width, round(mlp_factor * width), act=act, dropout=dropout)
        self.ln_2 = LayerNorm(width)
        self.ln_3 = LayerNorm(width)
        self.drop_path = DropPath(drop_path)
        nn.init.zeros_(self.attn.out_proj.weight)
        nn.init.xavier_uniform_(self.mlp.c_fc.weight)
        nn.init.zeros_(self.mlp.c_proj.weight)
        nn.init.zeros_(self.mlp.c_proj.bias)

    def forward(self, video: Tensor, tokens: Tensor) -> Tensor:
        """Video token `(B, 1, C)` and the clip's tokens `(B, N, C)` -> video token `(B, 1, C)`."""
        video = video + self.drop_path(self.attn(self.ln_1(video), self.ln_3(tokens)))
        return video + self.drop_path(self.mlp(self.ln_2(video)))
