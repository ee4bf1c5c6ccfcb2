"""What every layout conversion returns."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Converted:
    """A state dict renamed to our keys, and what the user should know about how it got there."""

    state: dict[str, Tensor]
    """Our keys; tensors may lie on the meta device, so names and shapes alone can be converted."""
    dropped: tuple[str, ...] = ()
    """Keys of the source that carry nothing for us (counters, training-only tensors)."""
    notes: tuple[str, ...] = ()
    """Sentences worth showing, e.g. `"position table: a zero row was put in front"`."""
