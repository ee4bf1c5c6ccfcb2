"""The state dict inside what a checkpoint holds: under which name, behind which prefix.

Training scripts save their weights beside running means of them (EMA), teachers, counters and
records of all kinds. Where several state dicts could be meant, one is taken by a fixed order, and a
note says which, and how to take another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.errors import WeightsError

Tree = Mapping[Any, object]
"""Dicts inside each other, as scripts save them."""

WRAPPERS = ("state_dict", "model_state", "model_state_dict", "model", "module")
"""Top-level keys that published files hold their state dict under."""

AVERAGES = (
    *("state_dict_ema", "model_ema", "ema_state_dict", "ema_model", "model_ema_state_dict", "ema"),
    "teacher",
)
"""Top-level keys of a running mean of the weights, or of a teacher that is one."""

WRAPPER_PREFIXES = ("module.", "_orig_mod.", "_forward_module.", "model.")
"""What DistributedDataParallel, torch.compile and trainers put before every key."""

_COUNTERS = ("n_averaged", "steps", "num_updates")
"""What torch's, mmengine's and others' running means count beside the weights."""
_USUAL_NUMBERS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_DEEPEST = 3
_NAMED = 5

SHARDS = (
    "its weights are spread over the files of all processes. Merge them with the script that "
    "DeepSpeed puts into the run's folder, `python zero_to_fp32.py FOLDER weights.bin`, and "
    "convert that"
)
"""What to do with one file of a DeepSpeed ZeRO-3 run."""


@dataclass(frozen=True)
class Part:
    """One state dict of a checkpoint."""

    state: dict[str, Tensor]
    """Without wrapper keys and prefixes."""
    notes: tuple[str, ...] = ()
    """What was taken where there was a choice, and how its numbers were changed."""


def part_of(tree: object, path: Path, key: str | None = None) -> Part:
    """The state dict in what was read from a file.

    Args:
        tree: What the file holds.
        path: The file, for errors.
        key: Which state dict, where there are several: its name, names inside each other
            (`ema.module`), or what its keys begin with.

    Raises:
        WeightsError: It holds none, or none of that name; a shard of one; or numbers that no
            network here computes with.
    """
    if not isinstance(tree, Mapping):
        raise WeightsError(f"{path} holds a {type(tree).__name__}, expected a state dict")
    _refuse_shards(tree, path)
    name, found = _named(tree, key, path) if key else _usual(tree, path)
    notes = [] if key else list(_choice(tree, name))
    state = {str(k): value.detach() for k, value in found.items() if isinstance(value, Tensor)}
    empty = [k for k, value in state.items() if not value.numel()]
    if empty:
        raise WeightsError(
            f"{path}: {_some(empty)} {'is' if len(empty) == 1 else 'are'} empty, as in one shard "
            f"of a DeepSpeed ZeRO-3 run: {SHARDS}"
        )
    state = without_prefixes(state)
    changed = _to_usual_numbers(state, path)
    return Part(state, (*notes, *changed))


def _usual(tree: Tree, path: Path) -> tuple[str, Tree]:
    """The state dict that a file is for, and its name; empty where it is all there is."""
    if _is_state(tree):
        return "", tree
    known = _parts(tree, (*WRAPPERS, *AVERAGES))
    if known:
        return next(iter(known.items()))
    others = _parts(tree, [name for name in tree if isinstance(name, str)])
    if others:
        raise WeightsError(
            f"{path} holds state dicts under {', '.join(others)}; choose one: "
            "python -m models.zoo convert --key NAME"
        )
    held = (tree.get(name) for name in WRAPPERS)
    state: Tree = next((node for node in held if isinstance(node, Mapping)), tree)
    foreign = [str(name) for name, value in state.items() if not isinstance(value, Tensor)]
    raise WeightsError(
        f"{path} contains no state dict: found {_some(foreign) or 'nothing'}; expected tensors, at "
        f"the top or under one of {', '.join((*WRAPPERS, *AVERAGES))}"
    )


def _choice(tree: Tree, taken: str) -> Iterator[str]:
    """What to say of a file with more than one state dict, or with an average only."""
    others = [name for name in _parts(tree, (*WRAPPERS, *AVERAGES)) if name != taken]
    averages = [name for name in others if name in AVERAGES]
    if averages and taken not in AVERAGES:
        which = averages[0]
        yield (
            f"took {taken}; beside it lies {', '.join(averages)}, usually a running mean of the "
            f"weights, which often scores better: --key {which} takes it"
        )
    elif taken in AVERAGES:
        beside = f"; beside it lies {', '.join(others)}" if others else ""
        yield f"took {taken}, usually a running mean of the weights{beside}"


