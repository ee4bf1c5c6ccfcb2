"""Film strips, reasons, blind calls, the drawing of the method, the prepared example."""

from __future__ import annotations

import csv
import re
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.analyser import Analyser
from pipeline.annotations.marked import SkaterBox
from pipeline.classification.ensemble import EnsembleSettings, decide
from pipeline.config import load_profile, profile_names
from pipeline.elements import LABELS
from pipeline.errors import ConfigError, InputError
from pipeline.inspection.attention import Look
from pipeline.storage.analysis_files import load, save
from pipeline.storage.cache import AnalysisCache
from pipeline.storage.export import coco_keypoints, write_frames_csv
from pipeline.types import Analysis, Timeline
from pipeline.video import open_video
from tests.factories import make_all_scores, make_analysis, make_scores
from tests.pipeline.measure.takes import take
from tests.videos import Recipe, write_video
from ui import callbacks, example
from ui.blind import call, call_table, tally
from ui.callbacks import Request, request_of
from ui.desk.controls import examples
from ui.desk.history import history_line
from ui.desk.left import left_of
from ui.example import Example
from ui.export.report import report
from ui.player import ClipShelf
from ui.player.messages import Nonsense
from ui.runs import RunStore
from ui.tabs.compare import meeting_frame
from ui.tabs.picture import choose_skater_on_show, mark_request
from ui.views import seen
from ui.views.architecture import architecture, class_table, paper_table, status_of
from ui.views.cards import live_card, verdict_card, warnings_of
from ui.views.reasons import reasons
from ui.views.seen import film_strip, profile_of, region_picture, same_weights, see
from ui.views.skeleton_plots import filled_stretches, joint_traces, pose_strip

NETWORK = load_profile("demo").video_models[0]


def named_like_demo(analysis: Analysis) -> Analysis:
    """With scores of the demo profile's networks."""
    models = {m.name: make_scores(m.name) for m in load_profile("demo").video_models}
    return replace(analysis, scores={**analysis.scores, **models})


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    video = open_video(write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=20)))
    made = replace(make_analysis(num_frames=20), video=video.info, timeline=video.timeline)
    return named_like_demo(made)


def test_a_film_strip_shows_every_sampled_frame_with_its_number(analysis):
    shown = see(analysis, NETWORK.name, 0)
    page = film_strip(analysis, shown)
    numbers = [int(n) for n in re.findall(r"<figcaption>frame (\d+)", page)]
    assert numbers == [position + 1 for position in shown.positions]
    assert page.count("data:image/jpeg") == NETWORK.num_frames


def test_page_and_files_count_the_frames_of_a_span_alike(tmp_path):
    """Issue 15, point 4: the player, what they saw, the report and the tables say one number."""
    path = write_video(tmp_path / "clip.mp4", Recipe(frames=60, fps=25))
    video = open_video(path, start_s=1.0, end_s=2.0)
    made = replace(make_analysis(num_frames=len(video)), video=video.info, timeline=video.timeline)
    part, clips = named_like_demo(made), ClipShelf()
    run = RunStore().adopt("anna", part)
    player = clips.show_run(run).places(part.timeline)
    assert (player.start, player.stop) == (25, 50)  # places in the file; on the page one more
    clips.leave("anna")

    shown = see(part, NETWORK.name, 0)
    caption = rf"frame {26 + shown.positions[0]}, 0:01\.{40 * shown.positions[0]:03d}"
    assert re.search(caption, film_strip(part, shown))
    page = report(part)
    assert "frame 26, 0:01.000" in page
    assert "frame 50, 0:01.960" in page
    assert "25 (26 to 50 of the file) at 25.000 per second" in page
    assert "0:01.000 to 0:02.000 of 0:02.400" in page
    write_frames_csv(part, tmp_path / "frames.csv")
    with (tmp_path / "frames.csv").open() as file:
        first = next(csv.DictReader(file))
    assert (first["frame"], first["seconds"], first["frame_index"]) == ("26", "1.000000", "25")
    image = coco_keypoints(part)["images"][0]
    assert (image["frame"], image["seconds"], image["frame_index"]) == (26, 1.0, 25)


