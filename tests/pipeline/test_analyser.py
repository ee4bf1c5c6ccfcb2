"""The Analyser and its command line on real files: results, exit codes, nothing half-written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from pipeline import __main__ as command
from pipeline.analyser import Analyser, weight_warnings
from pipeline.annotations.marked import SkaterBox
from pipeline.config import load_profile
from pipeline.drawing.overlay import write_overlay
from pipeline.errors import Cancelled, VideoError
from pipeline.inputs import Followed, Question
from pipeline.messages import Message
from pipeline.progress import Monitor
from pipeline.storage.analysis_files import load
from pipeline.storage.cache import AnalysisCache
from pipeline.storage.output_folder import FILES
from pipeline.types import ModelScores, People, PoseSequence, Provenance
from pipeline.video import open_video
from tests.conftest import ROOT
from tests.factories import make_track
from tests.videos import Recipe, cut, run_ffmpeg, write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=20, sound=True))


@pytest.fixture(scope="module")
def analyser():
    """The demo profile on seeded random weights, whatever weights ship."""
    return Analyser(load_profile("demo"), untrained=True)


@pytest.fixture(scope="module")
def analysis(analyser, clip):
    return analyser.analyse(clip)


def test_an_untrained_analysis_is_complete_and_says_so(analysis):
    assert set(analysis.scores) == {
        "umt_16x96", "umt_16x128", "umt_32x96", "umt", "uniformerv2", "infogcn",
    }  # fmt: skip
    assert analysis.warnings[0].code == "weights_untrained"
    assert {p.status for p in analysis.provenance.values()} == {"untrained"}
    assert analysis.region.rule == "whole_frame"
    assert analysis.region.xyxy.tolist() == [0, 0, 320, 240]
    assert analysis.people.main is None
    assert np.isfinite(analysis.pose.keypoints_xy).any()
    assert {"decode", "detect", "pose", "umt_16x96", "infogcn", "total"} <= set(analysis.timings_s)
    stages = sum(v for name, v in analysis.timings_s.items() if name != "total")
    assert stages <= analysis.timings_s["total"] * 1.01


def test_a_refined_verdict_without_evidence_is_the_weighted_sum(analysis, clip):
    profile = load_profile("demo")
    wanted = replace(profile, ensemble=replace(profile.ensemble, strategy="refined"))
    made = Analyser(wanted, untrained=True).analyse(clip)
    assert (made.verdict.strategy, analysis.verdict.strategy) == ("refined", "weighted")
    np.testing.assert_allclose(made.verdict.probabilities, made.verdict.weighted)


def test_seeded_weights_give_the_same_answer_again(analysis, clip):
    again = Analyser(load_profile("demo"), untrained=True).analyse(clip)
    for name, scores in analysis.scores.items():
        np.testing.assert_allclose(again.scores[name].logits, scores.logits, atol=1e-5)
    other = Analyser(load_profile("demo"), untrained=True, seed=1).analyse(clip)
    assert not np.allclose(other.scores["infogcn"].logits, analysis.scores["infogcn"].logits)


def test_results_arrive_one_by_one_with_growing_progress(analyser, clip):
    heard = []
    analyser.analyse(clip, listener=heard.append)
    fractions = [progress.fraction for progress in heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    results = [progress.result for progress in heard if progress.result is not None]
    kinds = [type(result) for result in results]
    assert kinds[:2] == [People, PoseSequence]
    assert kinds[2:] == [ModelScores] * 6


def test_people_who_were_found_before_are_not_looked_for_again(analyser, clip, monkeypatch):
    tracks = tuple(make_track(20, person_id=i, start=(50 + 100 * i, 40)) for i in range(2))
    monkeypatch.setattr(
        "pipeline.tracking.people.detect", lambda *_, **__: pytest.fail("looked again")
    )
    again = analyser.analyse(clip, people=People(tracks, 0, Message("found before")), skater=1)
    assert all(one is other for one, other in zip(again.people.tracks, tracks, strict=True))
    assert again.people.main_id == 1
    centre = np.nanmean(again.pose.keypoints_xy[1:], axis=(0, 1))
    assert abs(centre[0] - np.nanmean(tracks[1].boxes_xyxy[:, [0, 2]])) < 60
    assert len(again.scores) == 6


def test_who_was_followed_through_a_whole_video_is_taken_as_they_are(
    analyser, analysis, clip, tmp_path, monkeypatch
):
    """Issue 17, section 1: an element shares boxes and skeletons with the pass before."""
    tracks = tuple(make_track(20, person_id=i, start=(50 + 100 * i, 40)) for i in range(2))
    people = People(tracks, 1, Message("followed"))
    cached = Analyser(load_profile("demo"), untrained=True, cache=AnalysisCache(tmp_path))
    monkeypatch.setattr(
        "pipeline.tracking.people.detect", lambda *_, **__: pytest.fail("looked again")
    )
    monkeypatch.setattr(
        "pipeline.pose.estimate.PoseEstimator.start", lambda *_, **__: pytest.fail("posed again")
    )
    question = Question(followed=Followed(people, analysis.pose))
    found = cached.answer(open_video(clip), question, Monitor(None, None))
    assert found.people is people
    assert found.pose is analysis.pose
    np.testing.assert_array_equal(
        found.scores["infogcn"].logits, analysis.scores["infogcn"].logits
    )  # of the same skeleton
    assert len(found.scores) == 6
    again = cached.answer(open_video(clip), question, Monitor(None, None))
    assert all(origin.stored for origin in again.provenance.values())
    assert cached.known(clip) is None  # another question


def test_a_skater_marked_by_hand_is_the_skater(clip, tmp_path):
    """Issue 15, point 10: where the detector finds nobody, a drawn box makes the track."""
    cache = AnalysisCache(tmp_path / "cache")
    analyser = Analyser(load_profile("demo"), untrained=True, cache=cache)
    box = SkaterBox(12, (100.0, 90.0, 180.0, 200.0))
    marked = analyser.analyse(clip, start_s=0.2, skater_box=box)
    assert marked.people.main is not None
    position = marked.timeline.frame_index.tolist().index(12)
    assert marked.people.main.boxes_xyxy[position].tolist() == list(box.xyxy)
    assert str(marked.people.rule) == "person 0 was marked by hand, with a box in frame 13"
    assert marked.region.rule == "union"
    x1, y1, x2, y2 = marked.region.xyxy.tolist()
    assert x1 <= 100
    assert y1 <= 90
    assert x2 >= 180
    assert y2 >= 200
    known = analyser.known(clip, start_s=0.2, skater_box=box)
    assert known is not None
    assert known.skater_box == box
    assert analyser.known(clip, start_s=0.2) is None
    again = analyser.analyse(
        clip, start_s=0.2, people=marked.people, skater_box=SkaterBox(13, box.xyxy)
    )
    assert [track.person_id for track in again.people.tracks] == [0, 1]
    assert again.people.main_id == 1
    with pytest.raises(ValueError, match="twice"):
        analyser.analyse(clip, skater=0, skater_box=box)


def test_a_stop_is_obeyed_within_a_second(analyser, clip, analysis):
    asked = []  # the first analysis, which imports libraries for seconds, is over by now

    def stop(after: float) -> bool:
        asked.append(time.process_time())  # a busy machine must not fail the test
        return len(asked) > after

    with pytest.raises(Cancelled):
        analyser.analyse(clip, stop_asked=lambda: stop(40))
    assert len(asked) == 41
    asked.clear()
    analyser.analyse(clip, stop_asked=lambda: stop(np.inf))
    assert np.diff(asked).max() < 1.0  # whatever the stage


def test_a_known_clip_is_read_back(clip, tmp_path):
    cache = AnalysisCache(tmp_path)
    analyser = Analyser(load_profile("demo"), untrained=True, cache=cache)
    began_s = time.process_time()
    first = analyser.analyse(clip)
    whole_s = time.process_time() - began_s
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(clip.read_bytes())
    began_s = time.process_time()
    again = analyser.analyse(moved)
    assert time.process_time() - began_s < whole_s / 4
    assert again.video.path == str(moved)
    assert all(origin.stored for origin in again.provenance.values())
    assert not any(origin.stored for origin in first.provenance.values())
    assert again.verdict.label == first.verdict.label
    assert analyser.analyse(clip, end_s=0.5).video.frames == 15  # another span, another result


def test_a_known_clip_does_not_tell_another_visitor_s_name(analyser, analysis, clip, tmp_path):
    theirs = tmp_path / "secret name.mp4"
    theirs.write_bytes(clip.read_bytes())
    said = Message("demo: not fit for judging"), Message.of("interlaced", name="secret name.mp4")
    video = replace(analysis.video, path=str(theirs))
    known = Analyser(load_profile("demo"), untrained=True, cache=AnalysisCache(tmp_path / "cache"))
    assert known.adopt(theirs, replace(analysis, video=video, warnings=said))
    assert known.analyse(clip).warnings == (said[0], Message.of("interlaced", name="clip.mp4"))


def test_frames_beyond_the_buffer_are_decoded_twice_with_the_same_result(clip, analysis):
    small = replace(load_profile("demo"), buffer_mib=0)
    again = Analyser(small, untrained=True).analyse(clip)
    np.testing.assert_allclose(
        again.scores["umt_16x96"].logits, analysis.scores["umt_16x96"].logits, atol=1e-5
    )


def test_the_overlay_keeps_stamps_size_and_sound(analysis, tmp_path):
    import av

    target = tmp_path / "overlay.mp4"
    write_overlay(analysis, target)
    np.testing.assert_allclose(
        open_video(target).timeline.pts_s, analysis.timeline.pts_s, atol=1e-4
    )
    with av.open(str(target)) as file:
        assert file.streams.video[0].codec_context.name == "h264"
        assert file.streams.video[0].codec_context.pix_fmt == "yuv420p"
        assert len(file.streams.audio) == 1


@pytest.mark.parametrize(
    ("statuses", "first_words"),
    [
        (["trained", "trained"], []),
        (["trained", "demo"], ["demo"]),
        (["demo", "untrained"], ["untrained", "demo"]),
    ],
)
def test_what_the_weights_are_worth_is_said(statuses, first_words):
    provenance = {f"stage{i}": Provenance("x", None, s) for i, s in enumerate(statuses)}
    assert [str(m).split(":")[0] for m in weight_warnings(provenance)] == first_words


def test_pictures_of_people_that_weights_learnt_from_are_named():
    provenance = {
        "detector": Provenance("dino_demo", "0" * 64, "demo"),
        "pose": Provenance("vitpose_demo_rink", "0" * 64, "demo"),
    }
    research = [str(m) for m in weight_warnings(provenance) if m.code == "weights_people"]
    assert len(research) == 1
    assert "weights of detector were also trained" in research[0]
    assert "Leeds Sports Pose Extended, Penn-Fudan and COCO" in research[0]


def run(*arguments, cache, **options):
    environment = {**os.environ, "RINKSIDE_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "analyze", *map(str, arguments)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, **options,
    )  # fmt: skip


def test_the_command_writes_the_contracts_files(clip, tmp_path):
    done = run(clip, "--out", tmp_path / "out", "--overlay", "--untrained", cache=tmp_path / "c")
    assert done.returncode == 0, done.stderr
    assert "verdict" in done.stdout
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {*FILES, "overlay.mp4"}
    content = json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert content["schema_version"] == 1
    assert content["verdict"]["strategy"] == "weighted"
    assert load(tmp_path / "out").verdict.label == content["verdict"]["label"]


def test_an_overlay_that_fails_leaves_the_analysis(clip, tmp_path, monkeypatch, capsys):
    def fail(*_: object, **__: object) -> None:
        raise VideoError("clip.mp4: is gone")

    monkeypatch.setattr("pipeline.commands.analyze.write_overlay", fail)
    out = tmp_path / "out"
    arguments = ["analyze", str(clip), "--out", str(out), "--overlay", "--untrained", "--no-cache"]
    assert command.main(arguments) == 2
    told = capsys.readouterr()
    assert told.err.splitlines()[-1].startswith("error: clip.mp4: is gone; all but overlay.mp4")
    assert "verdict" in told.out
    assert {path.name for path in out.iterdir()} == set(FILES)


BAD = {
    "missing.mp4": (lambda p, clip: None, "there is no such file"),
    "folder.mp4": (lambda p, clip: p.mkdir(), "is a folder"),
    "empty.mp4": (lambda p, clip: p.touch(), "is empty"),
    "text.mp4": (lambda p, clip: p.write_text("no video\n" * 99), "text.mp4"),
    "sound.m4a": (
        lambda p, clip: run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", p),
        "sound",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_line_and_exit_code_2(name, clip, tmp_path, capsys):
    make, words = BAD[name]
    make(tmp_path / name, clip)
    out = tmp_path / "out"
    assert command.main(["analyze", str(tmp_path / name), "--out", str(out), "--no-cache"]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert words in error
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--start", "0.5", "--end", "0.2"], "is not after the in point"),
        (["--start", "-1"], "first frame"),
        (["--start", "nan"], "is not a time"),
        (["--profile", "turbo"], "demo, fast, paper"),
        (["--profile", "paper"], "python -m models.zoo fetch"),
        (["--device", "cuda"], "CUDA"),
        (["--device", "tpu"], "invalid choice"),
        (["--start", "soon"], "m:ss"),
        # Issue 15, point 10: a skater marked by hand.
        (["--skater-box", "5"], "FRAME:x1,y1,x2,y2"),
        (["--skater-box", "5:10,10,9,90"], "at least 4 pixels"),
        (["--skater-box", "0:10,10,90,90"], "frame 0, outside the analysed span"),
        (["--skater-box", "21:10,10,90,90"], "frame 21, outside the analysed span"),
        (["--skater-box", "5:330,10,390,90"], "outside the picture of 320x240"),
        (["--skater-box", "5:10,10,90,90", "--skater", "0"], "not allowed with"),
    ],
)
def test_a_bad_argument_is_one_line_and_exit_code_2(arguments, words, clip, tmp_path, capsys):
    try:
        code = command.main(["analyze", str(clip), "--out", str(tmp_path / "o"), *arguments])
    except SystemExit as stopped:
        code = stopped.code
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 2
    assert error.startswith("error: ")
    assert words in error
    assert not (tmp_path / "o").exists()


def test_a_damaged_file_is_analysed_as_far_as_it_goes(tmp_path):
    whole = write_video(
        tmp_path / "whole.mp4", Recipe(frames=40, output=("-movflags", "faststart"))
    )
    damaged = cut(whole, tmp_path / "damaged.mp4", 0.6)
    analysis = Analyser(load_profile("demo"), untrained=True).analyse(damaged)
    assert 0 < analysis.video.frames < 40
    assert "damaged" in [message.code for message in analysis.warnings]
    write_overlay(analysis, tmp_path / "overlay.mp4")
    assert len(open_video(tmp_path / "overlay.mp4")) == analysis.video.frames


@pytest.mark.parametrize("frames", [1, 4])
def test_very_short_clips_work(frames, tmp_path):
    path = write_video(tmp_path / "short.mp4", Recipe(frames=frames))
    analysis = Analyser(load_profile("demo"), untrained=True).analyse(path)
    assert analysis.video.frames == frames
    assert len(analysis.pose.scores) == frames


def test_an_interrupt_ends_with_130_and_leaves_nothing(tmp_path):
    path = write_video(tmp_path / "long.mp4", Recipe(frames=900, width=640, height=360))
    environment = {**os.environ, "RINKSIDE_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "analyze", str(path), "--out", str(tmp_path / "out")],
        cwd=ROOT, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stderr.readline()  # the first line of progress: it is at work
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=300)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()
