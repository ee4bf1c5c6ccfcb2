"""Saved programmes: a lossless round trip, nothing half-written, hostile files named."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.storage.analysis_files import load, save
from pipeline.storage.programme_files import load_programme, save_programme
from pipeline.types import FrameScores, Programme
from tests.factories import make_analysis, make_programme


def assert_equal(ours: Programme, theirs: Programme) -> None:
    plain = {name: replace(p, stored=True) for name, p in ours.provenance.items()}
    assert replace(ours, frame_scores=None, provenance=plain) == replace(theirs, frame_scores=None)
    for name in FrameScores.__dataclass_fields__:
        np.testing.assert_array_equal(
            getattr(ours.frame_scores, name), getattr(theirs.frame_scores, name)
        )


def test_a_programme_opens_again_without_loss(tmp_path):
    """Issue 17, sections 1 and 2: what is saved is read back."""
    programme = make_programme()
    save_programme(programme, tmp_path / "out")
    assert_equal(programme, load_programme(tmp_path / "out"))
    content = json.loads((tmp_path / "out" / "programme.json").read_text())
    combination, spin, sequence = content["elements"]
    assert combination["label"] == "3Lutz+3Toeloop"
    assert combination["jumps"][1] == {
        "takeoff_s": 1.9, "landing_s": 2.4, "air_s": 0.5, "label": "3Toeloop", "analysis": "",
        "candidates": [{"label": "3Toeloop", "probability": 0.6}], "measurements": {},
        "euler": False,
    }  # fmt: skip
    assert spin["label"] == "CombinationSpin"
    assert sequence["label"] == "Sequence"


def test_the_analyses_of_elements_travel_with_a_programme(tmp_path):
    programme = make_programme(analysis="elements/03")
    save(make_analysis(), tmp_path / "first" / "elements" / "03")
    save_programme(programme, tmp_path / "first")  # keeps what is there
    save_programme(programme, tmp_path / "second", analyses=tmp_path / "first")
    assert load(tmp_path / "second" / "elements" / "03").verdict.label == "3Lutz"


def test_another_programme_takes_the_place_of_the_one_before(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, place in ((old, "elements/09"), (new, "elements/03")):
        save(make_analysis(), folder / place)
        save_programme(make_programme(analysis=place), folder)
    (old / "sheet.html").write_text("of the programme before")
    (old / "mine.txt").write_text("stays")
    save_programme(make_programme(analysis="elements/03"), old, analyses=new)
    assert sorted(path.name for path in old.iterdir()) == [
        "elements", "frame_scores.npz", "mine.txt", "programme.json",
    ]  # fmt: skip
    assert [path.name for path in (old / "elements").iterdir()] == ["03"]


def damaged(field, value):
    """A change of `programme.json`: dots lead to the field."""

    def change(content):
        *way, last = (int(part) if part.isdigit() else part for part in field.split("."))
        place = content
        for part in way:
            place = place[part]
        place[last] = value

    return change


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("elements", None),
        ("elements.0.start_s", "soon"),
        ("elements.0.start_s", float("nan")),
        ("elements.0.number", 2),
        ("elements.0.number", True),
        ("elements.0.family", "lift"),
        ("elements.0.code", "x" * 5000),
        ("elements.0.jumps.0.candidates.0.label", "5Axel"),
        ("elements.0.jumps.0.candidates.0.probability", 1.5),
        ("elements.0.jumps.0.analysis", "../../../etc"),
        ("elements.2.analysis", "/etc"),
        ("elements.2.analysis", "elements/03/../../x"),
        ("elements.1.positions.0.position", "headstand"),
        ("elements.1.measurements.spin_turns.unit", 7),
        ("shots.0.kind", "dance"),
        ("video.width", 0),
        ("read_until_s", "end"),
        ("messages.warnings", []),
        ("profile", "../demo"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, field, value):
    save_programme(make_programme(), tmp_path)
    content = json.loads((tmp_path / "programme.json").read_text())
    damaged(field, value)(content)
    (tmp_path / "programme.json").write_text(json.dumps(content))
    with pytest.raises(StoreError, match=r"programme\.json: ") as told:
        load_programme(tmp_path)
    assert told.value.code == "programme_field"
    assert field.split(".")[0] in str(told.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("elements.0.end_s", 0.1), ("elements.0.jumps", []), ("shots.0.end_s", -1.0)],
)
def test_records_that_make_no_sense_are_damage(tmp_path, field, value):
    save_programme(make_programme(), tmp_path)
    content = json.loads((tmp_path / "programme.json").read_text())
    damaged(field, value)(content)
    (tmp_path / "programme.json").write_text(json.dumps(content))
    with pytest.raises(StoreError, match="is damaged"):
        load_programme(tmp_path)


def no_file(folder):
    (folder / "programme.json").unlink()


def no_scores(folder):
    (folder / "frame_scores.npz").unlink()


def half(folder):
    text = (folder / "programme.json").read_bytes()
    (folder / "programme.json").write_bytes(text[: len(text) // 2])


def later(folder):
    text = (folder / "programme.json").read_text()
    (folder / "programme.json").write_text(text.replace('version": 1', 'version": 2', 1))


def noise(folder):
    (folder / "frame_scores.npz").write_bytes(b"noise" * 99)


def pickled(folder):
    np.savez(folder / "frame_scores.npz", times_s=np.array([{}], dtype=object))


def backwards(folder):
    _change_scores(folder, times_s=np.arange(251)[::-1] / 25)


def no_numbers(folder):
    _change_scores(folder, moments=np.full((251, 2), np.nan))


def too_few(folder):
    _change_scores(folder, hip_height=np.zeros(3))


def _change_scores(folder, **arrays):
    with np.load(folder / "frame_scores.npz") as file:
        known = dict(file)
    np.savez(folder / "frame_scores.npz", **{**known, **arrays})


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (no_file, "programme_none"),
        (no_scores, "programme_no_scores"),
        (half, "programme_unreadable"),
        (later, "programme_version"),
        (noise, "programme_damaged"),
        (pickled, "programme_damaged"),
        (backwards, "programme_damaged"),
        (no_numbers, "programme_damaged"),
        (too_few, "programme_damaged"),
    ],
)
def test_damaged_files_have_their_own_sentence(tmp_path, harm, code):
    save_programme(make_programme(), tmp_path)
    harm(tmp_path)
    with pytest.raises(StoreError) as told:
        load_programme(tmp_path)
    assert told.value.code == code
