"""The player by keyboard, mouse and typing; the figures are measured by `benchmarks.player`."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import expect

from pipeline.video import open_video
from tests.e2e.conftest import PATIENCE_MS, becomes, drawn, free_port, new_context, on_screen
from tests.e2e.players import PlayerPage, overlay_number, picture_number, serving
from tests.videos import RECIPES, Recipe, write_video

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
NUMBERED, WITH_SOUND, WIDE, PART = 0, 1, 2, 3


@pytest.fixture(scope="module")
def shown(browser, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("player")
    paths = [
        write_video(folder / "vfr.mp4", replace(RECIPES["vfr.mp4"], frames=60)),
        write_video(folder / "sound.avi", replace(RECIPES["mpeg4.avi"], frames=90, sound=True)),
        write_video(folder / "wide.mp4", Recipe(frames=24, width=1280, height=720)),
        write_video(folder / "part.mp4", Recipe(frames=60, fps=25)),
    ]
    with serving(free_port(), paths, folder) as url:
        context = new_context(browser, viewport={"width": 1100, "height": 1200})
        page = context.new_page()
        page.asked = set()
        page.on("request", lambda request: page.asked.add(request))
        for over in ("requestfinished", "requestfailed"):
            page.on(over, lambda request: page.asked.discard(request))
        page.goto(url)
        page.paths = paths
        player = PlayerPage(page)
        player.ready()
        yield player
        context.close()


@pytest.fixture
def player(shown):
    """The numbered clip at its first frame, with everything as it was."""
    shown.open_again(NUMBERED)
    yield shown
    if shown.page.evaluate("() => document.querySelector('.rp-help').open"):
        shown.press("Escape")
    shown.page.evaluate(
        "() => { const p = window.rinkside(); if (p.playback.playing) p.act('play');"
        " p.stage.whole(); if (p.loop.on) p.act('loop'); while (p.rate < 1) p.act('faster') }"
    )


PLAY_JS = """span => document.querySelector('#player .rp')
  .dispatchEvent(new CustomEvent('rinkside:play', { detail: span }))"""


def test_a_span_that_is_asked_for_too_early_is_played_once_there_is_a_picture(player):
    page, held = player.page, []
    page.route(re.compile(r"/frame/\d+"), lambda route: held.append(route), times=1)
    page.fill("#which input", str(WIDE))
    page.press("#which input", "Enter")
    becomes(page, lambda: bool(held), True)
    page.evaluate(PLAY_JS, {"start": 8 / 30, "end": 16 / 30})
    held[0].continue_()
    player.wait_for_frame(15)
    assert page.evaluate("() => window.rinkside().clock.view") == {"from": 8, "to": 15}


@pytest.mark.parametrize(
    ("keys", "frame"),
    [
        (["ArrowRight"], 1),
        (["."], 1),
        (["End"], 59),
        (["End", "ArrowLeft"], 58),
        (["End", ","], 58),
        (["PageDown"], 10),
        (["End", "PageUp"], 49),
        (["End", "Home"], 0),
        (["ArrowLeft"], 0),
        (["End", "ArrowRight"], 59),
        (["]", "]", "[", "["], 0),
    ],
)
def test_keys_move_by_frames(player, keys, frame):
    for key in keys:
        player.press(key)
    player.wait_for_frame(frame)


@pytest.mark.parametrize(
    ("typed", "frame"),
    [
        ("30", 29),
        ("#7", 6),
        ("999", 59),
        ("0", 0),
        ("0.5 s", None),
        ("0:00.5", None),
        ("0,5", None),
    ],
)
def test_a_place_is_typed(player, typed, frame):
    if frame is None:  # the frame on screen half a second after the first one
        pts = player.data("pts")
        frame = max(n for n, stamp in enumerate(pts) if stamp - pts[0] <= 0.5005)
    player.press("g")
    player.page.keyboard.type(typed)
    player.press("Enter")
    player.wait_for_frame(frame)


def test_a_place_that_is_none_is_refused(player):
    player.press("g")
    player.page.keyboard.type("first jump")
    player.press("Enter")
    expect(player.page.locator(".rp-goto")).to_have_attribute("aria-invalid", "true")
    player.press("Escape")
    assert player.page.evaluate("() => window.rinkside().shown") == 0


def test_the_place_that_is_written_there_is_one(player):
    player.press("End")
    player.wait_for_frame(59)
    player.press("g")
    player.press("Enter")
    expect(player.page.locator(".rp-goto")).not_to_have_attribute("aria-invalid", re.compile(""))
    focused = "() => [document.activeElement.className, window.rinkside().wanted]"
    becomes(player.page, lambda: player.page.evaluate(focused), ["rp-stage", 59])


def test_the_scene_is_that_of_the_run(shown):
    with shown.page.expect_request(f"**/scene/{NUMBERED}"):
        shown.open_again(NUMBERED)


def test_news_leave_the_focus_where_it_is(player):
    player.press("d")
    player.page.focus(".rp-slider input")
    player.page.evaluate(
        "async () => { const p = window.rinkside();"
        " await p.follow(JSON.stringify({ ...p.asked, revision: p.revision + 1 })) }"
    )
    assert player.page.evaluate("() => document.activeElement.matches('.rp-slider input')")
    player.page.evaluate("() => document.activeElement.blur()")
    player.press("d")


def test_a_screen_reader_does_not_hear_every_frame(player):
    live = "() => [...document.querySelectorAll('.rp-timeline :is(output, [aria-live])')].length"
    player.page.wait_for_selector(".rp-readout", state="attached")
    assert player.page.evaluate(live) == 0


def test_it_plays_to_the_end_and_stops_there(player):
    player.press(" ")
    player.wait_for_frame(59)
    player.page.wait_for_function("() => !window.rinkside().playback.playing")
    expect(player.page.locator("[data-action=play]")).to_have_attribute("aria-label", "Play")


def test_a_loop_stays_between_its_marks(player):
    for key in [*["ArrowRight"] * 12, "a", *["ArrowRight"] * 8, "b"]:
        player.press(key)
    player.wait_for_frame(20)
    player.press("ArrowDown")  # three quarters of the speed
    player.press(" ")
    seen = player.page.evaluate(
        """async (most) => {
          const player = window.rinkside();
          const seen = [];
          const end = performance.now() + most;
          for (let turns = 0; turns < 3 && performance.now() < end; ) {
            if (player.playback.shown !== null && player.playback.playing) {
              turns += player.shown < seen.at(-1);
              seen.push(player.shown);
            }
            await new Promise((go) => setTimeout(go, 5));
          }
          return seen;
        }""",
        PATIENCE_MS,
    )
    player.press(" ")
    assert set(seen) <= set(range(12, 21))
    turns = sum(after < before for before, after in pairwise(seen))
    assert turns == 3


def test_speeds_go_from_a_tenth_to_double(player):
    for _ in range(12):
        player.press("ArrowDown")
    expect(player.page.locator(".rp-rate")).to_have_value("0.1")
    rate = "() => window.rinkside().video.playbackRate"
    becomes(player.page, lambda: player.page.evaluate(rate), 0.1)
    for _ in range(12):
        player.press("ArrowUp")
    expect(player.page.locator(".rp-rate")).to_have_value("2")
    player.page.select_option(".rp-rate", "1")


def test_zoom_keeps_the_place_under_the_pointer(player):
    stage = on_screen(player.page.locator(".rp-stage"))
    x, y = 0.7 * stage["width"], 0.6 * stage["height"]
    place = "([x, y]) => window.rinkside().stage.toSource(x, y)"
    before = player.page.evaluate(place, [x, y])
    player.page.mouse.move(stage["x"] + x, stage["y"] + y)
    player.page.mouse.wheel(0, -300)
    player.page.wait_for_function("() => window.rinkside().stage.zoom > 1.5")
    becomes(
        player.page, lambda: player.page.evaluate(place, [x, y]), pytest.approx(before, abs=1.5)
    )
    player.press("Shift+ArrowRight")
    becomes(player.page, lambda: player.page.evaluate(place, [x, y])[0] > before[0] + 1, True)
    player.press("z")
    expect(player.page.locator(".rp-zoom")).to_have_text("1x")


def test_a_click_on_a_lane_goes_there_and_the_cursor_follows(player):
    track = player.page.locator(".rp-lane:not(.rp-scrub-lane) .rp-track").first
    box = on_screen(track)
    player.page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + box["height"] / 2)
    pts, until = player.data("pts"), player.data("until")
    middle = (pts[0] + until) / 2
    player.wait_for_frame(max(n for n, stamp in enumerate(pts) if stamp <= middle))
    cursor, there = player.page.locator(".rp-cursor"), box["x"] + 0.5 * box["width"]
    becomes(player.page, lambda: cursor.bounding_box()["x"], pytest.approx(there, abs=20))


def test_restyling_asks_nothing_of_the_server(player):
    becomes(player.page, lambda: under_way(player.page), [])
    player.page.wait_for_timeout(800)
    becomes(player.page, lambda: under_way(player.page), [])
    requests: list[str] = []
    player.page.on("request", lambda request: requests.append(request.url))
    before = player.screenshot()
    player.press("o")
    becomes(player.page, lambda: bool((before != player.screenshot()).any()), True)
    player.press("o")
    becomes(player.page, lambda: bool((before == player.screenshot()).all()), True)
    assert requests == []


def under_way(page) -> list[str]:
    """Addresses that the page waits for; a video and the server's news are never over."""
    asked = (request for request in page.asked if request.resource_type != "media")
    return [request.url for request in asked if not re.search("heartbeat|queue/data", request.url)]


