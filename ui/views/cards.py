"""Small pieces of HTML: the steps, the status line, the verdict, what has landed so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from pipeline.analyser import WEIGHT_WARNINGS, weight_warnings
from pipeline.classification.ensemble import FUSED
from pipeline.classification.sureness import Sureness, agreeing, sureness
from pipeline.elements import LABELS
from pipeline.progress import Progress
from pipeline.types import Analysis, CalibratedVerdict, Provenance, Verdict
from pipeline.verdict.calibrated import calibrated_verdict
from ui.language.choice import language_select
from ui.language.messages import retold
from ui.language.names import display_name, element_code, element_name
from ui.language.tables import has, say
from ui.runs import Run
from ui.views.hints import hints
from ui.views.levels import known_line, unlike_reasons

_HERE = "\0"
"""Stands in a sentence where HTML goes."""


def stage_name(stage: str) -> str:
    """What a stage does, in words."""
    key = f"stage_{stage}"
    return say(key) if has(key) else say("stage_network", model=display_name(stage))


def hero() -> str:
    """The name, what it is for, and the three things to do."""
    steps = "".join(f"<li><span>{say(f'hero_step_{number}')}</span></li>" for number in (1, 2, 3))
    return (
        '<header class="rs-hero"><div class="rs-name"><h1>Rinkside</h1>'
        f"<p>{escape(say('hero_question'))}</p>{language_select()}</div>"
        f'<details class="rs-what" open><summary>{escape(say("hero_steps"))}</summary>'
        f'<ol class="rs-steps" aria-label="{escape(say("hero_steps"))}">{steps}</ol></details>'
        "</header>"
    )


def progress_card(progress: Progress) -> str:
    """Bar, stage and the time left."""
    percent = round(100 * progress.fraction)
    left = progress.remaining_s
    rest = "" if left is None else f" &middot; {escape(say('status_left', seconds=f'{left:.0f}'))}"
    name = escape(stage_name(progress.stage))
    return (
        f'<div class="rs-status" role="status"><progress max="100" value="{percent}" '
        f'aria-label="{escape(say("status_progress"))}"></progress>'
        f"<span>{percent} % &middot; {name}{rest}</span></div>"
    )


def message_card(text: str, *, kind: str = "note") -> str:
    """A sentence: `note`, `done`, or `error` (announced at once to screen readers)."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="rs-message rs-{kind}" role="{role}">{escape(text)}</div>'


def warning_card(warnings: Sequence[str], *, folded: bool = False) -> str:
    """The sentences to read before trusting the rest; empty without any.

    Args:
        warnings: The sentences.
        folded: In one line that opens.
    """
    if not warnings:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in warnings)
    every = f'<ul class="rs-warnings" aria-label="{escape(say("verdict_warnings"))}">{items}</ul>'
    if not folded:
        return every
    count = escape(say("verdict_warnings_count", count=len(warnings)))
    return (
        f'<details class="rs-fold"><summary><b>{count}</b> <span>{escape(warnings[0])}</span>'
        f"</summary>{every}</details>"
    )


def warnings_of(analysis: Analysis) -> list[str]:
    """An analysis's warnings in the visitor's language; what its weights are worth comes first."""
    others = [message for message in analysis.warnings if message.code not in WEIGHT_WARNINGS]
    return [retold(message) for message in (*weight_warnings(analysis.provenance), *others)]


def worth(provenance: Mapping[str, Provenance]) -> str:
    """`untrained`, `demo` or `trained`: what the least of the weights is worth."""
    statuses = {origin.status for origin in provenance.values()}
    return next((s for s in ("untrained", "demo") if s in statuses), "trained")


def badge(status: str) -> str:
    """What the weights are worth, as a small coloured label."""
    return f'<span class="rs-badge rs-{status}">{escape(say(f"weights_{status}"))}</span>'


