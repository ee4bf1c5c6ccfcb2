"""Runs with known answers, as tables and as folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from laboratory.table.clips import ClipTable, table_of
from laboratory.table.predictions import RunScores
from pipeline.elements import LABELS

INDEX = {name: LABELS.index(name) for name in LABELS}
MODELS = ("umt", "uniformerv2", "infogcn")


def said(class_index: int, sure: float = 0.73, second: int | None = None) -> np.ndarray:
    """`(28,)` a class with a probability; the rest goes to a second one, or to all others."""
    if second is None:
        row = np.full(28, (1 - sure) / 27)
    else:
        row = np.zeros(28)
        row[second] = 1 - sure
    row[class_index] = sure
    return row


MISSING = np.full(28, np.nan)


def table(
    labels: Sequence[int],
    answers: Mapping[str, Sequence[np.ndarray]],
    facts: Mapping[str, Any] | None = None,
    stems: Sequence[str] | None = None,
) -> ClipTable:
    """A table from `(28,)` probabilities of every clip of every network."""
    names = sorted(answers)
    stems = stems or [f"clip_{chr(ord('a') + n)}" for n in range(len(labels))]
    stacked = np.array([answers[name] for name in names])
    found = RunScores(np.array(stems), np.array(labels), tuple(names), stacked, ())
    return table_of(found, {name: np.array(column) for name, column in (facts or {}).items()})


def everyone(row: Sequence[np.ndarray]) -> dict[str, Sequence[np.ndarray]]:
    """The three models, all of one mind."""
    return dict.fromkeys(MODELS, row)


def drawn(clips: int, *, seed: int = 0, missing: float = 0.0, per_source: int = 3) -> ClipTable:
    """Many clips; the three models and one variant more are right in some 7 of 10."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(28, size=clips)
    answers = {}
    for name in (*MODELS[1:], "umt_a", "umt_b"):
        logits = rng.normal(0, 1, (clips, 28))
        shown = np.where(rng.random(clips) < 0.7, labels, rng.integers(28, size=clips))
        logits[np.arange(clips), shown] += 3.0
        rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        rows[rng.random(clips) < missing] = np.nan
        answers[name] = rows
    stems = [f"{n // per_source:05d}_{n % per_source}" for n in range(clips)]
    facts = {"skater_px": rng.gamma(6, 30, clips).astype("f4"), "split": ["test"] * clips}
    return table(labels.tolist(), answers, facts, stems)


def write_rows(folder: Path, rows: Sequence[tuple[Any, ...]], **types: pa.DataType) -> Path:
    """`predictions.parquet` of rows of stem, label, model, view, logits."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {
        "stem": pa.string(), "label": pa.int64(), "model": pa.string(), "view": pa.int64(),
        "logits": pa.list_(pa.float32()), **types,
    }  # fmt: skip
    columns = {
        name: pa.array([row[i] for row in rows], kind)
        for i, (name, kind) in enumerate(kinds.items())
    }
    pq.write_table(pa.table(columns), folder / "predictions.parquet")
    return folder


def logits(class_index: int, certainty: float = 4.0) -> list[float]:
    """28 that favour one class."""
    row = [0.0] * 28
    row[class_index] = certainty
    return row
