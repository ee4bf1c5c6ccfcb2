"""What can be done with the element that is chosen, and the bar above the list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from pipeline.moments import written
from pipeline.sheet.completion import complete
from pipeline.sheet.rows import Row
from ui.language.tables import say
from ui.programme.rows import analyses, clock, machine_code
from ui.programme.views.flights import flights_html


def bar_html(
    *, undo: int, redo: int, confirmed_by: str | None, count: int, going: bool = False
) -> str:
    """Undo, redo, insert and confirm.

    Args:
        undo: Corrections that can be taken back.
        redo: Corrections that were taken back.
        confirmed_by: Who confirmed the sheet as it stands, perhaps without a name; None: nobody.
        count: Elements on the sheet.
        going: The video is still being read; corrections wait for its end.
    """
    confirmed = confirmed_by is not None
    told = ""
    if confirmed_by:
        told = say("programme_confirmed_by", name=confirmed_by)
    elif confirmed:
        told = say("programme_confirmed")
    return (
        '<div class="pg-sheet-bar" role="toolbar" '
        f'aria-label="{escape(say("programme_corrections"))}">'
        f'<span class="pg-count">{escape(say("programme_count", count=count))}</span>'
        f'<span class="pg-confirmed" role="status">{escape(told)}</span>'
        f"{_later() if going else ''}"
        f"{_button('undo', 'Control+Z', possible=undo > 0)}"
        f"{_button('redo', 'Control+Shift+Z', possible=redo > 0)}"
        f'<span class="pg-put-in">{code_field("insert", "", say("programme_insert_code"))}'
        f"{_button('insert', possible=not going)}</span>"
        f"{_confirm(possible=count > 0 and not (confirmed or going))}</div>"
    )


def _later() -> str:
    return f'<span class="pg-later">{escape(say("programme_corrections_later"))}</span>'


def _confirm(*, possible: bool) -> str:
    """A button that asks for a name first, which may stay empty."""
    if not possible:
        return ""
    name = escape(say("programme_confirm_name"))
    return (
        f'<details class="pg-confirm"><summary class="rs-take">'
        f"{escape(say('programme_do_confirm'))}</summary><div>"
        f'<input name="name" maxlength="100" placeholder="{name}" aria-label="{name}">'
        f"{_button('confirm')}</div></details>"
    )


def editor_html(row: Row | None, rows: Sequence[Row] = ()) -> str:
    """The form for one element.

    Args:
        row: The chosen one; None: no element is chosen.
        rows: All of the sheet, of which the next one can be merged with it.
    """
    if row is None:
        return f'<div class="pg-editor"><p>{escape(say("programme_choose"))}</p></div>'
    after = next((other for other in rows if other.number == row.number + 1), None)
    heading = say("programme_heading", number=row.number, code=row.code)
    return (
        f'<form class="pg-editor" data-key="{escape(row.key)}" data-family="{row.family}" '
        f'aria-label="{escape(heading)}" autocomplete="off">'
        f"<h2>{escape(heading)} <small>{_span(row)}</small></h2>{_said(row)}"
        f'<div class="pg-editor-row">{code_field("code", row.code, say("programme_code"))}'
        f"{_moment('start', row.start_s)}{_moment('end', row.end_s)}{_note_field(row)}</div>"
        f"{flights_html(row)}"
        f'<div class="pg-editor-row">{_button("open", "Enter", possible=bool(analyses(row)))}'
        f"{_button('play', 'Space')}{_review(row)}{_button('split')}"
        f"{_button('merge', possible=_joins(row, after))}{_button('delete', 'Delete')}</div></form>"
    )


def _span(row: Row) -> str:
    return escape(f"{clock(row.start_s, 2)}\u2013{clock(row.end_s, 2)}")


def _said(row: Row) -> str:
    """What the machine said where a person says something else."""
    machine = machine_code(row)
    if not row.changes:
        return ""
    key = "programme_machine_said" if machine else "programme_changed"
    return f'<p class="pg-said">{escape(say(key, code=machine))}</p>'


def code_field(name: str, value: str, words: str) -> str:
    """A field that completes element codes.

    Args:
        name: Of the field.
        value: What stands in it.
        words: What it is called.
    """
    visible = name == "code"  # the other one is told by the button beside it
    told = f"<span>{escape(words)}</span>" if visible else ""
    hint = "" if visible else f' placeholder="3Lz+3T" aria-label="{escape(words)}"'
    return (
        f'<span class="pg-field pg-code-field"><label>{told}'
        f'<input name="{name}" value="{escape(value)}" maxlength="60" spellcheck="false" '
        'autocapitalize="off" role="combobox" aria-autocomplete="list" aria-expanded="false" '
        f'aria-controls="codes-{name}" data-completes{hint}></label>'
        f'<span id="codes-{name}" role="listbox" class="pg-codes" '
        f'aria-label="{escape(words)}" hidden></span></span>'
    )


def _moment(edge: str, seconds: float) -> str:
    name, here = escape(say(f"programme_{edge}")), escape(say(f"programme_{edge}_here"))
    key = "[" if edge == "start" else "]"
    return (
        f'<span class="pg-field"><label><span>{name}</span><input name="{edge}" '
        f'value="{written(seconds)}" inputmode="decimal" maxlength="16"></label>'
        f'<button type="button" class="rs-take" data-act="{edge}_here" title="{here} ({key})" '
        f'aria-label="{here}" aria-keyshortcuts="{key}">{key}</button></span>'
    )


def _note_field(row: Row) -> str:
    name = escape(say("programme_note"))
    return (
        f'<label class="pg-field pg-note-field"><span>{name}</span>'
        f'<input name="note" value="{escape(row.note)}" maxlength="500"></label>'
    )


def _review(row: Row) -> str:
    words = escape(say("programme_review"))
    return (
        f'<button type="button" class="rs-take" data-act="mark" aria-pressed="'
        f'{str(row.review).lower()}" aria-keyshortcuts="R" title="R">{words}</button>'
    )


def _joins(row: Row, after: Row | None) -> bool:
    if after is None:
        return False
    jumps = ("jump", "combination")
    return row.family == after.family or (row.family in jumps and after.family in jumps)


def _button(act: str, keys: str = "", *, possible: bool = True) -> str:
    words = escape(say(f"programme_do_{act}"))
    shortcut = f' aria-keyshortcuts="{keys}" title="{keys.replace("Control", "Ctrl")}"'
    return (
        f'<button type="button" class="rs-take" data-act="{act}"{shortcut if keys else ""}'
        f"{'' if possible else ' disabled'}>{words}</button>"
    )


def table_html() -> str:
    """The element table that the fields complete from, out of sight."""
    solo = complete("", most=200)
    spins = [code for code in solo if code.endswith(("Sp", "Sq"))]
    table = {
        "solo": solo,
        "following": [code.partition("+")[2] for code in complete("3Lz+", most=50)],
        "levels": {code: complete(code, most=12)[1:] for code in spins},
    }
    return f'<div data-codes="{escape(json.dumps(table))}" hidden></div>'