def verdict_card(
    analysis: Analysis,
    own_call: str | None = None,
    *,
    title: str = "",
    more: str = "",
    folded: bool = False,
) -> str:
    """The verdict, how sure it is, and how it came about; a blind call beside it.

    Args:
        analysis: What it is about.
        own_call: The visitor's blind call.
        title: Name of the clip, where nothing else tells it.
        more: HTML that goes below what the measurements say.
        folded: In one line that opens.
    """
    verdict, calibrated = analysis.verdict, calibrated_verdict(analysis)
    unlike = calibrated is not None and calibrated.unlike
    how_sure = "unsure" if unlike else sureness(verdict, analysis.scores)
    named = f'<p class="rs-clip">{escape(title)}</p>' if title else ""
    head = _unlike(verdict) if unlike else _headline(verdict, how_sure)
    mark, known = badge(worth(analysis.provenance)), known_line(verdict, calibrated)
    reasons = _fitted(verdict, calibrated) + _chips(analysis) + _hints(analysis)
    if folded:
        line = "" if unlike else _in_a_line(analysis, how_sure)
        inside, below = (known, "") if unlike else ("", known)  # no number is told at a glance
        content = (
            f"<details><summary>{head}{line}{mark}</summary>"
            f"{named}{inside}{_how(analysis, how_sure)}{reasons}</details>{below}"
        )
    else:
        content = f"{mark}{named}{head}{known}{_how(analysis, how_sure)}{reasons}"
    return (
        f'<section class="rs-verdict" aria-label="{escape(say("verdict_title"))}">'
        f"{content}{more}{_own(analysis, own_call)}</section>"
    )


def _headline(verdict: Verdict, how_sure: Sureness) -> str:
    code = element_code(verdict.class_index)
    coded = "" if code == "-" else f' <span class="rs-code">{escape(code)}</span>'
    name = escape(element_name(verdict.label))
    return f'<h2 id="verdict-label" class="rs-{how_sure}">{name}{coded}</h2>'


def _unlike(verdict: Verdict) -> str:
    """In place of a bold verdict, where the clip is unlike all that the networks know."""
    before, after = say("known_unlike_nearest", label=_HERE).split(_HERE)
    name = f'<span id="verdict-label">{escape(element_name(verdict.label))}</span>'
    return (
        f'<h2 class="rs-unlike">{escape(say("known_unlike"))}</h2>'
        f"<span>{escape(before)}{name}{escape(after)} {verdict.probability:.0%}</span>"
    )


def _fitted(verdict: Verdict, calibrated: CalibratedVerdict | None) -> str:
    """The calibrated probability beside the paper's, whose numbers it is from, and why unlike."""
    if calibrated is None:
        return ""
    told = say(
        "known_fitted",
        probability=f"{calibrated.probabilities[verdict.class_index]:.1%}",
        name=calibrated.calibration,
        sha256=calibrated.sha256[:12],
    )
    novelty = calibrated.novelty
    why = f" {unlike_reasons(novelty)}" if novelty is not None and novelty.unlike else ""
    return f'<p class="rs-fitted">{escape(told + why)}</p>'


def _in_a_line(analysis: Analysis, how_sure: Sureness) -> str:
    """How sure, who agrees, and what of the measurements speaks against it."""
    verdict = analysis.verdict
    agree = say("verdict_agree", count=agreeing(verdict, analysis.scores), of=len(FUSED))
    odd = "".join(
        f'<span class="rs-remark">{escape(hint.text)}</span>'
        for hint in hints(analysis)
        if hint.odd
    )
    return (
        f'<b class="rs-sureness rs-{how_sure}">{escape(say(f"sureness_{how_sure}"))}</b>'
        f"<span>{verdict.probability:.0%}</span><span>{escape(agree)}</span>{odd}"
    )


