"""The desk around the player: blind calls, history, mistakes, two clips, files, other visitors."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pipeline.config import load_profile
from pipeline.storage.analysis_files import load
from pipeline.storage.export import pack
from pipeline.video import open_video
from tests.conftest import ROOT
from tests.e2e.conftest import becomes, new_context, on_screen, passes
from tests.e2e.test_app import ANALYSIS_MS, EXAMPLE, copied, open_tab, upload
from tests.factories import make_analysis
from tests.videos import Recipe, run_ffmpeg, write_video

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SCREENSHOTS = ROOT / "out" / "screenshots"
LONG = Recipe(frames=600, width=320, height=240, fps=120)
"""More than a moment's work."""


def test_nothing_of_the_verdict_shows_before_the_blind_call(desk, tmp_path):
    page = desk
    label = page.inner_text("#verdict-label").split()[0]
    nameless = tmp_path / "clip.mp4"  # the examples are named by their class
    shutil.copyfile(sorted(EXAMPLE.glob("*.mp4"))[0], nameless)
    upload(page, nameless)
    page.check("#blind input")
    page.click("#analyse")
    page.wait_for_selector("#blind-panel", timeout=120_000)
    page.wait_for_selector("#history-list:has-text('verdict hidden')", timeout=120_000)
    expect(page.locator("#verdict")).not_to_be_visible()
    expect(page.get_by_role("tab", name="Scores by network")).not_to_be_visible()
    newest = page.locator("#history-list label").first
    expect(newest).to_contain_text("verdict hidden")
    assert label not in newest.inner_text()
    lanes = page.locator("#player .rp-lane:not(.rp-scrub-lane)")
    expect(lanes).to_have_count(0)  # those of the example went
    page.wait_for_timeout(1000)  # the player has had time to draw what it must not
    assert lanes.count() == 0
    page.screenshot(path=str(SCREENSHOTS / "blind.png"), full_page=True)

    page.click("#blind-enter")
    expect(page.locator("#blind-note .rs-error")).to_contain_text("choose an element")
    page.click("#blind-call input")
    page.get_by_role("option", name=re.compile(rf"^{label}\b")).first.click()
    page.click("#blind-enter")
    page.wait_for_selector("#verdict .rs-own:has-text('agrees with the verdict')", timeout=120_000)
    page.wait_for_selector("#blind-tally:has-text('1 of 1')")


def test_the_visit_is_remembered_and_two_clips_are_compared(desk):
    page = desk
    upload(page, sorted(EXAMPLE.glob("*.mp4"))[1])  # the first one is on show already
    page.click("#analyse")
    page.wait_for_function("() => document.querySelectorAll('#history-list label').length === 2")
    page.wait_for_selector("#verdict-label:has-text('2Axel')", timeout=ANALYSIS_MS)
    page.locator("#history-list label").nth(1).click()
    page.wait_for_selector("#verdict-label")

    open_tab(page, "Two clips")
    for side in "ab":
        page.wait_for_selector(f"#compare-player-{side} .rp[data-state=done]", timeout=120_000)
    frames = [page.locator(f"#compare-player-{s} .rp-goto") for s in "ab"]
    for frame in frames:
        expect(frame).to_have_value(re.compile(r"^\d+"))
    before = [frame.input_value().split()[0] for frame in frames]
    page.click("#compare-forward")
    page.wait_for_function(
        "(old) => ['a', 'b'].every((s, i) => document.querySelector("
        "`#compare-player-${s} .rp-goto`).value.split(/\\s/)[0] === String(Number(old[i]) + 1))",
        arg=before,
    )
    page.fill("#compare-meet-a input", "3")
    page.fill("#compare-meet-b input", "5")
    page.click("#compare-align")
    page.wait_for_function(
        "() => [['a', '3'], ['b', '5']].every(([s, n]) => document.querySelector("
        "`#compare-player-${s} .rp-goto`).value.split(/\\s/)[0] === n)"
    )
    page.screenshot(path=str(SCREENSHOTS / "compare.png"), full_page=True)

    expect(page.locator("#compare-player-a .rp-person")).to_have_count(0)  # nobody to choose here
    told = page.locator("#compare-player-a .rp-total")
    expect(told).to_have_text(re.compile(r"\d"))
    total = int(told.inner_text().removeprefix("/ "))
    page.fill("#compare-meet-a input", str(total - 3))
    page.click("#compare-align")
    page.wait_for_function(
        "n => document.querySelector('#compare-player-a .rp-goto').value.startsWith(n)",
        arg=f"{total - 3} ",
    )
    page.click("#compare-play")
    page.wait_for_selector("#compare-player-b .rp[data-playing=true]")
    page.wait_for_selector("#compare-player-a .rp[data-playing=false]")  # it is over
    page.click("#compare-play")
    page.wait_for_selector("#compare-player-b .rp[data-playing=false]")
    expect(page.locator("#compare-player-a .rp")).to_have_attribute("data-playing", "false")


