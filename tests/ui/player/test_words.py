"""Texts: the same keys in every language, every key used, and no text outside the tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ui.language.tables import LANGUAGES
from ui.player.words import words_for

HERE = Path(__file__).resolve().parents[3] / "ui" / "player"
PLACES = re.compile(r"\{(\w+)\}")


def sources() -> str:
    files = [*HERE.glob("*.py"), *HERE.glob("static/*.js"), HERE / "player.html"]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_says_the_same(language):
    english, other = words_for("en"), words_for(language)
    assert english.keys() == other.keys()
    for key, text in english.items():
        assert set(PLACES.findall(text)) == set(PLACES.findall(other[key])), key
        assert other[key].strip(), key


def test_every_text_is_used():
    text = sources()
    made = re.compile(r"`(\w+)_\$\{")  # e.g. `layer_${layer}`
    families = tuple(f"{stem}_" for stem in made.findall(text))
    unused = [
        key for key in words_for("en")
        if f'"{key}"' not in text and not key.startswith(families)
    ]  # fmt: skip
    assert unused == []


def test_markup_holds_no_text():
    markup = re.sub(r"<svg.*?</svg>", "", (HERE / "player.html").read_text(encoding="utf-8"))
    texts = [text.strip() for text in re.findall(r">([^<>]+)<", markup)]
    assert set(filter(None, texts)) <= {"A", "B", "1x", "?"}


def test_an_unknown_language_is_english():
    assert words_for("xx") == words_for("en")
