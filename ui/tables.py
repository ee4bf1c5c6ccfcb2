"""Tables behind the plots and the grids: analyses to DataFrames."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.elements import ELEMENTS, LABELS
from pipeline.ensemble import FUSED
from pipeline.types import Analysis, ModelScores
from ui.plots import display_name


def ordered(scores: Mapping[str, ModelScores]) -> list[str]:
    """Model keys: the three of the ensemble first, then the single Unmasked Teachers."""
    singles = [name for name in scores if name.startswith("umt_")]
    return [*(name for name in FUSED if name in scores), *singles]


def class_name(index: int) -> str:
    """`3Lutz (3Lz)`: the challenge's name and the ISU's."""
    element = ELEMENTS[index]
    return element.label if element.code == "-" else f"{element.label} ({element.code})"


def mean_logits(scores: ModelScores) -> np.ndarray:
    """Mean over the views, `(28,)`."""
    mean: np.ndarray = scores.logits.astype(np.float64).mean(axis=0)
    return mean


def score_table(scores: Mapping[str, ModelScores]) -> pd.DataFrame:
    """A row a class; per model the logit (mean over views) and the probability."""
    columns: dict[str, object] = {
        "class": list(LABELS),
        "ISU": [element.code for element in ELEMENTS],
    }
    for name in ordered(scores):
        columns[f"{display_name(name)} logit"] = mean_logits(scores[name]).round(3)
        columns[f"{display_name(name)} prob."] = scores[name].probabilities.round(4)
    return pd.DataFrame(columns)


def score_lines(
    scores: Mapping[str, ModelScores], quantity: str, *, models: str = "fused", classes: int = 28
) -> pd.DataFrame:
    """Rows for `plots.score_bars`: classes by falling mean probability.

    Args:
        scores: Any models.
        quantity: `"probability"` or `"logit"`.
        models: `"fused"` for the three of the ensemble, `"all"` for every network.
        classes: How many of the leading classes.
    """
    shown = [n for n in ordered(scores) if models == "all" or n in FUSED]
    mean = np.mean([scores[name].probabilities for name in shown], axis=0)
    order = np.argsort(-mean)[:classes]
    parts = []
    for name in shown:
        logit = quantity == "logit"
        values = mean_logits(scores[name]) if logit else scores[name].probabilities
        parts.append(
            pd.DataFrame(
                {
                    "class": [class_name(i) for i in order],
                    "model": name,
                    quantity: values[order],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def ensemble_table(analysis: Analysis) -> pd.DataFrame:
    """A row a voter: its class, probability, weight and what it adds to the verdict's class."""
    verdict = analysis.verdict
    rows = []
    for name in FUSED:
        scores = analysis.scores[name]
        weight = verdict.weights[name]
        rows.append(
            {
                "model": display_name(name),
                "says": class_name(scores.class_index),
                "probability": round(scores.probability, 4),
                "weight": round(weight, 3),
                f"adds to {verdict.label}": round(
                    weight * float(scores.probabilities[verdict.class_index]), 4
                ),
            }
        )
    return pd.DataFrame(rows)


def contribution_lines(analysis: Analysis, classes: int = 6) -> pd.DataFrame:
    """Rows for `plots.ensemble_bars`: the leading classes of the weighted sum."""
    verdict = analysis.verdict
    order = np.argsort(-verdict.weighted)[:classes]
    return pd.DataFrame(
        [
            {
                "class": class_name(i),
                "model": name,
                "contribution": weight * float(analysis.scores[name].probabilities[i]),
            }
            for name, weight in verdict.weights.items()
            for i in order
        ]
    )


def provenance_table(analysis: Analysis) -> pd.DataFrame:
    """A row a network: checkpoint, status, hash, seconds."""
    seconds = analysis.timings_s
    return pd.DataFrame(
        [
            {
                "stage": stage if stage in ("detector", "pose") else display_name(stage),
                "checkpoint": origin.checkpoint,
                "weights": origin.status + (", stored result" if origin.stored else ""),
                "sha256": (origin.sha256 or "random")[:12],
                "seconds": round(seconds.get("detect" if stage == "detector" else stage, 0.0), 2),
            }
            for stage, origin in analysis.provenance.items()
        ]
    )


def video_table(analysis: Analysis) -> pd.DataFrame:
    """What is known of the video, a row a fact."""
    video = analysis.video
    x1, y1, x2, y2 = (int(v) for v in analysis.region.xyxy)
    variable = ", variable" if video.variable_frame_rate else ""
    facts = {
        "picture": f"{video.width} x {video.height}, turned by {video.rotation} degrees",
        "frames": f"{video.frames} at {video.fps:.3f} a second{variable}",
        "span": f"{video.start_s:.2f} s to {video.end_s:.2f} s of {video.duration_s:.2f} s",
        "codec": video.codec,
        "region": f"({x1}, {y1}) to ({x2}, {y2}), rule {analysis.region.rule}",
        "skater": analysis.people.rule,
        "sha256": video.sha256,
        "total": f"{analysis.timings_s['total']:.2f} s",
    }
    return pd.DataFrame({"fact": list(facts), "value": list(facts.values())})
