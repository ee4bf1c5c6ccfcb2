"""Skater, event and note: three fields where the report is made, and its first lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import gradio as gr

from pipeline.annotations.report_fields import MOST, FieldTooLong, read_report_fields
from pipeline.types import Analysis
from ui.language.labels import label
from ui.language.tables import say
from ui.runs import Run, RunStore
from ui.views.cards import message_card


def build_report_fields() -> list[gr.Textbox]:
    """Lay out the fields, folded; before them, unseen, the id of the run they belong to.

    The id is on the page so that an event sends it with the very texts that stand beside it.
    """
    with gr.Accordion(label("fields_title"), open=False, elem_id="report-fields"):
        owner = gr.Textbox(visible="hidden", container=False)
        boxes = [
            gr.Textbox(
                label=label(f"fields_{name}"),
                max_length=most,
                lines=2 if name == "note" else 1,
                max_lines=8 if name == "note" else 1,
                elem_id=f"report-{name}",
            )
            for name, most in MOST.items()
        ]
    return [owner, *boxes]


def fields_of(run: Run) -> list[str]:
    """What the fields show of a run, its id first."""
    assert run.analysis is not None
    texts = run.analysis.report_fields.filled()
    return [run.run_id, *(texts.get(name, "") for name in MOST)]


def keep_fields(runs: RunStore, visitor: str, owner: str, texts: Sequence[str]) -> str:
    """Keep what a visitor wrote with the run that it was written for.

    Returns:
        What was wrong with it, as HTML; empty when it was kept, or when that run is gone.
    """
    run = runs.get(owner)
    if run is None or run.analysis is None or run.visitor != visitor or run.hidden:
        return ""
    try:
        fields = read_report_fields(dict(zip(MOST, texts, strict=True)))
    except FieldTooLong as error:
        name = say(f"fields_{error.field}")
        sentence = say("fields_too_long", field=name, most=MOST[error.field])
        return message_card(sentence, kind="error")
    except ValueError:
        return message_card(say("fields_no_text"), kind="error")
    run.analysis = replace(run.analysis, report_fields=fields)
    return ""


def fields_section(analysis: Analysis) -> str:
    """What a person wrote, as HTML; empty when nobody did."""
    rows = "".join(
        f'<tr><th>{escape(say(f"fields_{name}"))}</th><td class="rs-written">{escape(text)}</td>'
        "</tr>"
        for name, text in analysis.report_fields.filled().items()
    )
    return f'<div class="rs-scroll"><table>{rows}</table></div>' if rows else ""
