"""`sheet.html`: the whole sheet in one file that opens with no network and prints on A4.

Everything that came from outside, such as names, notes and plans, is escaped; there is no script.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from pipeline import __version__
from pipeline.moments import written
from pipeline.sheet.html.element_list import element_list
from pipeline.sheet.html.timeline import FAMILY_COLOURS, SHOT_COLOURS, timeline_svg
from pipeline.sheet.sheet import Sheet
from pipeline.sheet.words import DASH, LANGUAGES, Say, finding_in_words, speaker
from pipeline.types import Programme

_STYLES = Path(__file__).with_name("sheet.css")
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Of pages to take away: nothing is loaded and no script runs, whatever stands in them."""
_WORST = ("untrained", "demo", "trained")


def sheet_html(
    sheet: Sheet,
    *,
    pictures: Mapping[str, str] | None = None,
    embedded: str = "",
    language: str = LANGUAGES[0],
) -> str:
    """The sheet as one HTML page.

    Args:
        sheet: What is on it.
        pictures: Key of a row -> data address of a small picture at its take-off.
        embedded: The packed programme as an element of the page, so that the page opens again.
        language: Of the texts; English where there is no table.
    """
    say = speaker(language)
    title = say("title", name=Path(sheet.programme.video.path).name)
    spoken = language if language in LANGUAGES else LANGUAGES[0]
    sections = [
        _head(sheet, say),
        _warnings(sheet.programme, say),
        _section(say("timeline"), _timeline(sheet, say)),
        _section(say("list"), element_list(sheet, pictures or {}, say), cut=True),
        _section(say("plan"), _plan(sheet, say)),
        _section(say("rules"), _rules(sheet, say, spoken)),
        _section(say("made"), _made(sheet.programme, say)),
        f'<p class="rs-foot">{escape(say("foot", version=__version__))}</p>',
    ]
    return (
        f'<!doctype html><html lang="{spoken}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLES.read_text(encoding='utf-8')}</style>"
        f"</head><body><main>{''.join(sections)}</main>{embedded}</body></html>\n"
    )


def _section(title: str, content: str, *, cut: bool = False) -> str:
    """A part of the page; `cut`: a long one, which may go over several printed pages."""
    kind = ' class="rs-long"' if cut else ""
    return f"<section{kind}><h2>{escape(title)}</h2>{content}</section>" if content else ""


def _head(sheet: Sheet, say: Say) -> str:
    video, rows = sheet.programme.video, sheet.corrected.rows
    status = _status(sheet.programme)
    facts = say(
        "lasts",
        time=_clock(video.end_s - video.start_s),
        width=video.width,
        height=video.height,
        fps=f"{video.fps:g}",
    )
    badge = say(f"status_{status}")
    name = sheet.corrected.confirmed_by
    if name is None:
        confirmed, kind = say("not_confirmed"), "rs-open"
    else:
        confirmed = say("confirmed_by", name=name) if name else say("confirmed")
        kind = "rs-closed"
    skated = sum(s.end_s - s.start_s for s in sheet.programme.shots if s.kind == "skating")
    figures = [
        (str(len(rows)), say("elements")),
        (str(sum(row.said_by == "person" for row in rows)), say("of_person")),
        (str(sum(row.review for row in rows)), say("for_review")),
        (_clock(skated), say("skated")),
    ]
    tiles = "".join(
        f"<li><b>{escape(value)}</b><span>{escape(what)}</span></li>" for value, what in figures
    )
    return (
        f'<header><p class="rs-kind">Rinkside · {escape(say("kind"))}</p>'
        f"<h1>{escape(Path(video.path).name)}</h1>"
        f"<p>{escape(facts)} · {escape(say('profile', profile=sheet.programme.profile))}</p>"
        f'<p class="rs-badges"><span class="rs-badge rs-{status}">{escape(badge)}</span>'
        f'<span class="rs-badge {kind}">{escape(confirmed)}</span></p>'
        f'<ul class="rs-figures">{tiles}</ul></header>'
    )