def test_a_click_on_a_person_chooses_the_skater(player):
    player.press("ArrowRight")  # frame 1: only person 0 is there
    player.wait_for_frame(1)
    box = on_screen(player.page.locator(".rp-overlay"))
    place = (
        "() => { const p = window.rinkside(); const [x1, y1, x2, y2] = p.scene.people[0].boxes[1];"
    )
    place += " const s = p.stage.root.clientWidth / p.stage.picture.width; const v = p.stage.scale;"
    place += " const [x, y] = p.stage.toSource(0, 0);"
    place += " return [((x1 + x2) / 2 - x) * v * s, ((y1 + y2) / 2 - y) * v * s] }"
    x, y = player.page.evaluate(place)
    player.page.mouse.click(box["x"] + x, box["y"] + y)
    player.page.wait_for_function("() => document.querySelector('#heard textarea').value")
    wanted = {"token": player.data("token"), "run": player.data("run"), "person": 0}
    heard = player.page.locator("#heard textarea")
    becomes(player.page, lambda: json.loads(heard.input_value()), wanted)


def test_a_number_key_chooses_the_skater(player):
    player.press("3")
    player.page.wait_for_function(
        "() => document.querySelector('#heard textarea').value.includes('\"person\": 3')"
    )


@pytest.fixture
def part(shown):
    """A clip of which frames 11 to 30 were analysed."""
    shown.open_again(PART)
    yield shown
    shown.page.evaluate("() => window.rinkside().loop.clear()")


