"""Facts of the clips of a run, `RUN/clips.parquet`: what an answer may depend on besides its class.

One row a clip. Every column but `stem` may be missing, and so may the file: what nobody measured
is empty. The columns are written by whoever knows them; `facts_of` takes from an analysis those
that one holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models.atomic_files import written
from pipeline.types import Analysis

FILE = "clips.parquet"

NUMBERS: Mapping[str, str] = {
    "skater_px": "px",
    "length_s": "s",
    "fps": "Hz",
    "blur": "",
    "skeleton": "",
}
"""Column -> unit: median height of the skater's boxes, length and frame rate of the clip, blur
(0 sharp to 1), mean score of the joints (0 to 1)."""
WORDS = ("box_source", "split", "source", "sha256")
"""Columns of text: what the skater's box came from, part of the data set, broadcast, the file."""


def facts_of(analysis: Analysis) -> dict[str, Any]:
    """What an analysis tells of its clip; the columns that it does not know are left out."""
    boxes = None if analysis.people.main is None else analysis.people.main.boxes_xyxy
    heights = np.array([]) if boxes is None else boxes[:, 3] - boxes[:, 1]
    seen = heights[np.isfinite(heights)]
    asked = analysis.pose.scores[:: analysis.pose.stride]
    return {
        "skater_px": float(np.median(seen)) if len(seen) else None,
        "length_s": analysis.video.duration_s,
        "fps": analysis.video.fps,
        "skeleton": float(asked.mean()) if asked.size else None,
        "box_source": "drawn" if analysis.skater_box is not None else "detector",
        "sha256": analysis.video.sha256,
    }


def write_facts(facts: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Write the facts of clips by stem, the file whole or not at all.

    Raises:
        OSError: The disk is full, or the place cannot be written.
    """
    rows = [{"stem": stem, **facts[stem]} for stem in sorted(facts)]
    types = {name: pa.float32() for name in NUMBERS} | {name: pa.string() for name in WORDS}
    known = [name for name in types if any(name in row for row in rows)]
    schema = pa.schema([("stem", pa.string()), *((name, types[name]) for name in known)])
    with written(path) as scratch:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), scratch)


def read_facts(path: Path, stems: NDArray[np.str_]) -> dict[str, NDArray[Any]]:
    """The facts of these clips, joined by stem: `(N,)` float32 or text, empty where unknown.

    A file that is missing, damaged or half-written is one without columns: facts explain answers,
    and the answers are there without them.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            asked = [name for name in (*NUMBERS, *WORDS) if names.count(name) == 1]
            if "stem" not in names:
                return {}
            table = file.read(columns=["stem", *asked])
        place = pc.index_in(
            pa.array(stems.tolist(), pa.string()), pc.cast(table["stem"], pa.string())
        )
        found = place.to_numpy(zero_copy_only=False)
        columns = {name: _column(table[name], name) for name in asked}
    except (OSError, pa.ArrowException):
        return {}
    there = ~np.isnan(found) if found.dtype.kind == "f" else np.ones(len(stems), dtype=bool)
    rows = np.where(there, np.nan_to_num(found), 0).astype(np.int64)
    return {
        name: np.where(there, values[rows], _empty(name)) if len(values) else _blank(name, stems)
        for name, values in columns.items()
    }


def _column(column: pa.ChunkedArray, name: str) -> NDArray[Any]:
    if name in NUMBERS:
        values = pc.cast(column, pa.float32()).to_numpy()
        return np.where(np.isfinite(values), values, np.nan).astype(np.float32)
    return np.array(pc.fill_null(pc.cast(column, pa.string()), "").to_pylist(), dtype=str)


def _empty(name: str) -> Any:
    return np.float32(np.nan) if name in NUMBERS else ""


def _blank(name: str, stems: Sequence[str] | NDArray[np.str_]) -> NDArray[Any]:
    return np.full(len(stems), _empty(name))
