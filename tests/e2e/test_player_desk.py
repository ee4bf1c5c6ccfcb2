"""The player within the desk: keys, in and out points, take-off and landing, angles and notes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import becomes, drawn, on_screen

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

PLAYER = (
    "(() => [...document.querySelectorAll('#player, #player *')]"
    ".find((node) => node.rinksidePlayer).rinksidePlayer)()"
)


@pytest.fixture
def player(desk):
    desk.wait_for_selector("#player .rp[data-state=done]")
    desk.wait_for_function(f"() => {PLAYER}.shown !== null")
    return desk


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def wait(page, condition: str) -> None:
    page.wait_for_function(f"() => {{ const p = {PLAYER}; return {condition} }}", timeout=120_000)


def test_keys_work_wherever_the_focus_is(player):
    """Issue 15, point 8."""
    player.click("#blind label")  # a click elsewhere leaves the keys with the player
    press(player, "ArrowRight")
    wait(player, "p.shown === 1")
    player.click("#blind label")
    player.locator("#stop").click()  # a button: Space is still the player's
    press(player, "ArrowRight", " ")
    wait(player, "p.playback.playing")
    press(player, " ")
    wait(player, "!p.playback.playing")
    player.click("#trim-in :is(input, textarea)")  # typing is typing
    before = player.evaluate(f"() => {PLAYER}.shown")
    press(player, "End", "5")
    player.wait_for_timeout(300)
    assert player.evaluate(f"() => {PLAYER}.shown") == before
    expect(player.locator("#trim-in :is(input, textarea)")).to_have_value("5")
    player.fill("#trim-in :is(input, textarea)", "")
    player.evaluate("() => document.querySelector('#stop').focus()")
    press(player, "Shift+Tab", "Tab")  # reached by Tab, Space presses the button
    player.wait_for_function("() => document.activeElement.id === 'stop'")
    press(player, " ")
    player.wait_for_timeout(300)
    assert not player.evaluate(f"() => {PLAYER}.playback.playing")


def test_a_and_b_keep_step_with_in_and_out(player):
    """Issue 15, point 5."""
    fields = [f"#trim-{point} :is(input, textarea)" for point in ("in", "out")]
    press(player, "PageDown", "a", "PageDown", "b")
    for field, value in zip(fields, ("0:00.400", "0:00.840"), strict=True):
        expect(player.locator(field)).to_have_value(value)
    player.fill(fields[0], "0:00,6")
    wait(player, "p.loop.a === 15 && p.loop.b === 20")
    for field in fields:
        player.fill(field, "")
    wait(player, "p.loop.a === null && p.loop.b === null")
    press(player, "x", "w")
    expect(player.locator("#player .rp-ab")).to_be_hidden()


def test_a_span_is_analysed_and_its_file_stays_in_reach(player):
    """Issue 15, points 4 and 5."""
    player.fill("#trim-in :is(input, textarea)", "0:00.4")
    player.fill("#trim-out :is(input, textarea)", "0:01.2")
    token = player.evaluate(f"() => {PLAYER}.scene.token")
    player.click("#analyse")
    wait(player, "p.scene.done && String(p.scene.span) === '10,29' && p.shown >= 10")
    assert player.evaluate(f"() => {PLAYER}.scene.token") == token
    player.click("#analyse")  # pressed again by accident
    player.fill("#trim-in :is(input, textarea)", "")
    player.fill("#trim-out :is(input, textarea)", "")
    player.click("#analyse")  # the whole clip again, without another upload
    wait(player, "p.scene.done && p.scene.span[0] === 0")
    expect(player.locator("#history-list label")).to_have_count(2)


def test_analyse_answers_every_press_and_leaves_what_is_typed_meanwhile(player):
    """A press was lost, and what had been typed was put back, while Analyse was being answered."""
    start, end = (f"#trim-{point} :is(input, textarea)" for point in ("in", "out"))
    asked = []

    def hold() -> None:
        """Answer nothing for the time being."""
        asked.clear()
        player.route("**/queue/join*", lambda route: asked.append(route))

    def answer() -> None:
        while asked:  # and what is asked meanwhile
            asked.pop(0).continue_()
            player.wait_for_timeout(50)
        player.unroute("**/queue/join*")
        while asked:
            asked.pop(0).continue_()

    def press_analyse() -> None:
        before = len(asked)
        player.click("#analyse")
        becomes(player, lambda: len(asked) > before, True)

    player.fill(start, "0:00.4")
    player.fill(end, "0:01.2")
    hold()
    press_analyse()
    player.fill(start, "0:00.6")
    answer()
    wait(player, "p.scene.done && String(p.scene.span) === '10,29'")
    player.wait_for_timeout(500)
    expect(player.locator(start)).to_have_value("0:00.6")

    hold()
    press_analyse()
    player.fill(start, "")
    player.fill(end, "")
    press_analyse()
    answer()
    wait(player, "p.scene.done && p.scene.span[0] === 0")
    for field in (start, end):
        expect(player.locator(field)).to_have_value("")


def test_take_off_and_landing_are_set_in_the_player(player):
    """Issue 15, point 6; A and B, set meanwhile, stay (point 5)."""
    press(player, "a")
    own = player.evaluate(f"() => {PLAYER}.flight.now")
    press(player, "PageDown", "ArrowRight", "ArrowRight", "t")
    wait(
        player, "p.scene.flight.set && Math.abs(p.scene.flight.takeoff[0] - p.clock.pts[12]) < 1e-3"
    )
    expect(player.locator(".rp-air-time")).to_contain_text("Air time")
    expect(player.locator("#trim-in :is(input, textarea)")).to_have_value("0:00.000")
    expect(player.locator(".rp-machine")).to_have_count(2)
    handle = player.locator(".rp-handle[data-end=landing]")
    box = on_screen(handle)
    player.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    player.mouse.down()
    player.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2, steps=4)
    drawn(player)
    live = player.inner_text(".rp-air-time")
    player.mouse.up()
    assert live != ""
    wait(player, f"p.scene.flight.landing[0] > {own['landing']} + 0.02")
    expect(player.locator(".rp-air-time")).to_have_text(live, use_inner_text=True)
    press(player, "Control+z")
    wait(player, f"Math.abs(p.scene.flight.landing[0] - {own['landing']}) < 2e-3")
    press(player, "Control+z")
    wait(player, "!p.scene.flight.set")
    press(player, "Control+Shift+z")
    wait(player, "p.scene.flight.set")
    player.click("[data-action=flightBack]")
    wait(player, "!p.scene.flight.set")


def test_notes_and_angles_are_drawn_kept_and_taken_back(player):
    """Issue 15, point 12."""
    overlay = player.locator("#player .rp-overlay")
    box = on_screen(overlay)
    press(player, "PageDown")
    wait(player, "p.shown === 10")
    press(player, "q")
    for x, y in ((0.3, 0.3), (0.3, 0.6), (0.5, 0.6)):
        player.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    wait(player, "p.tools.notes.length === 1")
    lines = player.locator(".rp-notes li")
    expect(lines.first).to_contain_text("90.0°")
    expect(lines.first).to_have_text(re.compile(r"^\s*11\s"), use_inner_text=True)
    press(player, "i", "Enter", *["ArrowRight"] * 3, "Enter")  # a line by keys alone
    expect(lines).to_have_count(2)
    press(player, "e")
    player.keyboard.type("two feet?")
    press(player, "Enter", "c", "Enter", "PageDown")
    wait(player, "p.shown === 20")
    press(player, "c")
    wait(player, "p.tools.notes.length === 4 && p.tools.notes[3].until_index === 20")
    press(player, "[")
    notes = player.locator(".rp-notes")
    becomes(player, lambda: notes.inner_text().count("0.400 s"), 1)
    press(player, "Control+z", "Control+z")  # the stopwatch runs again, and is gone
    expect(lines).to_have_count(3)
    player.locator(".rp-note-drop").first.click()
    expect(lines).to_have_count(2)
    press(player, "Control+z")
    expect(lines).to_have_count(3)
    kept = (
        f"async () => {{ const p = {PLAYER};"
        " const url = `${p.base}clips/${p.scene.token}/scene`;"
        " return (await (await fetch(url)).json()).notes.map((note) => note.kind).sort() }"
    )
    becomes(player, lambda: player.evaluate(kept), ["angle", "line", "text"])


def test_charts_are_readable_in_the_dark_and_by_touch(visit):
    """Issue 15, point 13; the playhead leaves the labels of the lanes free."""
    page = visit(color_scheme="dark", has_touch=True, is_mobile=True)
    page.wait_for_selector("#player .rp[data-state=done]", timeout=300_000)
    stacked = "() => getComputedStyle(document.querySelector('.rp-span-label')).zIndex"
    becomes(page, lambda: page.evaluate(stacked), "1")
    page.evaluate("() => document.querySelector('#results [data-tab-id=measurements]').click()")
    page.wait_for_selector("#measured-courses .main-svg text", timeout=120_000)
    fills = (
        "() => [...document.querySelectorAll('#measured-courses .main-svg text')]"
        ".map((text) => getComputedStyle(text).fill)"
    )
    becomes(page, lambda: set(page.evaluate(fills)), {"rgb(209, 213, 219)"})
    shown = (
        "() => [...document.querySelectorAll('#measured-courses .modebar')]"
        ".filter((bar) => getComputedStyle(bar).display !== 'none').length"
    )
    becomes(page, lambda: page.evaluate(shown), 0)


def test_a_skater_is_marked_by_hand(player):
    """Issue 15, point 10: by keys the box moves and goes again, with the mouse it is drawn."""
    press(player, "PageDown")
    wait(player, "p.shown === 10")
    press(player, "j")
    wait(player, "p.mark.on && p.mark.box")
    before = player.evaluate(f"() => {PLAYER}.mark.box")
    press(player, "ArrowRight", "Shift+ArrowDown")
    wait(player, f"p.mark.box[0] > {before[0]} && p.mark.box[3] > {before[3]}")
    moved = player.evaluate(f"() => {PLAYER}.mark.box")
    assert moved[0] > before[0]
    assert moved[3] > before[3]
    assert moved[1] == before[1]
    press(player, "Escape")
    wait(player, "!p.mark.on")
    assert player.evaluate(f"() => {PLAYER}.shown") == 10
    button = player.locator("#player [data-action=mark]")
    assert button.get_attribute("title").startswith("Mark the skater")
    assert button.get_attribute("aria-label").startswith("Mark the skater")
    people, main = player.evaluate(f"() => [{PLAYER}.scene.people, {PLAYER}.scene.main]")
    skater = next(person for person in people if person["id"] == main)
    button.click()
    stage = player.locator("#player .rp-overlay")
    area = on_screen(stage)
    corners = player.evaluate(
        f"([x1, y1, x2, y2]) => {{ const p = {PLAYER}; const v = p.stage.fitted;"
        " const r = p.stage.picture.width / p.stage.root.clientWidth;"
        " const at = (x, y) => [(p.stage.picture.width - v[0]) / 2 / r + x * p.stage.scale / r,"
        " (p.stage.picture.height - v[1]) / 2 / r + y * p.stage.scale / r];"
        " return [at(x1, y1), at(x2, y2)] }",
        skater["boxes"][10],
    )
    (x1, y1), (x2, y2) = ((area["x"] + x, area["y"] + y) for x, y in corners)
    player.mouse.move(x1, y1)
    player.mouse.down()
    player.mouse.move((x1 + x2) / 2, (y1 + y2) / 2, steps=3)
    player.mouse.move(x2, y2, steps=3)
    player.mouse.up()
    number = max(person["id"] for person in people) + 1
    player.wait_for_function(
        f"() => {PLAYER}.scene.done && {PLAYER}.scene.main === {number}", timeout=120_000
    )
    wait(player, f"p.scene.people.length === {len(people) + 1}")
    player.evaluate("() => document.querySelector('#results [data-tab-id=details]').click()")
    words = f"text=person {number} was marked by hand, with a box in frame 11"
    player.wait_for_selector(f"#video-facts >> {words}", timeout=120_000)
    player.click("#settings > button")
    expect(player.locator("#skater :is(input, textarea)")).to_have_value(re.compile("^11:"))