def test_a_span_lies_in_its_file(part):
    """Issue 15, points 4 and 5: counted as in the file, the rest of which stays in reach."""
    part.wait_for_frame(10)
    expect(part.page.locator(".rp-hud-left")).to_have_text("11 / 60", use_inner_text=True)
    part.press("End")
    part.wait_for_frame(29)
    part.page.evaluate("() => window.rinkside().settings.set('skater', true)")
    whole = part.page.locator("[data-action=wholeFile]")
    expect(whole).to_have_attribute("aria-pressed", "false")
    part.press("ArrowRight")  # out of the span: the time line shows the whole file
    part.wait_for_frame(30)
    hud = part.page.locator(".rp-hud-right")
    expect(hud).to_have_text("outside the analysed span", use_inner_text=True)
    expect(part.page.locator(".rp-span-band")).to_be_visible()
    part.press("Home")
    part.wait_for_frame(0)
    part.press("w")
    part.wait_for_frame(10)
    part.press("g")
    part.page.keyboard.type("0:00,8")
    part.press("Enter")
    part.wait_for_frame(20)


def test_overlays_of_a_span_are_of_the_frame_in_the_picture(part):
    part.bare()
    for n in (10, 17, 29):
        part.page.evaluate("n => window.rinkside().goTo(n)", n)
        part.wait_for_frame(n)
        drawn(part.page)
        becomes(part.page, lambda: numbers(part.screenshot()), (n, n))
    part.page.evaluate("() => document.querySelector('#bare').remove()")


