"""The numbered list of a programme's elements."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pipeline.sheet.html.element_list import moment_of
from pipeline.sheet.rows import Row
from ui.language.tables import say
from ui.programme.rows import candidates, clock, flights, machine_code
from ui.programme.views.time_line import row_in_words


def element_list_html(
    rows: Sequence[Row], chosen: str = "", *, pictures: str = "", going: bool = False
) -> str:
    """The list; each entry is an option that a click, a finger or the arrow keys choose.

    Args:
        rows: Elements in order of time.
        chosen: Key of the one that is selected.
        pictures: Address of small pictures, to which the moment in seconds is added; empty where
            the video is not here.
        going: Whether more may come.
    """
    if not rows:
        told = escape(say("programme_none_yet" if going else "programme_none"))
        return f'<div class="pg-elements"><p class="pg-empty">{told}</p></div>'
    options = "".join(_option(row, chosen, pictures) for row in rows)
    current = f' aria-activedescendant="list-{escape(chosen)}"' if chosen else ""
    return (
        f'<div class="pg-elements">{_heads()}<div role="listbox" tabindex="0" data-elements '
        f'aria-label="{escape(say("programme_list"))}" aria-describedby="programme-keys"{current}>'
        f"{options}</div></div>"
    )


def _heads() -> str:
    keys = ("number", "picture", "when", "code", "others", "air", "sure", "who")
    told = {"sure": f' title="{escape(say("programme_head_sure_told"))}"'}
    heads = "".join(
        f'<span class="pg-{key}"{told.get(key, "")}>{escape(say(f"programme_head_{key}"))}</span>'
        for key in keys
    )
    return f'<div class="pg-elements-head" aria-hidden="true">{heads}</div>'


def _option(row: Row, chosen: str, pictures: str) -> str:
    cells = (
        _cell("number", str(row.number)),
        f'<span class="pg-picture">{_picture(row, pictures)}</span>',
        _cell("when", clock(row.start_s)),
        f'<span class="pg-code">{escape(row.code)}{_before(row)}</span>',
        f'<span class="pg-others">{_others(row)}</span>',
        _cell("air", " + ".join(f"{end - start:.2f}" for start, end in flights(row)), " s"),
        f'<span class="pg-sure">{_sure(row)}</span>',
        f'<span class="pg-who">{_who(row)}</span>',
    )
    return (
        f'<div role="option" id="list-{escape(row.key)}" data-key="{escape(row.key)}" '
        f'data-family="{row.family}" data-start="{row.start_s:.3f}" data-end="{row.end_s:.3f}" '
        f'aria-selected="{str(row.key == chosen).lower()}" '
        f'aria-label="{escape(row_in_words(row))}">{"".join(cells)}</div>'
    )


def _cell(name: str, text: str, unit: str = "") -> str:
    return f'<span class="pg-{name}">{escape(text + unit if text else "")}</span>'


def _picture(row: Row, pictures: str) -> str:
    if not pictures:
        return ""
    return (
        f'<img src="{escape(pictures)}{moment_of(row):.3f}" alt="" loading="lazy" decoding="async">'
    )


def _before(row: Row) -> str:
    """What the machine had called it."""
    machine = machine_code(row)
    return f"<s>{escape(machine)}</s>" if machine else ""


def _others(row: Row) -> str:
    return "".join(
        f"<span><b>{escape(code)}</b> {100 * probability:.0f} %</span>"
        for code, probability in candidates(row)
    )


def _sure(row: Row) -> str:
    if row.confidence is None:
        return ""
    percent = f"{100 * row.confidence:.0f}"
    return f'<span class="pg-bar" style="--sure:{row.confidence:.3f}"></span>{percent} %'


def _who(row: Row) -> str:
    who = escape(say("programme_by_person" if row.changes else "programme_by_machine"))
    mark = escape(say("programme_marked"))
    flag = f'<span class="pg-flag" title="{mark}">{mark}</span>' if row.review else ""
    kind = "person" if row.changes else "machine"
    return f'<span class="pg-by" data-by="{kind}">{who}</span>{flag}'
