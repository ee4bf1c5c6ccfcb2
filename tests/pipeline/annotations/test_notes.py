"""Issue 15, point 12: notes, lines, angles and stopwatches are kept with the saved analysis."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.annotations.notes import MAX_NOTES, MAX_TEXT, notes_as_list, read_notes
from pipeline.errors import StoreError
from pipeline.storage.analysis_files import load, save
from tests.factories import make_analysis

LINE = {"kind": "line", "frame_index": 7, "at_s": 0.28, "points": [[0, 0], [30, 40]]}
ANGLE = {"kind": "angle", "frame_index": 3, "at_s": 0.12, "points": [[10, 0], [0, 0], [0, 5.5]]}
WATCH = {"kind": "stopwatch", "frame_index": 2, "at_s": 0.08, "points": [[4, 4]]}
TEXT = {"kind": "text", "frame_index": 9, "at_s": 0.36, "points": [], "text": " toe pick <b>? "}


def test_notes_measure_what_they_mark():
    stopped = {**WATCH, "until_index": 12, "until_s": 0.48}
    values = {n.kind: n.value for n in read_notes([LINE, ANGLE, stopped, TEXT])}
    assert values == {
        "line": 50.0,
        "angle": pytest.approx(90.0),
        "stopwatch": pytest.approx(0.4),
        "text": None,
    }
    assert read_notes([WATCH])[0].value is None  # it runs
    reflex = {**ANGLE, "points": [[-10, 1], [0, 0], [-10, -1]]}  # across the half turn
    assert read_notes([reflex])[0].value == pytest.approx(11.42, abs=0.01)


def test_notes_are_saved_and_read_back(tmp_path):
    noted = replace(make_analysis(), notes=read_notes([LINE, ANGLE, WATCH, TEXT]))
    save(noted, tmp_path / "a")
    assert load(tmp_path / "a").notes == noted.notes
    written = json.loads((tmp_path / "a" / "analysis.json").read_text())["notes"]
    assert [(n["kind"], n["frame_index"]) for n in written][:2] == [("stopwatch", 2), ("angle", 3)]
    assert (written[1]["value"], written[1]["unit"]) == (90.0, "degrees")
    assert read_notes(notes_as_list(noted.notes)) == noted.notes
    save(make_analysis(), tmp_path / "b")
    assert "notes" not in json.loads((tmp_path / "b" / "analysis.json").read_text())


@pytest.mark.parametrize(
    "notes",
    [
        {}, "x", [1], [{}], [TEXT] * (MAX_NOTES + 1), [{**TEXT, "text": "x" * (MAX_TEXT + 1)}],
        [{**TEXT, "text": "\ud800"}],  # no file can hold it: the report was a traceback
        [{**TEXT, "text": " "}], [{**TEXT, "text": 5}], [{**LINE, "points": [[0, 0]]}],
        [{**LINE, "points": [[0, 0], [1, float("nan")]]}], [{**LINE, "points": [[0, 0], [1, 1e9]]}],
        [{**LINE, "points": [[0, 0], [1, True]]}], [{**LINE, "frame_index": -1}],
        [{**LINE, "frame_index": 1.5}], [{**LINE, "at_s": None}], [{**LINE, "kind": "arrow"}],
        [{**LINE, "kind": ["line"]}],
        [{**WATCH, "until_index": 1, "until_s": 0.04}], [{**WATCH, "until_index": 9}],
    ],
    ids=lambda notes: str(notes)[:50],
)  # fmt: skip
def test_notes_of_strangers_are_checked(notes, tmp_path):
    with pytest.raises(ValueError, match=r"expected|kind|until"):
        read_notes(notes)
    save(make_analysis(), tmp_path / "a")
    path = tmp_path / "a" / "analysis.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "notes": notes}))
    with pytest.raises(StoreError, match=r"notes: expected at most 200 notes"):
        load(tmp_path / "a")
