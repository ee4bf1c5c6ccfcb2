"""About: the method as it is configured, the classes and their codes, the paper's figures."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pipeline import __version__
from pipeline.config import load_profile, profile_names
from ui.evaluations.choosing import SHIPPED
from ui.evaluations.full_tables import full_tables
from ui.evaluations.run_folder import EvaluationError, evaluation_folders, read_evaluation
from ui.evaluations.views import comparison_note, figures_table
from ui.events import one_by_one
from ui.language.labels import choice, label
from ui.language.tables import say
from ui.session import Session
from ui.views.architecture import architecture, class_table, paper_table


def build_tab(_session: Session, tab: gr.Tab) -> None:
    """Lay out the drawing, the figures, the classes and what cannot be told."""
    gr.Markdown(label("about_intro"), elem_classes="rs-intro")
    profile = gr.Radio(
        [choice(f"profile_{name}", name) for name in profile_names()],
        value="demo",
        label=label("about_profile"),
        elem_id="about-profile",
    )
    drawing = gr.HTML(elem_id="architecture", show_label=False)
    figures = gr.Dataframe(label=label("about_figures"), interactive=False, elem_id="paper-figures")
    source = gr.Markdown(elem_id="figures-source")
    with gr.Accordion(label("about_tables"), open=False):
        tables = gr.Markdown(elem_id="paper-tables")
    gr.Markdown(label("about_limits"), elem_classes="rs-intro")
    classes = gr.Dataframe(
        label=label("about_classes"), interactive=False, elem_id="classes", max_height=1200
    )
    version = gr.Markdown(elem_id="version")

    def draw(name: str) -> str:
        return architecture(load_profile(name if name in profile_names() else "demo"))

    def fill(name: str) -> list[Any]:
        words = say("about_version", version=__version__)
        return [draw(name), *_figures(), class_table(), words]

    options: dict[str, Any] = {**one_by_one("about"), "trigger_mode": "always_last"}
    tab.select(fill, profile, [drawing, figures, source, tables, classes, version], **options)
    profile.input(draw, profile, drawing, **options)


def _figures() -> list[Any]:
    """Ours beside the paper's, from the first evaluation at hand."""
    for folder in evaluation_folders(SHIPPED):
        try:
            evaluation = read_evaluation(folder)
        except EvaluationError:
            continue
        if evaluation.voters:
            words = comparison_note(evaluation)
            return [figures_table(evaluation), words, full_tables(evaluation) or words]
    return [paper_table(), say("about_no_figures"), say("about_no_figures")]
