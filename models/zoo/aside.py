"""A network among what trainers such as Lightning keep beside it in one flat state dict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from torch import Tensor

from models.checkpoint_parts import AVERAGES, without_prefixes
from models.families import recognise

DEEPEST = 3
"""Names in front of a network's own keys, at most."""


def network_in(
    state: dict[str, Tensor],
) -> tuple[dict[str, Tensor], tuple[str, ...], tuple[str, ...]]:
    """The network's tensors where a trainer (Lightning) keeps others beside them under one roof.

    Returns:
        Tensors, without what all their keys begin with; the keys left aside; notes.
    """
    if recognise(state) is not None:
        return state, (), ()
    networks = {
        prefix: inner
        for prefix in _prefixes(state)
        if recognise(inner := _below(prefix, state)) is not None
    }
    if not networks:
        return state, (), ()
    taken, inner = next(iter(networks.items()))
    others: list[str] = []
    for name in networks:
        if not name.startswith((taken, *(f"{other}." for other in others))):
            others.append(name.rstrip("."))
    note = f"took the {len(inner)} tensors whose keys begin with {taken}"
    if others:
        note += f"; there are also those of {', '.join(others)}: --key {others[0]} takes them"
    return inner, tuple(key for key in state if not key.startswith(taken)), (note,)


def _prefixes(state: Mapping[str, Tensor]) -> list[str]:
    """Beginnings of keys, a few names deep: running means last, and what begins most keys first."""
    counts: Counter[str] = Counter()
    for key in state:
        names = key.split(".")[:-1][:DEEPEST]
        counts.update(".".join(names[: i + 1]) + "." for i in range(len(names)))
    averages = {prefix: prefix.partition(".")[0] in AVERAGES for prefix in counts}
    return sorted(counts, key=lambda prefix: (averages[prefix], -counts[prefix], len(prefix)))


def _below(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    begun = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    return without_prefixes(begun)
