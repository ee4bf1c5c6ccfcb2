"""The app as a visitor uses it: a video in; boxes, skeleton, scores and verdict on the page."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from playwright.sync_api import expect

from pipeline.classification.ensemble import FUSED, EnsembleSettings, decide
from pipeline.config import load_profile
from pipeline.elements import LABELS
from pipeline.inspection.weight_sensitivity import normalised, stretches
from pipeline.storage.export import pack
from pipeline.types import Analysis
from tests.conftest import ROOT, SHARED
from tests.e2e.conftest import Server, becomes, passes
from tests.factories import make_all_scores, make_analysis
from tests.videos import H264, Recipe, write_video
from ui.views.reasons import reasons

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
ANALYSIS_MS = 300_000
EXAMPLE = ROOT / "assets" / "examples"
SCREENSHOTS = ROOT / "out" / "screenshots"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real clip of people where one is at hand, else an example of which nothing is known."""
    real = SHARED / "videos" / "sports2d_demo.mp4"
    if real.exists():
        return real
    example = sorted(EXAMPLE.glob("*.mp4"))[1]
    return with_other_bytes(example, tmp_path_factory.mktemp("clip") / example.name)


def upload(page, path: Path) -> None:
    page.set_input_files("#upload input[type=file]", str(path))
    page.wait_for_selector(f"#clip:has-text('{path.name}')")


def analyse(page, path: Path) -> None:
    upload(page, path)
    page.click("#analyse")
    page.wait_for_selector(f"#history-list:has-text('{path.name}')", timeout=ANALYSIS_MS)
    page.wait_for_selector("#status .rs-done", timeout=ANALYSIS_MS)


def open_tab(page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def test_a_new_visitor_finds_an_example_analysed_and_three_things_to_do(page):
    expect(page.locator(".rs-steps li")).to_have_count(3)
    label = page.wait_for_selector("#verdict-label", timeout=ANALYSIS_MS).inner_text()
    assert label.split()[0] in LABELS
    expect(page.locator("#status")).to_contain_text("This is the example")
    expect(page).to_have_title("Rinkside")
    assert page.outside == []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / "desk.png"), full_page=True)


def test_a_video_becomes_live_results_scores_reasons_and_a_verdict(desk, clip):
    page = desk
    upload(page, clip)
    seen = page.evaluate(PRESSED, ["#verdict .rs-live .rs-landed", DONE, DONE])
    boxes, whole = seen["times"][0] / 1000, seen["times"][1] / 1000
    print(f"boxes: {boxes:.2f} s after the click; the verdict: {whole:.2f} s")  # noqa: T201
    assert boxes < whole  # shown while the rest is still at work
    label = page.wait_for_selector("#verdict-label").inner_text().split()[0]
    assert label in LABELS
    expect(page.locator("#verdict")).to_contain_text(re.compile(r"\d+(\.\d+)?%"))
    expect(page.locator("#verdict")).to_contain_text("vote")  # folded away

    open_tab(page, "Scores by network")
    page.wait_for_selector("#score-table [role=gridcell]:visible")
    table = page.locator("#score-table")
    becomes(page, lambda: set(LABELS) - set(table.inner_text().splitlines()), set())
    page.wait_for_selector("#score-chart .plotly")
    becomes(page, lambda: page.evaluate(TRACES), ["Unmasked Teacher", "UniFormerV2", "InfoGCN"])
    page.wait_for_selector("#view-chart .plotly")
    page.screenshot(path=str(SCREENSHOTS / "scores.png"), full_page=True)
    assert page.outside == []


TRACES = """() => document.querySelector('#score-chart .js-plotly-plot').data
  .filter(trace => Array.from(trace.x._inputArray || trace.x).some(value => value > 0))
  .map(trace => trace.name)"""
"""Names of those in the chart of the scores that show any."""


def test_why_this_verdict(desk):
    page = desk
    label = page.inner_text("#verdict-label").split()[0]
    open_tab(page, "Why this verdict")
    page.wait_for_selector("#ensemble-table [role=gridcell] :text('0.604')")
    expect(page.locator("#reasons")).to_contain_text(f"The weighted sum gives {label}")
    page.wait_for_selector("#weight-strips .plotly")
    page.screenshot(path=str(SCREENSHOTS / "why.png"), full_page=True)


def test_typed_weights_move_the_verdict_and_the_flip_point(desk, tmp_path):
    """Typed weights against `pipeline.inspection.weight_sensitivity`; a made analysis, so that the
    models do disagree."""
    page = desk
    scores = make_all_scores(umt="3Lutz", uniformerv2="3Flip", infogcn="3Loop")
    made = replace(make_analysis(), scores=scores, verdict=decide(scores, EnsembleSettings()))
    (tmp_path / "made.zip").write_bytes(pack(made))
    page.locator("#open button").first.click()
    page.set_input_files("#open-saved input[type=file]", str(tmp_path / "made.zip"))
    page.wait_for_selector("#verdict-label:has-text('3Flip')", timeout=120_000)
    open_tab(page, "Why this verdict")
    expect_reasons(page, made, made.verdict.weights)

    for typed in ((0.9, 0.06, 0.04), (0.1, 0.1, 0.8)):
        weights = dict(zip(FUSED, typed, strict=True))
        for name, weight in weights.items():
            box = page.locator(f"#weight-{name} input[type=number]")
            box.fill(str(weight))
            box.press("Enter")
        expect_reasons(page, made, weights)
        for weight in typed:
            cell = page.locator("#ensemble-table", has_text=f"x {weight:.3f}")
            cell.wait_for(timeout=120_000)  # drawn apart from the sentences
    page.click("#weight-reset")
    expect_reasons(page, made, made.verdict.weights)


