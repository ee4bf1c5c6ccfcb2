"""`python -m benchmarks laboratory`: what the laboratory takes for 10,000 clips of eight networks.

Makes a run (its answers are drawn, its figures mean nothing), opens it as the page does, and times
each step in a process of its own, best of three; the first opening is told too.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from laboratory.figures.confusion import GROUPINGS, clustered, confusion
from laboratory.figures.overview import overview
from laboratory.figures.queues import confident_mistakes, disagreement, label_errors, leaks
from laboratory.figures.slices import worst_slices
from laboratory.figures.sureness import risk_coverage
from laboratory.figures.triangle import triangle
from laboratory.figures.two_runs import compare
from laboratory.table.clips import read_table
from laboratory.table.filters import Filter
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


def steps(folder: Path) -> dict[str, Callable[[], Any]]:
    """What is timed, by name."""
    table = read_table(folder)
    every = np.ones(len(table), dtype=bool)
    asked = Filter("vote", right=False).with_pair("skater_px", "..150").with_pair("text", "_1 00")
    return {
        "open": lambda: read_table(folder),
        "overview with intervals": lambda: overview(table, every),
        "filter": lambda: asked.rows(table),
        "matrix": lambda: clustered(confusion(table, every, "vote", GROUPINGS["class"])),
        "queues": lambda: [
            confident_mistakes(table, every, "vote"), disagreement(table, every),
            label_errors(table, every, "weighted"), leaks(table, every),
        ],
        "worst slices": lambda: worst_slices(table, every, "vote"),
        "triangle of weights": lambda: triangle(table, every),
        "risk and coverage": lambda: risk_coverage(table, every, "weighted"),
        "two voters compared": lambda: compare(table, table, "umt", "vote"),
    }  # fmt: skip


def _best(step: Callable[[], Any]) -> float:
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        step()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main(arguments: list[str] | None = None) -> int:
    """Print a row a step."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks laboratory", description=__doc__)
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--views", type=int, default=5, help="of every network")
    parsed = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        start = time.perf_counter()
        run = make_run(Path(place), clips=parsed.clips, views=parsed.views)
        print(f"made in {time.perf_counter() - start:.1f} s")
        start = time.perf_counter()
        read_table(run)
        print(f"| first opening | {1000 * (time.perf_counter() - start):.0f} ms |")
        for name, step in steps(run).items():
            print(f"| {name} | {1000 * _best(step):.0f} ms |", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| peak memory, the making of the run included | {peak:.0f} MB |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
