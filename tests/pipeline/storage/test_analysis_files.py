"""Saved analyses: the contract's names, a lossless round trip, nothing half-written."""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest

from pipeline.annotations.marked import SkaterBox
from pipeline.elements import LABELS
from pipeline.messages import Message
from pipeline.storage.analysis_files import load, save
from pipeline.storage.output_folder import StoreError, check_place
from pipeline.types import People, Timeline
from tests.conftest import ROOT
from tests.factories import make_analysis


def assert_equal(a, b):
    assert a.video == b.video
    assert a.timings_s == b.timings_s
    assert a.warnings == b.warnings
    assert a.timeline.origin_s == b.timeline.origin_s
    assert a.flight_s == b.flight_s
    assert a.people.main_id == b.people.main_id
    assert a.people.rule == b.people.rule
    pairs = [
        (a.timeline.pts_s, b.timeline.pts_s),
        (a.timeline.frame_index, b.timeline.frame_index),
        (a.region.xyxy, b.region.xyxy),
        (a.pose.keypoints_xy, b.pose.keypoints_xy),
        (a.pose.scores, b.pose.scores),
        (a.verdict.probabilities, b.verdict.probabilities),
        (a.verdict.weighted, b.verdict.weighted),
    ]
    for ours, theirs in zip(a.people.tracks, b.people.tracks, strict=True):
        assert ours.person_id == theirs.person_id
        pairs += [(ours.boxes_xyxy, theirs.boxes_xyxy), (ours.scores, theirs.scores)]
        seen = ~np.isnan(ours.scores)
        pairs += [(ours.detected & seen, theirs.detected)]
    for name in a.scores:
        pairs += [(a.scores[name].logits, b.scores[name].logits)]
        assert a.scores[name].probabilities == pytest.approx(b.scores[name].probabilities, abs=1e-6)
    for x, y in pairs:
        np.testing.assert_array_equal(x, y)
    assert a.verdict.vote == b.verdict.vote


def test_what_is_saved_is_read_back(tmp_path):
    analysis = make_analysis(infogcn="3Flip")
    save(analysis, tmp_path / "run")
    again = load(tmp_path / "run")
    assert_equal(analysis, again)
    assert all(entry.stored for entry in again.provenance.values())
    assert {e.status for e in again.provenance.values()} == {"untrained"}


def test_what_a_person_set_and_where_the_clock_begins_are_read_back(tmp_path):
    plain = make_analysis()
    late = Timeline(plain.timeline.frame_index, plain.timeline.pts_s + 5.0, 5.0)
    analysis = replace(plain, timeline=late, flight_s=(5.1 + 1 / 30, 5.4))
    save(analysis, tmp_path)
    assert_equal(analysis, load(tmp_path))
    content = json.loads((tmp_path / "analysis.json").read_text())
    assert content["flight_set_by_person"] == {"takeoff_s": 5.1 + 1 / 30, "landing_s": 5.4}


@pytest.mark.parametrize(
    ("first", "start_s", "uneven", "stamp_s", "origin_s"),
    [
        (0, 0.0, False, 5.0, 5.0),
        (3, 0.1, False, 5.12, 5.0),  # the in point lies between two frames
        (3, 0.12, True, 5.12, 5.0),
    ],
)
def test_analyses_of_before_the_clock_was_kept_still_open(
    tmp_path, *, first, start_s, uneven, stamp_s, origin_s
):
    plain = make_analysis()
    index = plain.timeline.frame_index
    video = replace(plain.video, start_s=start_s, variable_frame_rate=uneven)
    timeline = Timeline(index + first, index / 25 + stamp_s, origin_s)
    analysis = replace(plain, video=video, timeline=timeline)
    save(analysis, tmp_path)
    content = json.loads((tmp_path / "analysis.json").read_text())
    del content["origin_s"]
    (tmp_path / "analysis.json").write_text(json.dumps(content))
    assert load(tmp_path).timeline.origin_s == pytest.approx(origin_s)


@pytest.mark.parametrize("flight", [{"takeoff_s": 0.2}, {"takeoff_s": 0.3, "landing_s": 0.1}, 7])
def test_a_flight_that_is_none_is_told(tmp_path, flight):
    save(make_analysis(), tmp_path)
    content = json.loads((tmp_path / "analysis.json").read_text())
    (tmp_path / "analysis.json").write_text(json.dumps({**content, "flight_set_by_person": flight}))
    with pytest.raises(StoreError, match=r"damaged|flight_set_by_person.*: expected"):
        load(tmp_path)


