"""Networks built without values, to be filled from a file, or with seeded random ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.overrides import TorchFunctionMode

_RANDOM = (
    Tensor.normal_,
    Tensor.uniform_,
    nn.init.normal_,
    nn.init.uniform_,
    nn.init.kaiming_uniform_,
)
"""Draws into a tensor; what else `nn.init` has calls one of them."""


def build_on_meta(builder: Callable[[], nn.Module]) -> nn.Module:
    """A network to be filled by `load_strict`: its parameters are names and shapes alone.

    Its buffers hold numbers, because some (graphs, tables) are computed and stand in no file.
    """
    thread = threading.get_ident()

    # torch's own type of such a hook forgets that it may return a parameter: hence Any.
    def to_meta(_: nn.Module, __: str, parameter: nn.Parameter) -> Any:
        if parameter.is_meta or threading.get_ident() != thread:
            return None  # the hook is for all threads, the network for this one
        return nn.Parameter(parameter.to("meta"), requires_grad=parameter.requires_grad)

    hook = register_module_parameter_registration_hook(to_meta)
    try:
        with _NoFirstValues():
            return builder()
    finally:
        hook.remove()


class _NoFirstValues(TorchFunctionMode):
    """Random first values are not drawn for tensors on the meta device, which have none.

    torch's own way of doing nothing there imports its compiler first, which takes seconds.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Collection[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        if func in _RANDOM:
            target = args[0] if args else named["tensor"]  # as torch.nn.init hands it on
            if target.is_meta:
                return target
        return func(*args, **named)


def materialise_untrained(builder: Callable[[], nn.Module], seed: int) -> nn.Module:
    """A network with its own random first values: the same for the same seed.

    The global random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        # `torch.manual_seed` would also seed the GPUs, and for good.
        torch.set_rng_state(torch.Generator().manual_seed(seed).get_state())
        return builder()
