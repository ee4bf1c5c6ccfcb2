"""What the skeleton makes of the weighted sum, each term shown: turns, take-off, and the product.

It is shown beside every verdict, also where it does not decide.
"""

from __future__ import annotations

from html import escape

import numpy as np

from pipeline.classification.ensemble import Probabilities
from pipeline.elements import ELEMENTS
from pipeline.types import Analysis
from pipeline.verdict.evidence import TERMS, Evidence, Term, evidence_of
from pipeline.verdict.refined import refined_sum
from ui.language.names import class_name, display_name, element_name
from ui.language.tables import say
from ui.views.kept import Kept
from ui.views.measured import untold_in_words

SHOWN = 5
"""Classes of the table."""
_FITS = 0.3
"""Turns fit that are so likely against the likeliest."""

evidence_seen = Kept(evidence_of)
"""The evidence in an analysis."""


def refined_part(analysis: Analysis, weighted: Probabilities) -> str:
    """The terms, and what they make of a weighted sum `(28,)`, as HTML."""
    evidence = evidence_seen(analysis)
    product = refined_sum(weighted, evidence.likelihood)
    sentences = [_in_words(term) for term in evidence.terms]
    if all(term.likelihood is None for term in evidence.terms):
        told = ""
    else:
        sentences += [_outcome(analysis, product), say("refined_moves")]
        told = _table(weighted, evidence, product)
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    title = escape(say("refined_title"))
    return (
        f'<section class="rs-refined" aria-label="{title}"><h3>{title}</h3>{lines}{told}</section>'
    )


def _outcome(analysis: Analysis, product: Probabilities) -> str:
    best, strategy = int(product.argmax()), analysis.verdict.strategy
    values = {"label": class_name(best), "probability": f"{product[best]:.1%}"}
    if strategy == "refined":
        return say("refined_gives", **values)
    return say("refined_would_give", strategy=display_name(strategy), **values)


def _in_words(term: Term) -> str:
    if term.likelihood is None:
        assert term.reason is not None
        return say(f"refined_no_{term.name}", reason=untold_in_words(term.reason))
    if term.name == "takeoff":
        return say("refined_takeoff", **{k: f"{100 * share:.0f}" for k, share in term.read.items()})
    ((quantity, turns),) = term.read.items()
    key = "refined_turns" if quantity == "turned_in_all" else "refined_turns_air"
    return say(key, turns=f"{turns:.2f}", fits=_fitting(term))


def _fitting(term: Term) -> str:
    """Turns that fit, the likeliest first: `double`, or `3Axel` for an Axel's half turn more."""
    assert term.likelihood is not None
    found: dict[str, None] = {}
    for index in np.argsort(-term.likelihood, kind="stable"):
        element = ELEMENTS[index]
        if element.rotations is None or term.likelihood[index] < _FITS:
            continue
        whole = element.rotations == int(element.rotations)
        name = f"level_{int(element.rotations)}"
        found[say(name) if whole else element_name(element.label)] = None
    return say("known_comma").join(found)


def _table(weighted: Probabilities, evidence: Evidence, product: Probabilities) -> str:
    """The likeliest classes: weighted sum, times each term, and the product."""
    terms = {term.name: term.likelihood for term in evidence.terms}
    head = [
        say("refined_class"),
        display_name("weighted"),
        *(say(f"refined_times_{name}") for name in TERMS),
        display_name("refined"),
    ]
    rows = [
        [
            class_name(int(index)),
            f"{weighted[index]:.1%}",
            *("-" if (term := terms[name]) is None else f"{term[index]:.3f}" for name in TERMS),
            f"{product[index]:.1%}",
        ]
        for index in np.argsort(-np.maximum(product, weighted), kind="stable")[:SHOWN]
    ]
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in row)}</tr>" for row in rows)
    return f'<table class="rs-measured"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