def test_a_skater_marked_by_hand_is_read_back(tmp_path):
    analysis = replace(make_analysis(), skater_box=SkaterBox(155, (10.0, 20.5, 60.0, 90.0)))
    save(analysis, tmp_path)
    content = json.loads((tmp_path / "analysis.json").read_text())
    assert content["skater_box_by_person"] == {"frame_index": 155, "xyxy": [10.0, 20.5, 60.0, 90.0]}
    assert load(tmp_path).skater_box == analysis.skater_box


@pytest.mark.parametrize(
    "box",
    [
        "5:1,2,3,4",
        {"frame_index": 1.5, "xyxy": [1, 2, 30, 40]},
        {"frame_index": 1, "xyxy": [1, 2, 30]},
        {"frame_index": 1, "xyxy": [1, 2, 30, "40"]},
        {"frame_index": 1, "xyxy": [1, 2, 30, 40], "path": "x"},
    ],
)
def test_a_box_that_nobody_can_draw_is_told(tmp_path, box):
    save(make_analysis(), tmp_path)
    content = json.loads((tmp_path / "analysis.json").read_text())
    (tmp_path / "analysis.json").write_text(json.dumps({**content, "skater_box_by_person": box}))
    with pytest.raises(StoreError, match=r"json: skater_box_by_person[\w.]*: expected (a|four|no)"):
        load(tmp_path)


def test_an_analysis_without_people_is_read_back(tmp_path):
    analysis = replace(make_analysis(), people=People((), None, Message("nobody was looked for")))
    save(analysis, tmp_path / "run")
    assert_equal(analysis, load(tmp_path / "run"))
    with np.load(tmp_path / "run" / "arrays.npz") as file:
        arrays = dict(file)
    assert np.isnan(arrays["boxes_xyxy"]).all()
    assert arrays["people_boxes_xyxy"].shape == (0, 4)


def test_features_are_read_back_where_there_are_any(tmp_path):
    plain = make_analysis()
    row = np.linspace(-1.0, 2.0, 7, dtype=np.float32)
    scores = {**plain.scores, "infogcn": replace(plain.scores["infogcn"], features=row)}
    save(replace(plain, scores=scores), tmp_path)
    with np.load(tmp_path / "arrays.npz") as file:
        arrays = dict(file)
    assert [name for name in arrays if name.startswith("features_")] == ["features_infogcn"]
    back = load(tmp_path).scores
    np.testing.assert_array_equal(back["infogcn"].features, row)
    assert back["uniformerv2"].features is None
    for damaged in (row[None], np.full(7, np.nan, np.float32)):
        np.savez(tmp_path / "arrays.npz", **arrays | {"features_infogcn": damaged})
        with pytest.raises(StoreError, match="damaged"):
            load(tmp_path)


def test_the_files_hold_the_names_of_the_contract(tmp_path):
    save(make_analysis(), tmp_path)
    content = json.loads((tmp_path / "analysis.json").read_text())
    assert set(content) == {
        "schema_version", "rinkside_version", "profile", "video", "origin_s", "region", "models",
        "verdict", "provenance", "timings_s", "warnings", "messages", "calibrated",
    }  # fmt: skip
    assert content["calibrated"] is None  # nothing is fitted for random weights
    assert {"umt", "uniformerv2", "infogcn", "umt_16x224"} <= set(content["models"])
    assert set(content["models"]["umt"]) == {"label", "probability", "views", "distinct_views"}
    assert set(content["verdict"]) == {
        "label", "class_index", "probability", "margin", "strategy", "weights", "vote",
    }  # fmt: skip
    with np.load(tmp_path / "arrays.npz") as file:
        arrays = dict(file)
    assert arrays["boxes_xyxy"].shape == (12, 4)
    assert arrays["keypoints_xy"].shape == (12, 17, 2)
    assert arrays["logits_umt"].shape == (1, 28)
    assert len(arrays["people_frame"]) == len(arrays["people_boxes_xyxy"]) == 22
    rows = list(csv.DictReader((tmp_path / "scores.csv").read_text().splitlines()))
    assert [row["label"] for row in rows] == list(LABELS)
    assert {"umt", "uniformerv2", "infogcn", "weighted", "vote"} <= set(rows[0])


def test_other_files_of_the_folder_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    save(make_analysis(), tmp_path)
    save(make_analysis(infogcn="1Loop"), tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert load(tmp_path).scores["infogcn"].label == "1Loop"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda d: (d / "analysis.json").unlink(), "contains no analysis"),
        (lambda d: (d / "arrays.npz").unlink(), "arrays.npz is missing"),
        (lambda d: (d / "arrays.npz").write_bytes(b"PK\x03\x04half"), "damaged"),
        (lambda d: (d / "analysis.json").write_text("{"), "cannot be read"),
        (lambda d: (d / "analysis.json").write_text('{"schema_version": 99}'), "schema version 99"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, damage, words):
    save(make_analysis(), tmp_path)
    damage(tmp_path)
    with pytest.raises(StoreError, match=words):
        load(tmp_path)


