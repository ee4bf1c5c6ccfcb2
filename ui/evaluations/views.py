"""Figures of an evaluation: ours beside the paper's, never without whose clips they are of."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pipeline.classification.ensemble import LEADERBOARD
from pipeline.elements import LABELS
from ui.evaluations.run_folder import Evaluation
from ui.language.names import class_name, display_name
from ui.language.tables import say
from ui.views.plots import INK, colour_of, styled


def figures_table(evaluation: Evaluation) -> pd.DataFrame:
    """A row a model or ensemble: its figures in percent, and the paper's accuracy."""
    ours, paper = _heads(evaluation)
    rows = []
    for voter in evaluation.voters:
        metrics = evaluation.metrics(voter)
        rows.append(
            {
                say("mistakes_model"): display_name(voter),
                ours: _percent(metrics.get("mean_class_accuracy")),
                paper: LEADERBOARD.get(voter),
                say("mistakes_top1"): _percent(metrics.get("top1")),
                say("mistakes_f1"): _percent(metrics.get("macro_f1")),
                say("mistakes_ece"): _percent(metrics.get("ece")),
            }
        )
    return pd.DataFrame(rows)


def _heads(evaluation: Evaluation) -> tuple[str, str]:
    """What our column and the paper's are called: simulated clips are called so."""
    if evaluation.data.simulated:
        return say("mistakes_ours_simulated"), say("mistakes_paper_real")
    return say("mistakes_ours"), say("mistakes_paper")


def comparison_note(evaluation: Evaluation) -> str:
    """What our figures and the paper's are of, and whether they can be compared."""
    clips, data = len(evaluation.clips), evaluation.data
    if data.simulated:
        return say("mistakes_compared_simulated", clips=clips, name=data.name)
    return say("mistakes_compared", clips=clips, name=evaluation.title)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def accuracy_bars(evaluation: Evaluation) -> go.Figure:
    """Mean class accuracy of every model and ensemble, the paper's as diamonds."""
    ours, paper = _heads(evaluation)
    voters = list(evaluation.voters)
    names = [display_name(voter) for voter in voters]
    values = [100 * float(evaluation.metrics(v).get("mean_class_accuracy") or 0) for v in voters]
    figure = go.Figure(
        go.Bar(
            y=names, x=values, orientation="h", name=ours,
            marker_color=[colour_of(v) for v in voters],
            hovertemplate="%{y}: %{x:.2f}<extra></extra>",
        )
    )  # fmt: skip
    stated = [voter for voter in voters if voter in LEADERBOARD]
    figure.add_scatter(
        y=[display_name(voter) for voter in stated], x=[LEADERBOARD[voter] for voter in stated],
        mode="markers", name=paper,
        marker={"symbol": "diamond", "size": 12, "color": "#111827",
                "line": {"width": 1.5, "color": "#ffffff"}},
    )  # fmt: skip
    figure.update_xaxes(title=say("mistakes_accuracy_axis"), range=[0, 100])
    figure.update_yaxes(autorange="reversed", automargin=True)
    return styled(figure, height=120 + 28 * len(voters))


def class_bars(table: pd.DataFrame, voter: str) -> go.Figure:
    """Accuracy of every class, the worst first."""
    rows = table.sort_values("accuracy", kind="stable")
    figure = go.Figure(
        go.Bar(
            x=[class_name(LABELS.index(name)) for name in rows["class"]],
            y=100 * rows["accuracy"],
            text=rows["clips"],
            textposition="outside",
            marker_color=colour_of(voter),
            hovertemplate="%{x}: %{y:.1f} % (%{text})<extra></extra>",
        )
    )
    mean = 100 * float(rows["accuracy"].mean()) if len(rows) else 0.0
    figure.add_hline(y=mean, line={"dash": "dot", "color": INK})
    figure.update_yaxes(title=say("mistakes_class_accuracy"), range=[0, 112])
    figure.update_xaxes(tickangle=-45, automargin=True)
    return styled(figure, height=360)
