"""Fitted numbers of the evidence from skeletons: the file beside this one, and how it is written.

    python -m training.measure.evidence

makes it from simulated skeletons; `evidence.toml` is its card.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from models.atomic_files import written
from models.checkpoint_files import sha256_of
from pipeline.elements import ELEMENTS
from pipeline.measure.records import Estimate
from pipeline.verdict.takeoff import TakeoffNetwork

Array = NDArray[np.float64]

MADE_BY = "python -m training.measure.evidence"
NUMBERS = Path(__file__).with_name("evidence.safetensors")
TurnsRead = Literal["turned_in_all", "turned_in_air"]
TURNS_READ: tuple[TurnsRead, ...] = ("turned_in_all", "turned_in_air")
"""Which measured turns may be told; the first is the better one, and needs more of the clip."""
MOST_TURNS = 6.0
"""A wrong reading may be anything up to here."""
ROTATIONS = tuple(sorted({e.rotations for e in ELEMENTS if e.rotations is not None}))
"""Turns that the names of the classes say: 1 to 4, an Axel's half turn more."""


_IN_95 = 2.0 * 1.96
"""Standard deviations that an interval of 95 % takes."""


@dataclass(frozen=True)
class TurnsTable:
    """How many turns are measured where a jump's name says so many."""

    middle: Array
    """`(7,)` of `ROTATIONS`."""
    width: Array
    """`(7,)` standard deviation about it, turns."""
    wrong: float
    """Share of readings that say nothing."""

    def likelihood(self, turns: Estimate) -> dict[float, float]:
        """Density of a reading for each of `ROTATIONS`: a bell, over a floor of wrong readings.

        The bell is wider where the reading's own interval is.
        """
        width = np.hypot(self.width, (turns.high - turns.low) / _IN_95)
        bells = np.exp(-0.5 * ((turns.value - self.middle) / width) ** 2)
        bells /= width * np.sqrt(2.0 * np.pi)
        mixed = (1.0 - self.wrong) * bells + self.wrong / MOST_TURNS
        return dict(zip(ROTATIONS, mixed.tolist(), strict=True))


@dataclass(frozen=True)
class EvidenceNumbers:
    """All fitted numbers."""

    turns: Mapping[TurnsRead, TurnsTable]
    takeoff: TakeoffNetwork
    takeoff_wrong: float
    """Share of read take-offs that say nothing."""


def write_numbers(numbers: EvidenceNumbers, path: Path, sources: str) -> None:
    """Write the numbers as safetensors, whole or not at all.

    Raises:
        OSError: The disk is full or the place cannot be written.
    """
    tensors = {
        f"turns.{name}": np.stack([table.middle, table.width])
        for name, table in numbers.turns.items()
    }
    for number, (weight, bias) in enumerate(numbers.takeoff.layers):
        tensors |= {f"takeoff.{number}.weight": weight, f"takeoff.{number}.bias": bias}
    wrong: dict[str, float] = {name: table.wrong for name, table in numbers.turns.items()}
    wrong["takeoff"] = numbers.takeoff_wrong
    about = {"made_by": MADE_BY, "sources": sources, "wrong": wrong}
    # One sorted text, so that the same numbers give the same bytes.
    metadata = {"evidence": json.dumps(about, sort_keys=True)}
    with written(path) as scratch:
        small = {name: np.ascontiguousarray(t, np.float32) for name, t in tensors.items()}
        save_file(small, scratch, metadata)


def read_numbers(path: Path) -> EvidenceNumbers:
    """Read what `write_numbers` wrote."""
    with safe_open(path, framework="numpy") as file:
        wrong = json.loads(file.metadata()["evidence"])["wrong"]
        tensors = {n: file.get_tensor(n).astype(np.float64) for n in file.keys()}  # noqa: SIM118
    layers = sum(name.startswith("takeoff.") for name in tensors) // 2
    return EvidenceNumbers(
        {name: _table(tensors[f"turns.{name}"], wrong[name]) for name in TURNS_READ},
        TakeoffNetwork(
            [(tensors[f"takeoff.{n}.weight"], tensors[f"takeoff.{n}.bias"]) for n in range(layers)]
        ),
        wrong["takeoff"],
    )


def _table(numbers: Array, wrong: float) -> TurnsTable:
    middle, width = numbers
    return TurnsTable(middle, width, wrong)


@lru_cache(maxsize=1)
def shipped_numbers() -> EvidenceNumbers:
    """The numbers that ship."""
    return read_numbers(NUMBERS)


@lru_cache(maxsize=1)
def shipped_sha256() -> str:
    """Of the file that ships."""
    return sha256_of(NUMBERS)
