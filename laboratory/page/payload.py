"""What the browser gets of a run: its columns as bytes, and the figures that it does not count."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from laboratory.figures.confusion import GROUPINGS, clustered, confusion
from laboratory.figures.overview import Estimate, VoterMetrics, overview
from laboratory.figures.queues import (
    confident_mistakes,
    disagreement,
    label_errors,
    lowest_margin,
)
from laboratory.figures.slices import Slice, worst_slices
from laboratory.table.clips import ClipTable
from laboratory.table.facts import NUMBERS
from laboratory.table.filters import CHOICES, OF_VOTER
from pipeline.classification.ensemble import LEADERBOARD
from pipeline.elements import BY_FAMILY, LABELS

MOST_QUEUED = 200
"""Clips of a queue that go along; nobody walks further in one sitting."""


def payload(table: ClipTable, *, title: str, simulated: bool = False) -> dict[str, Any]:
    """The run as JSON.

    Args:
        table: Its clips, one at least.
        title: What it is called.
        simulated: Whether its clips were drawn by a program: the paper's figures, of real video,
            are then shown as what they are.
    """
    every = np.ones(len(table), dtype=bool)
    figures = overview(table, every)
    return {
        "title": title,
        "simulated": simulated,
        "labels": LABELS,
        "order": BY_FAMILY,
        "groupings": {
            by: {"names": g.names, "ofClass": g.of_class.tolist()} for by, g in GROUPINGS.items()
        },
        "voters": list(table.voters),
        "columns": _columns(table),
        "figures": {name: _figures(found) for name, found in figures.items()},
        "paper": LEADERBOARD,
        "slices": {v: [_slice(s) for s in worst_slices(table, every, v)] for v in table.voters},
        "queues": {v: _queues(table, v) for v in table.voters},
        "clustered": {
            v: clustered(confusion(table, every, v, GROUPINGS["class"])).tolist()
            for v in table.voters
        },
        "problems": [
            {"reason": p.reason, "count": p.count, "example": p.example} for p in table.problems
        ],
    }


def _columns(table: ClipTable) -> dict[str, Any]:
    return {
        "stem": table.stems.tolist(),
        "label": packed(table.labels, "i1"),
        "said": {v: packed(voter.said, "i1") for v, voter in table.voters.items()},
        **{
            name: {v: packed(getattr(voter, name), "<f4") for v, voter in table.voters.items()}
            for name in OF_VOTER
        },
        "agreement": packed(table.agreement, "<f4"),
        "facts": {n: packed(table.facts[n], "<f4") for n in NUMBERS if n in table.facts},
        "words": {n: _words(table.facts[n]) for n in CHOICES if n in table.facts},
    }


def packed(values: NDArray[Any], kind: str) -> str:
    """An array as the browser's typed arrays read it."""
    return b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode("ascii")


def _words(values: NDArray[Any]) -> dict[str, Any]:
    names, place = np.unique(values, return_inverse=True)
    return {"names": names.tolist(), "place": packed(place, "<i4")}


def _queues(table: ClipTable, voter: str) -> dict[str, list[int]]:
    every = np.ones(len(table), dtype=bool)
    found = {
        "confident": confident_mistakes(table, every, voter),
        "disagreement": disagreement(table, every),
        "margin": lowest_margin(table, every, voter),
        "label_errors": label_errors(table, every, voter),
    }
    return {name: rows[:MOST_QUEUED].tolist() for name, rows in found.items()}


def _figures(found: VoterMetrics) -> dict[str, Any]:
    return {
        **{name: _estimate(getattr(found, name)) for name in _ESTIMATES},
        "accuracy": _numbers(found.accuracy),
        "low": _numbers(found.low),
        "high": _numbers(found.high),
    }


_ESTIMATES = ("mean_class_accuracy", "top1", "macro_f1", "ece")


def _estimate(found: Estimate) -> list[float | None]:
    return _numbers(np.array([found.value, found.low, found.high]))


def _slice(found: Slice) -> dict[str, Any]:
    low, high = found.interval
    held_out = _numbers(np.array([found.held_out, low, high]))
    return {
        "query": found.where.query, "clips": found.clips, "errors": found.errors,
        "heldOut": held_out, "usual": found.usual,
    }  # fmt: skip


def _numbers(values: NDArray[Any]) -> list[float | None]:
    """JSON has no NaN."""
    return [round(value, 6) if np.isfinite(value) else None for value in values.tolist()]