def test_attention_lights_patches_and_lengthens_bars(analysis):
    shown = see(analysis, NETWORK.name, 0)
    patches = np.full((NETWORK.num_frames, 7, 7), 1e-4)
    patches[3, 2, 2] = 1.0
    look = Look(patches.sum(axis=(1, 2)) / patches.sum(), patches / patches.sum())
    page = film_strip(analysis, shown, look)
    widths = [int(w) for w in re.findall(r'rs-share" style="width:(\d+)%', page)]
    assert widths[3] == 100
    assert max(w for i, w in enumerate(widths) if i != 3) <= 1
    lit = seen.heat_over(np.full((70, 70, 3), 200, np.uint8), patches[3])
    assert lit[25, 25, 0] > lit[60, 60, 0]


def test_the_region_stands_out_of_the_picture(analysis):
    assert "100 x 90 pixels (12% of the picture). Rule: union" in region_picture(analysis)


def test_networks_of_another_profile_are_not_asked(analysis):
    with pytest.raises(ConfigError, match="other networks than the profile demo"):
        profile_of(replace(analysis, scores=make_all_scores()))
    with pytest.raises(InputError):
        profile_of(replace(analysis, profile="nobody"))


def test_other_weights_are_noticed(analysis):
    class Networks:
        provenance = analysis.provenance

    assert same_weights(analysis, Networks())
    changed = replace(analysis.provenance["pose"], sha256="1" * 64)
    other = replace(analysis, provenance={**analysis.provenance, "pose": changed})
    assert not same_weights(other, Networks())


def test_the_skeleton_s_figures_tell_what_was_filled_in():
    sequence = np.random.default_rng(0).normal(size=(3, 320, 17)).astype(np.float32)
    sequence[2] = 0.5
    sequence[2, 40:60] = 0
    assert filled_stretches(sequence) == [(40, 59)]
    assert len(joint_traces(sequence).layout.shapes) == 1
    assert {trace.name for trace in pose_strip(sequence).data} == {"left", "right", "middle"}


def with_scores(**says: str) -> Analysis:
    scores = make_all_scores(**says)
    return replace(make_analysis(), scores=scores, verdict=decide(scores, EnsembleSettings()))


@pytest.mark.parametrize(
    ("says", "first"),
    [
        (("3Lutz", "3Lutz", "3Lutz"), "All three models say 3Lutz."),
        (
            ("3Lutz", "3Lutz", "3Flip"),
            "Unmasked Teacher and UniFormerV2 agree on 3Lutz; InfoGCN says 3Flip.",
        ),
        (
            ("3Lutz", "3Flip", "3Flip"),
            "UniFormerV2 and InfoGCN agree on 3Flip; Unmasked Teacher says 3Lutz.",
        ),
        (
            ("3Lutz", "3Flip", "3Loop"),
            "Each model names a different element: Unmasked Teacher says 3Lutz; "
            "UniFormerV2 says 3Flip; InfoGCN says 3Loop.",
        ),
    ],
)
def test_reasons_begin_with_who_agrees(says, first):
    named = dict(zip(("umt", "uniformerv2", "infogcn"), says, strict=True))
    sentences = reasons(with_scores(**named))
    assert sentences[0] == first
    assert sentences[-1].startswith("The vote")


def test_reasons_name_the_flip_point_and_follow_the_weights():
    analysis = with_scores(umt="3Lutz", uniformerv2="3Lutz", infogcn="3Flip")
    flip = next(s for s in reasons(analysis) if "would become" in s)
    assert re.search(r"become 3Flip if the weight of InfoGCN rose from 0\.030 above 0\.\d+", flip)
    other = reasons(analysis, {"umt": 0.1, "uniformerv2": 0.1, "infogcn": 0.8})
    assert "The weighted sum gives 3Flip" in other[1]


