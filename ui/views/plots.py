"""Figures of the desk: pure functions from tables to Plotly.

Colours are those of Okabe and Ito and the scale `cividis`, which people with any colour vision can
tell apart; text takes its colour from the page, so that light and dark both work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from ui.language.names import display_name
from ui.language.tables import say

COLOURS = {
    "umt": "#0072B2",
    # The single Unmasked Teachers: the smallest picture, the largest picture, the most frames.
    "umt_16x96": "#a8dcf5",
    "umt_16x224": "#a8dcf5",
    "umt_16x128": "#5fa8d8",
    "umt_16x448": "#5fa8d8",
    "umt_32x96": "#6f7fd0",
    "umt_32x224": "#6f7fd0",
    "uniformerv2": "#D55E00",
    "infogcn": "#009E73",
    "weighted": "#CC79A7",
    "vote": "#999999",
}
"""Of every model, in every view; a network that is not here has the colour of its family."""
WINNERS = ("#56B4E9", "#E69F00", "#CC79A7", "#F0E442", "#999999")
"""Of the classes that win somewhere, the present verdict first; all bear black text."""
GRID = "rgba(128,128,128,0.25)"
INK = "#6b7280"


def colour_of(model: str) -> str:
    """The colour of a model, everywhere in the app."""
    return COLOURS.get(model, COLOURS.get(model.split("_")[0], COLOURS["vote"]))


def styled(figure: go.Figure, *, height: int) -> go.Figure:
    """A figure with the app's margins, fonts and grid."""
    figure.update_xaxes(gridcolor=GRID, zerolinecolor=GRID)
    figure.update_yaxes(gridcolor=GRID, zerolinecolor=GRID)
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 13, "color": INK, "family": "system-ui, sans-serif"},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.01, "x": 0},
        barmode="group",
        bargap=0.25,
    )


def _bars(table: pd.DataFrame, quantity: str) -> go.Figure:
    """A horizontal bar a row, a trace a model; classes from the top."""
    figure = go.Figure()
    for model, rows in table.groupby("model", sort=False):
        figure.add_bar(
            name=display_name(str(model)),
            y=rows["class"],
            x=rows[quantity],
            orientation="h",
            marker_color=colour_of(str(model)),
            hovertemplate="%{y}: %{x:.3f}<extra>" + display_name(str(model)) + "</extra>",
        )
    return figure.update_yaxes(autorange="reversed", automargin=True)


def score_bars(table: pd.DataFrame, *, quantity: str) -> go.Figure:
    """Bars of every class, a trace a model.

    Args:
        table: Columns `class`, `model` and `quantity`, one row a class and model; classes in the
            order they are to be shown, best first.
        quantity: `"probability"` or `"logit"`.
    """
    figure = _bars(table, quantity).update_xaxes(title=say(f"scores_{quantity}"))
    if quantity == "probability":
        figure.update_xaxes(range=[0, 1])
    return styled(figure, height=max(360, 30 * table["class"].nunique() + 90))


def ensemble_bars(table: pd.DataFrame) -> go.Figure:
    """What each model adds to the weighted sum, stacked, for the leading classes.

    Args:
        table: Columns `class`, `model`, `contribution` (weight times probability).
    """
    figure = _bars(table, "contribution").update_xaxes(title=say("ensemble_contribution"))
    return styled(figure, height=320).update_layout(barmode="stack")


def view_heat_map(probabilities: NDArray[np.float64], classes: Sequence[str]) -> go.Figure:
    """Probability of the leading classes in every view of one network.

    Args:
        probabilities: `(classes, V)`.
        classes: Names of the rows, best first.
    """
    views = [str(view + 1) for view in range(probabilities.shape[1])]
    figure = go.Figure(
        go.Heatmap(
            z=probabilities,
            x=views,
            y=list(classes),
            colorscale="Cividis",
            zmin=0,
            zmax=1,
            colorbar={"title": say("scores_probability"), "thickness": 12},
            hovertemplate="%{y}, " + say("scores_view") + " %{x}: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(title=say("scores_views"), type="category")
    figure.update_yaxes(autorange="reversed", automargin=True)
    return styled(figure, height=max(260, 26 * len(classes) + 90))


def weight_strips(table: pd.DataFrame, weights: Mapping[str, float]) -> go.Figure:
    """Which class wins as one model's weight goes from 0 to 1, the present weight marked.

    Args:
        table: Columns `model`, `start`, `end`, `class`; classes in order of first appearance get
            the colours, so the present verdict should come first.
        weights: Model -> its present weight.
    """
    figure = go.Figure()
    for position, (name, rows) in enumerate(table.groupby("class", sort=False)):
        width = rows["end"] - rows["start"]
        figure.add_bar(
            name=str(name),
            y=[display_name(str(model)) for model in rows["model"]],
            x=width,
            base=rows["start"],
            orientation="h",
            marker={"color": WINNERS[min(position, len(WINNERS) - 1)], "line": {"width": 0}},
            text=[str(name) if share > 0.12 else "" for share in width],
            textfont={"color": "#111827"},
            insidetextanchor="middle",
            customdata=np.stack([rows["start"], rows["end"]], axis=1),
            hovertemplate="%{customdata[0]:.3f} - %{customdata[1]:.3f}<extra>" + f"{name}</extra>",
        )
    figure.add_scatter(
        name=say("ensemble_present_weight"),
        y=[display_name(model) for model in weights],
        x=list(weights.values()),
        mode="markers",
        marker={"symbol": "line-ns", "size": 34, "line": {"width": 4, "color": "#111827"}},
        hovertemplate="%{x:.3f}<extra></extra>",
    )
    figure.update_xaxes(title=say("ensemble_weight_of_model"), range=[0, 1])
    figure.update_yaxes(autorange="reversed", automargin=True)
    return styled(figure, height=260).update_layout(barmode="overlay")


def joint_bars(names: Sequence[str], drops: NDArray[np.float64]) -> go.Figure:
    """How much the probability falls without each joint, the most important first."""
    order = np.argsort(-drops)
    figure = go.Figure(
        go.Bar(
            y=[names[joint] for joint in order],
            x=drops[order],
            orientation="h",
            marker_color=[COLOURS["infogcn"] if drops[j] > 0 else "#999999" for j in order],
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    )
    figure.update_xaxes(title=say("saw_occlusion_axis"))
    figure.update_yaxes(autorange="reversed", automargin=True)
    return styled(figure, height=460)


def frame_bars(shares: NDArray[np.float64], frames: Sequence[int], model: str) -> go.Figure:
    """The share of attention that each sampled frame gets."""
    figure = go.Figure(
        go.Bar(
            x=[f"{place + 1}: {frame}" for place, frame in enumerate(frames)],
            y=shares,
            marker_color=colour_of(model),
            hovertemplate=say("saw_frame") + " %{x}: %{y:.1%}<extra></extra>",
        )
    )
    figure.add_hline(y=1 / len(shares), line={"dash": "dot", "color": INK})
    figure.update_xaxes(title=say("saw_frames_axis"), type="category")
    figure.update_yaxes(title=say("saw_attention_axis"), tickformat=".0%")
    return styled(figure, height=260)
