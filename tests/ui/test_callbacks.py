"""What clicks do: each bad file names its remedy, a run can be left, visitors do not meet."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.analyser import Analyser
from pipeline.config import load_profile
from pipeline.inputs import Question
from pipeline.programme.uncut import Uncut
from pipeline.storage.cache import AnalysisCache
from pipeline.types import Analysis
from pipeline.video import open_video
from tests.factories import make_analysis
from tests.videos import Recipe, run_ffmpeg, write_video
from ui import callbacks
from ui.asked import is_searched
from ui.callbacks import Request
from ui.desk.controls import examples
from ui.desk.cut import cut_hint, request_for_whole
from ui.desk.facts import describe
from ui.language.tables import speaking
from ui.runs import RunStore
from ui.server import gpu
from ui.work import work
from ui.work.queue import Turn, WorkQueue


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=60))


@pytest.fixture(autouse=True)
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights, whatever weights ship: nobody is looked for, and nothing is cached."""
    analyser = Analyser(load_profile("demo"), untrained=True)
    monkeypatch.setattr(callbacks, "analyser", lambda profile: analyser)


def words_of(card: str) -> str:
    return re.sub("<[^>]+>", "", card)


def last(cards: Iterator[tuple[str, str, int]]) -> tuple[str, str]:
    """The last status card's words and the latest run's id."""
    seen = list(cards)
    return words_of(seen[-1][0]), next((i for _, i, _ in reversed(seen) if i), "")


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing.mp4": (lambda p: None, "the file is no longer there; upload it again"),
    "folder.mp4": (lambda p: p.mkdir(), "choose one video file in it"),
    "empty.mp4": (lambda p: p.touch(), "copy or download it again"),
    "text.mp4": (lambda p: p.write_text("words\n" * 99), "is a text file, not a video"),
    "sound.mp4": (
        lambda p: run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", p),
        "choose a file with pictures",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_its_remedy_when_uploaded_and_when_analysed(tmp_path, name) -> None:
    make, remedy = BAD[name]
    make(tmp_path / name)
    facts = describe(str(tmp_path / name))
    card = facts.card
    assert facts.duration_s is None
    assert "rs-error" in card
    words, _ = last(callbacks.analyse(Request(str(tmp_path / name), "demo"), RunStore(), "a"))
    assert words == words_of(card)
    assert words.startswith(f"{name}: ")
    assert remedy in words


def test_a_long_video_asks_for_points_as_soon_as_it_is_there(tmp_path) -> None:
    path = write_video(tmp_path / "long.mp4", Recipe(frames=70, width=64, height=48, fps=1))
    facts = describe(str(path))
    card = facts.card
    assert facts.duration_s == pytest.approx(70)
    assert "set an in and an out point" in words_of(card)
    assert "rs-error" not in card


def test_points_in_the_wrong_order(clip) -> None:
    words, _ = last(callbacks.analyse(Request(str(clip), "demo", 9, 5), RunStore(), "a"))
    assert "the out point (5 s) is not after the in point (9 s)" in words


@pytest.mark.parametrize("how", ["stop", "leave", "start"])
def test_a_run_that_is_left_ends_before_its_end_with_its_files(clip, how) -> None:
    runs = RunStore()
    cards = callbacks.analyse(Request(str(clip), "demo"), runs, "a")
    _, run_id, _ = next(cards)
    next(cards)  # it is really at work
    run = runs.get(run_id)
    folder = run.folder
    getattr(runs, how)("a")  # `start`: the same visitor begins anew
    began_s = time.process_time()
    left = list(cards)
    assert time.process_time() - began_s < 5  # a busy machine adds nothing to it
    assert run.analysis is None
    said = [words_of(card) for card, _, _ in left if card]
    # Whoever began anew or left is not told about the old run.
    assert said[-1:] == ([] if how != "stop" else ["stopped; press Analyse to begin again"])
    assert not folder.exists()


def test_what_is_opened_in_mid_run_has_the_last_word(clip) -> None:
    runs = RunStore()
    cards = callbacks.analyse(Request(str(clip), "demo"), runs, "a")
    next(cards), next(cards)
    runs.adopt("a", make_analysis()).card = "opened"
    assert list(cards) == [("opened", "", 0)]


def test_two_visitors_get_their_own_results(clip) -> None:
    runs, results = RunStore(), {}

    def visit(visitor: str, end_s: float) -> None:
        request = Request(str(clip), "demo", 0.0, end_s)
        results[visitor] = last(callbacks.analyse(request, runs, visitor))

    visits = [threading.Thread(target=visit, args=args) for args in (("a", 0.1), ("b", 0.2))]
    for thread in visits:
        thread.start()
    for thread in visits:
        thread.join()
    frames = {v: runs.get(run_id).analysis.video.frames for v, (_, run_id) in results.items()}
    assert frames == {"a": 3, "b": 6}
    assert all(words.startswith("done: ") for words, _ in results.values())


class Known:
    """An analyser that knows a clip already."""

    def __init__(self, analysis):
        self.analysis = analysis

    def known(self, path, **span):
        return self.analysis


def test_a_known_clip_is_there_at_the_click(clip, monkeypatch) -> None:
    analysis = make_analysis()
    origin = replace(analysis.provenance["pose"], stored=True)
    analysis = replace(analysis, provenance={**analysis.provenance, "pose": origin})
    monkeypatch.setattr(callbacks, "analyser", lambda profile: Known(analysis))
    runs, request = RunStore(), Request(str(clip), "demo")
    card, run_id, revision = callbacks.begin(request, runs, "a")
    assert words_of(card) == "done: 12 frames; result reused from an earlier analysis"
    assert revision == 1
    assert runs.get(run_id).analysis is analysis
    # In its turn there is no news, and the card stays; a call of the API has but this one answer.
    assert list(callbacks.analyse(request, runs, "a", run_id=run_id)) == [("", "", 0)]
    assert [said for said, _, _ in callbacks.analyse(request, runs, "a")] == [card]


def test_a_click_on_a_person_of_an_upload_is_not_answered_with_what_is_known(
    clip, tmp_path, monkeypatch
) -> None:
    """Issue 15, point 30: person 0 of that file is somebody else than person 0 of the clip."""
    real = Analyser(load_profile("demo"), untrained=True, cache=AnalysisCache(tmp_path))
    monkeypatch.setattr(callbacks, "analyser", lambda profile: real)
    known = make_analysis()
    real.cache.put(real.inputs(open_video(clip), Question(skater=0)).key(), known)
    own, opened = Request(str(clip), "demo", skater=0), make_analysis(people=1).people
    assert callbacks.begin(own, RunStore(), "a")[2] == 1
    assert callbacks.begin(replace(own, people=opened), RunStore(), "a")[2] == 0


def test_a_click_answers_at_once_and_the_run_goes_on_under_its_id(clip) -> None:
    runs, request = RunStore(), Request(str(clip), "demo", 0.0, 0.1)
    card, run_id, revision = callbacks.begin(request, runs, "a", blind=True)
    assert words_of(card) == "waiting for its turn"
    assert (runs.get(run_id).hidden, revision) == (True, 0)
    words, same = last(callbacks.analyse(request, runs, "a", run_id=run_id))
    assert words.startswith("done: 3 frames")
    assert same == run_id
    assert runs.history("a") == [runs.get(run_id)]


def test_analyse_pressed_again_adds_no_entry(clip, tmp_path) -> None:
    """Issue 15, point 8."""
    runs, request = RunStore(), Request(str(clip), "demo", 0.0, 0.1)
    _, run_id, _ = callbacks.begin(request, runs, "a")
    assert callbacks.begin(request, runs, "a")[1] == ""  # it waits: nothing new
    list(callbacks.analyse(request, runs, "a", run_id=run_id))
    again = Path(shutil.copyfile(clip, tmp_path / "again.mp4"))  # an upload of the same file
    for asked in (request, replace(request, path=str(again))):
        card, same, _ = callbacks.begin(asked, runs, "a")
        assert (same, words_of(card)[:4]) == (run_id, "done")
    assert [run.run_id for run in runs.history("a")] == [run_id]
    # Asked for while another is at work: that one ends, and has no word on screen any more.
    going = callbacks.analyse(replace(request, end_s=0.3), runs, "a")
    next(going), next(going)
    card, same, _ = callbacks.begin(request, runs, "a")
    assert [news for news in going if news[1]] == []
    assert (same, runs.current("a").run_id) == (run_id, run_id)
    for other in (replace(request, end_s=0.2), replace(request, skater=1)):
        assert callbacks.begin(other, runs, "a")[1] != run_id
    assert callbacks.begin(request, runs, "a", blind=True)[1] != run_id
    assert callbacks.begin(request, runs, "b")[1] != run_id


def test_a_stop_while_waiting_is_answered_at_once_and_keeps_the_run_from_starting(clip) -> None:
    runs, request = RunStore(), Request(str(clip), "demo")
    _, run_id, _ = callbacks.begin(request, runs, "a", blind=True)
    card, same, revision = callbacks.stop(runs, "a")
    assert words_of(card) == "stopped; press Analyse to begin again"
    assert (same, revision) == (run_id, 1)
    assert not runs.get(run_id).hidden
    assert list(callbacks.analyse(request, runs, "a", run_id=run_id)) == [("", "", 0)]
    assert (runs.current("a").run_id, runs.history("a")) == (run_id, [])


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> WorkQueue:
    """A server's whose visitors have asked for nothing yet."""
    queue = WorkQueue()
    monkeypatch.setattr(work, "WORK_QUEUE", queue)
    return queue


def test_who_waits_sees_their_place_and_the_wait(clip, queue) -> None:
    """Issue 19, section 2: a queue place and an estimate on screen."""
    runs = RunStore()
    with queue.taken(Turn(threading.Event(), "b", left_s=lambda: 38.0)):
        cards = callbacks.analyse(Request(str(clip), "demo"), runs, "a")
        assert words_of(next(cards)[0]) == "waiting for its turn"
        waiting = "waiting for its turn; to be done before it: 1; it begins in about 40 s"
        assert words_of(next(cards)[0]) == waiting
        _, run_id, _ = callbacks.begin(Request(str(clip), "demo"), runs, "c")
        with speaking("ja"):
            told = words_of(next(callbacks.go_on(runs, "c", run_id))[0])
        # How long that of `a` takes nobody knows yet.
        assert "前にあと 2 件" in told
        assert "およそ" not in told
        runs.stop("c")
    assert last(cards)[0].startswith("done")


def test_a_stop_in_the_queue_ends_it_before_its_turn(clip, queue) -> None:
    runs = RunStore()
    with queue.taken(Turn(threading.Event())):
        cards = callbacks.analyse(Request(str(clip), "demo"), runs, "a")
        next(cards)
        assert "before it: 1" in words_of(next(cards)[0])
        # What else is on screen by then is not told of its end: the click itself has to say it.
        runs.look_at("a", "another")
        assert words_of(callbacks.stop(runs, "a")[0]) == "stopped; press Analyse to begin again"
        assert list(cards) == [("", "", 0)]


def test_a_stop_at_work_is_told_when_the_work_has_ended(clip) -> None:
    runs = RunStore()
    cards = callbacks.analyse(Request(str(clip), "demo"), runs, "a")
    _, run_id, _ = next(cards)
    next(cards)
    card, nothing, _ = callbacks.stop(runs, "a")
    assert (words_of(card), nothing) == ("stopping", "")
    assert last(cards) == ("stopped; press Analyse to begin again", run_id)
    assert runs.get(run_id).ended


def test_what_was_opened_while_a_run_waited_is_left_alone(clip) -> None:
    runs, request = RunStore(), Request(str(clip), "demo")
    _, run_id, _ = callbacks.begin(request, runs, "a", blind=True)
    opened = runs.adopt("a", make_analysis())
    assert list(callbacks.analyse(request, runs, "a", run_id=run_id)) == [("", "", 0)]
    assert (runs.current("a"), runs.history("a")) == (opened, [opened])


def test_a_fault_of_the_program_is_a_sentence(clip, monkeypatch, caplog) -> None:
    class Faulty(Known):
        def analyse(self, path, **options):
            raise ZeroDivisionError

    monkeypatch.setattr(callbacks, "analyser", lambda profile: Faulty(None))
    runs = RunStore()
    words, run_id = last(callbacks.analyse(Request(str(clip), "demo"), runs, "a"))
    assert words == "internal error in Rinkside (ZeroDivisionError)"
    assert "an analysis failed" in caplog.text
    assert runs.get(run_id).ended


@pytest.fixture(scope="module")
def uncut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = Recipe(frames=30, width=64, height=48, fps=5)
    return write_video(tmp_path_factory.mktemp("uncut") / "uncut.mp4", recipe)


def part_of(path: Path) -> Analysis:
    """Of the jump in a clip of six seconds."""
    video = replace(open_video(path).info, start_s=3.0, end_s=4.6)
    return replace(make_analysis(), video=video)


def test_an_uncut_clip_is_answered_by_the_part_that_its_element_fills(uncut, monkeypatch) -> None:
    """Issue 17, section 2: six real clips with skating around one jump were called `Sequence`."""
    runs = RunStore()
    found = Uncut(1, part_of(uncut))
    monkeypatch.setattr(gpu, "look_through", lambda *_, **__: found)
    words, run_id = last(callbacks.analyse(Request(str(uncut), "demo"), runs, "a"))
    run = runs.get(run_id)
    assert words.startswith("done")
    assert run.analysis is found.analysis
    hint = cut_hint(run)
    assert "found from 3.00 to 4.60 s of this clip" in hint
    assert 'data-act="whole"' in hint
    whole = request_for_whole(run)  # the visitor's choice
    _, other = last(callbacks.analyse(whole, runs, "a"))
    assert runs.get(other).analysis.video.end_s == pytest.approx(6)
    assert 'data-act="whole"' not in cut_hint(runs.get(other))
    again = callbacks.begin(Request(str(uncut), "demo"), runs, "a")  # and back
    assert again[1] == run_id


def test_a_short_clip_with_several_elements_says_so(uncut, monkeypatch) -> None:
    runs = RunStore()
    monkeypatch.setattr(gpu, "look_through", lambda *_, **__: Uncut(2, None))
    _, run_id = last(callbacks.analyse(Request(str(uncut), "demo"), runs, "a"))
    run = runs.get(run_id)
    assert run.analysis.video.end_s == pytest.approx(6)
    assert "2 jumps, spins or sequences" in cut_hint(run)
    assert 'data-act="programme"' in cut_hint(run)


@pytest.mark.parametrize(
    "chosen",
    [{"whole": True}, {"start_s": 0.0}, {"end_s": 6.0}, {"skater": 0}],
    ids=lambda chosen: next(iter(chosen)),
)
def test_what_a_visitor_chose_is_analysed_as_it_is(uncut, monkeypatch, chosen) -> None:
    assert is_searched(Request(str(uncut), "demo"))
    assert not is_searched(Request(str(uncut), "demo", **chosen))


def test_tight_clips_and_the_examples_stay_as_they_are(clip) -> None:
    assert not is_searched(Request(str(clip), "demo"))
    for example in examples():
        asked = callbacks.request_of(str(example), "demo", start="", end="", skater="")
        assert not is_searched(asked), example.name
