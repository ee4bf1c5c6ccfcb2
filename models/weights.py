"""Weights into networks: strictly, without a second copy in memory, and never silently random.

A network is built with its parameters on the meta device and takes the file's own tensors; what a
checkpoint lacks is either refused by name or reported. `materialise_untrained` gives seeded random
weights, for timing and tests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.building import build_on_meta, materialise_untrained
from models.checkpoint_files import WeightsError, check_sha256, read_state, sha256_of
from models.families import Family, recognise

__all__ = [
    "LoadReport",
    "Misfit",
    "MissingWeights",
    "WeightsError",
    "build_on_meta",
    "check_finite",
    "check_fit",
    "check_sha256",
    "load_strict",
    "materialise_untrained",
    "read_state",
    "sha256_of",
    "under_our_names",
]

NAMED_KEYS = 5
"""How many keys an error names."""


class MissingWeights(WeightsError):
    """Weights that are not on this machine; the sentence names the command that brings them."""


class Misfit(WeightsError):
    """A state dict that a network does not take, by so many tensors."""

    def __init__(self, message: str, tensors: int) -> None:
        super().__init__(message)
        self.tensors = tensors


@dataclass(frozen=True)
class LoadReport:
    """What a strict load did."""

    source: str
    """The file or checkpoint."""
    loaded: int
    """Tensors taken from it."""
    new: tuple[str, ...] = ()
    """Keys that keep the network's own first values: a new head, or what CLIP does not have."""
    notes: tuple[str, ...] = ()
    """Sentences worth showing."""

    def __str__(self) -> str:
        lines = [f"{self.source}: {self.loaded} tensors loaded"]
        if self.new:
            lines.append(f"newly initialised, to be trained: {_some(self.new)}")
        return "\n".join([*lines, *self.notes])


def load_strict(
    model: nn.Module,
    state: Mapping[str, Tensor],
    *,
    source: str,
    new_head: bool = False,
    fresh: Collection[str] = (),
) -> LoadReport:
    """Fill a network with a state dict in our keys; every key must be there and fit.

    A network on the meta device takes the tensors themselves (in its own floating type), another
    one copies them. After an error the network is of no use.

    Args:
        model: A network of any family.
        state: As `read_state` or a layout's `convert` gives it.
        source: How errors and the report call it.
        new_head: Accept another number of classes: the network then keeps its own head.
        fresh: Keys that the source is known not to hold; the network keeps its own.

    Raises:
        WeightsError: Of another family or layout; keys missing, unexpected or of another shape; a
            weight that is not a finite number; or nothing to fill a network on the meta device.
    """
    check_finite(state, source=source)
    report = check_fit(model, state, source=source, new_head=new_head, fresh=fresh)
    tensors = [*model.named_parameters(), *model.named_buffers()]
    empty = [key for key, value in tensors if value.is_meta]
    if empty:
        raise WeightsError(
            f"{source} contains nothing for {_some(empty)}: it can start a training, "
            "but not be used as it is"
        )
    return report


def check_fit(
    model: nn.Module,
    state: Mapping[str, Tensor],
    *,
    source: str,
    new_head: bool = False,
    fresh: Collection[str] = (),
) -> LoadReport:
    """`load_strict` for a look at names and shapes.

    `state` may lie on the meta device, and `model` may stay there.
    """
    own = model.state_dict()
    state = under_our_names(state, source=source)
    family = _family_of(own, state, source, partial=bool(fresh))
    fitting = {key: value for key, value in state.items() if _fits(key, value, own)}
    missing, unexpected = _assign(model, _as_in(fitting, own), own, source)
    reshaped = [key for key in state if key not in fitting]
    excused = (*fresh, *(key for key in own if new_head and key.startswith(family.head)))
    new = [key for key in own if key in excused and (key in missing or key in reshaped)]
    problems = {
        "missing": [key for key in missing if key not in reshaped and key not in new],
        "unexpected": unexpected,
        "of another shape": [
            f"{key} {tuple(state[key].shape)} for {tuple(own[key].shape)}"
            for key in reshaped
            if key not in new
        ],
    }
    if any(problems.values()):
        raise _misfit(source, model, problems, family)
    return LoadReport(source, len(fitting), tuple(new), tuple(_notes(state, own, new)))


