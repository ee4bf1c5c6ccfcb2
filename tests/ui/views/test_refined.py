"""The terms of the refined sum in *Why this verdict*: what was read, and what it makes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.elements import LABELS
from pipeline.storage.analysis_files import load
from pipeline.verdict.evidence import evidence_of
from pipeline.verdict.refined import refined
from tests.conftest import ROOT
from tests.factories import make_analysis
from ui.language.tables import LANGUAGES, speaking
from ui.views.reasons import reasons_card
from ui.views.refined import refined_part


@pytest.fixture(scope="module")
def lutz():
    return load(ROOT / "assets" / "analyses" / "3Lutz")


def test_each_term_is_told_with_what_it_makes_of_the_sum(lutz):
    shown = refined_part(lutz, lutz.verdict.weighted)
    turns, takeoff = evidence_of(lutz).terms
    assert f"{turns.read['turned_in_all']:.2f}. They fit best: triple." in shown
    assert f"with the toe {100 * takeoff.read['toe']:.0f} %" in shown
    product = refined(lutz.verdict, evidence_of(lutz))
    assert f"gives 3Lutz (3Lz) with {product.probability:.1%}" in shown
    assert "does not decide the verdict: the weighted sum does" in shown
    assert shown.count("<tr>") == 6
    assert "This decides the verdict" in refined_part(
        replace(lutz, verdict=product), lutz.verdict.weighted
    )


def test_other_weights_are_refined_too(lutz):
    alone = {"umt": 0.0, "uniformerv2": 0.0, "infogcn": 1.0}
    shown = reasons_card(lutz, alone)
    third = lutz.scores["infogcn"].probabilities[LABELS.index("3Lutz")]
    assert f"<td>{third:.1%}</td>" in shown
    assert reasons_card(lutz) != shown


def test_absent_terms_say_why_and_there_is_no_table():
    analysis = make_analysis()
    shown = refined_part(analysis, analysis.verdict.weighted)
    assert shown.count("the pose network is untrained") == 2
    assert "<table" not in shown


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_it_is_told_in_every_language(lutz, language):
    with speaking(language):
        shown = refined_part(lutz, lutz.verdict.weighted)
    assert "They fit" not in shown
    assert "Lutz" not in shown
