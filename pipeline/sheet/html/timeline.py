"""The time line of a sheet as inline SVG: shots, elements by family with confidence, hip height.

Colours are those of Okabe and Ito; a family is told by its place in the legend and the code above
its bar as well, a kind of shot also by its hatching.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np

from pipeline.moments import written
from pipeline.sheet.rows import Row
from pipeline.sheet.sheet import Sheet
from pipeline.sheet.words import DASH, Say
from pipeline.types import Programme

FAMILY_COLOURS = {
    "jump": "#0072b2",
    "combination": "#d55e00",
    "spin": "#009e73",
    "sequence": "#cc79a7",
}
SHOT_COLOURS = {
    "skating": "#56b4e9",
    "replay": "#e69f00",
    "close_up": "#f0e442",
    "graphics": "#94a3b8",
    "black": "#111827",
    "nobody": "#cbd5e1",
}
_HATCHED = ("replay", "graphics", "nobody")

_WIDTH, _LEFT, _RIGHT = 1000.0, 96.0, 12.0
_CODES_TOP, _LEVEL = 22.0, 13.0
_LEVELS = 4
_BARS, _BAR = 80.0, 30.0
_SHOTS, _SHOT = 122.0, 14.0
_HIPS, _HIP = 148.0, 44.0
_AXIS = 204.0
_HEIGHT = 222.0
_LETTER = 7.4  # width of a letter of the codes
_MOST_POINTS = 600
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120)
_MOST_TICKS = 14


def timeline_svg(sheet: Sheet, say: Say) -> str:
    """The whole span that was read, left to right."""
    scale = _Scale(sheet.programme)
    label = escape(say("timeline_alt", count=len(sheet.corrected.rows)), quote=True)
    parts = [
        *_names(say),
        *_ticks(scale),
        *_shots(sheet.programme, scale, say),
        *_hips(sheet.programme, scale),
        *_elements(sheet.corrected.rows, scale),
    ]
    return (
        f'<svg class="rs-timeline" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" '
        f'aria-label="{label}" xmlns="http://www.w3.org/2000/svg">{_HATCH}{"".join(parts)}</svg>'
    )


_HATCH = (
    '<defs><pattern id="rs-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path d="M0 0V6" stroke="#1e293b" stroke-width="2" '
    'stroke-opacity=".45"/></pattern></defs>'
)


class _Scale:
    """Seconds to the picture's x."""

    def __init__(self, programme: Programme) -> None:
        self.start_s = programme.video.start_s
        ends = [shot.end_s for shot in programme.shots]
        self.end_s = max([programme.read_until_s, self.start_s + 0.1, *ends])

    def __call__(self, at_s: float) -> float:
        share = (at_s - self.start_s) / (self.end_s - self.start_s)
        return _LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT)


def _names(say: Say) -> Iterator[str]:
    for key, y in (
        ("lane_elements", _BARS + _BAR / 2),
        ("lane_shots", _SHOTS + _SHOT / 2),
        ("lane_hips", _HIPS + _HIP / 2),
    ):
        yield f'<text class="n" x="0" y="{y + 4:g}">{escape(say(key))}</text>'


