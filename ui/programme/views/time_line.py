"""The time line of a programme: shots, elements by family, the height of the hips, and a cursor.

Places are shares of the video's length, so that the browser zooms by making the whole wider.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from pipeline.sheet.rows import Row
from pipeline.types.programme import FrameScores, Programme, Shot
from ui.language.tables import say
from ui.programme.rows import candidates, clock, flights

LANES = {"jump": ("jump", "combination"), "spin": ("spin",), "sequence": ("sequence",)}
"""Lane -> the families in it."""

MAX_POINTS = 1500
"""Of the hips' curve, however long the video is."""

_GAP_S = 0.5
_TICKS_S = (1, 5, 15, 30, 60)


def time_line_html(
    programme: Programme, rows: Sequence[Row], chosen: str = "", *, job_id: str = ""
) -> str:
    """The whole time line.

    Args:
        programme: As far as it has been read.
        rows: Its elements as they stand now.
        chosen: Key of the one that is selected.
        job_id: Whose it is, for the page's scripts.
    """
    length = max(programme.video.duration_s, programme.read_until_s, 0.04)
    lanes = "".join(
        f'<div class="pg-line-lane" data-lane="{lane}">'
        + "".join(_block(row, length, chosen) for row in rows if row.family in families)
        + "</div>"
        for lane, families in LANES.items()
    )
    current = f' aria-activedescendant="line-{escape(chosen)}"' if chosen else ""
    return (
        f'<div class="pg-line" data-job="{escape(job_id)}" data-length="{length:.4f}">{_names()}'
        '<div class="pg-line-scroll"><div class="pg-line-inner">'
        f'<div class="pg-line-ruler" aria-hidden="true">{"".join(_ticks(length))}</div>'
        f'<div class="pg-line-shots" role="img" aria-label="{escape(_shots_told(programme))}">'
        f"{''.join(_shot(shot, length) for shot in programme.shots)}</div>"
        f'<div class="pg-line-lanes" role="listbox" tabindex="0" data-elements '
        f'aria-label="{escape(say("programme_line"))}" aria-describedby="programme-keys"'
        f"{current}>{lanes}</div>"
        f"{_hips(programme.frame_scores, length)}{_unread(programme, length)}"
        '<div class="pg-line-cursor" aria-hidden="true"></div></div></div></div>'
    )


def _names() -> str:
    keys = ["time", "shots", *(f"lane_{lane}" for lane in LANES), "hips"]
    names = "".join(f"<span>{escape(say(f'programme_{key}'))}</span>" for key in keys)
    return f'<div class="pg-line-names" aria-hidden="true">{names}</div>'


def _ticks(length: float) -> Iterator[str]:
    """A label a second; the browser shows those whose step has room."""
    for second in range(int(length) + 1):
        step = max(step for step in _TICKS_S if second % step == 0)
        yield (
            f'<span data-step="{step}" style="left:{_percent(second, length)}">'
            f"{clock(second, 0)}</span>"
        )


def _percent(seconds: float, length: float) -> str:
    return f"{100 * min(max(seconds / length, 0.0), 1.0):.4f}%"


def _at(start_s: float, end_s: float, length: float) -> str:
    return f"left:{_percent(start_s, length)};width:{_percent(end_s - start_s, length)}"


def _shot(shot: Shot, length: float) -> str:
    name = escape(say(f"programme_shot_{shot.kind}"))
    told = f"{name}, {clock(shot.start_s)}\u2013{clock(shot.end_s)}"
    return (
        f'<div data-kind="{shot.kind}" data-begins="{shot.begins}" title="{told}" '
        f'style="{_at(shot.start_s, shot.end_s, length)}"><span>{name}</span></div>'
    )


def _shots_told(programme: Programme) -> str:
    told = (
        f"{say(f'programme_shot_{shot.kind}')} {clock(shot.start_s)}\u2013{clock(shot.end_s)}"
        for shot in programme.shots
    )
    return f"{say('programme_shots')}: {', '.join(told)}"


