"""The confusion matrix: classes in the order of their families, every cell a button."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.elements import BY_FAMILY, ELEMENTS, LABELS
from ui.export.downloads import csv_link
from ui.language.names import element_code, element_name
from ui.language.tables import say

CONFUSION_JS = (Path(__file__).parents[1] / "scripts" / "confusion.js").read_text(encoding="utf-8")
"""A click on a cell tells which (the server checks the numbers); the picture is drawn here."""


def confusion_table(counts: NDArray[np.int64]) -> pd.DataFrame:
    """The counts of the classes that occur, in the order of the families; a row a true class.

    Args:
        counts: `(28, 28)` clips by true class (rows) and given class (columns).
    """
    used = classes_shown(counts)
    names = [LABELS[index] for index in used]
    table = pd.DataFrame(counts[np.ix_(used, used)], columns=names)
    table.insert(0, "true_class", names)
    return table


def classes_shown(counts: NDArray[np.int64]) -> list[int]:
    """Indices of the classes that occur as true or given, in the order of the families."""
    occurs = counts.sum(axis=0) + counts.sum(axis=1)
    return [index for index in BY_FAMILY if occurs[index]]


def confusion_html(counts: NDArray[np.int64], *, title: str = "", share: bool = False) -> str:
    """The matrix as a table whose cells list their clips.

    Args:
        counts: `(28, 28)` clips by true class (rows) and given class (columns).
        title: What it is of; the name of the files to take away, too.
        share: Show percent of the row instead of clips.
    """
    used = classes_shown(counts)
    starts = _starts(used)
    head = "".join(
        f'<th scope="col"{_group(c in starts)}><span title="{escape(_explained(c))}">'
        f"{escape(_short(c))}</span></th>"
        for c in used
    )
    body = "".join(_row(counts, row, used, share) for row in used)
    caption = escape(say("mistakes_confusion_share" if share else "mistakes_confusion_count"))
    png = escape(say("mistakes_png"))
    csv = csv_link(confusion_table(counts), f"{title} confusion")
    tools = (
        f'<div class="rs-tools">{_units(share)}{csv}'
        f'<button type="button" class="rs-take" data-png="{escape(title)}">{png}</button></div>'
    )
    shown = ' class="rs-percent"' if share else ""
    note = f"<p>{escape(say('mistakes_nobasic'))}</p>" if LABELS.index("NoBasic") in used else ""
    return (
        f'<div class="rs-confusion">{tools}<table{shown}><caption>{caption}</caption>'
        f'<thead><tr><th scope="col">{escape(say("mistakes_true"))}</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>{note}</div>"
    )


def _units(share: bool) -> str:
    """Two buttons that choose what the numbers are."""
    units = (
        ("count", say("mistakes_counts"), not share),
        ("share", say("mistakes_shares"), share),
    )
    return "".join(
        f'<button type="button" class="rs-take" data-unit="{unit}" '
        f'aria-pressed="{str(chosen).lower()}">{escape(words)}</button>'
        for unit, words, chosen in units
    )


def _row(counts: NDArray[np.int64], row: int, used: Sequence[int], share: bool) -> str:
    starts = _starts(used)
    cells = "".join(
        f"<td{_group(column in starts)}>{_cell(counts, row, column, share)}</td>" for column in used
    )
    return (
        f'<tr{_group(row in starts)}><th scope="row" title="{escape(_explained(row))}">'
        f"{escape(element_name(LABELS[row]))}</th>{cells}</tr>"
    )


def _cell(counts: NDArray[np.int64], row: int, column: int, share: bool) -> str:
    count = int(counts[row, column])
    if not count:
        return ""
    part = count / max(1, int(counts[row].sum()))
    true, said = (element_name(LABELS[index]) for index in (row, column))
    words = escape(say("mistakes_cell", count=count, true_class=true, said=said))
    kind = "rs-right" if row == column else "rs-wrong"
    shown = f"{100 * part:.0f}" if share else str(count)
    return (
        f'<button type="button" class="{kind}" style="--strength:{0.15 + 0.6 * part:.2f}" '
        f'data-true="{row}" data-said="{column}" aria-label="{words}" title="{words}">'
        f"{shown}</button>"
    )


def _starts(used: Sequence[int]) -> set[int]:
    """The first class of every kind but the first: a line before it parts the kinds."""
    kinds = ((ELEMENTS[one], ELEMENTS[other]) for one, other in pairwise(used))
    return {
        other.class_index
        for one, other in kinds
        if (one.family, one.kind) != (other.family, other.kind)
        and (one.family, other.family) != ("spin", "spin")
    }


def _group(begins: bool) -> str:
    return ' class="rs-group"' if begins else ""


def _explained(index: int) -> str:
    return say("mistakes_nobasic") if LABELS[index] == "NoBasic" else element_name(LABELS[index])


def _short(index: int) -> str:
    code = element_code(index).split(" ")[0]
    return code if code != "-" else element_name(LABELS[index])
