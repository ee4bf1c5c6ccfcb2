"""Issue 18, 1: what can be told of an element, and what cannot, in words."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import unescape

import numpy as np
import pytest

from pipeline.elements import NUM_CLASSES, class_index
from pipeline.types import CalibratedVerdict, ClassSet, Novelty
from pipeline.verdict.calibrated import calibrated_verdict
from tests.factories import make_analysis
from tests.pipeline.verdict.numbers import made_numbers, manifest_with, weighed
from ui.desk import history
from ui.language.tables import speaking
from ui.runs import RunStore
from ui.views import cards
from ui.views.cards import verdict_card
from ui.views.levels import known_line, set_in_words, unlike_reasons
from ui.views.tables import provenance_table


def card(language: str = "en", *, folded: bool = True, **given_to: float) -> str:
    """Of an analysis whose probabilities are these, `_2Loop=0.62`; the rest is NoBasic's."""
    shares = np.zeros(NUM_CLASSES)
    for name, share in given_to.items():
        shares[class_index(name[1:])] = share
    shares[class_index("NoBasic")] += 1 - shares.sum()
    analysis = make_analysis()
    verdict = replace(
        analysis.verdict, probabilities=shares, class_index=int(shares.argmax()), weighted=shares
    )
    with speaking(language):
        return unescape(verdict_card(replace(analysis, verdict=verdict), folded=folded))


@pytest.mark.parametrize("folded", [True, False])
def test_family_turns_and_kind_stand_in_this_order(folded):
    html = card(folded=folded, _2Loop=0.62, _2Flip=0.12, _3Salchow=0.23)
    places = [html.index(words) for words in ("a jump, 97 %", "double, 74 %", "Loop, 62 %")]
    assert places == sorted(places)


def test_flip_or_lutz_is_not_told_by_a_hair():
    html = card(_3Lutz=0.48, _3Flip=0.44)
    assert "Lutz or Flip (92 %): cannot be told here" in html
    assert "triple, 92 %" in html


def test_what_is_open_is_said_to_be_open():
    html = card(_1Loop=0.3, _2Flip=0.3, _3Lutz=0.3)
    assert "kind: cannot be told here" in html
    assert "turns: cannot be told here" in html
    assert "What this is cannot be told here" in card(_2Axel=0.3, _CamelSpin=0.3, _Sequence=0.2)


def test_nothing_is_told_with_100_percent():
    html = card(_2Axel=1.0)
    assert "a jump, >99 %" in html
    assert "Axel, >99 %" in html


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["跳跃", "两周", "勾手跳或后内点冰跳", "97 %", "此处无法区分"]),
        ("zh-Hant", ["跳躍", "兩周", "勾手跳或後內點冰跳", "97 %", "此處無法區分"]),
        ("ja", ["ジャンプ", "2回転", "ルッツまたはフリップ", "97 %", "ここでは区別できません"]),
    ],
)
def test_every_language_says_it(language, words):
    html = card(language, _2Lutz=0.5, _2Flip=0.47)
    assert [one for one in words if one not in html] == []


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (["2Lutz"], "2Lz"),
        (["2Lutz", "2Flip"], "2Lz or 2F"),
        (["Sequence", "NoBasic", "CamelSpin"], "Sequence, NoBasic or CSp"),
        (["1Loop", "2Loop", "3Loop", "4Loop", "1Flip", "2Flip"], "1Lo, 2Lo, 3Lo, 4Lo and 2 more"),
    ],
)
def test_a_set_names_its_classes_as_judges_write_them(labels, told):
    assert set_in_words(ClassSet(0.9, tuple(class_index(label) for label in labels))) == told


def fitted(novelty: Novelty | None = None, **given_to: float) -> CalibratedVerdict:
    shares = np.full(NUM_CLASSES, 1e-9)
    for name, share in given_to.items():
        shares[class_index(name[1:])] = share
    chosen = ClassSet(0.9, (class_index("2Lutz"), class_index("2Flip")))
    return CalibratedVerdict(shares, {}, {}, (chosen,), novelty, "made", "ab" * 32, "140 clips")


def test_calibrated_and_the_papers_numbers_both_stand_in_the_line_and_a_box_switches():
    line = unescape(known_line(make_analysis().verdict, fitted(_2Lutz=0.8, _2Flip=0.2)))
    calibrated, _, rest = line.partition("rs-of-paper")
    assert "Lutz, 80 %" in calibrated
    assert "Lutz, 80 %" not in rest
    assert "90 % set: 2Lz or 2F" in rest
    assert 'type="checkbox"' in rest
    assert "checked" in rest


def test_without_fitted_numbers_the_line_says_so():
    line = known_line(make_analysis().verdict, None)
    assert "not calibrated" in line
    assert "checkbox" not in line
    assert "set" not in line


def test_every_sign_of_unlikeness_has_its_sentence():
    signs = {
        "features": 1.0,
        "picture": 0.99,
        "movement": 0.96,
        "disagreement": 0.873,
        "skeleton": 0.5,
    }
    told = unlike_reasons(Novelty(3.0, 2.0, signs))
    for words in ("farther", "than those of >99 %", "more than on 87 %", "in 50 %"):
        assert words in told


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """Cards and history by numbers that were fitted for the analysis, with this threshold."""

    def judge(threshold: float):
        analysis = weighed()
        numbers = made_numbers(analysis)
        judging = replace(
            numbers.novelty, threshold=threshold, threshold_without_features=threshold
        )
        numbers = replace(numbers, novelty=judging)
        by_these = partial(calibrated_verdict, manifest=manifest_with(numbers, tmp_path))
        monkeypatch.setattr(cards, "calibrated_verdict", by_these)
        monkeypatch.setattr(history, "calibrated_verdict", by_these)
        return analysis

    return judge


@pytest.mark.parametrize("folded", [True, False])
def test_a_clip_unlike_all_known_ones_gets_a_notice_in_place_of_a_bold_verdict(judged, folded):
    analysis = judged(-1.0)
    html = unescape(verdict_card(analysis, folded=folded))
    heading = html[html.index("<h2") : html.index("</h2>")]
    assert "Unlike the clips these weights learnt from" in heading
    assert "Lutz" not in heading
    assert '>closest: <span id="verdict-label">3Lutz</span>, ' in html
    if folded:  # no number of what cannot be known is told at a glance
        assert html.index("rs-known") < html.index("</details>")
    run = RunStore().start("a", "walk.mp4")
    run.analysis = analysis
    assert "walk.mp4: unlike the clips learnt from" in history.history_line(run)


def test_a_clip_like_the_known_ones_keeps_its_verdict_and_names_the_numbers(judged):
    html = unescape(verdict_card(judged(1e9), folded=True))
    assert "Unlike" not in html
    assert '<h2 id="verdict-label" class="rs-' in html
    assert "by made (sha256" in html
    assert "90 % set:" in html


def test_the_table_of_networks_names_the_fitted_numbers_only_where_there_are_some():
    assert "calibration" not in provenance_table(weighed()).to_string()
