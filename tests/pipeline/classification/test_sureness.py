"""Issue 15, 9: the headline was as bold at 40 % with two models dissenting as at 95 %."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.classification.sureness import agreeing, sureness
from pipeline.elements import LABELS, class_index
from pipeline.types import Verdict
from tests.factories import make_all_scores, make_analysis


def verdict(label: str, probability: float, next_one: float) -> Verdict:
    shares = np.full(len(LABELS), (1 - probability - next_one) / (len(LABELS) - 2))
    shares[class_index(label)], shares[class_index("2Toeloop")] = probability, next_one
    one = make_analysis().verdict
    return replace(one, probabilities=shares, class_index=class_index(label))


@pytest.mark.parametrize(
    ("dissenting", "probability", "next_one", "word"),
    [
        (0, 0.95, 0.02, "certain"),
        (0, 0.60, 0.15, "likely"),
        (0, 0.30, 0.25, "unsure"),
        (1, 0.95, 0.02, "likely"),
        (1, 0.40, 0.35, "unsure"),
        (2, 0.95, 0.02, "unsure"),
        (2, 0.40, 0.35, "unsure"),
    ],
)
def test_lead_and_agreement_choose_the_word(dissenting, probability, next_one, word):
    names = ("umt", "uniformerv2", "infogcn")
    said = dict.fromkeys(names[:dissenting], "2Toeloop") | dict.fromkeys(
        names[dissenting:], "3Lutz"
    )
    scores = make_all_scores(**said)
    decided = verdict("3Lutz", probability, next_one)
    assert agreeing(decided, scores) == 3 - dissenting
    assert sureness(decided, scores) == word


def test_the_next_class_is_the_one_the_margin_counts_from():
    decided = verdict("3Lutz", 0.5, 0.2)
    assert LABELS[decided.runner_up] == "2Toeloop"
    assert decided.margin == pytest.approx(0.3)
