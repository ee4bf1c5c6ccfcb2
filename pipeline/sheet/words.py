"""Texts of the sheet by language, from `words/<language>.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from pipeline.sheet.rules import Finding

LANGUAGES = ("en", "zh", "zh-Hant", "ja")
"""The first is spoken where there is no table."""

DASH = "\N{EN DASH}"
"""Between two ends; alone: nothing to tell."""

Say = Callable[..., str]
"""A text by its key in one language, with `{name}` filled in."""

_TABLES = Path(__file__).with_name("words")


@cache
def words(language: str) -> dict[str, str]:
    """Key -> text; English for a language that has no table."""
    known = language if language in LANGUAGES else LANGUAGES[0]
    with (_TABLES / f"{known}.toml").open("rb") as file:
        return {key: str(text) for key, text in tomllib.load(file).items()}


def speaker(language: str) -> Say:
    """What says the texts of one language."""
    table = words(language)

    def say(key: str, **values: object) -> str:
        return table[key].format(**values)

    return say


def finding_in_words(finding: Finding, language: str = "en") -> str:
    """What the rules of a season say, as a sentence."""
    return speaker(language)(finding.key, **finding.values)