def test_blind_calls_cannot_be_changed_and_are_counted():
    runs = RunStore()
    made = [runs.adopt("anna", make_analysis(), f"clip {i}") for i in range(3)]
    for run in made[:2]:
        run.blind = True
    assert call(made[0], None) == call(made[0], "5Axel") == "choose an element first"
    assert call(made[0], "3Lutz") == ""
    call(made[0], "3Flip")
    assert made[0].own_call == "3Lutz"
    call(made[1], "3Flip")
    history = runs.history("anna")
    assert tally(history) == "Blind calls this visit: 1 of 2 agree with the verdict."
    assert list(call_table(history)["Agree"]) == ["yes", "no"]
    assert tally([]) == ""
    assert "agrees with the verdict" in verdict_card(made[0].analysis, "3Lutz")


def test_the_history_does_not_give_a_blind_verdict_away():
    run = RunStore().adopt("anna", make_analysis(), "clip.mp4")
    assert "3Lutz" in history_line(run)
    run.blind = True
    assert "3Lutz" not in history_line(run)


def test_the_live_card_tells_what_has_landed():
    run = RunStore().start("anna", "<clip>.mp4")
    analysis = make_analysis()
    run.take(analysis.people)
    run.take(analysis.scores["uniformerv2"])
    card = live_card(run, ("umt_16x224", "uniformerv2"))
    assert card.count("rs-landed") == card.count("rs-waiting") == 2
    assert "2 people" in card
    assert "3Lutz 9" in card
    assert "<clip>" not in card


def test_the_live_card_of_a_run_that_ended_waits_for_nothing():
    run = RunStore().start("anna", "clip.mp4")
    run.end("failed")
    card = live_card(run, ("umt_16x224",))
    assert "clip.mp4" in card
    assert "ended without a verdict" in card
    assert "rs-waiting" not in card


def test_the_verdict_card_names_its_clip():
    assert "&lt;a&gt;.mp4" in verdict_card(make_analysis(), title="<a>.mp4")


def test_a_person_is_chosen_in_the_clip_of_the_run_on_show(analysis):
    run, clips = RunStore().adopt("anna", analysis), ClipShelf()
    clip = clips.show_run(run)
    told = {"token": clip.token, "run": run.run_id, "person": 1}
    assert choose_skater_on_show(clips, run, told).skater == 1
    foreign = clips.show("boris", analysis.video.path)
    for other in ({"token": "t"}, {"token": foreign.token}, {"run": "another span's"}):
        with pytest.raises(Nonsense, match="not of the clip"):
            choose_skater_on_show(clips, run, {**told, **other})
    for visitor in ("anna", "boris"):
        clips.leave(visitor)


def test_a_skater_is_marked_in_the_clip_on_show(analysis):
    """Issue 15, point 10: of an analysis, of one that failed, and before there is any."""
    clips, runs = ClipShelf(), RunStore()
    run = runs.adopt("anna", analysis)
    clip = clips.show_run(run)
    video = analysis.video
    told = {"token": clip.token, "run": run.run_id, "frame": 1, "box": [10, 10, 60, 90]}
    box = SkaterBox(int(clip.timeline.frame_index[1]), (10.0, 10.0, 60.0, 90.0))
    fields = {"path": video.path, "profile": "fast", "start": "0.1"}
    fields |= {"end": "", "skater": "2", "stream": ""}
    asked = mark_request(clips, run, "anna", told, fields)
    assert (asked.path, asked.profile, asked.start_s) == (video.path, "demo", video.start_s)
    assert (asked.skater, asked.skater_box, asked.people) == (None, box, None)
    failed = runs.start("anna")
    failed.asked = Request(video.path, "demo", 0.0, 0.2, skater=1)
    failed.end("nobody was found")
    again = mark_request(clips, failed, "anna", told, fields)
    assert again == Request(video.path, "demo", 0.0, 0.2, skater_box=box)
    first = mark_request(clips, None, "anna", {**told, "run": None}, fields)
    assert first == Request(video.path, "fast", 0.1, skater_box=box)
    failed.asked = again
    assert left_of(failed).skater == str(box)
    assert request_of(**vars(left_of(failed))) == again
    for visitor, other in (("boris", {}), ("anna", {"token": "t"}), ("anna", {"run": "another"})):
        with pytest.raises(Nonsense):
            mark_request(clips, run, visitor, {**told, **other}, fields)
    with pytest.raises(Nonsense, match="would be analysed"):
        mark_request(clips, None, "anna", told, {**fields, "path": ""})
    clips.leave("anna")


