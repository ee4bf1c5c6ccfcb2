"""Every text stands in the tables: same keys, same blanks, nothing said outside, nothing unused."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.skeletons import COCO17
from pipeline.config import profile_names
from pipeline.elements import ELEMENTS
from ui import language
from ui.language import LANGUAGES, preferred, say, speaking, spoken_in, words
from ui.takeaway import FORMATS

ROOM = Path(__file__).resolve().parents[2] / "ui"
SOURCES = sorted(p for p in ROOM.rglob("*.py") if "player" not in p.parts)
SPOKEN = ("say", "label", "choice", "_section", "has")
# Arguments of components that a visitor reads.
READ = {"label", "info", "placeholder", "title", "description"}
NAMES = {"Rinkside"}


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("other", LANGUAGES[1:])
def test_the_tables_have_the_same_keys_and_blanks(other):
    english, translated = words("en"), words(other)
    assert translated.keys() == english.keys()
    for key, text in english.items():
        assert blanks(text) == blanks(translated[key]), key
        assert re.findall(r"</?\w+>", text) == re.findall(r"</?\w+>", translated[key]), key


@pytest.mark.parametrize("other", LANGUAGES[1:])
def test_the_tables_are_translated(other):
    letters = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
    same = {"scores_isu", "scores_logit", "scores_logit_of", "details_sha256", "mistakes_top1"}
    left = [k for k, text in words(other).items() if not letters.search(text) and k not in same]
    allowed = {"report_title", "reason_comma", "history_line", "about_version"}
    assert [key for key in left if key not in allowed] == []


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = getattr(function, "id", getattr(function, "attr", ""))
            yield name, node


def keys_of(node: ast.expr) -> list[str]:
    """Keys that an argument may name; an f-string becomes a pattern."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [re.escape(node.value)]
    if isinstance(node, ast.IfExp):
        return [*keys_of(node.body), *keys_of(node.orelse)]
    if isinstance(node, ast.JoinedStr):
        parts = [re.escape(v.value) if isinstance(v, ast.Constant) else r"\w+" for v in node.values]
        return ["".join(parts)]
    return []


def used_keys() -> set[str]:
    found: set[str] = set()
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, call in calls(tree):
            if name in SPOKEN and call.args:
                found |= set(keys_of(call.args[0]))
        # Keys that are chosen first and said later.
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                found |= {key for key in keys_of(node.value) if "_" in key}
    return found


def test_every_text_that_the_code_names_is_in_the_tables():
    missing = []
    for path in SOURCES:
        for name, call in calls(ast.parse(path.read_text(encoding="utf-8"))):
            if name in SPOKEN and call.args:
                missing += [
                    (path.name, key)
                    for key in keys_of(call.args[0])
                    if not any(re.fullmatch(key, known) for known in words("en"))
                ]
    assert missing == []


def test_no_text_of_the_tables_is_unused():
    patterns = used_keys()
    unused = [key for key in words("en") if not any(re.fullmatch(p, key) for p in patterns)]
    assert unused == []


def test_what_is_named_by_data_is_in_the_tables():
    named = [
        *(f"joint_{joint}" for joint in COCO17.joints),
        *(f"profile_{name}" for name in profile_names()),
        *(f"family_{element.family}" for element in ELEMENTS),
        *(f"take_{name}" for name in FORMATS),
        *(f"weights_{status}" for status in ("trained", "demo", "untrained")),
    ]
    assert [key for key in named if key not in words("en")] == []


def sentences(tree: ast.AST) -> Iterator[str]:
    """Literals that look like words for people, outside docstrings, errors and patterns."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        silent = isinstance(node, ast.Raise | ast.Expr | ast.Assert)
        quiet = isinstance(node, ast.Call) and (
            getattr(node.func, "attr", "") in ("exception", "warning", "compile", "ArgumentParser")
            or getattr(node.func, "id", "").endswith("Error")
        )
        if quiet or (silent and not isinstance(getattr(node, "value", None), ast.Call)):
            skipped |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            plain = re.sub(r"<[^>]*>?|\{[^}]*\}|https?:\S+", " ", node.value)
            if id(node) not in skipped and re.search(r"[A-Za-z]{2,} +[a-z]{2,}", plain):
                yield node.value


# Code in strings: styles, scripts, HTML attributes.
CODE = re.compile(r"[{};=<>]|^[\w-]+: [^ ]+$|^[\w.#-]+(, [\w.#-]+)*$|sans-serif|monospace|^rs-")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_nothing_is_said_outside_the_tables(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = [text for text in sentences(tree) if not CODE.search(text)]
    assert said == []
    for _, call in calls(tree):
        for keyword in call.keywords:
            if keyword.arg in READ and isinstance(keyword.value, ast.Constant):
                value = keyword.value.value
                assert value is None or value in NAMES, (keyword.arg, value)


@pytest.mark.parametrize(
    ("header", "language_"),
    [
        ("", "en"), ("fr", "en"), ("ja", "ja"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr, ja;q=0.9, en;q=0.5", "ja"), ("en;q=0.1, zh-TW;q=0.8", "zh"), ("ja;q=x, en", "en"),
        ("*", "en"), (";;;,,,", "en"),
    ],
)  # fmt: skip
def test_the_browser_s_wish_is_heard(header, language_):
    assert preferred(header) == language_


def test_a_generator_speaks_its_visitor_s_language_between_others():
    def texts() -> Iterator[str]:
        yield say("button_go")
        yield say("button_cancel")

    mine = spoken_in("ja", texts())
    assert next(mine) == words("ja")["button_go"]
    assert say("button_go") == words("en")["button_go"]
    with speaking("zh"):
        assert next(mine) == words("ja")["button_cancel"]
        assert say("button_go") == words("zh")["button_go"]


def test_the_visitor_who_is_answered_is_asked_for_the_language(monkeypatch):
    monkeypatch.setattr(language, "_sources", [lambda: None, lambda: "ja"])
    assert say("button_go") == words("ja")["button_go"]
