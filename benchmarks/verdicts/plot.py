"""Reliability: how often clips that were told with some probability are right."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from benchmarks.verdicts.figures import Judged, reliability

TITLES = {"weighted": "weighted sum", "vote": "vote"}


def draw_reliability(judged: Judged, path: Path) -> None:
    """Both ensembles as the paper has them and calibrated, beside the diagonal."""
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), sharey=True)
    for axis, (name, title) in zip(axes, TITLES.items(), strict=True):
        axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        for rows, label, style in (
            (judged.before[name], "the paper's", "o--"),
            (judged.after[name], "calibrated", "o-"),
        ):
            points = reliability(rows, judged.labels)
            axis.plot([p[0] for p in points], [p[1] for p in points], style, label=label, ms=4)
        axis.set(title=title, xlabel="probability told", xlim=(0, 1), ylim=(0, 1))
    axes[0].set_ylabel("share right")
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)
