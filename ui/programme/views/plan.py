"""Planned content beside what was seen, and what the rules of a season count."""

from __future__ import annotations

from html import escape
from typing import get_args

from pipeline.programme.planned import Relation
from pipeline.sheet.sheet import Sheet
from pipeline.sheet.words import DASH, finding_in_words
from ui.language.tables import say, spoken
from ui.programme.rows import clock


def plan_html(sheet: Sheet) -> str:
    """The comparison, the lines that are no element, and the rules' findings; empty without any."""
    parts = (_unread(sheet), _summary(sheet), _table(sheet), _rules(sheet))
    return "".join(part for part in parts if part)


def _summary(sheet: Sheet) -> str:
    plan = sheet.plan
    if not plan.rows:
        return ""
    counts = {_name(relation): plan.count(relation) for relation in get_args(Relation)}
    told = say("programme_plan_summary", **counts)
    return f'<p class="pg-plan-summary" role="status">{escape(told)}</p>'


def _name(relation: Relation) -> str:
    return relation.replace(" ", "_")


def _unread(sheet: Sheet) -> str:
    """Each line that is no element, named."""
    lines = "".join(
        f"<li>{escape(say('programme_plan_line', line=line, text=text[:120]))}</li>"
        for line, text in sheet.plan.unread
    )
    return f'<ul class="pg-unread" role="alert">{lines}</ul>' if lines else ""


def _table(sheet: Sheet) -> str:
    if not sheet.plan.rows:
        return ""
    values = bool(sheet.season and sheet.season.base_values)
    keys = ["planned", "seen", "at", "result", *(["value"] if values else [])]
    heads = "".join(f'<th scope="col">{escape(say(f"programme_plan_{key}"))}</th>' for key in keys)
    rows = []
    for one in sheet.plan.rows:
        row, relation = one.row, _name(one.relation)
        seen = DASH if row is None else f"{row.number}. {row.code}"
        at = "" if row is None else clock(row.start_s)
        cells = [one.planned or DASH, seen, at, say(f"programme_relation_{relation}")]
        if values:
            value = None if row is None else sheet.base_value(row)
            cells.append("" if value is None else str(value))
        key = "" if row is None else f' data-seen="{escape(row.key)}"'
        body = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows.append(f'<tr data-relation="{relation}"{key}>{body}</tr>')
    return (
        f'<table class="pg-plan"><caption>{escape(say("programme_plan_table"))}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _rules(sheet: Sheet) -> str:
    """What the rules count, and where they are from."""
    season = sheet.season
    if season is None or sheet.rules is None:
        return ""
    said = [finding_in_words(finding, spoken()) for finding in sheet.findings]
    said = said or [say("programme_rules_nothing")]
    lines = "".join(f"<li>{escape(line)}</li>" for line in said)
    sources = [season.source, season.base_values_source]
    told = say("programme_rules_source", source="; ".join(filter(None, sources)))
    return f'<ul class="pg-rules">{lines}</ul><p class="pg-source">{escape(told)}</p>'
