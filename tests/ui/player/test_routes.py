"""What the player fetches, through the routes themselves."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from threading import Barrier

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pipeline.types import Analysis
from pipeline.video import open_video
from tests.factories import make_analysis
from tests.ui.player.test_stills import decode, unpack
from tests.videos import PLAIN, RECIPES, cut, read_number, write_video
from ui.callbacks import Request
from ui.player import ClipShelf, player_routes, player_value
from ui.player.routes import STATIC, version
from ui.player.words import words_for
from ui.presence import Full, Presence
from ui.runs import RunStore


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("routes") / "clip.mp4", PLAIN)


@pytest.fixture
def shelf():
    shelf = ClipShelf()
    yield shelf
    shelf.leave("visitor")


@pytest.fixture
def client(shelf):
    with TestClient(Starlette(routes=player_routes(shelf))) as client:
        yield client


@pytest.fixture
def clip(shelf, path):
    return shelf.show("visitor", str(path))


def analysis_of(path: Path) -> Analysis:
    video = open_video(path)
    made = make_analysis(num_frames=len(video), people=2)
    return replace(made, video=video.info, timeline=video.timeline)


def address(clip, name: str) -> str:
    return f"/rinkside/clips/{clip.token}/{name}"


def test_a_scene_before_any_analysis(client, clip):
    scene = client.get(address(clip, "scene")).json()
    assert (scene["width"], scene["height"], len(scene["pts"])) == (320, 240, 48)
    assert (scene["people"], scene["pose"], scene["lanes"], scene["done"]) == ([], None, [], False)
    assert scene["words"]["play"] == "Play"


def test_a_scene_speaks_the_visitors_language(client, clip):
    scene = client.get(address(clip, "scene"), headers={"Accept-Language": "ja"}).json()
    assert scene["words"]["play"] == "再生"


def test_what_is_gone_is_told_in_the_visitors_language(client, shelf, tmp_path):
    path = write_video(tmp_path / "own.mp4", PLAIN)
    clip = shelf.show("visitor", str(path))
    path.unlink()
    for language in ("zh", "ja"):
        asked = {"headers": {"Accept-Language": language}}
        table = words_for(language)
        assert client.get("/rinkside/clips/x/scene", **asked).text == table["gone"]
        assert client.get(address(clip, "video"), **asked).text == table["file_gone"]


def test_pictures(client, clip):
    chunk = client.get(address(clip, "stills/0/1"))
    assert [read_number(picture) for picture in unpack(chunk.content)] == list(range(16, 32))
    for name in ("frame/47", "full/0/47"):
        assert read_number(decode(client.get(address(clip, name)).content)) == 47


@pytest.mark.parametrize(("moment", "number"), [("0", 0), ("0.333", 10), ("0.36", 10), ("99", 47)])
def test_a_small_picture_is_that_of_its_moment(client, clip, moment, number):
    """Issue 17: the list of a programme shows each element at its take-off."""
    small = client.get(address(clip, f"small/{moment}"))
    assert small.headers["content-type"] == "image/jpeg"
    assert clip.position_at(float(moment)) == number
    assert small.content == clip.stills.small(number)


@pytest.mark.parametrize("moment", ["-1", "soon", "1e9", "1.5.2", "nan"])
def test_a_small_picture_of_no_moment_is_refused(client, clip, moment):
    assert client.get(address(clip, f"small/{moment}")).status_code == 422


def test_pictures_of_an_older_table_are_refused(client, clip):
    picture = client.get(address(clip, "stills/0/1"))
    assert "max-age" in picture.headers["cache-control"]
    for _ in range(2):  # several requests hear of the same lost frames
        clip.mend(0)  # from now on a place in the table may be another frame's
    for name in ("stills/0/1", "full/0/47"):
        assert client.get(address(clip, name)).status_code == 409
    table = client.get(address(clip, "scene")).json()["stills"]["table"]
    assert table == 1
    assert client.get(address(clip, f"stills/{table}/1")).status_code == 200
    first = client.get(address(clip, "frame/0"))  # asked for before the table is known
    assert first.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name",
    [
        "stills/0/3",
        "stills/0/-1",
        "stills/0/x",
        "frame/48",
        "frame/1.5",
        "full/0/%00",
        "frame/\uff19",
    ],
)
def test_addresses_are_checked(client, clip, name):
    answer = client.get(address(clip, name))
    assert answer.status_code == 422
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("token", ["", "x", "..", "a" * 500, "%2e%2e"])
def test_a_clip_is_found_by_its_token_only(client, clip, token):
    assert client.get(f"/rinkside/clips/{token}/scene").status_code == 404


def test_the_video_comes_in_ranges(client, clip, path):
    answer = client.get(address(clip, "video"), headers={"Range": "bytes=0-99"})
    assert (answer.status_code, len(answer.content)) == (206, 100)
    assert answer.headers["content-type"] == "video/mp4"
    assert client.get(address(clip, "video")).content == path.read_bytes()


def test_a_damaged_file_is_shown_as_far_as_it_goes(client, shelf, tmp_path):
    whole = write_video(tmp_path / "whole.mp4", RECIPES["fragmented.mp4"])
    clip = shelf.show("visitor", str(cut(whole, tmp_path / "cut.mp4", 0.6)))
    scene = client.get(address(clip, "scene")).json()
    last = len(scene["pts"]) - 1
    assert read_number(decode(client.get(address(clip, f"frame/{last}")).content)) == last


def test_a_file_that_went_away_is_a_sentence(client, shelf, tmp_path):
    gone = write_video(tmp_path / "gone.mp4", PLAIN)
    clip = shelf.show("visitor", str(gone))
    gone.unlink()
    answer = client.get(address(clip, "frame/0"))
    assert answer.status_code == 410
    assert "gone.mp4: the file is no longer there; upload it again" in answer.text
    assert client.get(address(clip, "video")).status_code == 410


def test_leaving_closes_the_clips(client, shelf, clip):
    client.get(address(clip, "stills/0/0"))
    shelf.leave("visitor")
    assert client.get(address(clip, "scene")).status_code == 404
    assert not clip.folder.exists()


def test_the_oldest_clip_goes(path):
    shelf = ClipShelf(max_clips=1)
    first = shelf.show("one", str(path))
    second = shelf.show("two", str(path))
    assert shelf.get(first.token) is None
    assert shelf.get(second.token) is second
    shelf.leave("two")


def test_the_clip_of_who_is_there_is_not_closed_for_a_newcomer(path):
    """Issue 19, 0.5: 60 scripted openings, and an active visitor's clip answered 404."""
    shelf = ClipShelf(max_clips=2, presence=Presence(of_a_client=2))
    for visitor in ("anna", "boris", "a third of the same address"):
        shelf.presence.begin(visitor, "192.0.2.7")
    anna = shelf.show("anna", str(path))
    for number in range(6):
        shelf.show(f"invented {number}", str(path))
    shelf.show("a third of the same address", str(path))
    boris = shelf.show("boris", str(path))
    with pytest.raises(Full, match="in use by other visitors"):
        shelf.show("carla", str(path))
    shelf.presence.end("boris")  # may come back
    with pytest.raises(Full):
        shelf.show("a third of the same address", str(path))
    assert shelf.get(anna.token) is anna
    assert shelf.get(boris.token) is boris
    shelf.leave("anna")
    shelf.leave("boris")


