"""The list of elements on the sheet: what stands, what the machine said, what a person changed."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from pipeline.moments import written
from pipeline.sheet.html.timeline import FAMILY_COLOURS
from pipeline.sheet.rows import Row
from pipeline.sheet.sheet import Sheet
from pipeline.sheet.tables import air_time, candidate_code, rivals_of
from pipeline.sheet.words import DASH, Say
from pipeline.types import FoundElement

_OTHERS = 2
"""Candidates told of each jump, beside the first."""


def element_list(sheet: Sheet, pictures: Mapping[str, str], say: Say) -> str:
    """The table of elements; on a narrow screen each row is a card."""
    rows = sheet.corrected.rows
    gone = _deleted(sheet.corrected.deleted, say)
    if not rows:
        return f"<p>{escape(say('none'))}</p>{gone}"
    columns = ["number", "picture", "time", "element", "candidates", "air", "confidence"]
    if not any(row.key in pictures for row in rows):
        columns.remove("picture")
    if any(sheet.base_value(row) for row in rows):
        columns.append("base")
    head = "".join(f"<th>{escape(say(f'col_{key}'))}</th>" for key in columns)
    body = "".join(_row(row, sheet, columns, pictures.get(row.key, ""), say) for row in rows)
    return (
        f'<table class="rs-list"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"{_base_sum(sheet, say)}{gone}"
    )


def _row(row: Row, sheet: Sheet, columns: list[str], picture: str, say: Say) -> str:
    value = sheet.base_value(row)
    cells = {
        "number": f"<b>{row.number}</b>",
        "picture": _picture(row, picture, say),
        "time": _time(row, say),
        "element": _element(row, say),
        "candidates": _candidates(row, say),
        "air": _air(row, sheet),
        "confidence": _confidence(row),
        "base": "" if value is None else escape(str(value)),
    }
    inner = "".join(_cell(key, cells[key], say) for key in columns)
    colour = FAMILY_COLOURS[row.family]
    return f'<tr class="rs-by-{row.said_by}" style="--family:{colour}">{inner}</tr>'


def _cell(key: str, content: str, say: Say) -> str:
    kind = f"rs-{key}" if content else f"rs-{key} rs-blank"
    label = escape(say(f"col_{key}"), quote=True)
    return f'<td class="{kind}" data-label="{label}">{content or DASH}</td>'


def _picture(row: Row, picture: str, say: Say) -> str:
    if not picture:
        return ""
    at_s = moment_of(row)
    alt = say("picture_alt", number=row.number, code=row.code, time=written(at_s))
    return f'<img src="{escape(picture, quote=True)}" alt="{escape(alt, quote=True)}">'


def moment_of(row: Row) -> float:
    """When a row's picture is taken: at its first take-off, else a third into it."""
    for jump in row.jumps:
        if jump.takeoff_s is not None:
            return jump.takeoff_s
    return row.start_s + (row.end_s - row.start_s) / 3


def _time(row: Row, say: Say) -> str:
    lines = [f"{written(row.start_s)}{DASH}{written(row.end_s)}"]
    lines += [
        say("takeoff", time=written(jump.takeoff_s))
        for jump in row.jumps
        if jump.takeoff_s is not None
    ]
    first, *rest = map(escape, lines)
    return first + "".join(f"<small>{line}</small>" for line in rest)


def _element(row: Row, say: Say) -> str:
    parts = [
        f'<b class="rs-code">{escape(row.code or say("unnamed"))}</b>',
        f'<span class="rs-by">{escape(say(f"by_{row.said_by}"))}</span>',
    ]
    if row.review:
        parts.append(f'<span class="rs-mark">{escape(say("review"))}</span>')
    parts.append(f"<small>{escape(_kind(row, say))}</small>")
    if row.said_by == "person":
        codes = ", ".join(element.code for element in row.elements)
        machine = say("machine_said", code=codes) if codes else say("machine_nothing")
        changed = ", ".join(say(f"change_{change}") for change in row.changes)
        parts.append(f'<small class="rs-said">{escape(machine)} ({escape(changed)})</small>')
    if row.note:
        parts.append(f'<small class="rs-note">{escape(row.note)}</small>')
    return "".join(parts)


def _kind(row: Row, say: Say) -> str:
    """Family in words; of a spin as the machine found it, what was seen of it."""
    element = row.element
    seen: list[str] = []
    if element is not None and row.family == "spin" and element.positions:
        held = dict.fromkeys(position.position for position in element.positions)
        seen += [say(f"position_{position}") for position in held]
        if element.flying:
            seen.append(say("flying"))
        if row.parsed is None or not row.parsed.change:
            seen.append(say("unclear"))
    family = say(f"family_{row.family}")
    return f"{family}: {', '.join(seen)}" if seen else family


def _candidates(row: Row, say: Say) -> str:
    """What the machine thought besides what the row says: for each jump a line."""
    code = row.parsed
    own = [f"{jump.turns}{jump.kind}" for jump in code.jumps] if code and code.jumps else [row.code]
    lines = []
    for said, found in zip(own, rivals_of(row), strict=False):
        others = [
            f"{_named(one.label, say)}\N{NO-BREAK SPACE}{one.probability:.0%}"
            for one in found[: _OTHERS + 1]
            if _named(one.label, say) != said
        ]
        if others:
            lines.append(", ".join(others))
    return "<br>".join(map(escape, lines))


def _named(label: str, say: Say) -> str:
    code = candidate_code(label)
    return say("no_element") if code == "NoBasic" else code


def _air(row: Row, sheet: Sheet) -> str:
    lines = []
    for jump in row.jumps:
        if jump.air_s is None:
            continue
        known = air_time(jump, sheet.frame_s)
        between = f"<small>{known.low:.2f}{DASH}{known.high:.2f}</small>" if known else ""
        lines.append(f"{jump.air_s:.2f} s{between}")
    return "".join(f"<div>{line}</div>" for line in lines)


def _confidence(row: Row) -> str:
    if row.confidence is None:
        return ""
    share = f"{row.confidence:.0%}"
    return f'<span class="rs-bar"><i style="width:{share}"></i></span>{share}'


def _base_sum(sheet: Sheet, say: Say) -> str:
    season = sheet.season
    values = [value for row in sheet.corrected.rows if (value := sheet.base_value(row)) is not None]
    if season is None or not values:
        return ""
    low, high = sum(v.low for v in values), sum(v.high for v in values)
    total = f"{low:.2f}" if low == high else f"{low:.2f}{DASH}{high:.2f}"
    said = say("base_total", count=len(values), all=len(sheet.corrected.rows))
    source = say("base_source", season=season.name, source=season.base_values_source)
    return (
        f'<p class="rs-total"><b>{escape(said)}: {total}</b></p>'
        f'<p class="rs-small">{escape(source)}</p>'
    )


def _deleted(elements: tuple[FoundElement, ...], say: Say) -> str:
    if not elements:
        return ""
    lines = "".join(
        "<li><s>"
        + escape(
            say(
                "deleted_row",
                code=element.code or say("unnamed"),
                start=written(element.start_s),
                end=written(element.end_s),
                confidence=f"{element.confidence:.0%}",
            )
        )
        + "</s></li>"
        for element in elements
    )
    return f'<div class="rs-deleted"><b>{escape(say("deleted"))}</b><ul>{lines}</ul></div>'
