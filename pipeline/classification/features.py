"""What a network sees before it answers, pooled: far from known clips, it sees something new.

Of UniFormerV2 the last local block, of InfoGCN the middle one. Nearer the answer a network keeps
only what tells the classes apart, and people who do not skate lie among the skaters.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from torch import Tensor, nn

from models.infogcn.network import InfoGCN
from models.uniformerv2 import UniFormerV2
from pipeline.types import FloatArray


class PooledFeatures:
    """Collects, during forward passes, the mean of one layer's features over place and time."""

    def __init__(self) -> None:
        self._seen: list[FloatArray] = []

    def add(self, pooled: Tensor) -> None:
        """Of one forward pass, `(C,)`."""
        self._seen.append(pooled.cpu().numpy())

    def mean(self) -> FloatArray | None:
        """`(C,)`, over the forward passes; None of a network whose features are not kept."""
        return np.mean(self._seen, axis=0, dtype=np.float32) if self._seen else None


@contextmanager
def pooling(model: nn.Module) -> Iterator[PooledFeatures]:
    """Collect the features of `model` in this thread's forward passes."""
    found, thread = PooledFeatures(), threading.get_ident()
    layer, pooled_axes = _layer(model)

    def after(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        if threading.get_ident() == thread:  # another thread may use the same network
            found.add(output.detach().float().mean(dim=pooled_axes))

    handle = None if layer is None else layer.register_forward_hook(after)
    try:
        yield found
    finally:
        if handle is not None:
            handle.remove()


def _layer(model: nn.Module) -> tuple[nn.Module | None, tuple[int, ...]]:
    """The layer and the axes of its output that are not channels."""
    if isinstance(model, UniFormerV2):
        return model.transformer.resblocks[-1], (0, 1, 2)  # (B, T, 1 + N, C)
    if isinstance(model, InfoGCN):
        return model.blocks[len(model.blocks) // 2], (0, 2, 3)  # (B M, C, T, V)
    return None, ()
