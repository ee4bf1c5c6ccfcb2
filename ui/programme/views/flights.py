"""Take-off and landing of an element's jumps, to be corrected by typing or from the cursor."""

from __future__ import annotations

from html import escape

from pipeline.moments import written
from pipeline.sheet.rows import Row, RowJump
from ui.language.tables import say

_ENDS = {"takeoff": "T", "landing": "Y"}
"""Keys as the desk's player has them."""


def flights_html(row: Row) -> str:
    """A line of the form for each jump; empty for other elements."""
    codes = row.code.split("+") if row.jumps else []
    several = len(row.jumps) > 1
    return "".join(
        _flight(number, jump, codes[number - 1] if several and number <= len(codes) else "")
        for number, jump in enumerate(row.jumps, 1)
    )


def _flight(number: int, jump: RowJump, code: str) -> str:
    ends = {"takeoff": jump.takeoff_s, "landing": jump.landing_s}
    known = "".join(
        f' data-{end}="{seconds:.3f}"' for end, seconds in ends.items() if seconds is not None
    )
    fields = "".join(_field(end, number, seconds, code) for end, seconds in ends.items())
    air = "" if jump.air_s is None else say("programme_option_air", seconds=f"{jump.air_s:.2f}")
    return (
        f'<div class="pg-editor-row pg-flight" data-jump="{number}"{known}>'
        f"{f'<b>{escape(code)}</b>' if code else ''}{fields}"
        f'<span class="pg-air">{escape(air)}</span></div>'
    )


def _field(end: str, number: int, seconds: float | None, code: str) -> str:
    told, key = say(f"programme_{end}"), _ENDS[end]
    name, here = escape(told), escape(f"{code} {say(f'programme_{end}_here')}".strip())
    value = "" if seconds is None else written(seconds)
    return (
        f'<span class="pg-field"><label><span>{name}</span><input name="{end}{number}" '
        f'value="{value}" inputmode="decimal" maxlength="16" '
        f'aria-label="{escape(f"{code} {told}".strip())}"></label>'
        f'<button type="button" class="rs-take" data-act="{end}_here" title="{here} ({key})" '
        f'aria-label="{here}" aria-keyshortcuts="{key}">{key}</button></span>'
    )
