"""Layers that more than one network uses: attention with a choice of kernels, and drop path.

The paper speeds attention up with FlashAttention (Sec. III-A). Here torch's SDPA is the default (it
dispatches to a flash kernel by itself), `flash_attn` is used when it is installed and applicable,
and `written_out_attention` is the reference implementation that tests and attention maps use.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

AttentionKernel = Literal["auto", "sdpa", "flash_attn", "written_out"]

_kernel: ContextVar[AttentionKernel] = ContextVar("attention_kernel", default="auto")


@contextmanager
def attention_kernel(kernel: AttentionKernel) -> Iterator[None]:
    """Choose the kernel behind `attention` for the code inside the `with` block."""
    token = _kernel.set(kernel)
    try:
        yield
    finally:
        _kernel.reset(token)


def keeping_kernel(stage: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`stage`, run with today's kernel whenever and in whichever thread it is called.

    Gradient checkpointing calls a stage again in the backward pass, which CUDA runs in a thread of
    its own, where the choice of `attention_kernel` does not hold.
    """
    kernel = _kernel.get()

    def run(*inputs: Tensor) -> Tensor:
        with attention_kernel(kernel):
            return stage(*inputs)

    return run


@cache
def flash_attn_installed() -> bool:
    """Whether the optional `flash-attn` package can be imported."""
    return importlib.util.find_spec("flash_attn") is not None


def _flash_attn_fits(q: Tensor) -> bool:
    return q.is_cuda and q.dtype in (torch.float16, torch.bfloat16) and flash_attn_installed()


def _trains_on_bf16_processor(q: Tensor) -> bool:
    """There the reference takes half the time of torch's kernel, forward and backward."""
    return q.requires_grad and q.dtype == torch.bfloat16 and q.device.type == "cpu"


def attention_probabilities(
    q: Tensor, k: Tensor, *, scale: float | None = None, bias: Tensor | None = None
) -> Tensor:
    """softmax(q k^T * scale + bias): the map `(B, heads, Nq, Nk)`; `scale` defaults to D^-0.5."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    logits = (q * scale) @ k.transpose(-2, -1)
    return (logits if bias is None else logits + bias).softmax(dim=-1)


def written_out_attention(
    q: Tensor, k: Tensor, v: Tensor, *, scale: float | None = None, bias: Tensor | None = None
) -> Tensor:
    """The reference implementation of `attention`: materialises the whole map."""
    return attention_probabilities(q, k, scale=scale, bias=bias) @ v


def attention(
    q: Tensor, k: Tensor, v: Tensor, *, scale: float | None = None, bias: Tensor | None = None
) -> Tensor:
    """Scaled dot-product attention.

    Args:
        q: Queries `(B, heads, Nq, D)`.
        k: Keys `(B, heads, Nk, D)`.
        v: Values `(B, heads, Nk, D)`.
        scale: Factor on q k^T; D^-0.5 by default.
        bias: Added to the scaled q k^T, broadcastable to `(B, heads, Nq, Nk)`; -inf hides a key.

    Returns:
        `(B, heads, Nq, D)`.

    Raises:
        RuntimeError: `flash_attn` was asked for where it cannot run.
    """
    kernel = _kernel.get()
    if kernel == "written_out" or (kernel == "auto" and _trains_on_bf16_processor(q)):
        return written_out_attention(q, k, v, scale=scale, bias=bias)
    flash_fits = bias is None and _flash_attn_fits(q)
    if kernel == "flash_attn" and not flash_fits:
        raise RuntimeError(
            "flash_attn needs the flash-attn package, fp16 or bf16 tensors on CUDA and no bias, "
            f"got {q.dtype} on {q.device}{'' if bias is None else ' with a bias'}"
        )
    if kernel in ("auto", "flash_attn") and flash_fits:
        from flash_attn import flash_attn_func

        # flash_attn wants (B, N, heads, D).
        swapped = (x.transpose(1, 2) for x in (q, k, v))
        return flash_attn_func(*swapped, softmax_scale=scale).transpose(1, 2)
    mask = None if bias is None else bias.to(q.dtype)  # autocast leaves a float32 bias behind
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale)


class DropPath(nn.Module):
    """Stochastic depth: drops a residual branch for whole samples (axis 0) while training."""

    def __init__(self, probability: float = 0.0) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        """Zero whole samples with the set probability and rescale the others; identity in eval."""
        if not self.training or self.probability == 0.0:
            return x
        keep = 1.0 - self.probability
        mask = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(keep)
        return x * mask / keep
