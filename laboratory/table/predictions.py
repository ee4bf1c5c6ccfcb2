"""`predictions.parquet` read by columns: 10,000 clips of eight networks in about a second.

`training.evaluation.predictions` reads the same file strictly, row by row, and refuses it at the
first wrong cell. Whoever looks for causes wants to see the other clips all the same: here a row
that cannot be used is left out, counted and named (`Problem`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.classification.ensemble import Probabilities, softmax
from pipeline.elements import NUM_CLASSES, class_index
from pipeline.errors import InputError
from pipeline.types import IntArray

UNKNOWN = -1
"""Label of a clip whose class is not known."""
COLUMNS = ("stem", "label", "model", "view", "logits")
_BATCH = 8192
"""Rows at a time, so that what is computed of them stays in the processor's cache."""

Reason = Literal["label", "labels_differ", "listed_twice", "logits"]


class RunError(InputError):
    """A run that cannot be opened at all."""


@dataclass(frozen=True)
class Problem:
    """Rows that were left out, or clips whose class was."""

    reason: Reason
    """`label`: no class of ours, taken as unknown; `labels_differ`, `listed_twice`: the clip is
    left out; `logits`: not 28 finite numbers, the network's answer to that clip is left out."""
    count: int
    """Clips; for `logits`, answers."""
    example: str
    """Stem of the first, in the order of the stems."""


@dataclass(frozen=True)
class RunScores:
    """What the networks answered: N clips, M networks."""

    stems: NDArray[np.str_]
    """`(N,)`, sorted, unique."""
    labels: IntArray
    """`(N,)` class index, or `UNKNOWN`."""
    networks: tuple[str, ...]
    """M names, sorted."""
    probabilities: Probabilities
    """`(M, N, 28)` mean over the views of their softmax; NaN where a network has no answer."""
    problems: tuple[Problem, ...]


def read_answers(path: Path) -> RunScores:
    """Read the answers of a run.

    Raises:
        RunError: There is no such file, it is damaged or half-written, a column is missing, or
            not one row can be used.
    """
    try:
        with pq.ParquetFile(path) as file:
            return _read(file, path)
    except FileNotFoundError:
        raise RunError(f"{path}: there is no such file") from None
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(f"{path}: cannot be read as parquet ({reason})") from error


def _read(file: pq.ParquetFile, path: Path) -> RunScores:
    names = file.schema_arrow.names
    missing = [name for name in COLUMNS if names.count(name) != 1]
    if missing:
        raise RunError(f"{path}: has not one column {missing[0]}; see docs/formats.md")
    keys = file.read(columns=["stem", "label", "model", "view"])
    if not pa.types.is_string(keys.schema.field("stem").type):
        raise RunError(f"{path}: stems must be text, for numbers lose their leading zeros")
    stem_of_row, stems = _codes(keys["stem"])
    model_of_row, networks = _codes(keys["model"])
    if not len(stems):
        raise RunError(f"{path}: contains no clips")
    labels, label_problems = _labels(keys["label"], stem_of_row, len(stems))
    twice = _listed_twice(stem_of_row, model_of_row, _whole_numbers(keys["view"]))
    probabilities, bad = _mean_of_views(
        file, stem_of_row, model_of_row, (len(networks), len(stems))
    )
    if not np.isfinite(probabilities).any():
        raise RunError(f"{path}: not one answer has {NUM_CLASSES} finite logits")
    found = {**label_problems, "listed_twice": twice}
    out = np.union1d(found["labels_differ"], found["listed_twice"])
    kept = np.setdiff1d(np.arange(len(stems)), out)
    if not len(kept):
        raise RunError(f"{path}: not one clip can be used: all are listed twice or contradictory")
    problems = [
        Problem(reason, len(places), str(stems[places.min()]))
        for reason, places in (*found.items(), ("logits", bad))
        if len(places)
    ]
    names = tuple(map(str, networks))
    return RunScores(stems[kept], labels[kept], names, probabilities[:, kept], tuple(problems))