def test_a_mistake_leads_from_the_matrix_to_the_desk(desk):
    page = desk
    open_tab(page, "Mistakes")
    page.wait_for_selector("#confusion button", timeout=120_000)
    page.wait_for_selector("#voter-bars .plotly")
    page.screenshot(path=str(SCREENSHOTS / "mistakes.png"), full_page=True)  # the one that ships
    matrix = page.locator("#confusion")
    before = matrix.inner_html()
    page.click("#evaluation input")
    page.get_by_role("option", name="rink_run").click()
    becomes(page, lambda: matrix.inner_html() == before, False)
    page.locator("#confusion button[aria-label*='3Lutz predicted as 3Flip']").click()
    page.wait_for_selector("#clips-note:has-text('1 clips of 3Lutz predicted as 3Flip')")
    page.locator("#evaluation-clips tr[data-stem=b_flip] [data-open]").click()
    page.wait_for_selector("#opened-mistake:has-text('Ground truth: 3Lutz')", timeout=120_000)
    expect(page.get_by_role("tab", name="Desk")).to_have_attribute("aria-selected", "true")
    page.wait_for_selector("#verdict-label:has-text('3Flip')", timeout=120_000)
    expect(page.locator("#status")).to_contain_text("opened")


def test_an_opened_mistake_keeps_its_true_class_and_leads_on_and_back(desk):
    """Issue 15, points 14 to 17, in a browser."""
    page = desk
    open_tab(page, "Mistakes")
    page.wait_for_selector("#confusion button[data-true]", timeout=120_000)
    page.fill("#evaluation-folder textarea", "/there/is/none")
    page.click("#evaluation-open")
    page.wait_for_selector("#mistakes-note .rs-error", timeout=120_000)
    expect(page.locator("#confusion button[data-true]").first).to_be_visible()
    page.fill("#evaluation-folder textarea", "")
    page.click("#evaluation-open")  # nothing is typed: what is chosen opens again
    page.wait_for_selector("#mistakes-note .rs-done", timeout=120_000)

    page.locator("#evaluation-clips th:has-text('confidence') button").first.click()
    becomes(page, lambda: page.evaluate(FALLING), True)
    for name in ("#confusion [data-png]", "#confusion a[download]", "#evaluation-clips a"):
        with page.expect_download() as download:
            page.click(name)
        assert download.value.path().stat().st_size > 100

    page.locator("#evaluation-clips tr[data-opens=nothing]").first.click()
    page.wait_for_selector("#clip-note .rs-message", timeout=120_000)

    def note_is_beside_the_list() -> None:
        note, row = (page.locator(s).bounding_box() for s in ("#clip-note", "#evaluation-clips"))
        assert 0 < row["y"] - note["y"] < 200

    passes(page, note_is_beside_the_list)
    kept = page.locator("#evaluation-clips tr[data-opens=kept]")
    stems = [row.get_attribute("data-stem") for row in kept.all()]
    kept.first.locator("[data-open]").click()
    page.wait_for_selector(f"#opened-mistake [data-stem='{stems[0]}']", timeout=120_000)
    page.keyboard.press("Alt+ArrowDown")
    page.wait_for_selector(f"#opened-mistake [data-stem='{stems[1]}']", timeout=120_000)
    open_tab(page, "Scores by network")
    marked = "#score-table [role=gridcell]:visible:has-text('ground truth')"
    page.wait_for_selector(marked, timeout=120_000)
    page.mouse.wheel(0, 2000)
    opened = page.locator("#opened-mistake .rs-opened")
    becomes(page, lambda: 0 <= opened.bounding_box()["y"] < 100, True)
    page.click("#opened-mistake [data-back]")
    page.wait_for_function(
        "stem => document.activeElement.closest('tr')?.dataset.stem === stem", arg=stems[1]
    )


