"""How the verdict came about, in words: who agrees, by what margin, and what would change it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from pipeline.classification.ensemble import EnsembleSettings
from pipeline.config import load_shipped_profile
from pipeline.errors import ConfigError
from pipeline.inspection.weight_sensitivity import (
    Flip,
    leave_one_out,
    models_by_label,
    nearest_flips,
    normalised,
    sum_of,
)
from pipeline.types import Analysis
from ui.language.names import class_name, display_name, element_name
from ui.language.tables import say
from ui.views.refined import refined_part


def settings_of(analysis: Analysis) -> EnsembleSettings:
    """The ensemble's settings of an analysis; the paper's where its profile is not here."""
    try:
        return load_shipped_profile(analysis.profile).ensemble
    except ConfigError:
        return EnsembleSettings()


def reasons(analysis: Analysis, weights: Mapping[str, float] | None = None) -> list[str]:
    """Sentences about the verdict, with other weights if given."""
    settings = settings_of(analysis)
    used = normalised(weights or analysis.verdict.weights)
    sentences = [_who_says_what(analysis), _decided(analysis, used, settings)]
    flips = nearest_flips(analysis.scores, used, settings)
    if flips:
        sentences += [_flip(flip, used[flip.model]) for flip in flips]
    else:
        sentences.append(say("reason_no_flip"))
    sentences.append(_without(analysis, used, settings))
    sentences.append(_vote(analysis))
    return sentences


def reasons_card(analysis: Analysis, weights: Mapping[str, float] | None = None) -> str:
    """The sentences as HTML, and what the skeleton makes of the weighted sum."""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in reasons(analysis, weights))
    used = normalised(weights or analysis.verdict.weights)
    total = sum_of(analysis.scores, used, settings_of(analysis))
    return f'<ul class="rs-reasons" aria-live="polite">{items}</ul>{refined_part(analysis, total)}'


def _who_says_what(analysis: Analysis) -> str:
    found = models_by_label(analysis.scores)
    if len(found) == 1:
        return say("reason_all_agree", label=element_name(next(iter(found))))
    if all(len(models) == 1 for models in found.values()):
        each = [
            say("reason_says", model=display_name(m[0]), label=element_name(x))
            for x, m in found.items()
        ]
        return say("reason_none_agree", each=say("reason_comma").join(each))
    (label, (first, second)), (other, (third,)) = found.items()
    return say(
        "reason_two_agree", first=display_name(first), second=display_name(second),
        label=element_name(label), third=display_name(third), other=element_name(other),
    )  # fmt: skip


def _decided(analysis: Analysis, weights: Mapping[str, float], settings: EnsembleSettings) -> str:
    total = sum_of(analysis.scores, weights, settings)
    best, second = total.argsort()[::-1][:2]
    return say(
        "reason_sum", label=class_name(int(best)), probability=f"{total[best]:.1%}",
        margin=f"{100 * (total[best] - total[second]):.1f}", runner_up=class_name(int(second)),
    )  # fmt: skip


def _flip(flip: Flip, present: float) -> str:
    key = "reason_flip_up" if flip.weight > present else "reason_flip_down"
    return say(
        key, model=display_name(flip.model), present=f"{present:.3f}", weight=f"{flip.weight:.3f}",
        label=element_name(flip.label),
    )  # fmt: skip


def _without(analysis: Analysis, weights: Mapping[str, float], settings: EnsembleSettings) -> str:
    now = int(sum_of(analysis.scores, weights, settings).argmax())
    others = [
        say("reason_without", model=display_name(w.model), label=element_name(w.label))
        for w in leave_one_out(analysis.scores, weights, settings)
        if w.class_index != now
    ]
    return " ".join(others) if others else say("reason_without_none")


def _vote(analysis: Analysis) -> str:
    vote = analysis.verdict.vote
    if vote.tie_broken_by:
        return say(
            "reason_vote_tie",
            label=element_name(vote.label),
            model=display_name(vote.tie_broken_by),
        )
    return say("reason_vote", label=element_name(vote.label))