def test_warnings_about_weights_follow_the_provenance():
    analysis = make_analysis()
    assert warnings_of(analysis)[0].startswith("Untrained: the weights of Detector (DINO)")
    demo = {stage: replace(p, status="demo") for stage, p in analysis.provenance.items()}
    assert warnings_of(replace(analysis, provenance=demo))[0].startswith("Demo: ")
    trained = {stage: replace(p, status="trained") for stage, p in analysis.provenance.items()}
    fine = replace(analysis, provenance=trained, warnings=())
    assert warnings_of(fine) == []
    assert "trained weights" in verdict_card(fine)


@pytest.mark.parametrize("name", profile_names())
def test_the_drawing_names_every_network_of_the_configuration(name):
    profile = load_profile(name)
    page = architecture(profile)
    for checkpoint in (
        profile.detector.checkpoint, profile.pose.checkpoint, profile.skeleton_model.checkpoint,
        *(m.checkpoint for m in profile.video_models),
    ):  # fmt: skip
        assert checkpoint in page
    for weight in ("0.366", "0.604", "0.030"):
        assert weight in page


def test_absent_weights_are_said_to_be_absent():
    fast, demo = load_profile("fast"), load_profile("demo")
    assert status_of("umt_b16_16x224", fast) == "absent"
    assert status_of("umt_b16_16x224", replace(demo, untrained_where_absent=True)) == "untrained"


def test_classes_and_paper_stand_in_tables():
    table = class_table()
    assert len(table) == 28
    assert table.iloc[3]["ISU code"] == "CSp"
    paper = paper_table()["the paper's, challenge test set"]
    assert list(paper) == [94.55, 95.02, 92.03, 95.67, 95.73]  # numbers, which sort


class Prepared:
    """An analyser that takes its time."""

    profile = load_profile("demo")

    def __init__(self, result):
        self.result = result

    def adopt(self, path, analysis):
        return False

    def analyse(self, path, *, listener):
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def test_the_analyses_that_ship_are_of_the_weights_that_ship():
    """`python -m benchmarks.examples` makes them again."""
    made_with = (example.STORED / "profile.sha256").read_text().strip()
    assert made_with == load_profile("demo").fingerprint()
    clips = {path.stem for path in examples()}
    assert {path.parent.name for path in example.STORED.glob("*/analysis.json")} == clips
    assert len(clips) >= 6


@pytest.mark.parametrize("clip", examples(), ids=lambda clip: clip.stem)
def test_examples_are_small_and_play_in_every_browser(clip):
    assert open_video(clip).info.codec == "h264"
    assert clip.stat().st_size < 1_000_000
    assert clip.stem in LABELS


def shown(example: Example, runs: RunStore) -> list[tuple[str, str, int]]:
    example.prepare()
    news = list(example.show(runs, "anna"))
    join_example()
    return news


def join_example() -> None:
    """Wait for the thread behind an example: Python may not end while torch works in it."""
    for thread in threading.enumerate():
        if thread.name == "example":
            thread.join()