def _ticks(scale: _Scale) -> Iterator[str]:
    lasts = scale.end_s - scale.start_s
    step = next((s for s in _STEPS_S if lasts / s <= _MOST_TICKS), _STEPS_S[-1])
    at_s = -(-scale.start_s // step) * step
    while at_s <= scale.end_s:
        x = scale(at_s)
        yield f'<path class="g" d="M{x:.1f} {_BARS - 4:g}V{_AXIS - 10:g}"/>'
        clock = f"{int(at_s) // 60}:{int(at_s) % 60:02d}"
        yield f'<text class="t" x="{x:.1f}" y="{_AXIS + 6:g}">{clock}</text>'
        at_s += step


def _shots(programme: Programme, scale: _Scale, say: Say) -> Iterator[str]:
    for shot in programme.shots:
        x, width = scale(shot.start_s), max(scale(shot.end_s) - scale(shot.start_s) - 0.8, 0.6)
        place = f'x="{x:.1f}" y="{_SHOTS:g}" width="{width:.1f}" height="{_SHOT:g}"'
        said = f"{say(f'shot_{shot.kind}')}, {written(shot.start_s)}{DASH}{written(shot.end_s)}"
        colour = SHOT_COLOURS[shot.kind]
        yield f'<rect {place} fill="{colour}"><title>{escape(said)}</title></rect>'
        if shot.kind in _HATCHED:
            yield f'<rect {place} fill="url(#rs-hatch)" pointer-events="none"/>'


def _hips(programme: Programme, scale: _Scale) -> Iterator[str]:
    """The curve, with a gap where nobody was seen; each point the highest of its stretch."""
    times, heights = programme.frame_scores.times_s, programme.frame_scores.hip_height
    if len(times) < 2:
        return
    low, high = (float(v) for v in np.percentile(heights, (0.5, 99.8)))
    span = max(high - low, 1e-6)
    chunks = np.array_split(np.arange(len(times)), min(_MOST_POINTS, len(times)))
    gap_s = 3 * float(np.median(np.diff(times))) * max(len(chunk) for chunk in chunks)
    path, before_s = [], -np.inf
    for chunk in chunks:
        peak = chunk[int(np.argmax(heights[chunk]))]
        y = _HIPS + _HIP * (1 - min(max((float(heights[peak]) - low) / span, 0.0), 1.0))
        move = "M" if times[peak] - before_s > gap_s else "L"
        path.append(f"{move}{scale(float(times[peak])):.1f} {y:.1f}")
        before_s = float(times[peak])
    yield f'<path class="h" d="{"".join(path)}"/>'


def _elements(rows: tuple[Row, ...], scale: _Scale) -> Iterator[str]:
    taken = [-np.inf] * _LEVELS
    for row in rows:
        x, end = scale(row.start_s), scale(row.end_s)
        width, colour = max(end - x, 3.0), FAMILY_COLOURS[row.family]
        code = row.code or "?"
        middle = min(x + width / 2, _WIDTH - _LETTER * len(code) / 2)
        half = _LETTER * len(code) / 2 + 4
        level = next((n for n in range(_LEVELS) if taken[n] < middle - half), int(np.argmin(taken)))
        taken[level] = middle + half
        y = _CODES_TOP + _LEVEL * (_LEVELS - 1 - level)
        yield from _bar(row, colour, (x, width))
        yield f'<path class="l" d="M{x + width / 2:.1f} {y + 3:.1f}V{_BARS - 1:g}"/>'
        person = ' class="c p"' if row.said_by == "person" else ' class="c"'
        yield f'<text{person} x="{middle:.1f}" y="{y:.1f}">{escape(code)}</text>'


def _bar(row: Row, colour: str, place: tuple[float, float]) -> Iterator[str]:
    """An outline, filled from below as high as the confidence; all of it where a person says so."""
    x, width = place
    said = f"{row.number}. {row.code or '?'}, {written(row.start_s)}{DASH}{written(row.end_s)}"
    share = 1.0 if row.confidence is None else row.confidence
    height = _BAR * min(max(share, 0.05), 1.0)
    dashed = ' stroke-dasharray="3 2"' if row.said_by == "person" else ""
    yield (
        f'<rect x="{x:.1f}" y="{_BARS + _BAR - height:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" fill="{colour}" fill-opacity=".8"/>'
        f'<rect class="b" x="{x:.1f}" y="{_BARS:g}" width="{width:.1f}" height="{_BAR:g}" '
        f'fill="{colour}" fill-opacity=".15" stroke="{colour}"{dashed}>'
        f"<title>{escape(said)}</title></rect>"
    )
    if row.review:
        yield f'<path class="r" d="M{x + width / 2:.1f} {_BARS + _BAR + 9:g}l4 -7h-8z"/>'