def _codes(column: pa.ChunkedArray) -> tuple[IntArray, NDArray[Any]]:
    """Of every row the place of its text among the sorted ones; -1 where there is none."""
    encoded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # no rows at all
        encoded = pa.DictionaryArray.from_arrays(
            pa.array([], pa.int32()), pa.array([], pa.string())
        )
    words = np.array(encoded.dictionary.to_pylist(), dtype=str)
    order = np.argsort(words, kind="stable")
    place = np.empty(len(words) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(len(words)), -1
    rows = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return place[rows], words[order]


def _labels(
    column: pa.ChunkedArray, stem_of_row: IntArray, clips: int
) -> tuple[IntArray, dict[Any, IntArray]]:
    """Class index of every clip; which are no classes of ours, and which clips have two."""
    if pa.types.is_string(column.type):
        of_row, words = _codes(column)
        numbers = np.array([*map(_class_of, words), UNKNOWN])[of_row]
        known = of_row >= 0
    else:
        numbers = _whole_numbers(column)
        known = numbers != UNKNOWN
    in_file = stem_of_row >= 0
    wrong = (numbers < 0) & known | (numbers >= NUM_CLASSES)
    numbers = np.where(wrong, UNKNOWN, numbers)
    labels = np.full(clips + 1, UNKNOWN)  # the last one for rows without a stem
    labels[stem_of_row] = numbers
    differ = (labels[stem_of_row] != numbers) & in_file
    return labels[:clips], {
        "label": np.unique(stem_of_row[wrong & in_file]),
        "labels_differ": np.unique(stem_of_row[differ]),
    }


def _class_of(name: str) -> int:
    try:
        return class_index(name)
    except ValueError:
        return -2


def _whole_numbers(column: pa.ChunkedArray) -> IntArray:
    """Whole numbers, as floats too, for a column with gaps is one of floats in pandas; else -1."""
    try:
        values = pc.cast(column, pa.float64()).to_numpy()
    except pa.ArrowException:  # text in a column of numbers
        return np.full(len(column), UNKNOWN)
    whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < 2**31)
    gone = np.isnan(values)
    return np.where(whole, np.nan_to_num(values), np.where(gone, UNKNOWN, -2)).astype(np.int64)


def _listed_twice(stems: IntArray, models: IntArray, views: IntArray) -> IntArray:
    """Clips of which a network has two answers to the same view."""
    used = (stems >= 0) & (models >= 0)
    key = (stems[used] * (models.max(initial=0) + 1) + models[used]) * 2**20 + views[used] % 2**20
    values, counts = np.unique(key, return_counts=True)
    doubled = values[counts > 1] // 2**20 // (models.max(initial=0) + 1)
    return np.unique(doubled)


def _mean_of_views(
    file: pq.ParquetFile, stem_of_row: IntArray, model_of_row: IntArray, shape: tuple[int, int]
) -> tuple[Probabilities, IntArray]:
    """`(M, N, 28)`, and the clip of each answer that was spoilt by a row of it."""
    M, N = shape
    totals = np.zeros((M * N, NUM_CLASSES))
    views = np.zeros(M * N, dtype=np.int64)
    spoilt = np.zeros(M * N, dtype=bool)
    for start, logits, usable in _logits(file):
        rows = slice(start, start + len(logits))
        key = model_of_row[rows] * N + stem_of_row[rows]
        named = (model_of_row[rows] >= 0) & (stem_of_row[rows] >= 0)
        spoilt[key[named & ~usable]] = True
        good = named & usable
        if good.all():
            _add(totals, views, key, softmax(logits))
        else:
            _add(totals, views, key[good], softmax(logits[good]))
    views[spoilt] = 0
    totals /= np.where(views > 0, views, np.nan)[:, None]
    return totals.reshape(M, N, NUM_CLASSES), np.flatnonzero(spoilt).astype(np.int64) % N


def _add(
    totals: NDArray[np.float64], views: IntArray, key: IntArray, rows: NDArray[np.float64]
) -> None:
    """Add rows up by key: runs of one key first, as files have them, then runs to the totals."""
    if not len(key):
        return
    if (np.diff(key) < 0).any():
        order = np.argsort(key, kind="stable")
        key, rows = key[order], rows[order]
    begins = np.flatnonzero(np.diff(key, prepend=-1))
    totals[key[begins]] += np.add.reduceat(rows, begins, axis=0)
    views[key[begins]] += np.diff(begins, append=len(key))


def _logits(file: pq.ParquetFile) -> Iterator[tuple[int, NDArray[np.float64], NDArray[np.bool_]]]:
    """First row, `(R, 28)` logits and `(R,)` which are usable, a batch at a time."""
    start = 0
    for batch in file.iter_batches(_BATCH, columns=["logits"]):
        column = batch.column(0)
        if not hasattr(column, "flatten"):
            raise RunError("logits must be lists of numbers")
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        whole = lengths == NUM_CLASSES
        try:
            kept = column if whole.all() else column.filter(pa.array(whole))
            flat = pc.cast(kept.flatten(), pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowException:
            raise RunError("logits must be lists of numbers") from None
        logits = flat.reshape(-1, NUM_CLASSES)
        if len(logits) < len(column):
            found, logits = logits, np.zeros((len(column), NUM_CLASSES))
            logits[whole] = found
        usable = whole & np.isfinite(logits).all(axis=1)
        yield start, logits, usable
        start += len(column)