FALLING = """() => {
  const cells = '#evaluation-clips td[data-value]:nth-of-type(4)';
  const shown = [...document.querySelectorAll(cells)].map(cell => Number(cell.dataset.value));
  return shown.length > 1 && shown.every((value, n) => n === 0 || value <= shown[n - 1]);
}"""
"""Whether the confidences in the list of clips fall from row to row."""


def test_what_is_taken_away_opens_again(desk, tmp_path):
    page = desk
    label = page.inner_text("#verdict-label")
    open_tab(page, "Export")
    page.click("#take-make")
    page.wait_for_selector("#take-note .rs-done", timeout=120_000)
    link = page.locator("#files a[download$='_report.html']").first
    with page.expect_download() as download:
        link.click()
    report = tmp_path / link.get_attribute("download")
    download.value.save_as(report)
    page.screenshot(path=str(SCREENSHOTS / "take_away.png"), full_page=True)

    page.locator("#open button").first.click()
    page.set_input_files("#open-saved input[type=file]", str(report))
    page.wait_for_selector("#status:has-text('opened')", timeout=120_000)
    expect(page.locator("#verdict-label")).to_have_text(label, use_inner_text=True)

    context = new_context(page.context.browser, offline=True)
    alone = context.new_page()
    alone.goto(report.as_uri())
    expect(alone.locator("#verdict-label")).to_contain_text(label.split()[0])
    loaded = "() => [...document.images].every(i => i.naturalWidth > 0) && document.images.length"
    becomes(alone, lambda: alone.evaluate(loaded), 8)
    alone.screenshot(path=str(SCREENSHOTS / "report.png"), full_page=True)
    context.close()


def test_a_report_of_another_version_is_a_sentence(desk, tmp_path):
    other = tmp_path / "analysis.json"
    other.write_text('{"schema_version": 99}')
    desk.locator("#open button").first.click()
    desk.set_input_files("#open-saved input[type=file]", str(other))
    expect(desk.locator("#status .rs-error")).to_contain_text(
        "schema version 99, but this Rinkside reads 1"
    )


def test_two_visitors_work_at_once_and_see_only_their_own(visit, tmp_path):
    one, two = visit(), visit()
    for visitor in (one, two):
        visitor.wait_for_selector("#verdict-label", timeout=ANALYSIS_MS)
    clips = [
        write_video(tmp_path / f"{name}.mp4", Recipe(frames=12, width=160, height=96))
        for name in ("first", "second")
    ]
    for visitor, clip in zip((one, two), clips, strict=True):
        upload(visitor, clip)
        visitor.click("#analyse")
    for visitor, clip, other in ((one, clips[0], clips[1]), (two, clips[1], clips[0])):
        visitor.wait_for_selector("#status :is(.rs-done, .rs-error)", timeout=ANALYSIS_MS)
        expect(visitor.locator("body")).to_contain_text(clip.name)
        expect(visitor.locator("body")).not_to_contain_text(other.name)


