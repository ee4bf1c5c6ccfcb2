"""Frame identity: what the screen shows is the frame that the player says, in every encoding.

A screenshot tells the frame's number twice: burnt into the picture, and spelled by the boxes of the
overlay. Stepping, both must be the frame that was asked for; playing, both must be the same.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import free_port, new_context
from tests.e2e.players import PlayerPage, overlay_number, picture_number, serving
from tests.videos import RECIPES, Recipe, write_video

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

FRAMES = 104
PLAYED = 40
HIGH10 = ("-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high10")

ENCODINGS: dict[str, Recipe] = {
    **{
        name: RECIPES[name]
        for name in (
            "ntsc.mp4",
            "b_frames.mp4",
            "open_gop.mp4",
            "vfr.mp4",
            "fps50.mp4",
            "fps60.mp4",
            "turned90.mp4",
            "turned270.mp4",
            "late_start.mp4",
            "late_start.webm",
            "vp9.webm",
            "vp8.webm",
            "av1.mp4",
            "fragmented.mp4",
            "odd_size.webm",
            "hevc10.mp4",
            "mpeg4.avi",
            "motion_jpeg.mov",
        )
    },
    "high10.mp4": replace(RECIPES["b_frames.mp4"], encoder=HIGH10, pixel_format="yuv420p10le"),
    "mpeg4.mp4": replace(RECIPES["mpeg4.avi"], sound=True),
}
"""The last five no browser plays: they are played from a copy."""
NEED_A_COPY = {"hevc10.mp4", "mpeg4.avi", "motion_jpeg.mov", "high10.mp4", "mpeg4.mp4"}

checked: list[str] = []


@pytest.fixture(scope="module")
def player(browser, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("player")
    paths: list[Path] = [
        write_video(folder / name, replace(recipe, frames=FRAMES))
        for name, recipe in ENCODINGS.items()
    ]
    with serving(free_port(), paths, folder) as url:
        context = new_context(browser, viewport={"width": 420, "height": 620})
        page = context.new_page()
        page.goto(url)
        player = PlayerPage(page)
        player.ready()
        player.bare()
        yield player
        context.close()


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_frame_is_the_one_that_was_asked_for(player, name):
    player.open(list(ENCODINGS).index(name))
    assert len(player.data("pts")) == FRAMES
    assert player.page.evaluate("() => window.rinkside().playback.copy") == (name in NEED_A_COPY)
    wrong = []
    for n in range(FRAMES):
        if n:
            player.press("ArrowRight")
        player.wait_for_frame(n)
        shot = player.screenshot()
        seen = picture_number(shot), overlay_number(shot)
        checked.append(name)
        if seen != (n, n):
            wrong.append((n, *seen))
    assert wrong == [], "frame asked for, picture, overlay"


@pytest.mark.parametrize("name", ENCODINGS)
def test_overlays_are_those_of_the_picture_while_it_plays(player, name):
    player.open(list(ENCODINGS).index(name))
    player.page.evaluate("() => { const p = window.rinkside(); p.act('loop'); p.act('slower') }")
    player.press(" ")
    player.page.wait_for_function("() => window.rinkside().shown > 0")
    seen = []
    for _ in range(PLAYED):
        shot = player.screenshot()
        seen.append((picture_number(shot), overlay_number(shot)))
        checked.append(name)
    player.press(" ")
    player.page.evaluate("() => window.rinkside().act('faster')")
    assert [pair for pair in seen if pair[0] != pair[1]] == [], "picture, overlay"
    assert len(set(seen)) > 3, "it did not play"


def test_enough_was_checked():
    assert len(set(checked)) >= 12
    assert len(checked) >= 2000