def put(folder, place, value):
    """Another value at a place of analysis.json, dots between its keys."""
    path = folder / "analysis.json"
    content = json.loads(path.read_text())
    *within, last = place.split(".")
    entry = content
    for key in within:
        entry = entry[key]
    if value is None:
        del entry[last]
    else:
        entry[last] = value
    path.write_text(json.dumps(content))


WRONG = [
    ("profile", "/tmp/x/secret.toml"), ("profile", "../demo"), ("profile", "demo\n"),
    ("profile", ""), ("profile", 7), ("profile", None), ("profile", ["demo"]),
    ("video", []), ("video.path", 7), ("video.fps", "25"), ("video.fps", 0),
    ("video.width", 3.5), ("video.duration_s", float("nan")), ("video.variable_frame_rate", 1),
    ("region.rule", ["union"]), ("region.xyxy", [1, 2, 3]),
    ("models", {}), ("models.umt", []), ("models.umt.distinct_views", 0),
    ("verdict.strategy", "sum"), ("verdict.class_index", 28), ("verdict.class_index", True),
    ("verdict.weights", {"umt": 1.0}), ("verdict.weights.umt", "0.3"),
    ("verdict.weights.umt", float("inf")), ("verdict.weights.umt", -1),
    ("verdict.vote.label", "5Axel"), ("verdict.vote.votes", {}),
    ("verdict.vote.tie_broken_by", "nobody"),
    ("provenance.pose", 1), ("provenance.pose.status", "certified"),
    ("timings_s", {}), ("timings_s", 3), ("timings_s.total", "1.0"), ("timings_s.decode", "soon"),
    ("timings_s.total", float("nan")), ("warnings", "one"), ("warnings", [1]),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), WRONG)
def test_a_field_of_another_kind_is_named(tmp_path, place, value):
    save(make_analysis(), tmp_path)
    put(tmp_path, place, value)
    with pytest.raises(StoreError) as caught:
        load(tmp_path)
    assert caught.value.code == "analysis_field"
    field = str(caught.value.values["field"])
    # An object that lacks an entry, or holds a wrong one, may be named by that entry.
    assert field == place or field.startswith(f"{place}.")
    assert f"{field}: expected " in str(caught.value)
    assert str(value) not in str(caught.value) or len(str(value)) < 3


def test_weights_of_nothing_are_refused(tmp_path):
    save(make_analysis(), tmp_path)
    put(tmp_path, "verdict.weights", {"umt": 0, "uniformerv2": 0, "infogcn": 0.0})
    with pytest.raises(StoreError, match=r"verdict\.weights: expected one number above 0"):
        load(tmp_path)


def test_an_analysis_that_names_its_profile_by_a_path_opens_no_file(tmp_path):
    secret = tmp_path / "secret.toml"
    secret.write_text('password = "hunter2"')
    save(make_analysis(), tmp_path / "run")
    put(tmp_path / "run", "profile", str(secret))
    with pytest.raises(StoreError, match="profile: expected a name of letters") as caught:
        load(tmp_path / "run")
    assert "password" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_json_too_deep_to_be_read_is_a_sentence(tmp_path):
    save(make_analysis(), tmp_path)
    (tmp_path / "analysis.json").write_text("[" * 100_000)
    with pytest.raises(StoreError, match="cannot be read"):
        load(tmp_path)


def test_a_full_disk_leaves_nothing(tmp_path):
    """A child process may write 2,000 bytes a file, which stops `arrays.npz` half way."""
    code = f"""
        import resource, signal, sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from pipeline.errors import StoreError
        from pipeline.storage.analysis_files import save
        from tests.factories import make_analysis
        analysis = make_analysis()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, {resource.RLIM_INFINITY}))
        try:
            save(analysis, Path({str(tmp_path / "run")!r}))
        except StoreError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-B", "-c", textwrap.dedent(code)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "the disk is full" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["o" * 245, "o" * 255, "跳" * 85])
def test_a_long_name_is_a_place_like_others(name, tmp_path):
    """Issue 15, point 24: the scratch folder's name was longer than file systems allow."""
    check_place(tmp_path / name)
    for _ in range(2):  # a new folder, and one that is there
        save(make_analysis(), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert load(tmp_path / name).verdict.label == make_analysis().verdict.label


@pytest.mark.parametrize(
    "name", ["o" * 256, "new/" + "跳" * 86, "o/" * 600, "/".join(["o" * 99] * 40)]
)
def test_too_long_a_place_is_refused_before_the_work(name, tmp_path):
    with pytest.raises(StoreError, match="is too long a name for the file system"):
        check_place(tmp_path / name)


def test_a_place_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        save(make_analysis(), tmp_path / "run")
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
