"""Figures: pure functions from tables to Plotly."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

# Okabe and Ito's colours, which people with any colour vision can tell apart.
COLOURS = {
    "umt": "#0072B2",
    "uniformerv2": "#D55E00",
    "infogcn": "#009E73",
    "weighted": "#CC79A7",
    "vote": "#999999",
}
NAMES = {
    "umt": "Unmasked Teacher",
    "uniformerv2": "UniFormerV2",
    "infogcn": "InfoGCN",
    "weighted": "weighted sum",
    "vote": "vote",
}
SHADES = ("#56B4E9", "#0072B2", "#003F6B")
"""Of the single Unmasked Teachers."""


def display_name(model: str) -> str:
    """How a model is called on screen."""
    if model in NAMES:
        return NAMES[model]
    return f"UMT {model.removeprefix('umt_')}" if model.startswith("umt_") else model


def _colour(model: str, position: int) -> str:
    return COLOURS.get(model, SHADES[position % len(SHADES)])


def _style(figure: go.Figure, *, height: int) -> go.Figure:
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 13},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.01, "x": 0},
        barmode="group",
        bargap=0.25,
    )


def score_bars(table: pd.DataFrame, *, quantity: str) -> go.Figure:
    """Bars of every class, a trace a model.

    Args:
        table: Columns `class`, `model` and `quantity`, one row a class and model; classes in the
            order they are to be shown, best first.
        quantity: `"probability"` or `"logit"`.
    """
    figure = go.Figure()
    for position, (model, rows) in enumerate(table.groupby("model", sort=False)):
        figure.add_bar(
            name=display_name(str(model)),
            y=rows["class"],
            x=rows[quantity],
            orientation="h",
            marker_color=_colour(str(model), position),
            hovertemplate="%{y}: %{x:.3f}<extra>" + display_name(str(model)) + "</extra>",
        )
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(title=quantity, gridcolor="rgba(128,128,128,0.25)")
    if quantity == "probability":
        figure.update_xaxes(range=[0, 1])
    return _style(figure, height=max(360, 30 * table["class"].nunique() + 90))


def ensemble_bars(table: pd.DataFrame) -> go.Figure:
    """What each model adds to the weighted sum, stacked, for the leading classes.

    Args:
        table: Columns `class`, `model`, `contribution` (weight times probability).
    """
    figure = go.Figure()
    for position, (model, rows) in enumerate(table.groupby("model", sort=False)):
        figure.add_bar(
            name=display_name(str(model)),
            y=rows["class"],
            x=rows["contribution"],
            orientation="h",
            marker_color=_colour(str(model), position),
            hovertemplate="%{y}: %{x:.3f}<extra>" + display_name(str(model)) + "</extra>",
        )
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(title="weight x probability", gridcolor="rgba(128,128,128,0.25)")
    return _style(figure, height=320).update_layout(barmode="stack")