def _how(analysis: Analysis, how_sure: Sureness) -> str:
    """How sure the verdict is, in a word, and by what."""
    verdict = analysis.verdict
    agree = say("verdict_agree", count=agreeing(verdict, analysis.scores), of=len(FUSED))
    how = say(
        "verdict_how",
        probability=f"{verdict.probability:.1%}",
        strategy=say(f"strategy_{verdict.strategy}"),
        margin=f"{100 * verdict.margin:.1f}",
        next=element_name(LABELS[verdict.runner_up]),
    )
    return (
        f'<p class="rs-how"><b class="rs-sureness rs-{how_sure}">'
        f"{escape(say(f'sureness_{how_sure}'))}</b> {escape(agree)} {escape(how)}</p>"
    )


def _hints(analysis: Analysis) -> str:
    """What the measurements say of the verdict."""
    return "".join(
        f'<p class="rs-hint{" rs-odd" if hint.odd else ""}">{escape(hint.text)}</p>'
        for hint in hints(analysis)
    )


def _chips(analysis: Analysis) -> str:
    """What each voter says, and the vote."""
    vote = analysis.verdict.vote
    chips = [
        _chip(
            name,
            f"{element_name(score.label)} {score.probability:.0%}",
            score.label == analysis.verdict.label,
        )
        for name in FUSED
        if (score := analysis.scores.get(name))
    ]
    tie = vote.tie_broken_by
    tied = f" ({say('verdict_tie', model=display_name(tie))})" if tie else ""
    chips.append(
        _chip("vote", f"{element_name(vote.label)}{tied}", vote.label == analysis.verdict.label)
    )
    return (
        f'<ul class="rs-chips" aria-label="{escape(say("verdict_voters"))}">{"".join(chips)}</ul>'
    )


def _chip(model: str, says: str, agrees: bool) -> str:
    mark, word = ("=", say("verdict_agrees")) if agrees else ("&ne;", say("verdict_differs"))
    return (
        f'<li class="rs-chip rs-{model} {"rs-agrees" if agrees else "rs-differs"}">'
        f'<span class="rs-mark" aria-hidden="true">{mark}</span>'
        f"<b>{escape(display_name(model))}</b> {escape(says)}"
        f'<span class="rs-hidden">, {escape(word)}</span></li>'
    )


def _own(analysis: Analysis, own_call: str | None) -> str:
    if own_call is None:
        return ""
    key = "blind_agreed" if own_call == analysis.verdict.label else "blind_differed"
    return f'<p class="rs-own">{escape(say(key, call=element_name(own_call)))}</p>'


def live_card(run: Run, networks: Iterable[str]) -> str:
    """What an analysis has found so far: boxes, skeleton, then each network; or that it ended."""
    if run.ended:
        return _live(run, f"<p>{escape(say('live_ended'))}</p>")
    steps = [
        _landed(say("live_boxes"), _people(run), run.people is not None),
        _landed(say("live_skeleton"), "", run.pose is not None),
    ]
    for name in networks:
        score = run.scores.get(name)
        found = f"{element_name(score.label)} {score.probability:.0%}" if score else ""
        steps.append(_landed(display_name(name), found, score is not None))
    return _live(run, f"<ul>{''.join(steps)}</ul>")


def _live(run: Run, content: str) -> str:
    return (
        f'<section class="rs-live" aria-label="{escape(say("live_title"))}">'
        f"<h2>{escape(run.title)}</h2>{content}</section>"
    )


def _people(run: Run) -> str:
    if run.people is None:
        return ""
    count = len(run.people.tracks)
    return say("live_people", count=count) if count else say("live_nobody_looked_for")


def _landed(name: str, found: str, done: bool) -> str:
    mark, word = ("&#10003;", say("live_done")) if done else ("&#8230;", say("live_waiting"))
    return (
        f'<li class="{"rs-landed" if done else "rs-waiting"}">'
        f'<span aria-hidden="true">{mark}</span> <b>{escape(name)}</b> {escape(found)}'
        f'<span class="rs-hidden"> {escape(word)}</span></li>'
    )
