"""Less memory in training: a stage keeps its inputs alone and is computed again on the way back.

`torch.utils.checkpoint` does the same, but keeps the inputs for as long as the loss lives, and
knows neither batch norm (whose running statistics must move once a step) nor pieces: a stage whose
rows are independent is taken in pieces that fit the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

_again: ContextVar[bool] = ContextVar("computed_again", default=False)


def computed_again() -> bool:
    """Whether the running code is a repetition: what counts steps must then stand still."""
    return _again.get()


def recompute(
    stage: Callable[..., Tensor],
    *inputs: Tensor,
    parameters: Sequence[nn.Parameter],
    rows: int | None = None,
) -> Tensor:
    """`stage(*inputs)`, with nothing stored for the backward pass but `inputs`.

    Args:
        stage: Deterministic; uses no parameters but `parameters`.
        inputs: Its arguments.
        parameters: What else gets a gradient.
        rows: At most so many rows (axis 0 of the inputs and of the result, independent of each
            other) at a time; None takes all at once.
    """
    result: Tensor = _Recompute.apply(stage, rows, len(inputs), *inputs, *parameters)
    return result


class _Recompute(torch.autograd.Function):
    """See `recompute`."""

    @staticmethod
    def forward(
        ctx: Any, stage: Callable[..., Tensor], rows: int | None, num_inputs: int, *tensors: Tensor
    ) -> Tensor:
        ctx.stage, ctx.rows, ctx.num_inputs = stage, rows, num_inputs
        ctx.device_type = tensors[0].device.type
        ctx.autocast = {
            "enabled": torch.is_autocast_enabled(ctx.device_type),
            "dtype": torch.get_autocast_dtype(ctx.device_type),
        }
        ctx.save_for_backward(*tensors)
        results = [stage(*piece) for piece in _pieces(tensors[:num_inputs], rows)]
        return results[0] if len(results) == 1 else torch.cat(results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        needed = ctx.needs_input_grad[3:]
        tensors = ctx.saved_tensors
        parameters = [t for t, n in zip(tensors, needed, strict=True) if n][
            sum(needed[: ctx.num_inputs]) :
        ]
        by_piece = []
        for *inputs, piece in _pieces((*tensors[: ctx.num_inputs], gradient), ctx.rows):
            leaves = [
                value.detach().requires_grad_(n) for value, n in zip(inputs, needed, strict=False)
            ]
            with torch.enable_grad(), torch.autocast(ctx.device_type, **ctx.autocast), _repeat():
                result = ctx.stage(*leaves)
            wanted = [leaf for leaf in leaves if leaf.requires_grad] + parameters
            by_piece.append(torch.autograd.grad(result, wanted, piece))
        joined = iter(_join(by_piece, len(by_piece[0]) - len(parameters)))
        return None, None, None, *(next(joined) if n else None for n in needed)


def _pieces(tensors: Sequence[Tensor], rows: int | None) -> Iterator[tuple[Tensor, ...]]:
    if rows is None:
        return iter([tuple(tensors)])
    return zip(*(tensor.split(rows) for tensor in tensors), strict=True)


def _join(by_piece: Sequence[Sequence[Tensor]], num_inputs: int) -> Iterator[Tensor]:
    """Gradients of inputs end to end, those of parameters added up."""
    for position, parts in enumerate(zip(*by_piece, strict=True)):
        if len(parts) == 1:
            yield parts[0]
        else:
            yield torch.cat(parts) if position < num_inputs else torch.stack(parts).sum(0)


@contextmanager
def _repeat() -> Iterator[None]:
    token = _again.set(True)
    try:
        yield
    finally:
        _again.reset(token)