def _status(programme: Programme) -> str:
    """The worst of all weights'."""
    known = {origin.status for origin in programme.provenance.values()}
    return next((status for status in _WORST if status in known), "trained")


def _warnings(programme: Programme, say: Say) -> str:
    lines = [str(message) for message in programme.warnings]
    if programme.read_until_s < programme.video.end_s - 0.5:
        lines.append(say("read_until", time=written(programme.read_until_s)))
    if not lines:
        return ""
    entries = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<aside class="rs-warnings"><b>{escape(say("warnings"))}</b><ul>{entries}</ul></aside>'


def _timeline(sheet: Sheet, say: Say) -> str:
    kinds = {shot.kind for shot in sheet.programme.shots}
    families = {row.family for row in sheet.corrected.rows}
    legend = [
        *((say(f"family_{name}"), c) for name, c in FAMILY_COLOURS.items() if name in families),
        *((say(f"shot_{name}"), c) for name, c in SHOT_COLOURS.items() if name in kinds),
    ]
    entries = "".join(
        f'<li><i style="background:{colour}"></i>{escape(name)}</li>' for name, colour in legend
    )
    return (
        f'<div class="rs-scroll">{timeline_svg(sheet, say)}</div>'
        f'<ul class="rs-legend">{entries}<li>{escape(say("lane_confidence"))}</li></ul>'
    )


def _plan(sheet: Sheet, say: Say) -> str:
    if not sheet.plan.rows and not sheet.plan.unread:
        return ""
    rows = "".join(
        f'<tr class="rs-{one.relation.replace(" ", "-")}"><td>{escape(one.planned or DASH)}</td>'
        f"<td>{DASH if one.row is None else escape(f'{one.row.number}. {one.row.code}')}</td>"
        f"<td>{escape(say('relation_' + one.relation.replace(' ', '_')))}</td></tr>"
        for one in sheet.plan.rows
    )
    heads = "".join(
        f"<th>{escape(say(f'plan_{key}'))}</th>" for key in ("planned", "seen", "relation")
    )
    table = f'<table class="rs-plan"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    lines = "".join(
        f"<li>{escape(say('plan_line', line=line, text=text[:120]))}</li>"
        for line, text in sheet.plan.unread[:50]
    )
    unread = f"<p>{escape(say('plan_unread'))}</p><ul>{lines}</ul>" if lines else ""
    return (table if rows else "") + unread


def _rules(sheet: Sheet, say: Say, language: str) -> str:
    season = sheet.season
    if season is None or sheet.rules is None:
        return ""
    key = f"segment_{sheet.review.segment}"
    try:
        segment = say(key)
    except KeyError:  # of a season's file that somebody added
        segment = sheet.review.segment
    said = [finding_in_words(finding, language) for finding in sheet.findings]
    content = (
        "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in said) + "</ul>"
        if said
        else f"<p>{escape(say('rules_nothing'))}</p>"
    )
    return (
        f"<p><b>{escape(say('rules_of', segment=segment, season=season.name))}</b></p>{content}"
        f'<p class="rs-small">{escape(say("rules_source", source=season.source))}</p>'
    )


def _made(programme: Programme, say: Say) -> str:
    rows = "".join(
        f"<tr><td>{escape(stage)}</td><td>{escape(origin.checkpoint)}</td>"
        f"<td>{escape(say(origin.status))}</td><td><code>{escape((origin.sha256 or DASH)[:12])}"
        "</code></td></tr>"
        for stage, origin in programme.provenance.items()
    )
    heads = "".join(
        f"<th>{escape(say(f'col_{key}'))}</th>" for key in ("stage", "weights", "status", "sha")
    )
    table = (
        f'<div class="rs-scroll"><table class="rs-made"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    sha = say("video_sha", sha256=programme.video.sha256)
    return (
        f"<p>{escape(say('learned'))}</p>{table if rows else ''}"
        f'<p class="rs-small rs-sha">{escape(sha)}</p>'
    )


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