def under_our_names(state: Mapping[str, Tensor], *, source: str) -> Mapping[str, Tensor]:
    """A state dict of a layout that is loaded like ours, renamed; any other as it is.

    Raises:
        WeightsError: A key that the layout does not have.
    """
    found = recognise(state)
    if found is None or not found[1].as_ours:
        return state
    try:
        return found[1].convert(state).state
    except ValueError as error:
        raise WeightsError(f"{source}: {error}") from error


def check_finite(state: Mapping[str, Tensor], *, source: str) -> None:
    """Refuse weights that are not numbers.

    Raises:
        WeightsError: Names the first tensor with NaN or infinite numbers.
    """
    for key, value in state.items():
        if value.is_meta or not value.is_floating_point() or not value.numel():
            continue
        # aminmax passes NaN on, and is 30 times faster than looking at isfinite of every element.
        if not all(torch.isfinite(bound) for bound in torch.aminmax(value)):
            raise WeightsError(
                f"{source}: {key} holds NaN or infinite numbers: the training that wrote it failed "
                "or the file is damaged; use another checkpoint"
            )


def _assign(
    model: nn.Module, state: dict[str, Tensor], own: Mapping[str, Tensor], source: str
) -> tuple[list[str], list[str]]:
    """Give the network its tensors; returns the missing and the unexpected keys."""
    on_meta = any(value.is_meta for value in own.values())
    try:
        result = model.load_state_dict(state, strict=False, assign=on_meta)
    except RuntimeError as error:  # what a network's own load hook objects to
        raise WeightsError(f"{source}: {str(error).splitlines()[-1].strip()}") from error
    return result.missing_keys, result.unexpected_keys


def _family_of(
    own: Mapping[str, Tensor], state: Mapping[str, Tensor], source: str, *, partial: bool
) -> Family:
    """The network's family, once the source does not look like another family or layout.

    What a `partial` source holds (a CLIP tower's tensors) may look like where it came from.
    """
    ours, theirs = recognise(own), recognise(state)
    if ours is None:
        raise WeightsError(f"{source}: no family of networks has keys such as {_some(own)}")
    family = ours[0]
    if theirs is None or theirs == ours or (partial and theirs[0] is family):
        return family
    if theirs[0] is not family:
        raise WeightsError(
            f"{source} looks like a {theirs[0].name} checkpoint ({theirs[1].name} layout), "
            f"not like {family.name}; choose the file or the builder that belongs together"
        )
    raise WeightsError(
        f"{source} has the {theirs[1].name} layout of {family.name}; convert it first: "
        f"python -m models.zoo convert FILE --family {family.name} --out FILE.safetensors"
    )


def _fits(key: str, value: Tensor, own: Mapping[str, Tensor]) -> bool:
    return key not in own or value.shape == own[key].shape


def _as_in(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state in the floating types of the network."""
    return {
        key: value.to(own[key].dtype) if _floats(key, value, own) else value
        for key, value in state.items()
    }


def _floats(key: str, value: Tensor, own: Mapping[str, Tensor]) -> bool:
    return key in own and value.is_floating_point() and own[key].is_floating_point()


def _misfit(
    source: str, model: nn.Module, problems: Mapping[str, list[str]], family: Family
) -> Misfit:
    parts = [f"{len(keys)} {what} ({_some(keys)})" for what, keys in problems.items() if keys]
    message = f"{source} does not fit {type(model).__name__}: {', '.join(parts)}"
    reshaped = problems["of another shape"]
    if len(parts) == 1 and reshaped and all(key.startswith(family.head) for key in reshaped):
        message += "; only the head differs: ask for a new head to train it"
    else:
        message += "; choose the file or the builder that belongs together"
    return Misfit(message, sum(map(len, problems.values())))


def _notes(
    state: Mapping[str, Tensor], own: Mapping[str, Tensor], new: Collection[str]
) -> Iterator[str]:
    for key in new:
        if key in state:
            yield f"{key}: {tuple(state[key].shape)} in the file, {tuple(own[key].shape)} here"
    types = {
        (_kind(value), _kind(own[key]))
        for key, value in state.items()
        if _floats(key, value, own) and value.dtype != own[key].dtype
    }
    for stored, computed in sorted(types):
        yield f"stored as {stored}; the network computes with {computed}"


def _kind(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")


def _some(keys: Collection[str]) -> str:
    """The first keys, and how many more there are."""
    named = ", ".join(list(keys)[:NAMED_KEYS])
    rest = len(keys) - NAMED_KEYS
    return f"{named} and {rest} more" if rest > 0 else named
