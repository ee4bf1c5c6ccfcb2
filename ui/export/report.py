"""One HTML file to take away: verdict, reasons, pictures, facts; it opens with no network.

The analysis itself travels inside, so that the app opens the report again without loss.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import __version__
from pipeline.drawing.annotate import draw_frame, skeleton_at
from pipeline.drawing.data_address import jpeg_uri
from pipeline.errors import InputError
from pipeline.inspection.model_inputs import frames_at
from pipeline.moments import written
from pipeline.sheet.html.page import POLICY
from pipeline.storage.export import embedded
from pipeline.types import Analysis
from ui.export.notes import notes_section
from ui.export.report_fields import fields_section
from ui.language.names import class_name, display_name
from ui.language.tables import say, spoken
from ui.views.cards import verdict_card, warning_card, warnings_of
from ui.views.measured import look_here, measured_card, measured_on_screen, summary
from ui.views.plots import colour_of
from ui.views.reasons import reasons_card, settings_of
from ui.views.tables import arithmetic_table, ordered, provenance_table, video_table

PICTURES = 8
LEADING = 5
_STYLES = Path(__file__).with_name("report.css")


def report(analysis: Analysis, own_call: str | None = None) -> str:
    """The report as one HTML page, in the language that is spoken.

    Args:
        analysis: What it is about; without its clip the report has no pictures.
        own_call: The reader's blind call, if there was one.
    """
    title = say("report_title", name=Path(analysis.video.path).name)
    sections = [
        fields_section(analysis),
        verdict_card(analysis, own_call),
        warning_card(warnings_of(analysis)),
        _section("tab_why", reasons_card(analysis)),
        _section("report_pictures", _pictures(analysis)),
        _section("notes_title", notes_section(analysis)),
        _section("tab_scores", _scores(analysis)),
        _section("ensemble_arithmetic", _table(_arithmetic(analysis))),
        _section("tab_measurements", _measurements(analysis)),
        _section("details_networks", _table(provenance_table(analysis))),
        _section("details_video", _table(video_table(analysis))),
        f'<p class="rs-foot">{escape(say("report_foot", version=__version__))}</p>',
    ]
    return (
        f'<!doctype html><html lang="{spoken()}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLES.read_text(encoding='utf-8')}</style>"
        f"</head><body><main><h1>{escape(title)}</h1>{''.join(sections)}</main>"
        f"{embedded(analysis)}</body></html>"
    )


def _section(key: str, content: str) -> str:
    return f"<section><h2>{escape(say(key))}</h2>{content}</section>" if content else ""


def _arithmetic(analysis: Analysis) -> pd.DataFrame:
    return arithmetic_table(analysis, analysis.verdict.weights, settings_of(analysis))


def _table(table: pd.DataFrame) -> str:
    """A plain table; wide ones scroll by themselves."""
    return f'<div class="rs-scroll">{table.to_html(index=False, border=0, escape=True)}</div>'


def _measurements(analysis: Analysis) -> str:
    """What was measured, with its intervals, and what to look at slowly."""
    found = measured_on_screen(analysis)
    return f"{summary(found)}{measured_card(found)}{look_here(found)}"


def _scores(analysis: Analysis) -> str:
    """The leading classes of every model as bars."""
    parts = []
    for name in ordered(analysis.scores):
        shares = analysis.scores[name].probabilities
        bars = "".join(
            f"<tr><th>{escape(class_name(i))}</th><td>{_bar(float(shares[i]), name)}</td>"
            f"<td>{shares[i]:.1%}</td></tr>"
            for i in np.argsort(-shares)[:LEADING].tolist()
        )
        parts.append(f"<div><h3>{escape(display_name(name))}</h3><table>{bars}</table></div>")
    return f'<div class="rs-scores">{"".join(parts)}</div>'


def _bar(share: float, model: str) -> str:
    colour = colour_of(model)
    return f'<span class="rs-bar" style="width:{100 * share:.1f}%;background:{colour}"></span>'


def _pictures(analysis: Analysis) -> str:
    """Frames at equal distances with boxes and skeleton; empty when the clip is not here."""
    positions = np.unique(np.linspace(0, len(analysis.timeline) - 1, PICTURES).round().astype(int))
    try:
        frames = frames_at(analysis, positions)
    except InputError:
        return f"<p>{escape(say('report_no_pictures'))}</p>"
    figures = []
    for position, frame in sorted(frames.items()):
        time, number = (
            written(analysis.timeline.seconds(position)),
            analysis.timeline.number(position),
        )
        caption = escape(say("saw_caption", frame=number, time=time))
        picture = jpeg_uri(painted(analysis, position, frame), 480)
        figures.append(
            f'<figure><img src="{picture}" alt="{caption}"><figcaption>{caption}</figcaption>'
            "</figure>"
        )
    return f'<div class="rs-film">{"".join(figures)}</div>'


def painted(analysis: Analysis, position: int, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A frame with the skater's box, everybody else's, the region and the skeleton."""
    people = analysis.people
    main = people.main
    keypoints, scores = skeleton_at(analysis, position)
    return draw_frame(
        frame,
        box=None if main is None else main.boxes_xyxy[position],
        skater_id=people.main_id,
        region=analysis.region,
        people={t.person_id: t.boxes_xyxy[position] for t in people.tracks if t is not main},
        keypoints=keypoints,
        scores=scores,
    )
