"""Measurements on screen and in files: one clock, the player's, and a flight that a person set."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.elements import class_index
from pipeline.measure.records import SPIN
from pipeline.moments import read_moment
from pipeline.storage.analysis_files import analysis_as_dict
from pipeline.types import Analysis, Timeline
from pipeline.video import open_video
from tests.factories import make_analysis
from tests.pipeline.measure.takes import take, two_jumps
from tests.videos import Recipe, write_video
from ui.export.report import report
from ui.export.takeaway import make_files, open_saved
from ui.flights import flight_scene, with_flight_set
from ui.player.messages import Nonsense, read_flight
from ui.runs import RunStore
from ui.tabs.measurements import _render, places_of, take_flight
from ui.views.measured import (
    course_figure,
    flight_of,
    look_here,
    measured,
    measured_lanes,
    measured_on_screen,
    measured_table,
    span_of,
    summary,
    with_flight,
)
from ui.views.measured_as import with_flight_seen, with_kind

LATE_S = 5.0
SET_BY_PERSON = "set by hand"


def jump(path: Path, *, late: bool, start_s: float | None = None) -> Analysis:
    """A 3Lutz of the rink with a real video file, the stamps of which begin at 0 or at 5 s."""
    one = take("3Lutz", clean=True)
    T = len(one.times_s)
    offset = ("-output_ts_offset", str(LATE_S)) if late else ()
    write_video(path, Recipe(frames=T, width=160, height=96, output=offset))
    video = open_video(path, start_s=start_s)
    first = int(video.timeline.frame_index[0])
    plain = make_analysis(num_frames=T - first, umt="3Lutz", uniformerv2="3Lutz", infogcn="3Lutz")
    pose = replace(
        one.pose, keypoints_xy=one.pose.keypoints_xy[first:], scores=one.pose.scores[first:]
    )
    trained = {stage: replace(p, status="demo") for stage, p in plain.provenance.items()}
    return replace(plain, provenance=trained, pose=pose, video=video.info, timeline=video.timeline)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return jump(tmp_path_factory.mktemp("plain") / "clip.mp4", late=False)


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return jump(tmp_path_factory.mktemp("late") / "clip.mp4", late=True)


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+\.\d+", text)]


def test_every_text_and_input_counts_from_the_file_s_first_frame(plain, late):
    assert late.timeline.origin_s == LATE_S
    assert late.timeline.pts_s[0] == LATE_S
    one, other = measured_on_screen(plain), measured_on_screen(late)
    for column in ("measured", "interval"):
        texts = [" ".join(measured_table(found)[column]) for found in (one, other)]
        assert numbers(texts[1]) == pytest.approx(numbers(texts[0]), abs=0.02)
    marks = [look_here(found, buttons=True) for found in (one, other)]
    assert numbers(marks[1]) == pytest.approx(numbers(marks[0]), abs=0.011)
    assert flight_of(late) == pytest.approx(flight_of(plain), abs=3e-3)
    assert places_of(late) == flight_of(late)
    assert (
        span_of(late) == span_of(plain) == (0.0, pytest.approx(plain.timeline.pts_s[-1], abs=1e-3))
    )
    curves = [np.asarray(course_figure(found).data[0].x) for found in (one, other)]
    np.testing.assert_allclose(curves[0], curves[1], atol=1e-6)
    lines = [shape.x0 for shape in course_figure(other).layout.shapes]
    assert max(lines) < plain.timeline.pts_s[-1] + 0.1


def test_lanes_keep_the_stamps_from_which_the_player_counts(late):
    lanes = {lane.key: lane for lane in measured_lanes(late)}
    assert lanes["hip"].times_s[0] == LATE_S
    assert lanes["phases"].marks[0].time_s == pytest.approx(LATE_S + flight_of(late)[0], abs=1e-3)


def test_an_in_point_between_two_frames_does_not_move_the_clock(tmp_path, plain):
    part = jump(tmp_path / "clip.mp4", late=True, start_s=0.15)
    assert part.timeline.pts_s[0] == pytest.approx(LATE_S + 5 / 30)
    assert part.timeline.origin_s == LATE_S
    assert span_of(part)[0] == pytest.approx(5 / 30, abs=1e-3)
    assert flight_of(part) == pytest.approx(flight_of(plain), abs=0.1)


def test_what_the_player_reads_can_be_set(late):
    run = RunStore().adopt("anna", late)
    takeoff, landing = (round(moment, 2) for moment in flight_of(late))
    take_flight(run, takeoff, landing + 0.1)
    found = measured_on_screen(run.analysis)
    assert found.by_person
    assert found.of("takeoff").estimate.value == pytest.approx(takeoff, abs=0.01)
    assert found.of("landing").estimate.value == pytest.approx(landing + 0.1, abs=0.01)
    assert places_of(run.analysis) == (takeoff, pytest.approx(landing + 0.1))
    assert SET_BY_PERSON in summary(found)
    lanes = {lane.key: lane for lane in measured_lanes(run.analysis)}
    air = next(span for span in lanes["phases"].spans if span.tone == "air")
    assert air.start_s == pytest.approx(LATE_S + takeoff, abs=0.01)
    assert late.flight_s is None  # another visitor's run has the analysis too
    back = replace(run.analysis, flight_s=None)
    assert measured(back).measured == measured(late).measured
    assert SET_BY_PERSON not in summary(measured(back))


@pytest.mark.parametrize(
    ("takeoff", "landing"),
    [(None, 1.0), (0.5, None), (1.0, 0.5), (0.5, 0.5), (0.5, 0.53), (5.2, 5.9), (-1, 1), (0, 99)],
)
def test_what_is_no_flight_in_this_clip_is_refused(late, takeoff, landing):
    run = RunStore().adopt("anna", late)
    with pytest.raises(ValueError, match=r"flight|missing"):
        take_flight(run, takeoff, landing)
    assert run.analysis is late


def test_the_ends_of_the_sliders_are_taken(late):
    first, last = span_of(late)
    assert with_flight(late, first, last).flight_s == tuple(late.timeline.pts_s[[0, -1]])


def test_where_no_flight_was_found_the_sliders_stand_apart():
    nothing = make_analysis(num_frames=31)
    assert flight_of(nothing) == (None, None)
    assert places_of(nothing) == (0.4, 0.8)


def called(analysis: Analysis, label: str) -> Analysis:
    """The same clip with another verdict."""
    verdict = replace(analysis.verdict, class_index=class_index(label))
    return replace(analysis, verdict=verdict)


def test_a_jump_called_a_sequence_is_measured_and_says_why(late):
    """Issue 15, 1: a real Axel called Sequence showed "Nothing is measured of this element"."""
    run = RunStore().adopt("anna", called(late, "Sequence"))
    about, table, courses, looks, _, fields, _, kind, which = _render(run)
    assert "the skeleton shows a flight, although the verdict is Sequence" in about
    assert f"{flight_of(late)[0]:.2f} s" in table
    assert "data-from" in looks
    assert courses is not None
    assert fields.visible
    assert kind == "auto"  # what is proposed is no choice
    assert not which.visible
    assert "measured_as_by_person" not in analysis_as_dict(run.analysis)
    take_flight(run, 0.5, 1.1)
    assert measured(run.analysis).by_person


def test_jump_or_spin_is_the_user_s_choice_and_is_kept(late):
    run = RunStore().adopt("anna", called(late, "Sequence"))
    run.analysis = with_kind(run.analysis, "spin")
    about, _, _, _, _, fields, _, kind, _ = _render(run)
    assert "Measured as a spin, as chosen by the user" in about
    assert (kind, fields.visible) == ("spin", False)
    runs = RunStore()
    for files in ("report", "zip", "json"):
        _, run_id = open_saved(make_files(run, [files]), runs, "boris")
        assert runs.get(run_id).analysis.measured_as == "spin"
    assert "by the user" in report(run.analysis)
    assert set(table_of(run)) == set(SPIN)
    back = with_kind(run.analysis, None)
    assert analysis_as_dict(back) == analysis_as_dict(called(late, "Sequence"))
    runs.leave("boris")


def test_one_of_several_flights_can_be_chosen(late):
    pose, times, low, _ = two_jumps()
    two = replace(
        called(late, "Sequence"),
        pose=pose,
        timeline=Timeline(np.arange(len(times)), times + LATE_S, LATE_S),
        people=make_analysis(num_frames=len(times)).people,
    )
    run = RunStore().adopt("anna", two)
    which = _render(run)[-1]
    assert which.visible
    assert which.value == 0
    assert [place for _, place in which.choices] == [0, 1]
    run.analysis = with_flight_seen(two, 1)
    assert _render(run)[-1].value == 1
    assert flight_of(run.analysis)[1] == pytest.approx(low.landing_s, abs=0.12)
    content = analysis_as_dict(run.analysis)
    takeoff, landing = flight_of(run.analysis)
    assert takeoff < content["flight_chosen_by_person"]["at_s"] - LATE_S < landing
    assert "flight_set_by_person" not in content
    assert analysis_as_dict(with_flight_seen(run.analysis, 0)) == analysis_as_dict(two)
    assert with_flight_seen(two, 7) is two


@pytest.mark.parametrize("kind", ["report", "zip", "json"])
def test_a_person_s_flight_opens_again_without_loss(late, kind):
    run = RunStore().adopt("anna", late)
    take_flight(run, 1 / 3, 1.1)
    runs = RunStore()
    _, run_id = open_saved(make_files(run, [kind]), runs, "boris")
    again = runs.get(run_id).analysis
    assert again.flight_s == run.analysis.flight_s
    assert again.timeline.origin_s == LATE_S
    assert measured(again).measured == measured(run.analysis).measured
    runs.leave("boris")


def test_files_say_what_was_measured_and_who_set_the_flight(late):
    run = RunStore().adopt("anna", late)
    found = table_of(run)
    assert {row["flight_set_by"] for row in found.values()} == {"Rinkside"}
    assert float(found["takeoff"]["value"]) == pytest.approx(flight_of(late)[0], abs=1e-3)
    take_flight(run, 0.5, 1.1)
    mine = table_of(run)
    assert {row["flight_set_by"] for row in mine.values()} == {"person"}
    assert float(mine["takeoff"]["value"]) == pytest.approx(0.5, abs=0.01)
    assert float(mine["air_time"]["low"]) <= 0.6 <= float(mine["air_time"]["high"])
    make_files(run, ["json"])
    saved = json.loads((run.folder / "analysis" / "measurements.json").read_text())
    assert saved["flight_set_by_person"]
    stamp = saved["measurements"]["takeoff"]["value"]
    assert stamp == pytest.approx(LATE_S + 0.5, abs=0.01)  # stamps, as in all of these files


def table_of(run) -> dict[str, dict[str, str]]:
    (path,) = make_files(run, ["measured"])
    with open(path, newline="", encoding="utf-8") as file:
        return {row["quantity"]: row for row in csv.DictReader(file)}


def test_the_report_has_the_measurements(late):
    run = RunStore().adopt("anna", late)
    page = report(late)
    assert "<h2>Measurements</h2>" in page
    assert f"{flight_of(late)[0]:.2f} s" in page
    assert "look" in page.lower()
    assert "data-from" not in page  # there is no player in it
    assert SET_BY_PERSON not in page
    take_flight(run, 0.44, 1.1)
    page = report(run.analysis)
    assert "<td>0.44 s</td>" in page
    assert SET_BY_PERSON in page


def test_the_report_of_a_clip_that_tells_nothing_says_why():
    page = report(make_analysis())
    assert page.count("<td>not measurable here</td>") == 8


def test_captions_of_pictures_count_from_the_first_frame(late):
    page = report(late)
    captions = re.findall(r"<figcaption>frame (\d+), ([\d:.]+)</figcaption>", page)
    assert len(captions) == 8
    for frame, time in captions:
        assert read_moment(time) == pytest.approx((int(frame) - 1) / 30, abs=0.001)


def test_mark_buttons_name_their_stretch_in_the_player_s_words(late):
    html = look_here(measured_on_screen(late), buttons=True)
    stretches = re.findall(r'data-from="([\d.]+)" data-to="([\d.]+)" data-speed="([\d.]+)"', html)
    assert len(stretches) == 2
    takeoff = flight_of(late)[0]
    assert float(stretches[0][0]) < takeoff < float(stretches[0][1])
    assert {speed for *_, speed in stretches} == {"0.1"}


def test_the_player_shows_and_sets_the_flight(late):
    """Issue 15, point 6: take-off and landing set where one looks; Rinkside's own stay known."""
    shown = flight_scene(late)
    assert (shown["set"], shown["machine"]) == (False, None)
    takeoff, landing = shown["takeoff"][0] - LATE_S, shown["landing"][0] - LATE_S
    sent = {"takeoff": round(takeoff, 3), "landing": round(landing + 0.1, 3)}
    moved = with_flight_set(replace(late, measured_as="spin"), read_flight(sent))
    again = flight_scene(moved)
    assert again["set"]
    assert again["takeoff"][0] == pytest.approx(LATE_S + sent["takeoff"])  # the very moment
    low, high = again["air"][1:]
    assert low < landing + 0.1 - takeoff < high
    assert again["machine"] == {end: shown[end] for end in ("takeoff", "landing", "air")}
    back = with_flight_set(moved, read_flight({"takeoff": None, "landing": None}))
    assert flight_scene(back) == shown
    too_short = {"takeoff": takeoff, "landing": takeoff}
    with pytest.raises(ValueError, match="flight"):
        with_flight_set(late, read_flight(too_short))


@pytest.mark.parametrize(
    "data",
    [None, {"takeoff": 1}, {"takeoff": "1", "landing": 2}, {"takeoff": True, "landing": 2},
     {"takeoff": float("nan"), "landing": 2}, {"takeoff": 1, "landing": [2]}],
    ids=repr,
)  # fmt: skip
def test_a_flight_that_is_none_is_refused(data):
    with pytest.raises(Nonsense):
        read_flight(data)