def _block(row: Row, length: float, chosen: str) -> str:
    sure = 1.0 if row.confidence is None else min(max(row.confidence, 0.0), 1.0)
    air = "".join(
        f'<i style="{_within(row, *flight)}" aria-hidden="true"></i>' for flight in flights(row)
    )
    selected = row.key == chosen
    return (
        f'<div role="option" id="line-{escape(row.key)}" data-key="{escape(row.key)}" '
        f'data-family="{row.family}" data-start="{row.start_s:.3f}" data-end="{row.end_s:.3f}" '
        f"{'data-review ' if row.review else ''}{'data-by-hand ' if row.changes else ''}"
        f'aria-selected="{str(selected).lower()}" aria-label="{escape(row_in_words(row))}" '
        f'style="{_at(row.start_s, row.end_s, length)};--sure:{sure:.3f}">'
        f'<b aria-hidden="true">{escape(row.code)}</b><em aria-hidden="true"></em>{air}'
        f'<u data-edge="start" aria-hidden="true"></u><u data-edge="end" aria-hidden="true"></u>'
        "</div>"
    )


def _within(row: Row, start_s: float, end_s: float) -> str:
    return _at(start_s - row.start_s, end_s - row.start_s, row.end_s - row.start_s)


def row_in_words(row: Row) -> str:
    """All that the page shows of an element, for who does not see it."""
    parts = [
        say("programme_option", number=row.number, code=row.code, time=clock(row.start_s)),
        *(
            say("programme_option_air", seconds=f"{landing - takeoff:.2f}")
            for takeoff, landing in flights(row)
        ),
    ]
    if row.confidence is not None:
        parts.append(say("programme_option_sure", percent=f"{100 * row.confidence:.0f}"))
    if others := [code for code, _ in candidates(row) if code != row.code]:
        parts.append(say("programme_option_others", codes=", ".join(others)))
    parts.append(say("programme_by_person" if row.changes else "programme_by_machine"))
    if row.review:
        parts.append(say("programme_marked"))
    return ", ".join(parts)


def _hips(scores: FrameScores, length: float) -> str:
    """The height of the hips as a curve that breaks where nobody skates."""
    told = escape(say("programme_hips_told"))
    step = max(1, len(scores.times_s) // MAX_POINTS)
    times, heights = scores.times_s[::step], scores.hip_height[::step]
    known = np.isfinite(heights)
    if known.sum() < 2:
        return f'<div class="pg-line-hips" role="img" aria-label="{told}"></div>'
    low, high = np.nanpercentile(heights, (0.5, 99.8))
    reach = max(float(high - low), 0.2)
    y = np.clip(95 - 90 * (heights - low) / reach, 0, 100)
    path, before = [], -np.inf
    for t, value, there in zip(times, y, known, strict=True):
        if there:
            pen = "L" if t - before <= max(_GAP_S, 2 * step / 25) else "M"
            path.append(f"{pen}{1000 * t / length:.2f} {value:.1f}")
            before = float(t)
    return (
        f'<svg class="pg-line-hips" role="img" aria-label="{told}" viewBox="0 0 1000 100" '
        f'preserveAspectRatio="none"><path d="{"".join(path)}" vector-effect="non-scaling-stroke"/>'
        "</svg>"
    )


def _unread(programme: Programme, length: float) -> str:
    """What has not been read yet."""
    if length - programme.read_until_s < 0.1:
        return ""
    told = escape(say("programme_not_read"))
    place = _at(programme.read_until_s, length, length)
    return f'<div class="pg-line-unread" style="{place}" title="{told}"><span>{told}</span></div>'


def zoom_html() -> str:
    """The buttons of the time line, and the keys that it knows."""
    buttons = "".join(
        f'<button type="button" class="rs-take" data-zoom="{way}" title="{escape(words)}" '
        f'aria-label="{escape(words)}">{sign}</button>'
        for way, sign, words in (
            ("out", "\u2212", say("programme_zoom_out")),
            ("in", "+", say("programme_zoom_in")),
            ("whole", "\u2194", say("programme_zoom_whole")),
        )
    )
    return (
        f'<div class="pg-line-tools"><span class="pg-line-buttons">{buttons}</span>'
        f'<span class="pg-keys" id="programme-keys">{escape(say("programme_keys"))}</span></div>'
    )
