"""Tables behind the plots and the grids: analyses to DataFrames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.classification.ensemble import FUSED, EnsembleSettings, softmax, vote_shares
from pipeline.elements import ELEMENTS, LABELS
from pipeline.inspection.weight_sensitivity import leave_one_out, stretches, sum_of
from pipeline.moments import written
from pipeline.types import Analysis, ModelScores
from pipeline.verdict.calibrated import calibrated_verdict
from ui.language.messages import retold
from ui.language.names import class_name, display_name, element_name, network_name
from ui.language.tables import named, say

READERS = {"pyav": "PyAV", "decord": "decord", "opencv": "OpenCV"}
"""Libraries that decode video, as they call themselves."""


def ordered(scores: Mapping[str, ModelScores]) -> list[str]:
    """Model keys: the three of the ensemble first, then the single Unmasked Teachers."""
    singles = [name for name in scores if name.startswith("umt_")]
    return [*(name for name in FUSED if name in scores), *singles]


def mean_logits(scores: ModelScores) -> np.ndarray:
    """Mean over the views, `(28,)`."""
    mean: np.ndarray = scores.logits.astype(np.float64).mean(axis=0)
    return mean


def marked(index: int, truth: int | None) -> str:
    """A class by its name, the true one marked as such, where it is known."""
    name = class_name(index)
    return say("scores_true", name=name) if index == truth else name


def leading(values: NDArray[np.floating], classes: int, truth: int | None) -> list[int]:
    """The classes of the highest values, best first, and the true one in any case."""
    order: list[int] = np.argsort(-values, kind="stable").tolist()
    place = len(order) if truth is None else order.index(truth)
    return order[:classes] if place < classes or truth is None else [*order[:classes], truth]


def score_table(scores: Mapping[str, ModelScores], truth: int | None = None) -> pd.DataFrame:
    """A row a class; per model the logit (mean over views) and the probability."""
    named = [element_name(label) for label in LABELS]
    names = [say("scores_true", name=x) if i == truth else x for i, x in enumerate(named)]
    columns: dict[str, object] = {
        say("scores_class"): names,
        say("scores_isu"): [element.code for element in ELEMENTS],
    }
    for name in ordered(scores):
        model = display_name(name)
        columns[say("scores_logit_of", model=model)] = mean_logits(scores[name]).round(3)
        columns[say("scores_probability_of", model=model)] = scores[name].probabilities.round(4)
    return pd.DataFrame(columns)


def score_lines(
    scores: Mapping[str, ModelScores],
    quantity: str,
    *,
    models: str = "fused",
    classes: int = 28,
    truth: int | None = None,
) -> pd.DataFrame:
    """Rows for `plots.score_bars`: classes by falling mean probability.

    Args:
        scores: Any models.
        quantity: `"probability"` or `"logit"`.
        models: `"fused"` for the three of the ensemble, `"all"` for every network.
        classes: How many of the leading classes.
        truth: The true class, where it is known: it is shown in any case, and marked.
    """
    shown = [n for n in ordered(scores) if models == "all" or n in FUSED]
    mean = np.mean([scores[name].probabilities for name in shown], axis=0)
    order = leading(mean, classes, truth)
    parts = []
    for name in shown:
        logit = quantity == "logit"
        values = mean_logits(scores[name]) if logit else scores[name].probabilities
        parts.append(
            pd.DataFrame(
                {
                    "class": [marked(i, truth) for i in order],
                    "model": name,
                    quantity: values[order],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def view_probabilities(
    scores: ModelScores, classes: int = 8, truth: int | None = None
) -> tuple[NDArray[np.float64], list[str]]:
    """`(classes, V)` probabilities per view of a network's leading classes, and their names."""
    order = leading(scores.probabilities, classes, truth)
    return softmax(scores.logits)[:, order].T, [marked(i, truth) for i in order]


def arithmetic_table(
    analysis: Analysis,
    weights: Mapping[str, float],
    settings: EnsembleSettings,
    classes: int = 6,
    truth: int | None = None,
) -> pd.DataFrame:
    """The weighted sum: a row a class, each model's probability and weight, the sum, the vote."""
    weighted = sum_of(analysis.scores, weights, settings)
    votes = vote_shares(analysis.verdict.vote) * len(analysis.verdict.vote.votes)
    first = leading(weighted, classes, truth)
    voted = [i for i in np.flatnonzero(votes).tolist() if i not in first]
    rows = []
    for index in [*first, *voted]:
        row: dict[str, object] = {say("scores_class"): marked(index, truth)}
        for name in FUSED:
            share = float(analysis.scores[name].probabilities[index])
            row[say("ensemble_part_of", model=display_name(name))] = (
                f"{share:.3f} x {weights[name]:.3f}"
            )
        row[say("ensemble_sum")] = round(float(weighted[index]), 4)
        row[say("ensemble_votes")] = round(votes[index])
        rows.append(row)
    return pd.DataFrame(rows)


