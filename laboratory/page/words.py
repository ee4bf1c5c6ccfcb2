"""The page's texts by language, from `words/<language>.toml`; the browser gets the table."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh", "zh-Hant", "ja")

_TABLES = Path(__file__).with_name("words")


@cache
def words_for(language: str) -> dict[str, str]:
    """Key -> text.

    Raises:
        KeyError: There is no such table.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    with (_TABLES / f"{language}.toml").open("rb") as file:
        return {key: str(text) for key, text in tomllib.load(file).items()}