def expect_reasons(page, made: Analysis, weights: Mapping[str, float]) -> None:
    """Sum, margin and flip points in words, and the stretches in the strips, of these weights."""
    sentences = reasons(made, weights)
    assert any("would become" in sentence for sentence in sentences)
    page.wait_for_function(
        "(wanted) => JSON.stringify([...document.querySelectorAll('#reasons li')]"
        ".map(item => item.textContent)) === JSON.stringify(wanted)",
        arg=sentences,
        timeout=120_000,
    )
    flips = [
        stretch.end
        for name in weights
        for stretch in stretches(made.scores, normalised(weights), name, EnsembleSettings())
    ]
    page.wait_for_function(  # calcdata: what Plotly drew, b a bar's beginning and s its length
        "(flips) => { const plot = document.querySelector('#weight-strips .js-plotly-plot');"
        " const ends = (plot?.calcdata ?? []).flat().map(bar => bar.b + bar.s);"
        " return flips.every(flip => ends.some(end => Math.abs(end - flip) < 1e-6)) }",
        arg=flips,
        timeout=120_000,
    )


def test_what_the_networks_saw_and_where_they_look(desk):
    page = desk
    open_tab(page, "What the networks saw")
    page.wait_for_selector("#saw-film figure", timeout=120_000)
    frames = load_profile("demo").video_models[0].num_frames
    expect(page.locator("#saw-film figure")).to_have_count(frames)
    expect(page.locator("#saw-region img")).to_have_count(1)
    page.wait_for_selector("#saw-poses .plotly")
    page.click("#rollout")
    page.wait_for_selector("#saw-film .rs-share", timeout=120_000)

    def shares() -> list[str]:
        return re.findall(r"([\d.]+)%", page.inner_text("#saw-film"))

    becomes(page, lambda: sum(map(float, shares())), pytest.approx(100, abs=1))
    page.click("#occlude")
    page.wait_for_selector("#saw-joints .plotly", timeout=120_000)
    page.screenshot(path=str(SCREENSHOTS / "saw.png"), full_page=True)


def test_a_second_look_is_known_already(desk):
    """The figure of docs/review.md: from the click to the verdict of a clip seen before."""
    page = desk
    upload(page, sorted(EXAMPLE.glob("*.mp4"))[1])
    seen = page.evaluate(PRESSED, [DONE, "#status progress", DONE])
    page.wait_for_selector("#status:has-text('reused from an earlier')")
    print(f"second look: {seen['times'][0] / 1000:.2f} s")  # noqa: T201
    assert seen["times"][1] is None  # nothing was at work


DONE = "#status .rs-done:not([data-old])"
PRESSED = """([one, other, last]) => new Promise((done, fail) => {
  document.querySelector('#status .rs-done')?.setAttribute('data-old', 'yes');
  const began = performance.now();
  const times = [null, null];
  new MutationObserver((_, watcher) => {
    [one, other].forEach((selector, place) => {
      if (times[place] === null && document.querySelector(selector))
        times[place] = performance.now() - began;
    });
    if (!document.querySelector(last)) return;
    watcher.disconnect();
    done({ times });
  }).observe(document.body, { childList: true, subtree: true });
  setTimeout(() => fail(new Error(last + ' did not appear')), 300000);
  document.querySelector('#analyse').click();
})"""
"""Milliseconds from a click on Analyse until two things are there, null for what never is; asked in
the page until a third is there, since a busy test waits for its turn longer than the page does."""


def test_cancel_stops_at_once_and_gives_the_memory_back(desk, server, tmp_path):
    """The figures of docs/review.md: cancelled while people are looked for, and on the skeleton.

    On a busy machine a second says nothing: what counts is the work that is done after the click.

    Frames, views and files go. The networks stay: they are everybody's (`keep_loaded`), so what is
    held before is looked up when all of them have been loaded once.
    """
    page, example = desk, sorted(EXAMPLE.glob("*.mp4"))[0]
    clip = looped(example, tmp_path / "long.mp4")
    analyse(page, with_other_bytes(example, tmp_path / "0.mp4"))
    before, took, cpu, after = server.memory_mib() if server.pid else 0.0, [], [], []
    with peak_memory(server) as peak:
        for number, stage in enumerate(("detecting", "estimating") * 2, start=1):
            copied(page, clip, tmp_path / f"{number}.mp4")
            page.evaluate(REACHES, stage)
            spent = server.cpu_s() if server.pid else 0.0
            took.append(round(page.evaluate(CANCEL) / 1000, 2))
            if server.pid is not None:
                cpu.append(round(server.cpu_s() - spent, 2))
                # Once the worker has handed it back; what was held before may hold leftovers of
                # the analyses that went before.
                passes(page, lambda: memory_below(server, before + 150))
                after.append(round(server.memory_mib() - before))
    most = round(max(peak) - before)
    print(f"cancel: {took} s, {cpu} s of processors; MiB more: {most}, then {after}")  # noqa: T201
    expect(page.locator("#history-list label")).to_have_count(2)  # the example and its copy
    if server.pid is not None:
        assert max(cpu) < 5  # 0.5 on a busy machine as on an idle one
        assert most - max(after) > 200  # there were frames to give back