def contribution_lines(
    analysis: Analysis,
    weights: Mapping[str, float] | None = None,
    classes: int = 6,
    truth: int | None = None,
) -> pd.DataFrame:
    """Rows for `plots.ensemble_bars`: the leading classes of the weighted sum."""
    chosen = analysis.verdict.weights if weights is None else weights
    total = sum(
        (weight * analysis.scores[name].probabilities for name, weight in chosen.items()),
        start=np.zeros(len(LABELS)),
    )
    order = leading(total, classes, truth)
    return pd.DataFrame(
        [
            {
                "class": marked(i, truth),
                "model": name,
                "contribution": weight * float(analysis.scores[name].probabilities[i]),
            }
            for name, weight in chosen.items()
            for i in order
        ]
    )


def strip_lines(
    scores: Mapping[str, ModelScores], weights: Mapping[str, float], settings: EnsembleSettings
) -> pd.DataFrame:
    """Rows for `plots.weight_strips`, those of the present verdict first."""
    now = int(sum_of(scores, weights, settings).argmax())
    rows = [
        {"model": model, "start": s.start, "end": s.end, "class": class_name(s.class_index)}
        for model in weights
        for s in stretches(scores, weights, model, settings)
        if s.end > s.start
    ]
    rows.sort(key=lambda row: row["class"] != class_name(now))
    return pd.DataFrame(rows)


def without_table(
    scores: Mapping[str, ModelScores], weights: Mapping[str, float], settings: EnsembleSettings
) -> pd.DataFrame:
    """Leave one out: a row a model that is left out."""
    return pd.DataFrame(
        [
            {
                say("ensemble_without"): display_name(w.model),
                say("ensemble_verdict_is"): class_name(w.class_index),
                say("scores_probability"): round(w.probability, 4),
                say("ensemble_margin"): round(w.margin, 4),
            }
            for w in leave_one_out(scores, weights, settings)
        ]
    )


def provenance_table(analysis: Analysis) -> pd.DataFrame:
    """A row a network: checkpoint, status, hash, seconds; then the fitted numbers, if any."""
    seconds = analysis.timings_s
    return pd.DataFrame(
        [
            *(
                {
                    say("details_stage"): network_name(stage),
                    say("details_checkpoint"): origin.checkpoint,
                    say("details_weights"): say(f"weights_{origin.status}")
                    + (f", {say('details_stored')}" if origin.stored else ""),
                    "sha256": (origin.sha256 or say("details_random"))[:12],
                    say("details_seconds"): round(
                        seconds.get("detect" if stage == "detector" else stage, 0.0), 2
                    ),
                }
                for stage, origin in analysis.provenance.items()
            ),
            *_calibration_row(analysis),
        ]
    )


def _calibration_row(analysis: Analysis) -> list[dict[str, Any]]:
    """Which numbers the calibrated probabilities are from."""
    calibrated = calibrated_verdict(analysis)
    if calibrated is None:
        return []
    return [
        {
            say("details_stage"): say("details_calibration"),
            say("details_checkpoint"): calibrated.calibration,
            say("details_weights"): calibrated.fitted_on,
            "sha256": calibrated.sha256[:12],
            say("details_seconds"): 0.0,
        }
    ]


def _turned(degrees: int) -> str:
    """That the picture was turned, if it was."""
    return say("details_turned", degrees=degrees) if degrees else ""


def video_table(analysis: Analysis) -> pd.DataFrame:
    """What is known of the video, a row a fact."""
    video = analysis.video
    x1, y1, x2, y2 = (int(v) for v in analysis.region.xyxy)
    variable = f", {say('details_variable')}" if video.variable_frame_rate else ""
    facts = {
        "picture": say(
            "details_picture_value",
            width=video.width,
            height=video.height,
            turned=_turned(video.rotation),
        ),
        "frames": say(
            "details_frames_value",
            frames=video.frames,
            fps=f"{video.fps:.3f}",
            first=analysis.timeline.number(0),
            last=analysis.timeline.number(-1),
        )
        + variable,
        "span": say(
            "details_span_value",
            start=written(video.start_s),
            end=written(video.end_s),
            duration=written(video.duration_s),
        ),
        "codec": video.codec,
        "reader": READERS[video.reader or "pyav"],
        "region": f"({x1}, {y1}) - ({x2}, {y2}), {named('rule', analysis.region.rule)}",
        "skater": retold(analysis.people.rule),
        "sha256": video.sha256,
        "total": f"{analysis.timings_s['total']:.2f} s",
    }
    return pd.DataFrame(
        {
            say("details_fact"): [say(f"details_{fact}") for fact in facts],
            say("details_value"): list(facts.values()),
        }
    )
