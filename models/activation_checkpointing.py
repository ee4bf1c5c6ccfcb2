"""Less memory in training: a stage keeps its inputs alone and is computed again on the way back.

`torch.utils.checkpoint` does the same, but keeps the inputs for as long as the loss lives, and
knows neither batch norm (whose running statistics must move once a step) nor pieces: a stage whose
rows are independent is taken in pieces, so that its temporaries stay small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

Stage = Callable[..., Tensor]

_again: ContextVar[bool] = ContextVar("computed_again", default=False)
_kept: ContextVar[bool] = ContextVar("activations_kept", default=False)


@contextmanager
def activations_kept() -> Iterator[None]:
    """Store what the backward pass needs inside: a third quicker, where there is the memory."""
    token = _kept.set(True)
    try:
        yield
    finally:
        _kept.reset(token)


def computed_again() -> bool:
    """Whether the running code is a repetition: what counts steps must then stand still."""
    return _again.get()


def checkpointed(
    stage: Stage,
    *inputs: Tensor,
    parameters: Sequence[nn.Parameter],
    rows: int | None = None,
) -> Tensor:
    """`stage(*inputs)`, with nothing stored for the backward pass but `inputs`.

    Args:
        stage: Deterministic; has no parameters but `parameters`.
        inputs: Its arguments.
        parameters: What else gets a gradient.
        rows: So many rows at most are taken at a time (axis 0 of the inputs and of the result,
            independent of each other); None takes all at once.
    """
    if _kept.get():
        results = [stage(*piece) for piece in _pieces(inputs, rows)]
        return results[0] if len(results) == 1 else torch.cat(results)
    result: Tensor = _Checkpoint.apply(stage, rows, len(inputs), *inputs, *parameters)
    return result


class _Checkpoint(torch.autograd.Function):
    """See `checkpointed`."""

    @staticmethod
    def forward(
        ctx: Any, stage: Stage, rows: int | None, num_inputs: int, *tensors: Tensor
    ) -> Tensor:
        ctx.stage, ctx.rows, ctx.num_inputs = stage, rows, num_inputs
        ctx.autocast = _autocast_state(tensors[0].device.type)
        ctx.save_for_backward(*tensors)
        results = [stage(*piece) for piece in _pieces(tensors[:num_inputs], rows)]
        return results[0] if len(results) == 1 else torch.cat(results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        inputs, parameters = _split(ctx.saved_tensors, ctx.num_inputs)
        need_inputs, need_parameters = _split(ctx.needs_input_grad[3:], ctx.num_inputs)
        trained = [p for p, needed in zip(parameters, need_parameters, strict=True) if needed]
        by_input: list[tuple[Tensor, ...]] = []
        flat = torch.zeros(
            sum(p.numel() for p in trained),
            dtype=trained[0].dtype if trained else None,
            device=gradient.device,
        )
        for *values, piece in _pieces((*inputs, gradient), ctx.rows):
            leaves = [
                value.detach().requires_grad_(needed)
                for value, needed in zip(values, need_inputs, strict=True)
            ]
            by_input.append(_gradients(ctx, leaves, trained, piece, flat))
        of_inputs = [
            parts[0] if len(parts) == 1 else torch.cat(parts)
            for parts in zip(*by_input, strict=True)
        ]
        sizes = [p.numel() for p in trained]
        of_parameters = [
            part.view_as(p) for part, p in zip(flat.split(sizes), trained, strict=True)
        ]
        found = iter([*of_inputs, *of_parameters])
        return None, None, None, *(next(found) if n else None for n in ctx.needs_input_grad[3:])


def _gradients(
    ctx: Any, leaves: list[Tensor], trained: list[Tensor], gradient: Tensor, flat: Tensor
) -> tuple[Tensor, ...]:
    """Gradients of one piece: the inputs' are returned, the parameters' added to `flat`.

    Parameters' gradients outlive the step. One block of memory for a stage's, instead of many small
    ones between the large temporaries, lets the allocator use the large ones' place again: without
    it the process grows by half.
    """
    with torch.enable_grad(), torch.autocast(**ctx.autocast), _repetition():
        result = ctx.stage(*leaves)
    differentiated = [leaf for leaf in leaves if leaf.requires_grad]
    found = torch.autograd.grad(result, [*differentiated, *trained], gradient)
    of_inputs, of_parameters = _split(found, len(differentiated))
    if of_parameters:
        flat += torch.cat([value.flatten() for value in of_parameters])
    return of_inputs


def _autocast_state(device_type: str) -> dict[str, Any]:
    return {
        "device_type": device_type,
        "enabled": torch.is_autocast_enabled(device_type),
        "dtype": torch.get_autocast_dtype(device_type),
    }


def _pieces(tensors: Sequence[Tensor], rows: int | None) -> Iterator[tuple[Tensor, ...]]:
    if rows is None:
        return iter([tuple(tensors)])
    return zip(*(tensor.split(rows) for tensor in tensors), strict=True)


def _split(values: Sequence[Any], position: int) -> tuple[Any, Any]:
    return values[:position], values[position:]


@contextmanager
def _repetition() -> Iterator[None]:
    token = _again.set(True)
    try:
        yield
    finally:
        _again.reset(token)
