"""The clips of an evaluation as a list: what each voter says, how surely, and what opens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from pipeline.classification.ensemble import FUSED
from pipeline.elements import LABELS
from ui.evaluations.run_folder import Evaluated
from ui.export.downloads import csv_link
from ui.language.names import display_name, element_name
from ui.language.tables import say

CLIP_LIST_JS = (Path(__file__).parents[1] / "scripts" / "clip_list.js").read_text(encoding="utf-8")
"""Sorting, and a click on a row; the server checks which clip it names."""

Opens = Literal["kept", "video", "nothing"]
"""What there is of a clip: its analysis; its video, so that it can be analysed; neither."""


def clip_rows(
    clips: Sequence[Evaluated], voter: str, opens: Callable[[str], Opens]
) -> pd.DataFrame:
    """A row a clip: `clip, true_class`, then what each is asked, then `analysis` (`Opens`).

    The voter and every model have two columns: their name, with the class that they say, and
    `<name>_confidence`, 0 to 1, empty for a vote.
    """
    rows = []
    for clip in clips:
        row: dict[str, Any] = {"clip": clip.stem, "true_class": LABELS[clip.label]}
        for name in _asked(voter):
            said = clip.says(name)
            row[name] = None if said is None else LABELS[said]
            row[f"{name}_confidence"] = clip.probability(name)
        rows.append({**row, "analysis": opens(clip.stem)})
    voters = [column for name in _asked(voter) for column in (name, f"{name}_confidence")]
    return pd.DataFrame(rows, columns=["clip", "true_class", *voters, "analysis"])


def _asked(voter: str) -> list[str]:
    return [voter, *(name for name in FUSED if name != voter)]


def clip_list_html(rows: pd.DataFrame, voter: str, *, name: str = "clips") -> str:
    """The list as a table whose rows open; every column sorts, confidences as numbers.

    Args:
        rows: As `clip_rows` makes them.
        voter: Whose mistakes.
        name: Of the file to take away.
    """
    heads = [say("mistakes_clip"), say("mistakes_analysis"), say("mistakes_true")]
    for asked in _asked(voter):
        heads += [display_name(asked), say("mistakes_confidence")]
    head = "".join(
        f'<th scope="col"><button type="button" data-sort>{escape(text)}</button></th>'
        for text in heads
    )
    body = "".join(_row(row, voter) for row in rows.to_dict("records"))
    return (
        f'<div class="rs-clips"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f'</div><div class="rs-tools">{csv_link(rows, name)}</div>'
    )


def _row(row: dict[Any, Any], voter: str) -> str:
    stem = escape(row["clip"])
    cells = [
        f'<th scope="row"><button type="button" data-open>{stem}</button></th>',
        f"<td>{_opener(row['analysis'])}</td>",
        f"<td>{escape(element_name(row['true_class']))}</td>",
    ]
    for asked in _asked(voter):
        said, sure = row[asked], row[f"{asked}_confidence"]
        wrong = ' class="rs-differs-here"' if said != row["true_class"] else ""
        words = element_name(said) if said else say("mistakes_no_answer")
        cells.append(f"<td{wrong}>{escape(words)}</td>")
        cells.append(_number(sure))
    return f'<tr data-stem="{stem}" data-opens="{row["analysis"]}">{"".join(cells)}</tr>'


def _opener(opens: Opens) -> str:
    if opens == "video":
        words = escape(say("mistakes_analyse_now"))
        return f'<button type="button" data-analyse class="rs-take">{words}</button>'
    return escape(say("mistakes_kept" if opens == "kept" else "mistakes_no_video"))


def _number(sure: float | None) -> str:
    if sure is None or sure != sure:  # a column of numbers holds NaN for None
        return '<td data-value="-1"></td>'
    return f'<td data-value="{sure:.6f}">{100 * sure:.0f} %</td>'
