"""What the networks said about every clip, view by view: `predictions.parquet` and back.

One row a clip, model and view: `stem, label, model, view, logits`. `label` is the class index,
null where it is not known; a clip that could not be analysed has one row, whose model is null.
Everything is joined by stem, never by position.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models.scratch import scratch_beside
from pipeline.elements import NUM_CLASSES, class_index
from pipeline.ensemble import EnsembleSettings, fuse_umt, score_views
from pipeline.types import FloatArray, ModelScores
from training.data.challenge import DataError
from training.data.stems import source_of
from training.engine.checkpoints import writing

SCHEMA = pa.schema(
    [
        ("stem", pa.string()),
        ("label", pa.int64()),
        ("model", pa.string()),
        ("view", pa.int64()),
        ("logits", pa.list_(pa.float32())),
    ]
)
FUSED = "umt"


@dataclass(frozen=True)
class ClipPredictions:
    """What the networks said about one clip."""

    stem: str
    """Name of the clip, unique."""
    label: int | None
    """Class index; None where it is not known."""
    logits: Mapping[str, FloatArray]
    """Model -> `(V, 28)`; empty for a clip that could not be analysed."""

    @property
    def source(self) -> str:
        """The broadcast that it was cut from."""
        return source_of(self.stem)

    def scores(self, settings: EnsembleSettings) -> dict[str, ModelScores]:
        """Scores of every network, the Unmasked Teachers fused as `settings` say."""
        scores = {
            name: score_views(name, logits) for name, logits in self.logits.items() if name != FUSED
        }
        variants = [s for name, s in scores.items() if name.startswith(f"{FUSED}_")]
        if variants:
            scores[FUSED] = fuse_umt(variants, settings.umt_fusion)
        elif FUSED in self.logits:  # saved without its variants: as it is
            scores[FUSED] = score_views(FUSED, self.logits[FUSED])
        return scores


@dataclass(frozen=True)
class Predictions:
    """Of a whole data set."""

    clips: tuple[ClipPredictions, ...]
    """Sorted by stem."""

    def __post_init__(self) -> None:
        stems = [clip.stem for clip in self.clips]
        if stems != sorted(set(stems)):
            raise ValueError("clips: stems must be unique and sorted")

    @classmethod
    def of(cls, clips: Iterable[ClipPredictions]) -> Predictions:
        """Sorted by stem."""
        return cls(tuple(sorted(clips, key=lambda clip: clip.stem)))

    @property
    def labelled(self) -> Predictions:
        """Those clips whose class is known."""
        return Predictions(tuple(clip for clip in self.clips if clip.label is not None))

    @property
    def models(self) -> tuple[str, ...]:
        """Models that saw any clip, in the order of the first that has them."""
        return tuple(dict.fromkeys(name for clip in self.clips for name in clip.logits))

    def __len__(self) -> int:
        return len(self.clips)


def write_predictions(predictions: Predictions, path: Path) -> None:
    """Write a parquet file, whole or not at all.

    Raises:
        TrainingError: The disk is full or the place cannot be written.
    """
    rows = list(_rows(predictions.clips))
    table = pa.table(
        {name: [row[i] for row in rows] for i, name in enumerate(SCHEMA.names)}, schema=SCHEMA
    )
    draft = scratch_beside(path)
    try:
        with writing(path, remedy="make room and run the command again"):
            pq.write_table(table, draft)
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _rows(clips: Sequence[ClipPredictions]) -> Iterator[tuple[Any, ...]]:
    for clip in clips:
        if not clip.logits:
            yield clip.stem, clip.label, None, None, None
        for model, logits in clip.logits.items():
            for view, row in enumerate(logits):
                yield clip.stem, clip.label, model, view, row.tolist()


def read_predictions(path: Path) -> Predictions:
    """Read predictions, ours or anybody's with the same columns; labels may be class names.

    Raises:
        DataError: Names the file and what is wrong in it.
    """
    columns = _read_columns(path)
    labels: dict[str, int | None] = {}
    views: dict[tuple[str, str], dict[int, Any]] = {}
    for stem, label, model, view, logits in zip(*columns, strict=True):
        where = f"{path}: clip {stem}, model {model}, view {view}"
        if labels.setdefault(stem, label) != label:
            raise DataError(f"{where}: label {label}, but {labels[stem]} in another row")
        if model is None:
            continue
        if not _are_logits(logits):
            raise DataError(f"{where}: logits must be {NUM_CLASSES} finite numbers")
        if views.setdefault((stem, model), {}).setdefault(view, logits) is not logits:
            raise DataError(f"{where}: is there twice")
    known = {stem: _label(label, path, stem) for stem, label in labels.items()}
    by_stem: dict[str, dict[str, FloatArray]] = {stem: {} for stem in labels}
    for (stem, model), rows in views.items():
        ordered = [rows[view] for view in sorted(rows)]
        by_stem[stem][model] = np.asarray(ordered, dtype=np.float32)
    return Predictions.of(ClipPredictions(stem, known[stem], by_stem[stem]) for stem in labels)


def _are_logits(value: Any) -> bool:
    try:
        row = np.asarray(value, dtype=np.float64)  # null becomes NaN
    except (TypeError, ValueError):
        return False
    return row.shape == (NUM_CLASSES,) and bool(np.isfinite(row).all())


def _read_columns(path: Path) -> list[list[Any]]:
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read as parquet ({error})") from error
    missing = [name for name in SCHEMA.names if name not in table.column_names]
    if missing:
        raise DataError(f"{path}: has no column {', '.join(missing)}; see docs/formats.md")
    if not table.num_rows:
        raise DataError(f"{path}: holds no predictions")
    return [table.column(name).to_pylist() for name in SCHEMA.names]


def _label(value: Any, path: Path, stem: str) -> int | None:
    try:
        index = class_index(value) if isinstance(value, str) else value
    except ValueError as error:
        raise DataError(f"{path}: clip {stem}: {error}") from error
    if index is None or (isinstance(index, float) and np.isnan(index)):
        return None
    if index != int(index) or not 0 <= index < NUM_CLASSES:
        raise DataError(f"{path}: clip {stem}: label {value} is not in 0..{NUM_CLASSES - 1}")
    return int(index)