def numbers(shot) -> tuple[int, int]:
    return picture_number(shot), overlay_number(shot)


def test_a_and_b_are_the_points_of_the_next_analysis(part):
    """Issue 15, points 5 and 6."""
    part.page.evaluate(
        "() => { window.told = []; document.addEventListener('rinkside:points',"
        " ({ detail }) => window.told.push(detail)) }"
    )
    for key in ("ArrowRight", "a", *["ArrowRight"] * 5, "b"):
        part.press(key)
    told = "() => window.told.at(-1)"
    becomes(part.page, lambda: part.page.evaluate(told), {"start": "0:00.440", "end": "0:00.680"})
    expect(part.page.locator(".rp-ab-time")).to_have_text("0.240 s", use_inner_text=True)
    video = open_video(part.page.paths[PART], start_s=0.44, end_s=0.68)
    assert video.timeline.frame_index.tolist() == list(range(11, 17))
    put = (
        "detail => window.rinkside().root.dispatchEvent(new CustomEvent('rinkside:put', {detail}))"
    )
    part.page.evaluate(put, {"start": "0:01", "end": "1,5 s"})
    loop = "() => [window.rinkside().loop.a, window.rinkside().loop.b]"
    becomes(part.page, lambda: part.page.evaluate(loop), [25, 37])
    part.press("x")
    becomes(part.page, lambda: part.page.evaluate(told), {"start": "", "end": ""})


def test_help_lists_every_key(player):
    player.press("?")
    for words in (
        "One frame forward",
        "Repeat between A and B",
        "Move the zoomed picture",
        "Skeleton",
    ):
        expect(player.page.locator(".rp-help")).to_contain_text(words)
    player.press("Escape")
    player.page.wait_for_function("() => !document.querySelector('.rp-help').open")


def test_every_control_has_a_name(player):
    nameless = player.page.evaluate(
        "() => [...document.querySelectorAll('.rp button, .rp input, .rp select')].filter(c =>"
        " !(c.getAttribute('aria-label') || c.innerText || c.labels?.length)).map(c => c.outerHTML)"
    )
    assert nameless == []
    scrub = player.page.locator(".rp-scrub")
    expect(scrub).to_have_attribute("aria-valuetext", re.compile("Frame 1 of 60"))


def test_keys_while_typing_elsewhere_are_not_the_players(player):
    player.page.focus("#which input")
    player.press("End")
    player.page.wait_for_timeout(300)
    assert player.page.evaluate("() => window.rinkside().shown") == 0
    player.page.evaluate("() => document.activeElement.blur()")


def test_a_copy_keeps_the_sound(shown):
    shown.open_again(WITH_SOUND)
    shown.page.wait_for_function("() => window.rinkside().playback.copy")
    shown.page.evaluate("() => window.rinkside().video.play()")
    shown.page.wait_for_function("() => window.rinkside().video.webkitAudioDecodedByteCount > 0")
    shown.page.evaluate("() => window.rinkside().video.pause()")


@contextmanager
def held(page, *addresses: str):
    """Requests wait until the block ends; the list grows with them."""
    waiting: list[Any] = []
    for address in addresses:
        page.route(address, lambda route: waiting.append(route))
    try:
        yield waiting
    finally:
        for route in waiting:
            route.continue_()
        for address in addresses:
            page.unroute(address)