def test_of_too_many_clips_a_visitor_s_oldest_goes(path, tmp_path):
    shelf = ClipShelf(max_of_a_visitor=2)
    others = shelf.show("boris", str(path))
    opened = []
    for number in range(3):
        (tmp_path / f"{number}.mp4").write_bytes(path.read_bytes() + bytes([number]))
        opened.append(shelf.show("anna", str(tmp_path / f"{number}.mp4")))
    assert [shelf.get(clip.token) is clip for clip in [*opened, others]] == [
        False,
        True,
        True,
        True,
    ]
    shelf.leave("anna")
    shelf.leave("boris")


def test_a_clip_that_is_on_show_is_not_opened_again(shelf, clip, path):
    assert shelf.show("visitor", str(path)) is clip
    other = shelf.show("another", str(path))
    assert other is not clip
    shelf.leave("another")


def test_requests_side_by_side_open_a_clip_once(shelf, path, tmp_path):
    """A page's upload and its analysis both show the clip, under two paths and at the same time."""
    copies = [copyfile(path, tmp_path / f"{number}.mp4") for number in range(4)]
    start = Barrier(len(copies))

    def show(copy: Path) -> str:
        start.wait()
        return shelf.show("visitor", str(copy)).token

    with ThreadPoolExecutor(len(copies)) as threads:
        assert len(set(threads.map(show, copies))) == 1


