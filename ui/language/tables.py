"""What the app says, in English, Chinese (two scripts) and Japanese: all of it stands in tables.

Labels that never change are translated by the browser (`ui.language.labels`, gr.I18n); whatever is
made on the server, such as cards, tables and figures, asks `say`, which speaks the visitor's
language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

LANGUAGES = ("en", "zh", "zh-Hant", "ja")
"""The first is spoken to everybody whose language there is no table for."""

_TABLES = Path(__file__).parents[1] / "words"
_chosen: ContextVar[str | None] = ContextVar("language", default=None)
_sources: list[Callable[[], str | None]] = []

T = TypeVar("T")


@cache
def words(language: str) -> dict[str, str]:
    """The table of a language: `section_key` -> text, from `ui/words/<language>.toml`."""
    with (_TABLES / f"{language}.toml").open("rb") as file:
        content = tomllib.load(file)
    return {
        f"{section}_{key}": text
        for section, entries in content.items()
        for key, text in entries.items()
    }


def say(key: str, **values: object) -> str:
    """The text of a key in the language that is spoken, with `{name}` filled in.

    Raises:
        KeyError: No such key in the table, which a test would have told.
    """
    text = words(spoken())[key]
    return text.format(**values) if values else text


def has(key: str) -> bool:
    """Whether the tables have a key."""
    return key in words(LANGUAGES[0])


def named(section: str, name: str) -> str:
    """How something of the pipeline is called, e.g. `named("rule", "union")`; else its own name."""
    key = "_".join((section, name))
    return say(key) if has(key) else name


def spoken() -> str:
    """The language in which `say` answers now."""
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    for source in _sources:
        header = source()
        if header is not None:
            return preferred(header)
    return LANGUAGES[0]


def listen_to(source: Callable[[], str | None]) -> None:
    """Add a place that knows the `Accept-Language` of the visitor who is being answered."""
    _sources.append(source)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language within the block."""
    token = _chosen.set(language)
    try:
        yield
    finally:
        _chosen.reset(token)


def spoken_in(language: str, items: Iterator[T]) -> Iterator[T]:
    """Pass items through, each of them made in a language."""
    end: Any = object()
    while True:
        with speaking(language):
            item = next(items, end)
        if item is end:
            return
        yield item


_TRADITIONAL = {"hant", "tw", "hk", "mo"}


def _table_for(tag: str) -> str:
    """The table's name for a browser's tag; the bare language where there may be none."""
    language, *regions = tag.lower().split("-")
    if language == "zh" and _TRADITIONAL & set(regions):
        return "zh-Hant"
    return language


def preferred(accept_language: str) -> str:
    """The table that suits a browser best, e.g. `"ja"` for `"fr, ja;q=0.9, en;q=0.5"`.

    Chinese of Taiwan, Hong Kong and Macau is written in traditional characters.
    """
    wishes = []
    for place, entry in enumerate(accept_language.split(",")):
        tag, _, quality = entry.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        wishes.append((-weight, place, _table_for(tag.strip())))
    return next((tag for _, _, tag in sorted(wishes) if tag in LANGUAGES), LANGUAGES[0])
