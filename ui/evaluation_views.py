"""Tables and figures of an evaluation: figures beside the paper's, classes, confusion, mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from pipeline.elements import LABELS
from pipeline.ensemble import FUSED, LEADERBOARD
from ui.evaluations import Evaluated, Evaluation
from ui.language import say
from ui.names import class_name, display_name, element_code
from ui.plots import INK, colour_of, styled

CONFUSION_JS = """
element.addEventListener('click', (event) => {
  const cell = event.target.closest('button[data-true]');
  if (!cell) return;
  trigger('click', {true_class: Number(cell.dataset.true), said: Number(cell.dataset.said)});
});
"""
"""A click on a cell tells which; the server checks the numbers."""


def figures_table(evaluation: Evaluation) -> pd.DataFrame:
    """A row a model or ensemble: its figures in percent, and the paper's accuracy."""
    rows = []
    for voter in evaluation.voters:
        figures = evaluation.figures(voter)
        rows.append(
            {
                say("mistakes_model"): display_name(voter),
                say("mistakes_ours"): _percent(figures.get("mean_class_accuracy")),
                say("mistakes_paper"): f"{LEADERBOARD[voter]:.2f}" if voter in LEADERBOARD else "",
                say("mistakes_top1"): _percent(figures.get("top1")),
                say("mistakes_f1"): _percent(figures.get("macro_f1")),
                say("mistakes_ece"): _percent(figures.get("ece")),
            }
        )
    return pd.DataFrame(rows)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f}"


def accuracy_bars(evaluation: Evaluation) -> go.Figure:
    """Mean class accuracy of every model and ensemble, the paper's as diamonds."""
    voters = list(evaluation.voters)
    names = [display_name(voter) for voter in voters]
    values = [100 * float(evaluation.figures(v).get("mean_class_accuracy") or 0) for v in voters]
    figure = go.Figure(
        go.Bar(
            y=names, x=values, orientation="h", name=say("mistakes_ours_short"),
            marker_color=[colour_of(v, i) for i, v in enumerate(voters)],
            hovertemplate="%{y}: %{x:.2f}<extra></extra>",
        )
    )  # fmt: skip
    stated = [voter for voter in voters if voter in LEADERBOARD]
    figure.add_scatter(
        y=[display_name(voter) for voter in stated], x=[LEADERBOARD[voter] for voter in stated],
        mode="markers", name=say("mistakes_paper_short"),
        marker={"symbol": "diamond", "size": 12, "color": "#111827",
                "line": {"width": 1.5, "color": "#ffffff"}},
    )  # fmt: skip
    figure.update_xaxes(title=say("mistakes_ours"), range=[0, 100])
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


def confusion_html(counts: NDArray[np.int64]) -> str:
    """The confusion matrix as a table; every cell with clips is a button that lists them."""
    used = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1)).tolist()
    head = "".join(
        f'<th scope="col"><span title="{escape(LABELS[c])}">{escape(_short(c))}</span></th>'
        for c in used
    )
    body = "".join(_confusion_row(counts, row, used) for row in used)
    return (
        f'<div class="rs-confusion"><table><caption>{escape(say("mistakes_confusion_caption"))}'
        f'</caption><thead><tr><th scope="col">{escape(say("mistakes_true"))}</th>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def _confusion_row(counts: NDArray[np.int64], row: int, used: Sequence[int]) -> str:
    total = max(1, int(counts[row].sum()))
    cells = []
    for column in used:
        count = int(counts[row, column])
        if not count:
            cells.append("<td></td>")
            continue
        kind = "rs-right" if row == column else "rs-wrong"
        words = say(
            "mistakes_cell", count=count, true_class=LABELS[row], said=LABELS[column]
        )  # fmt: skip
        strength = 0.15 + 0.6 * count / total
        cells.append(
            f'<td><button type="button" class="{kind}" style="--strength:{strength:.2f}" '
            f'data-true="{row}" data-said="{column}" aria-label="{escape(words)}" '
            f'title="{escape(words)}">{count}</button></td>'
        )
    return f'<tr><th scope="row">{escape(LABELS[row])}</th>{"".join(cells)}</tr>'


def _short(index: int) -> str:
    code = element_code(index).split(" ")[0]
    return code if code != "-" else LABELS[index][:4]


def clip_table(clips: Sequence[Evaluated], voter: str) -> pd.DataFrame:
    """A row a clip: its true class, what the voter and each model say, and how surely."""
    rows = []
    for clip in clips:
        row = {
            say("mistakes_clip"): clip.stem,
            say("mistakes_true"): LABELS[clip.label],
            display_name(voter): _said(clip, voter),
        }
        row |= {display_name(name): _said(clip, name) for name in FUSED if name != voter}
        rows.append(row)
    return pd.DataFrame(rows)


def _said(clip: Evaluated, voter: str) -> str:
    said, sure = clip.says(voter), clip.probability(voter)
    if said is None:
        return say("mistakes_no_answer")
    return LABELS[said] if sure is None else f"{LABELS[said]} {sure:.0%}"
