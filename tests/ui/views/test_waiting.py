"""What is said to those who wait."""

from __future__ import annotations

import pytest

from ui.language.tables import LANGUAGES, speaking
from ui.views.waiting import place_card, place_sentence
from ui.work.queue import Place


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (None, "waiting for its turn"),
        (Place(0, 5.0), "waiting for its turn"),
        (Place(2, None), "waiting for its turn; to be done before it: 2"),
        (Place(2, 90.0), "waiting for its turn; to be done before it: 2; it begins in about 90 s"),
        (
            Place(1, 120.0),
            "waiting for its turn; to be done before it: 1; it begins in about 2 min",
        ),
    ],
)
def test_the_place_and_the_wait(place, words):
    assert place_sentence(place) == words


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language(language):
    with speaking(language):
        card = place_card(Place(3, 45.0))
    assert "3" in card
    assert "45" in card
