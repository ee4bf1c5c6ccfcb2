"""Small pieces of HTML: the status line, the verdict, the note on the weights."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pipeline.elements import ELEMENTS
from pipeline.progress import Progress
from pipeline.types import Analysis
from ui.plots import display_name

STAGES = {
    "decode": "reading the video",
    "detect": "looking for people (DINO)",
    "pose": "following the skeleton (ViTPose)",
    "overlay": "drawing boxes and skeleton",
}


def stage_name(stage: str) -> str:
    """What a stage does, in words."""
    return STAGES.get(stage, f"asking {display_name(stage)}")


def progress_card(progress: Progress) -> str:
    """Bar, stage and the time left."""
    percent = round(100 * progress.fraction)
    left = progress.remaining_s
    rest = "" if left is None else f", about {left:.0f} s left"
    return (
        f'<div class="rs-status" role="status"><progress max="100" value="{percent}"></progress>'
        f"<span>{percent} % &middot; {escape(stage_name(progress.stage))}{rest}</span></div>"
    )


def message_card(text: str, *, kind: str = "note") -> str:
    """A sentence: `note`, `done`, or `error` (announced at once to screen readers)."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="rs-message rs-{kind}" role="{role}">{escape(text)}</div>'


def warning_card(warnings: Sequence[str]) -> str:
    """The sentences to read before trusting the rest; empty without any."""
    if not warnings:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in warnings)
    return f'<ul class="rs-warnings" aria-label="Warnings">{items}</ul>'


def verdict_card(analysis: Analysis) -> str:
    """The verdict, how sure it is, and how it came about."""
    verdict = analysis.verdict
    element = ELEMENTS[verdict.class_index]
    votes = ", ".join(
        f"{display_name(model)}: {label}" for model, label in verdict.vote.votes.items()
    )
    tie = verdict.vote.tie_broken_by
    tied = f" (a tie, decided by {display_name(tie)})" if tie else ""
    statuses = {origin.status for origin in analysis.provenance.values()}
    worth = next((s for s in ("untrained", "demo") if s in statuses), "trained")
    code = "" if element.code == "-" else f'<span class="rs-code">{escape(element.code)}</span>'
    return (
        f'<section class="rs-verdict" aria-label="Verdict">'
        f'<div class="rs-badge rs-{worth}">{worth} weights</div>'
        f'<h2 id="verdict-label">{escape(verdict.label)} {code}</h2>'
        f"<p><strong>{verdict.probability:.1%}</strong> by {escape(verdict.strategy)}, "
        f"{verdict.margin:.1%} ahead of the next class</p>"
        f"<p>Vote: <strong>{escape(verdict.vote.label)}</strong>{escape(tied)}<br>"
        f"<small>{escape(votes)}</small></p>"
        f"</section>"
    )