def test_a_visitor_who_waits_may_look_around_and_cancel(visit, tmp_path):
    """The run that was begun is the one that is analysed, blind, or cancelled, in its turn."""
    one, two = visit(), visit()
    for visitor in (one, two):
        visitor.wait_for_selector("#verdict-label", timeout=ANALYSIS_MS)
    long = write_video(tmp_path / "long.mp4", LONG)
    upload(two, sorted(EXAMPLE.glob("*.mp4"))[1])
    two.click("#analyse")
    two.wait_for_function("() => document.querySelectorAll('#history-list label').length === 2")
    two.check("#blind input")
    for number, cancelled in enumerate((True, False)):
        copied(one, long, tmp_path / f"long_{number}.mp4")
        copied(two, sorted(EXAMPLE.glob("*.mp4"))[0], tmp_path / f"short_{number}.mp4")
        one.click("#analyse")
        one.wait_for_selector("#status progress", timeout=ANALYSIS_MS)
        two.click("#analyse")
        two.wait_for_selector("#blind-panel", timeout=120_000)
        place = two.locator("#status", has_text="to be done before it: 1")
        expect(place).to_be_visible(timeout=120_000)
        two.locator("#history-list label:has(input:not(:checked))").last.click()
        two.wait_for_selector("#verdict-label", timeout=120_000)
        if cancelled:
            two.click("#stop")
            two.wait_for_selector("#status:has-text('stopped')", timeout=120_000)
            expect(one.locator("#status progress")).to_have_count(1)  # the other one still works
            two.wait_for_selector("#history-list:not(:has-text('being analysed'))")
            expect(two.locator("#blind-panel")).not_to_be_visible()
        one.click("#stop")
        one.wait_for_selector("#status:has-text('stopped')", timeout=120_000)
        if cancelled:
            two.wait_for_timeout(1500)  # its turn has come
            expect(two.locator("#status")).to_contain_text("stopped")
            expect(two.locator("#history-list label")).to_have_count(2)
    two.wait_for_selector("#history-list:has-text('verdict hidden')", timeout=ANALYSIS_MS)
    two.locator("#history-list label", has_text="verdict hidden").click()
    two.wait_for_selector("#blind-panel")
    expect(two.locator("#verdict")).not_to_be_visible()


def test_what_is_opened_in_mid_run_keeps_its_words(desk, tmp_path):
    page = desk
    (tmp_path / "made.zip").write_bytes(pack(make_analysis()))
    upload(page, write_video(tmp_path / "long.mp4", LONG))
    page.locator("#open button").first.click()
    page.click("#analyse")
    page.wait_for_selector("#status progress", timeout=ANALYSIS_MS)
    page.set_input_files("#open-saved input[type=file]", str(tmp_path / "made.zip"))
    page.wait_for_selector("#status:has-text('opened')", timeout=120_000)
    expect(page.locator("#history-list")).not_to_contain_text("being analysed")
    page.wait_for_timeout(1500)  # the run that this ended has ended
    expect(page.locator("#status")).to_contain_text("opened")


def test_after_a_cancel_nothing_answers_for_the_clip_before_until_it_is_chosen_again(
    desk, tmp_path
):
    page = desk
    upload(page, write_video(tmp_path / "long.mp4", LONG))
    page.click("#analyse")
    page.wait_for_selector("#status progress", timeout=ANALYSIS_MS)
    page.click("#stop")
    page.wait_for_selector("#verdict .rs-live:has-text('ended without')", timeout=120_000)
    open_tab(page, "Why this verdict")
    page.wait_for_selector("#results .rs-veil:visible:has-text('Not analysed yet')")
    expect(page.locator("#reasons")).not_to_be_visible()
    expect(page.locator("#history-list")).not_to_contain_text("being analysed")
    page.locator("#history-list label").first.click()
    page.wait_for_selector("#reasons li", timeout=120_000)
    page.wait_for_selector("#ensemble-table [role=gridcell]:visible")
    before = page.inner_text("#ensemble-table")
    box = page.locator("#weight-infogcn input[type=number]")
    box.fill("0.9")
    box.press("Enter")
    page.wait_for_function(
        "(old) => document.querySelector('#ensemble-table').innerText !== old", arg=before
    )
    open_tab(page, "Scores by network")
    page.wait_for_selector("#score-table [role=gridcell]:visible")
    page.wait_for_selector("#score-chart .plotly")
    open_tab(page, "Export")
    page.click("#take-make")
    page.wait_for_selector("#take-note .rs-done", timeout=120_000)


