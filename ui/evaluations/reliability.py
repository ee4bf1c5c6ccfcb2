"""Reliability: how often a voter is right when it says so with 80 %, before and after calibration.

The fitted numbers must be meant for the evaluation's weights, which a saved analysis of it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pipeline.classification.ensemble import vote_shares
from pipeline.errors import InputError
from pipeline.storage.analysis_files import load
from pipeline.types import Analysis, CalibratedVerdict
from pipeline.verdict.calibrated import calibrated_verdict
from ui.evaluations.run_folder import Evaluated, Evaluation
from ui.language.names import display_name
from ui.language.tables import say
from ui.views.plots import INK, colour_of, styled

BINS = 15
"""As many as the calibration error in the table of figures has."""


@dataclass(frozen=True)
class Reliability:
    """Of one voter on many clips; B bins of confidence that hold clips."""

    confidence: NDArray[np.float64]
    """`(B,)` mean of a bin, 0..1."""
    accuracy: NDArray[np.float64]
    """`(B,)` share of its clips that are right."""
    clips: NDArray[np.int64]
    """`(B,)`."""

    @property
    def error(self) -> float:
        """Expected calibration error, 0..1 (Guo et al., 2017)."""
        gaps = np.abs(self.confidence - self.accuracy)
        return float((self.clips * gaps).sum() / self.clips.sum())


def reliability(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> Reliability:
    """Sort clips into equal bins of confidence; each bin holds its upper edge.

    Args:
        probabilities: `(N, 28)` of N clips, at least one.
        labels: `(N,)` true classes.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    clips = np.bincount(place, minlength=BINS)
    held = clips > 0
    return Reliability(
        np.bincount(place, weights=confidence, minlength=BINS)[held] / clips[held],
        np.bincount(place, weights=right, minlength=BINS)[held] / clips[held],
        clips[held],
    )


def reliability_figure(curves: Mapping[str, Reliability], voter: str) -> go.Figure:
    """Accuracy over confidence, a curve a kind of numbers, the diagonal as what is ideal.

    Args:
        curves: `as_it_is`, and `calibrated` where numbers were fitted.
        voter: Whose.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name=say("reliability_ideal"), hoverinfo="skip",
        line={"color": INK, "dash": "dot", "width": 1},
    )  # fmt: skip
    for kind, found in curves.items():
        drawn = {"as_it_is": ("#6b7280", "dash"), "calibrated": (colour_of(voter), "solid")}
        colour, dash = drawn[kind]
        figure.add_scatter(
            x=found.confidence, y=found.accuracy, mode="lines+markers",
            name=say(f"reliability_{kind}", error=f"{100 * found.error:.1f}"),
            customdata=found.clips, line={"color": colour, "dash": dash},
            hovertemplate="%{x:.0%}: %{y:.0%} (%{customdata})<extra></extra>",
            marker={"size": 5 + 14 * np.sqrt(found.clips / found.clips.max())},
        )  # fmt: skip
    title = say("reliability_confidence", voter=display_name(voter))
    figure.update_xaxes(title=title, range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(title=say("reliability_right"), range=[0, 1.04], tickformat=".0%")
    return styled(figure, height=380)


def curves_of(evaluation: Evaluation, voter: str) -> dict[str, Reliability]:
    """The curves of one voter; empty where no clip was answered."""
    said = {clip.stem: _row(clip, voter) for clip in evaluation.clips}
    rows = {stem: row for stem, row in said.items() if row is not None}
    if not rows:
        return {}
    labels = np.array([clip.label for clip in evaluation.clips if clip.stem in rows])
    curves = {"as_it_is": reliability(np.stack(list(rows.values())), labels)}
    fitted = calibrated_clips(evaluation)
    found = [_calibrated_row(fitted.get(stem), voter) for stem in rows]
    known = [row for row in found if row is not None]
    if len(known) == len(rows):
        curves["calibrated"] = reliability(np.stack(known), labels)
    return curves


def _row(clip: Evaluated, voter: str) -> NDArray[np.float64] | None:
    if voter in clip.scores:
        return clip.scores[voter].probabilities
    if clip.verdict is None:
        return None
    return {"weighted": clip.verdict.weighted, "vote": vote_shares(clip.verdict.vote)}.get(voter)


def _calibrated_row(fitted: CalibratedVerdict | None, voter: str) -> NDArray[np.float64] | None:
    return None if fitted is None else {**fitted.models, **fitted.ensembles}.get(voter)


def calibrated_clips(evaluation: Evaluation) -> Mapping[str, CalibratedVerdict]:
    """Stem -> what its verdict is worth; empty where nothing was fitted for these weights."""
    kept = _a_kept_analysis(evaluation)
    if kept is None or calibrated_verdict(kept) is None:
        return {}
    found = {}
    for clip in evaluation.clips:
        if clip.verdict is not None:
            whole = replace(kept, scores=clip.scores, verdict=clip.verdict)
            if (fitted := calibrated_verdict(whole)) is not None:
                found[clip.stem] = fitted
    return found


def _a_kept_analysis(evaluation: Evaluation) -> Analysis | None:
    """Any one that was saved with the evaluation: all were made by the same weights."""
    for clip in evaluation.clips:
        folder = evaluation.analysis_folder(clip.stem)
        if folder is not None:
            try:
                return load(folder)
            except InputError:
                continue
    return None