def switch(player: PlayerPage, number: int) -> None:
    """Show another video, and wait until the page knows what it is to show."""
    before = player.data("token")
    player.page.fill("#which input", str(number))
    player.page.press("#which input", "Enter")
    player.page.wait_for_function(
        "before => window.rinkside().scene && window.rinkside().scene.token !== before", arg=before
    )
    player.page.evaluate("() => document.activeElement.blur()")


def test_the_old_video_does_not_play_under_a_new_clip(player):
    with held(player.page, "**/frame/*", "**/stills/**"):
        switch(player, WIDE)
        player.press(" ")
        player.page.wait_for_timeout(500)
        assert player.page.evaluate("() => window.rinkside().shown") is None
        assert not player.page.evaluate("() => window.rinkside().playback.playing")
        assert not player.page.get_attribute(".rp-video", "src")
    player.page.wait_for_selector(".rp[data-playback=ready]")
    token = re.compile(re.escape(player.data("token")))
    expect(player.page.locator(".rp-video")).to_have_attribute("src", token)
    player.press(" ")
    player.wait_for_frame(23)


def test_a_sharper_picture_of_the_old_clip_comes_too_late(shown):
    shown.open_again(WIDE)
    errors: list[Any] = []
    shown.page.on("pageerror", lambda error: errors.append(error))
    with held(shown.page, "**/full/**") as waiting:
        shown.press("+")
        becomes(shown.page, lambda: bool(waiting), True)
        switch(shown, NUMBERED)
        shown.wait_for_frame(0)
        shown.page.wait_for_selector(".rp[data-playback=ready]")
    shown.page.wait_for_timeout(500)
    assert shown.page.evaluate("() => window.rinkside().stage.source.width") != 1280
    shown.page.evaluate("() => { window.rinkside().act('zoomIn'); window.rinkside().follow('{}') }")
    shown.page.wait_for_timeout(500)
    assert errors == []


def test_stepping_works_while_a_copy_is_made(shown):
    with held(shown.page, "**/copy"):
        shown.page.evaluate("() => window.rinkside().follow('{}')")
        switch(shown, WITH_SOUND)
        shown.page.wait_for_selector(".rp[data-playback=copying]")
        shown.press(" ")
        play = shown.page.locator("[data-action=play]")
        expect(play).to_have_attribute("aria-label", "Pause")
        shown.press("g")
        shown.page.keyboard.type("60")
        shown.press("Enter")
        shown.wait_for_frame(59)
        shown.press("ArrowRight")
        shown.wait_for_frame(60)
        expect(play).to_have_attribute("aria-label", "Play")
        shown.page.evaluate("() => window.rinkside().follow('{}')")
        shown.page.wait_for_timeout(800)  # longer than between two looks at how far it is
        expect(shown.page.locator(".rp-message")).to_have_text("", use_inner_text=True)


def test_where_nothing_plays_a_click_on_play_says_so(shown):
    shown.page.route("**/copy", lambda route: route.fulfill(status=410, body="gone"))
    shown.page.evaluate("() => window.rinkside().follow('{}')")
    switch(shown, WITH_SOUND)
    shown.page.wait_for_selector(".rp[data-playback=none]")
    shown.press("End")
    shown.wait_for_frame(89)
    shown.press(" ")
    expect(shown.page.locator("[data-action=play]")).to_have_attribute("aria-label", "Play")
    expect(shown.page.locator(".rp-message")).to_contain_text("cannot be played")
    shown.press("ArrowLeft")
    shown.wait_for_frame(88)
    shown.page.unroute("**/copy")


def test_a_closed_clip_is_a_sentence(shown):
    shown.page.evaluate(
        "() => window.rinkside().follow(JSON.stringify({token: 'gone', revision: 1, frame: null}))"
    )
    shown.page.wait_for_selector(".rp-message:has-text('no longer open')")
    expect(shown.page.locator("#player .rp")).to_have_attribute("data-state", "empty")