def test_a_file_that_did_not_change_is_not_read_again(shelf, clip, path, monkeypatch):
    monkeypatch.setattr("ui.player.clips.open_video", lambda *_, **__: pytest.fail("read again"))
    assert shelf.show("visitor", str(path)) is clip


def test_a_run_brings_boxes_and_lanes_and_blind_mode_no_lanes(client, shelf, path):
    run = RunStore().adopt("visitor", analysis_of(path))
    clip = shelf.show_run(run)
    scene = client.get(address(clip, "scene")).json()
    assert [person["id"] for person in scene["people"]] == [0, 1]
    assert scene["people"][0]["boxes"][0] is None
    assert (scene["main"], scene["done"], scene["pose"]["trained"]) == (0, True, False)
    assert len(scene["pose"]["joints"][1]) == 34
    assert scene["lanes"][0]["key"] == "element"
    run.blind = True
    assert client.get(address(clip, "scene")).json()["lanes"] == []


def test_a_span_is_shown_in_the_whole_file(client, shelf, path):
    """Issue 15, points 4 and 5: frames are counted in the file, and the rest stays in reach."""
    part = open_video(path, start_s=0.4, end_s=1.2)
    made = replace(
        make_analysis(num_frames=len(part), people=2), video=part.info, timeline=part.timeline
    )
    run = RunStore().adopt("visitor", made)
    clip = shelf.show_run(run)
    scene = client.get(address(clip, "scene")).json()
    assert (len(scene["pts"]), scene["span"], scene["run"]) == (48, [12, 35], run.run_id)
    assert scene["pts"][12] == pytest.approx(made.timeline.pts_s[0])
    assert scene["span"][0] + 1 == made.timeline.number(0) == 13
    assert len(scene["people"][0]["boxes"]) == len(part) == 24
    assert shelf.show("visitor", str(path)) is clip, "no other pictures for another span"


def test_what_a_run_of_a_span_has_found_so_far_lies_in_the_span(client, shelf, path):
    run = RunStore().start("visitor")
    run.asked = Request(str(path), "demo", 0.4, 1.2)
    run.people = make_analysis(num_frames=24, people=2).people
    scene = client.get(address(shelf.show_run(run, str(path)), "scene")).json()
    assert scene["span"] == [12, 35]
    assert len(scene["people"]) == 2


def test_two_runs_of_one_clip_have_a_scene_each(client, shelf, path):
    runs = RunStore()
    made = analysis_of(path)
    one = runs.adopt("visitor", made)
    other = runs.adopt("visitor", replace(made, people=replace(made.people, main_id=1)))
    values = []
    for run in (one, other):
        clip = shelf.show_run(run)
        values.append(json.loads(player_value(clip, run)))
    assert values[0]["token"] == values[1]["token"], "they share their pictures"
    mains = [client.get(address(clip, f"scene/{value['run']}")).json()["main"] for value in values]
    assert mains == [0, 1]
    assert client.get(address(clip, "scene")).json()["main"] == 1, "the one shown last"


def test_a_run_that_is_no_longer_kept_has_no_scene(client, shelf, path):
    runs = RunStore()
    run_id = runs.adopt("visitor", analysis_of(path)).run_id
    clip = shelf.show_run(runs.get(run_id))
    scene = address(clip, f"scene/{run_id}")
    assert client.get(scene).status_code == 200
    runs.leave("visitor")
    answer = client.get(scene)
    assert (answer.status_code, "no longer kept" in answer.text) == (404, True)
    assert client.get(address(clip, "scene/another")).status_code == 404
    assert not client.get(address(clip, "scene")).json()["done"]


def test_scripts(client):
    for script in STATIC.glob("*.js"):
        answer = client.get(f"/rinkside/static/{version()}/{script.name}")
        assert answer.headers["content-type"].startswith("text/javascript")
    for name in ("clock.py", "..%2froutes.py", "none.js"):
        assert client.get(f"/rinkside/static/{version()}/{name}").status_code == 404
