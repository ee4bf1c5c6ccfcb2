"""A small evaluation as `python -m training.evaluate` writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.elements import LABELS
from pipeline.storage.analysis_files import save
from tests.factories import make_all_scores, make_analysis

SINGLE = ("umt_16x224", "umt_16x448", "umt_32x224", "uniformerv2", "infogcn")
CLIPS = {
    "a_right": ("3Lutz", {"umt": "3Lutz", "uniformerv2": "3Lutz", "infogcn": "3Lutz"}),
    "b_flip": ("3Lutz", {"umt": "3Flip", "uniformerv2": "3Flip", "infogcn": "3Lutz"}),
    "c_right": ("CamelSpin", {n: "CamelSpin" for n in ("umt", "uniformerv2", "infogcn")}),
    "d_axel": ("2Axel", {"umt": "2Axel", "uniformerv2": "3Axel", "infogcn": "2Axel"}),
}
"""Stem -> true class, what each model says."""


def write_evaluation(
    folder: Path, *, named_labels: bool = False, data: dict[str, Any] | None = None
) -> Path:
    """Write the files that the contract names; no analysis is kept of `c_right`."""
    rows = []
    for stem, (label, says) in CLIPS.items():
        scores = make_all_scores(**says)
        for name in SINGLE:
            for view, logits in enumerate(scores[name].logits):
                index = label if named_labels else LABELS.index(label)
                rows.append((stem, index, name, view, logits.tolist()))
        if stem != "c_right":
            save(make_analysis(**says), folder / "analyses" / stem)
    folder.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows, columns=["stem", "label", "model", "view", "logits"])
    table.to_parquet(folder / "predictions.parquet")
    figures = {"mean_class_accuracy": 0.5, "top1": 0.5, "macro_f1": 0.4, "ece": 0.1}
    names = (*SINGLE, "umt")
    summary = {
        "title": "A test's evaluation",
        "models": {name: figures for name in names},
        "ensemble": {"vote": {**figures, "ece": None}, "weighted": figures},
        "per_class": {},
        **({"data": data} if data else {}),
    }
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "table.md").write_text("# A test's evaluation\n")
    return folder


def accuracy_by_hand(said: np.ndarray, true: np.ndarray) -> float:
    """Mean over the classes that occur."""
    return float(np.mean([(said[true == c] == c).mean() for c in np.unique(true)]))
