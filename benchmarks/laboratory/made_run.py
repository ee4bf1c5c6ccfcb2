"""A run of drawn answers, as large as one asks for; its figures mean nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.elements import NUM_CLASSES

VARIANTS = ("umt_16x224", "umt_16x448", "umt_32x224")
NETWORKS = ("infogcn", "net_a", "net_b", "net_c", *VARIANTS, "uniformerv2")
CLIPS_A_SOURCE = 5


def make_run(folder: Path, *, clips: int, views: int, seed: int = 0) -> Path:
    """Write a run of drawn answers and facts; small and blurred clips are answered worse."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    stems = np.array([f"{n // CLIPS_A_SOURCE:06d}_{n % CLIPS_A_SOURCE}" for n in range(clips)])
    labels = rng.integers(NUM_CLASSES, size=clips)
    size, blur = rng.gamma(6.0, 30.0, clips), rng.random(clips)
    hard = np.clip(0.05 + 0.3 * (size < 100) + 0.25 * (blur > 0.8), 0, 1)
    of_row = np.repeat(np.arange(clips), views)
    view = np.tile(np.arange(views), clips)
    writer = None
    for name in NETWORKS:
        wrong = rng.random(clips) < hard + 0.05
        shown = np.where(wrong, rng.integers(NUM_CLASSES, size=clips), labels)
        logits = rng.normal(0, 1, (clips * views, NUM_CLASSES)).astype(np.float32)
        logits[np.arange(clips * views), shown[of_row]] += 4.0
        lists = pa.ListArray.from_arrays(
            np.arange(0, logits.size + 1, NUM_CLASSES, dtype=np.int32), pa.array(logits.ravel())
        )
        columns: dict[str, Any] = {
            "stem": stems[of_row], "label": labels[of_row], "model": [name] * len(of_row),
            "view": view, "logits": lists,
        }  # fmt: skip
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(folder / "predictions.parquet", table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
    facts = {
        "stem": stems, "skater_px": size.astype("f4"), "blur": blur.astype("f4"),
        "length_s": rng.uniform(1, 8, clips).astype("f4"), "fps": rng.choice([25, 30, 60], clips),
        "skeleton": rng.random(clips).astype("f4"), "split": ["test"] * clips,
        "box_source": rng.choice(["detector", "drawn"], clips, p=[0.95, 0.05]),
    }  # fmt: skip
    pq.write_table(pa.table(facts), folder / "clips.parquet")
    return folder
