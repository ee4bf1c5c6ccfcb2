"""Issue 18, 1: what can be told of an element, and what cannot, in words."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import numpy as np
import pytest

from pipeline.elements import NUM_CLASSES, class_index
from tests.factories import make_analysis
from ui.language.tables import speaking
from ui.views.cards import verdict_card


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
