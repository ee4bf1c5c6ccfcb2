"""Figures of the 320-frame skeleton that InfoGCN sees."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from models.skeletons import COCO17
from pipeline.drawing.annotate import DrawStyle
from pipeline.drawing.skeleton import SKELETON_LINES
from pipeline.types import FloatArray
from ui.language.names import joint_name
from ui.language.tables import say
from ui.views.plots import INK, styled

POSES = 16
TRACED = ("left_hip", "left_ankle", "right_ankle", "left_wrist", "right_wrist")
_COLOURS = ("#CC79A7", "#56B4E9", "#E69F00", "#0072B2", "#D55E00")


def pose_strip(sequence: FloatArray) -> go.Figure:
    """Stick figures at equal distances in time, side by side.

    Args:
        sequence: `(3, T, 17)`: x, y in body lengths, score.
    """
    T = sequence.shape[1]
    chosen = np.linspace(0, T - 1, POSES).round().astype(int)
    style, figure = DrawStyle(), go.Figure()
    colours = {
        "left": _hex(style.left),
        "right": _hex(style.right),
        "middle": INK,
    }
    for side, colour in colours.items():
        xs: list[float | None] = []
        ys: list[float | None] = []
        for place, t in enumerate(chosen):
            points = sequence[:2, t].T  # (17, 2)
            points = points - np.array([points[[11, 12], 0].mean(), 0])  # hips in the middle
            for start, end, line_side in SKELETON_LINES:
                if line_side == side:
                    ends = [_joint(points, start), _joint(points, end)]
                    xs += [place + float(ends[0][0]), place + float(ends[1][0]), None]
                    ys += [float(ends[0][1]), float(ends[1][1]), None]
        figure.add_scatter(
            x=xs, y=ys, mode="lines", name=say(f"saw_side_{side}"),
            line={"color": colour, "width": 2.5}, hoverinfo="skip",
        )  # fmt: skip
    figure.update_xaxes(
        tickvals=list(range(POSES)), ticktext=[str(t + 1) for t in chosen],
        title=say("saw_sequence_axis", frames=T), showgrid=False, zeroline=False,
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", visible=False, scaleanchor="x", scaleratio=1)
    return styled(figure, height=230)


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _joint(points: FloatArray, which: tuple[int, ...] | int) -> FloatArray:
    """A joint, or the middle of several."""
    index = [which] if isinstance(which, int) else list(which)
    middle: FloatArray = points[index].mean(axis=0)
    return middle


def joint_traces(sequence: FloatArray) -> go.Figure:
    """Heights of a few joints over the sequence; stretches that were filled in are shaded.

    Args:
        sequence: `(3, T, 17)`.
    """
    frames = np.arange(sequence.shape[1]) + 1
    figure = go.Figure()
    for name, colour in zip(TRACED, _COLOURS, strict=True):
        joint = COCO17.index(name)
        figure.add_scatter(
            x=frames, y=-sequence[1, :, joint], mode="lines", name=joint_name(joint),
            line={"color": colour, "width": 2}, hovertemplate="%{x}: %{y:.2f}<extra></extra>",
        )  # fmt: skip
    for start, end in filled_stretches(sequence):
        figure.add_vrect(x0=start + 1, x1=end + 1, fillcolor="rgba(128,128,128,0.3)", line_width=0)
    figure.update_xaxes(title=say("saw_sequence_axis", frames=sequence.shape[1]))
    figure.update_yaxes(title=say("saw_height_axis"))
    return styled(figure, height=300)


def filled_stretches(sequence: FloatArray) -> list[tuple[int, int]]:
    """Stretches `(first, last)` of frames in which no joint was seen, so that all was filled in."""
    missing = np.concatenate([[0], (sequence[2].max(axis=1) <= 1e-6).astype(int), [0]])
    edges = np.diff(missing)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