def test_the_example_is_there_for_every_visitor(monkeypatch):
    monkeypatch.setattr(callbacks, "analyser", lambda profile: Prepared(make_analysis()))
    runs = RunStore()
    card, run_id, revision = shown(Example(Path("clip.mp4")), runs)[-1]
    assert "This is the example clip.mp4" in card
    assert (runs.get(run_id).title, revision) == ("clip.mp4", 1)


def test_networks_are_warm_before_the_first_visitor_asks(tmp_path, monkeypatch):
    analyser = Analyser(load_profile("demo"), cache=AnalysisCache(tmp_path))
    monkeypatch.setattr(callbacks, "analyser", lambda profile: analyser)
    prepared = Example(examples()[0])
    prepared.prepare()
    join_example()
    assert prepared.analysis.timings_s == load(example.STORED / examples()[0].stem).timings_s
    monkeypatch.setattr("pipeline.networks.load_model", None)  # nothing is left to load
    for stage in analyser.provenance:
        assert not analyser.networks.get(stage).training


def test_an_example_that_fails_says_why_and_breaks_nothing(monkeypatch, caplog):
    for error, words in ((InputError("no weights"), "no weights"), (OSError("x"), "OSError")):
        monkeypatch.setattr(callbacks, "analyser", lambda profile, e=error: Prepared(e))
        card, run_id, _ = shown(Example(Path("clip.mp4")), RunStore())[-1]
        assert words in card
        assert run_id == ""


def test_the_example_does_not_push_aside_what_a_visitor_began(monkeypatch):
    monkeypatch.setattr(callbacks, "analyser", lambda profile: Prepared(make_analysis()))
    runs = RunStore()
    own = runs.start("anna", "own.mp4")
    own.card = "own"
    assert shown(Example(Path("clip.mp4")), runs) == [("own", "", 0)]
    assert runs.current("anna") is own


def test_stored_analyses_are_known_only_with_the_same_weights(tmp_path, monkeypatch):
    clip = write_video(tmp_path / "clip.mp4", Recipe(frames=12))
    analyser = Analyser(load_profile("demo"), cache=AnalysisCache(tmp_path / "cache"))
    made = replace(
        named_like_demo(make_analysis()),
        video=open_video(clip).info,
        provenance=dict(analyser.networks.provenance),
    )
    monkeypatch.setattr(example, "STORED", tmp_path / "stored")
    (tmp_path / "stored").mkdir()
    made_with = tmp_path / "stored" / "profile.sha256"
    made_with.write_text(analyser.profile.fingerprint())
    assert example.take_stored(analyser, clip.parent) == []
    other = replace(made.provenance["pose"], sha256="1" * 64)
    save(replace(made, provenance={**made.provenance, "pose": other}), tmp_path / "stored/clip")
    assert example.take_stored(analyser, clip.parent) == []
    assert analyser.known(clip) is None
    save(made, tmp_path / "stored" / "clip")
    made_with.write_text("another configuration")
    assert example.take_stored(analyser, clip.parent) == []
    made_with.write_text(analyser.profile.fingerprint())
    assert example.take_stored(analyser, clip.parent) == ["clip"]
    assert analyser.known(clip).verdict.label == made.verdict.label


def test_two_clips_meet_at_the_take_off_or_in_the_middle():
    one = take("3Lutz", clean=True)
    plain = make_analysis(num_frames=len(one.times_s), umt="3Lutz", uniformerv2="3Lutz")
    jump = replace(
        plain,
        provenance={stage: replace(p, status="demo") for stage, p in plain.provenance.items()},
        pose=one.pose,
        timeline=Timeline(np.arange(len(one.times_s)), one.times_s),
    )
    assert one.times_s[meeting_frame(jump) - 1] == pytest.approx(one.takeoff_s, abs=0.1)
    spin = make_analysis(num_frames=12, umt="CamelSpin", uniformerv2="CamelSpin")
    assert meeting_frame(spin) == 7
