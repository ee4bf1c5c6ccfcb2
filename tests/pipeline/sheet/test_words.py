"""The sheet's texts: same keys and blanks in every language, none unused, none missing."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from pipeline.sheet import words as module
from pipeline.sheet.words import LANGUAGES, speaker, words
from ui.language import tables

ROOM = Path(module.__file__).parent
SAME = {"col_sha"}


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_sheet_speaks_every_language_of_the_app() -> None:
    assert set(LANGUAGES) == set(tables.LANGUAGES)
    assert words("fr") == words("en")


@pytest.mark.parametrize("other", LANGUAGES[1:])
def test_tables_have_the_same_keys_and_blanks_and_are_translated(other: str) -> None:
    english, translated = words("en"), words(other)
    assert translated.keys() == english.keys()
    for key, text in english.items():
        assert blanks(text) == blanks(translated[key]), key
        assert key in SAME or re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", translated[key]), key


def test_traditional_chinese_is_written_in_traditional_characters() -> None:
    simplified = set("这个们为动样张网络视频选择画头发现说话时间测试图对应过还没开关转选钟单复计划")
    assert {key for key, text in words("zh-Hant").items() if simplified & set(text)} == set()


def test_every_text_is_used_and_every_key_that_is_named_is_there() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in ROOM.rglob("*.py"))
    named = set(re.findall(r"say\(\s*f?[\"']([\w{}.]+)", code))
    patterns = [re.sub(r"\\{.*?\\}", r"\\w+", re.escape(name)) for name in named]
    patterns += [r"rules_\w+", r"relation_\w+", r"segment_\w+", "lane_elements", "lane_shots"]
    patterns += ["lane_hips", "untrained", "demo", "trained"]
    unused = [key for key in words("en") if not any(re.fullmatch(p, key) for p in patterns)]
    assert unused == []
    plain = {name for name in named if "{" not in name and name[-1] != "_"}
    assert plain <= set(words("en"))
    findings = set(re.findall(r"\"(rules_(?!many|few)\w+)\"", code)) - {"rules_{name}"}
    assert findings <= set(words("en"))


def test_a_text_is_filled_in() -> None:
    assert speaker("ja")("relation_missing") == "なし"
    assert speaker("en")("confirmed_by", name="A. Judge") == "Confirmed by A. Judge"