def test_a_tab_closed_in_mid_run_frees_the_desk_for_others(visit, tmp_path):
    gone, stays = visit(), visit()
    long = write_video(tmp_path / "long.mp4", Recipe(frames=900, width=640, height=360, fps=120))
    upload(gone, long)
    gone.click("#analyse")
    gone.wait_for_selector("#status progress", timeout=120_000)
    gone.context.close()
    stays.wait_for_selector("#verdict-label", timeout=ANALYSIS_MS)
    short = write_video(tmp_path / "short.mp4", Recipe(frames=6, width=160, height=96))
    upload(stays, short)
    stays.click("#analyse")
    stays.wait_for_selector("#status :is(progress, .rs-done, .rs-error)", timeout=120_000)


@pytest.mark.parametrize(
    ("locale", "go", "step"), [("ja-JP", "分析する", "選択"), ("zh-CN", "分析", "选择")]
)
def test_the_page_speaks_the_browser_s_language(visit, locale, go, step):
    page = visit(locale=locale)
    page.wait_for_selector("#verdict-label", timeout=ANALYSIS_MS)
    expect(page.locator("#analyse")).to_have_text(go, use_inner_text=True)
    expect(page.locator("#hero")).to_contain_text(step)
    wrong = ("__i18n__", "Analyse", "Why this verdict", "untrained weights", "Export")

    def left() -> list[str]:
        shown = page.inner_text("body")
        return [word for word in wrong if word in shown]

    becomes(page, left, [])


def test_the_about_page_draws_the_configuration(desk):
    page = desk
    open_tab(page, "About")
    page.wait_for_selector("#architecture .rs-box")
    for model in load_profile("demo").video_models:
        expect(page.locator("#architecture")).to_contain_text(model.checkpoint)
    page.locator("#about-profile label").nth(2).click()
    page.wait_for_selector("#architecture :text('umt_l16_16x448')")
    expect(page.locator("#architecture")).to_contain_text("5 in time x 3 in space = 15")
    page.wait_for_selector("#classes [role=gridcell] :text('StSq / ChSq')")
    page.screenshot(path=str(SCREENSHOTS / "about.png"), full_page=True)


def late_jump(folder: Path) -> Path:
    """The example 3Lutz with its clip, packed, as if the file's stamps began at 5 s."""
    clip = folder / "late.mp4"
    run_ffmpeg("-i", EXAMPLE / "3Lutz.mp4", "-c", "copy", "-output_ts_offset", "5", clip)
    video = open_video(clip)
    assert video.origin_s == pytest.approx(5.0, abs=0.1)
    known = load(ROOT / "assets" / "analyses" / "3Lutz")
    late = replace(known, video=video.info, timeline=video.timeline)
    packed = folder / "late.zip"
    packed.write_bytes(pack(late, clip=True))
    return packed


def known_flight() -> list[float]:
    """Take-off and landing of the example 3Lutz, seconds."""
    known = json.loads((ROOT / "assets/analyses/3Lutz/measurements.json").read_text())
    return [known["measurements"][name]["value"] for name in ("takeoff", "landing")]


def see_cell(page, quantity: str, value: str) -> None:
    page.wait_for_function(
        "([quantity, value]) => [...document.querySelectorAll('#measured-table tr')].some("
        "row => row.innerText.includes(quantity) && row.innerText.includes(value))",
        arg=[quantity, value],
    )


def see_places(page, flight: list[float]) -> None:
    """Wait until both sliders stand at a take-off and a landing."""
    for name, place in zip(("takeoff", "landing"), flight, strict=True):
        page.wait_for_function(
            "([name, place]) => Math.abs(document.querySelector("
            "`#set-${name} input[type=number]`).value - place) <= 0.0051",
            arg=[name, place],
        )


def drag_along(page, slider: str, start: float, end: float) -> None:
    """Press on a slider at a share of its length and let go at another."""
    rail = on_screen(page.locator(slider))
    y = rail["y"] + rail["height"] / 2
    page.mouse.move(rail["x"] + rail["width"] * start, y)
    page.mouse.down()
    page.mouse.move(rail["x"] + rail["width"] * end, y, steps=4)
    page.mouse.up()