def _named(tree: Tree, key: str, path: Path) -> tuple[str, Tree]:
    """The state dict of a name, anywhere in the file, or what begins so in the usual one."""
    found = _at(tree, key, _DEEPEST)
    if found is None and (inner := _inner(tree, _DEEPEST)) is not None:
        found = _at(inner, key, 0)
    if found is None:
        names = list(_parts(tree, [name for name in tree if isinstance(name, str)]))
        flat = _inner(tree, _DEEPEST) or {}
        names += sorted({str(k).partition(".")[0] for k in flat} - set(names))
        raise WeightsError(
            f"{path} contains no state dict called {key}; there are {_some(names) or 'none'}"
        )
    return key, found


def _at(node: Tree, key: str, depth: int) -> Tree | None:
    inner = _inner(node.get(key), _DEEPEST)
    if inner is not None:
        return inner
    head, _, rest = key.partition(".")
    below = node.get(head)
    if rest and depth and isinstance(below, Mapping):
        return _at(below, rest, depth - 1)
    begun = {
        str(name).removeprefix(f"{key}."): value
        for name, value in node.items()
        if str(name).startswith(f"{key}.")
    }
    return begun if _is_state(begun) else None


def _parts(tree: Tree, names: tuple[str, ...] | list[str]) -> dict[str, Tree]:
    found = {name: _inner(tree.get(name), _DEEPEST) for name in names}
    return {name: state for name, state in found.items() if state is not None}


def _inner(node: object, depth: int) -> Tree | None:
    """A state dict, or the one that it is wrapped around."""
    if not isinstance(node, Mapping):
        return None
    if _is_state(node):
        return node
    if not depth:
        return None
    inner = (_inner(node.get(name), depth - 1) for name in (*WRAPPERS, *AVERAGES))
    return next((state for state in inner if state is not None), None)


def _is_state(node: Tree) -> bool:
    return bool(node) and all(isinstance(value, Tensor) for value in node.values())


def _refuse_shards(tree: Tree, path: Path) -> None:
    optimiser = tree.get("optimizer_state_dict")
    if isinstance(optimiser, Mapping) and "zero_stage" in optimiser:
        raise WeightsError(
            f"{path} holds the optimiser's part of one process of a DeepSpeed run: {SHARDS}"
        )


def without_prefixes(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict without what wrappers put before every key, and without their counters."""
    weights = [key for key in state if key not in _COUNTERS]
    for prefix in WRAPPER_PREFIXES:
        if weights and all(key.startswith(prefix) for key in weights):
            return without_prefixes({key.removeprefix(prefix): state[key] for key in weights})
    return state


def _to_usual_numbers(state: dict[str, Tensor], path: Path) -> tuple[str, ...]:
    """Bring the tensors to numbers that networks compute with; returns notes of what was done."""
    changed = set()
    for key, value in state.items():
        kind = str(value.dtype).removeprefix("torch.")
        if value.is_quantized or value.layout != torch.strided:
            how = f"quantised ({kind})" if value.is_quantized else f"sparse ({value.layout})"
            raise WeightsError(
                f"{path}: {key} is {how}; save it with plain numbers where it comes from "
                "(dequantize() or to_dense())"
            )
        if not value.is_floating_point() or value.dtype in _USUAL_NUMBERS:
            continue
        if scale := _scale_of(key, state):
            raise WeightsError(
                f"{path}: {key} holds {kind} numbers that are to be multiplied by {scale}; save "
                "the products as float16 or float32 where the file comes from"
            )
        try:
            state[key] = value.float()
        except (RuntimeError, TypeError):
            raise WeightsError(
                f"{path}: {key} holds {kind} numbers, which PyTorch does not convert; save it as "
                "float16 or float32 where it comes from"
            ) from None
        changed.add(kind)
    return tuple(f"numbers stored as {kind} were read as float32" for kind in sorted(changed))


def _scale_of(key: str, state: Mapping[str, Tensor]) -> str | None:
    """The tensor that scales one of eight bits, by the names that are in use."""
    module = key.rpartition(".")[0]
    names = (f"{key}_scale", f"{key}_scale_inv", f"{module}.scale", f"{module}.scale_weight")
    return next((name for name in names if name in state and name != key), None)


def _some(names: list[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
