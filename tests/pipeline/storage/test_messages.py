"""Warnings on disk: their sentences for people, and beside them the codes that programs read."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.messages import Message
from pipeline.storage.analysis_files import load, save
from tests.conftest import ROOT
from tests.factories import make_analysis

TAKEN = Message.of("chosen", person=3)
WARNINGS = (
    Message.of("several", name="c.mp4", streams="0, 1", stream=1),
    Message("of another version"),
)


@pytest.fixture
def folder(tmp_path):
    plain = make_analysis()
    people = replace(plain.people, rule=TAKEN)
    save(replace(plain, people=people, warnings=WARNINGS), tmp_path)
    return tmp_path


def change(folder, **entries):
    path = folder / "analysis.json"
    content = json.loads(path.read_text()) | entries
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))


def rewrite_rule(folder, sentence):
    with np.load(folder / "arrays.npz") as file:
        arrays = dict(file)
    np.savez_compressed(folder / "arrays.npz", **arrays | {"main_rule": np.array(sentence)})


def test_codes_and_values_are_kept_beside_the_sentences(folder):
    """Issue 16: only the sentences were kept."""
    content = json.loads((folder / "analysis.json").read_text())
    assert content["warnings"] == list(map(str, WARNINGS))
    assert content["messages"] == {
        "skater": {"code": "chosen", "values": {"person": 3}},
        "warnings": [
            {
                "code": "several",
                "values": {"name": "c.mp4", "streams": "0, 1", "stream": 1},
            },
            None,
        ],
    }
    analysis = load(folder)
    assert (analysis.people.rule, analysis.warnings) == (TAKEN, WARNINGS)


def test_the_code_counts_and_the_sentence_stays_as_it_was_written(folder):
    """A later version may word a sentence otherwise."""
    change(folder, warnings=["C.mp4: zwei Filme", "of another version"])
    first, second = load(folder).warnings
    assert (str(first), first.code, first.values["stream"]) == ("C.mp4: zwei Filme", "several", 1)
    assert second == WARNINGS[1]


def test_an_analysis_of_before_the_codes_is_read_by_its_sentences(folder):
    """Their sentences are those of then, however they are worded today."""
    several = (
        "c.mp4 holds several videos (0: 8x8, 1: 9x9); number 1 was taken; choose with --stream N"
    )
    change(folder, messages=None, warnings=[several, "of another version"])
    rewrite_rule(folder, "person 3 was chosen by the user")
    analysis = load(folder)
    assert [message.code for message in analysis.warnings] == ["several", None]
    assert (analysis.people.rule.code, analysis.people.rule.values) == ("chosen", {"person": "3"})


@pytest.mark.parametrize(
    "folder", sorted((ROOT / "assets" / "analyses").glob("*/")), ids=lambda path: path.name
)
def test_every_warning_of_the_shipped_analyses_has_a_code(folder):
    analysis = load(folder)
    told = (analysis.people.rule, *analysis.warnings)
    assert [str(message) for message in told if message.code is None] == []
    assert len(told) > 1


@pytest.mark.parametrize(
    "entry",
    [{"code": "of tomorrow", "values": {}}, {"code": "several", "values": {"name": "c.mp4"}}],
)
def test_a_code_that_is_not_known_here_leaves_the_sentence(folder, entry):
    change(folder, messages={"skater": None, "warnings": [entry, None]})
    assert load(folder).warnings[0] == Message(str(WARNINGS[0]))


@pytest.mark.parametrize(
    "messages",
    [
        [],
        {"skater": None},
        {"skater": None, "warnings": [None]},
        {"skater": "chosen", "warnings": [None, None]},
        {"skater": {"code": "chosen"}, "warnings": [None, None]},
        {"skater": {"code": ["chosen"], "values": {}}, "warnings": [None, None]},
        {"skater": {"code": "chosen", "values": {"person": {"x": 1}}}, "warnings": [None, None]},
    ],
)
def test_what_is_no_message_is_refused(folder, messages):
    change(folder, messages=messages)
    with pytest.raises(StoreError, match=r"analysis\.json: messages.*: expected"):
        load(folder)