def memory_below(server: Server, mib: float) -> None:
    assert server.memory_mib() < mib


REACHES = """(stage) => new Promise((done, fail) => {
  const status = document.querySelector('#status');
  new MutationObserver((_, watcher) => {
    if (!status.textContent.includes(stage)) return;
    watcher.disconnect();
    done();
  }).observe(status, { childList: true, subtree: true, characterData: true });
  setTimeout(() => fail(new Error('at last: ' + status.textContent)), 300000);
  document.querySelector('#analyse').click();
})"""
"""Analyse, until the status names a stage."""
CANCEL = """() => new Promise((done, fail) => {
  const status = document.querySelector('#status'), began = performance.now();
  new MutationObserver((_, watcher) => {
    const said = status.textContent;
    if (said.includes('stopped')) done(performance.now() - began);
    else if (said.includes('done:') || said.includes('nothing is')) fail(new Error(said));
    else return;
    watcher.disconnect();
  }).observe(status, { childList: true, subtree: true, characterData: true });
  setTimeout(() => fail(new Error('at last: ' + status.textContent)), 300000);
  document.querySelector('#stop').click();
})"""
"""Cancel: milliseconds from that click to the sentence that comes when the work has ended."""


@contextmanager
def peak_memory(server: Server) -> Iterator[list[float]]:
    """What the server's process holds, MiB, ten times a second."""
    held, over = [0.0], threading.Event()

    def watch() -> None:
        while server.pid is not None and not over.wait(0.1):
            held.append(server.memory_mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield held
    finally:
        over.set()
        watcher.join()


def test_another_clip_in_mid_run_takes_its_place(desk, tmp_path):
    page, clip = desk, looped(sorted(EXAMPLE.glob("*.mp4"))[0], tmp_path / "long.mp4")
    copied(page, clip, tmp_path / "first.mp4")
    page.click("#analyse")
    page.wait_for_selector("#status progress", timeout=ANALYSIS_MS)
    upload(page, write_video(tmp_path / "second.mp4", Recipe(frames=6, width=160, height=96)))
    page.click("#analyse")
    page.wait_for_selector("#status .rs-message:has-text('second.mp4')", timeout=120_000)
    expect(page.locator("#history-list")).not_to_contain_text("first.mp4")


def looped(clip: Path, target: Path) -> Path:
    """A clip over and over, 4 s of 720p: 320 MiB of frames, and more than a moment's work."""
    command = [get_ffmpeg_exe(), "-y", "-v", "error", "-stream_loop", "-1", "-i", str(clip)]
    command += ["-t", "4", "-vf", "scale=1280:720", "-r", "30", "-an", *H264, str(target)]
    subprocess.run(command, check=True)
    return target


def copied(page, clip: Path, copy: Path) -> None:
    """Upload a copy of a clip that has other bytes, so that nothing is known of it."""
    upload(page, with_other_bytes(clip, copy))


def with_other_bytes(clip: Path, copy: Path) -> Path:
    """A copy of a clip that no analysis is kept of."""
    copy.write_bytes(clip.read_bytes() + copy.name.encode())
    return copy


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"this is no video at all\n" * 50, "text.mp4"),
    ],
)
def test_a_bad_file_gets_a_sentence(desk, tmp_path, name, content, words):
    page = desk
    path = tmp_path / name
    path.write_bytes(content)
    upload(page, path)
    expect(page.locator("#clip .rs-error")).to_contain_text(words)
    page.click("#analyse")
    expect(page.locator("#status .rs-error")).to_contain_text(words)
    assert "Traceback" not in page.content()


def test_a_long_video_asks_for_in_and_out_points_and_takes_them(desk, tmp_path):
    page = desk
    path = write_video(tmp_path / "programme.mp4", Recipe(frames=700, width=160, height=90, fps=10))
    page.set_input_files("#upload input[type=file]", str(path))
    page.click("#programme-cancel")  # as a programme, which it is read as by itself
    page.click("#pages [role=tab]:has-text('Desk')")
    expect(page.locator("#status")).to_contain_text("set in and out points")
    page.click("#analyse")
    expect(page.locator("#status .rs-error")).to_contain_text("in and an out point")
    page.fill("#trim-in input", "10")
    page.fill("#trim-out input", "11")
    page.click("#analyse")
    page.wait_for_selector("#status :is(progress, .rs-done, .rs-error)", timeout=120_000)
    page.click("#stop")