@pytest.fixture
def measured_page(desk, tmp_path):
    """The measurements of `late_jump`."""
    desk.locator("#open button").first.click()
    desk.set_input_files("#open-saved input[type=file]", str(late_jump(tmp_path)))
    desk.wait_for_selector("#verdict-label:has-text('3Lutz')", timeout=120_000)
    open_tab(desk, "Measurements")
    see_cell(desk, "Take-off", f"{known_flight()[0]:.2f} s")
    return desk


def test_a_person_sets_the_flight_on_the_player_s_clock(measured_page):
    page, measured = measured_page, known_flight()
    page.wait_for_selector("#measured-courses .plotly")
    page.screenshot(path=str(SCREENSHOTS / "measurements.png"), full_page=True)
    take_off, landing = (
        page.locator(f"#set-{name} input[type=number]") for name in ("takeoff", "landing")
    )
    see_places(page, measured)
    take_off.click()  # touched, not moved
    page.wait_for_timeout(500)
    assert page.locator("#measured-as:has-text('set by hand')").count() == 0

    take_off.fill("0.44")
    take_off.press("Enter")
    page.wait_for_selector("#measured-as:has-text('set by hand')")
    see_cell(page, "Take-off", "0.44 s")
    page.locator("#set-landing input[type=range]").press("ArrowRight")  # a frame of 0.04 s on
    see_cell(page, "Landing", f"{(round(measured[1] / 0.04) + 1) * 0.04:.2f} s")
    drag_along(page, "#set-landing input[type=range]", 0.83, 0.715)
    see_cell(page, "Landing", "1.00 s")

    landing.fill("0.2")
    landing.press("Enter")
    refused = page.locator("#measured-note .rs-error")
    expect(refused).to_contain_text("between 0.00 and 1.40 s")
    landing.fill("99")  # beyond the clip is its end
    landing.press("Enter")
    see_cell(page, "Landing", "1.40 s")
    page.click("#flight-back")
    see_cell(page, "Landing", f"{measured[1]:.2f} s")
    page.wait_for_selector("#measured-as:not(:has-text('set by hand'))")
    see_places(page, measured)
    assert page.outside == []


def test_a_flight_that_a_person_set_is_looked_at_slowly(measured_page):
    page = measured_page
    take_off = page.locator("#set-takeoff input[type=number]")
    see_places(page, known_flight())
    take_off.fill("0.44")
    take_off.press("Enter")
    see_cell(page, "Take-off", "0.44 s")
    page.locator("#look-here button").first.click()
    page.wait_for_selector("#player .rp[data-playing=true]")
    expect(page.get_by_role("tab", name="Picture")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#player .rp-rate")).to_have_value("0.1")
    expect(page.locator("#player .rp-ab")).to_be_visible()
    wanted = [pytest.approx(0.08), pytest.approx(0.52), pytest.approx(0.44, abs=0.01)]
    becomes(page, lambda: page.evaluate(LOOKED_AT), wanted)
    page.click("#player [data-action=play]")
    assert page.outside == []


LOOKED_AT = """() => {
  const { clock, loop, scene } = [...document.querySelectorAll('#player, #player *')]
    .find(node => node.rinksidePlayer).rinksidePlayer;
  const phases = scene.lanes.find(lane => lane.key === 'phases');
  return [clock.seconds(loop.a), clock.seconds(loop.b), phases?.marks[0].time - clock.origin];
}"""
"""Beginning, end and take-off of what the player repeats, seconds."""


def test_the_language_is_chosen_on_the_page_and_kept(page):
    """Issue 15, 13: the page followed the browser, and zh-TW was simplified."""
    expect(page.locator("#analyse")).to_have_text("Analyse", use_inner_text=True)
    with page.expect_navigation():
        page.select_option("#language", "zh-Hant")
    page.wait_for_selector("#hero :text('選擇')", timeout=120_000)  # made by the server
    page.wait_for_selector("#pages [data-tab-id=compare]:has-text('兩段')")  # by the browser
    page.reload()
    page.wait_for_selector("#hero :text('選擇')", timeout=120_000)
    expect(page.locator("#language")).to_have_value("zh-Hant")
