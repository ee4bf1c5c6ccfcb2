"""The player's texts by language, from `words/<language>.toml`; the browser gets the table."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from ui.language.tables import LANGUAGES, spoken

_TABLES = Path(__file__).with_name("words")


def say(key: str, **values: object) -> str:
    """A text in the spoken language (`ui.language.tables.speaking`), with `{name}` filled in."""
    return words_for(spoken())[key].format(**values)


@cache
def words_for(language: str) -> dict[str, str]:
    """Key -> text; English for a language that has no table."""
    known = language if language in LANGUAGES else LANGUAGES[0]
    with (_TABLES / f"{known}.toml").open("rb") as file:
        return {key: str(text) for key, text in tomllib.load(file).items()}
