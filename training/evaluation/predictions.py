"""What the networks said about every clip, view by view: `predictions.parquet` and back.

One row a clip, model and view: `stem, label, model, view, logits`. `label` is the class index,
null where it is not known; a clip that could not be analysed has one row, whose model is null.
Everything is joined by stem, never by position.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from laboratory.table.sources import source_of
from models.atomic_files import written
from pipeline.classification.ensemble import EnsembleSettings, fuse_umt, score_views
from pipeline.types import FloatArray, ModelScores
from training.data.challenge import DataError
from training.data.stems import shown
from training.engine.checkpoints import writing
from training.evaluation.cells import label_cell, logits_cell, model_cell, stem_cell, view_cell

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
FILE = "predictions.parquet"


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
    with (
        writing(path, remedy="free some space and run the command again"),
        written(path) as scratch,
    ):
        pq.write_table(table, scratch)


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
        DataError: Names the file, the row and what is wrong in it.
    """
    labels: dict[str, int | None] = {}
    views: dict[tuple[str, str], dict[int, FloatArray]] = {}
    for number, cells in enumerate(zip(*_read_columns(path), strict=True), start=1):
        try:
            _take_row(cells, labels, views)
        except ValueError as error:
            raise DataError(f"{path}, row {number}{_of_clip(cells[0])}: {error}") from None
    if not views:
        raise DataError(f"{path}: not one of its {len(labels)} clips has logits")
    by_stem: dict[str, dict[str, FloatArray]] = {stem: {} for stem in labels}
    for (stem, model), rows in views.items():
        by_stem[stem][model] = np.stack([rows[view] for view in sorted(rows)])
    return Predictions.of(ClipPredictions(stem, labels[stem], by_stem[stem]) for stem in labels)


def _take_row(
    cells: tuple[Any, ...],
    labels: dict[str, int | None],
    views: dict[tuple[str, str], dict[int, FloatArray]],
) -> None:
    """Add a row to what is known; ValueError when it is wrong or contradicts another one."""
    stem, label = stem_cell(cells[0]), label_cell(cells[1])
    if labels.setdefault(stem, label) != label:
        raise ValueError(f"label {_named(label)}, but {_named(labels[stem])} in another row")
    model = model_cell(cells[2])
    if model is None:
        return
    view = view_cell(cells[3])
    rows = views.setdefault((stem, model), {})
    if view in rows:
        raise ValueError(f"model {model}, view {view}: is listed twice")
    rows[view] = logits_cell(cells[4])


def _of_clip(stem: Any) -> str:
    return f", clip {shown(stem)[1:-1]}" if isinstance(stem, str) else ""


def _named(label: int | None) -> str:
    return "none" if label is None else str(label)


def _read_columns(path: Path) -> list[list[Any]]:
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name the file {path / FILE} in it")
    with _reading(path):
        names = pq.read_schema(path).names
    _check_columns(names, path)
    with _reading(path):
        # A folder called view=3 on the way is no column.
        table = pq.read_table(path, columns=SCHEMA.names, partitioning=None)
        columns = [table.column(name).to_pylist() for name in SCHEMA.names]
    if not table.num_rows:
        raise DataError(f"{path}: contains no predictions")
    return columns


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path}: cannot be read as parquet ({reason})") from error


def _check_columns(names: Sequence[str], path: Path) -> None:
    for name in SCHEMA.names:
        count = names.count(name)
        if count != 1:
            wrong = f"has {count} columns" if count else "has no column"
            raise DataError(f"{path}: {wrong} {name}; see docs/formats.md")
