"""Requests that would wait: copies, pictures of slow clips (issue 19, section 0, point 4).

The site stood still for 65 s while 45 requests waited for one copy.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pipeline.errors import VideoError
from pipeline.video import open_video
from tests.videos import PLAIN, RECIPES, write_video
from ui.player import ClipShelf, copies, player_routes
from ui.player.copies import MAX_GOING, MAX_GOING_OF_A_VISITOR
from ui.player.drawing import MAX_ASKED, THREADS_OF_A_VISITOR
from ui.player.playable import playable_copy
from ui.player.words import say

PATIENCE_S = 60


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("copies") / "clip.mp4", PLAIN)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINKSIDE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def shelf() -> Iterator[ClipShelf]:
    shelf = ClipShelf()
    yield shelf
    for number in range(MAX_GOING + 1):
        shelf.leave(str(number))


@pytest.fixture
def client(shelf: ClipShelf) -> Iterator[TestClient]:
    page = Route("/", lambda request: PlainTextResponse("the page"))  # in a thread, as gradio's
    with TestClient(Starlette(routes=[page, *player_routes(shelf)])) as client:
        yield client


class Encoder:
    """Makes copies only as long as its gate is open."""

    def __init__(self) -> None:
        self.begun = 0
        self.gate = threading.Event()
        self.error: Exception | None = None

    def __call__(self, video, **asked) -> Path:
        self.begun += 1
        assert self.gate.wait(PATIENCE_S)
        if self.error is not None:
            raise self.error
        return playable_copy(video, **asked)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Encoder]:
    encoder = Encoder()
    monkeypatch.setattr(copies, "playable_copy", encoder)
    yield encoder
    encoder.gate.set()


def address(clip, name: str) -> str:
    return f"/rinkside/clips/{clip.token}/{name}"


def until_made(client: TestClient, clip):
    """The answer that is not "wait", as the player asks for it."""
    while (answer := client.get(address(clip, "copy"))).status_code == 202:
        threading.Event().wait(0.02)
    return answer


def test_requests_of_a_copy_are_answered_while_it_is_made(client, shelf, path, encoder) -> None:
    clip = shelf.show("0", str(path))
    with ThreadPoolExecutor(45) as threads:
        answers = list(threads.map(lambda _: client.get(address(clip, "copy")), range(45)))
    assert {answer.status_code for answer in answers} == {202}
    assert {answer.headers["retry-after"] for answer in answers} == {"1"}
    assert {answer.json()["share"] for answer in answers} == {0.0}
    assert client.get("/").text == "the page"
    assert encoder.begun == 1
    encoder.gate.set()
    assert until_made(client, clip).status_code == 200
    assert encoder.begun == 1


def test_copies_at_once_are_limited(client, shelf, path, encoder, tmp_path) -> None:
    def asked(visitor: str, number: int) -> int:
        (tmp_path / visitor).mkdir(exist_ok=True)
        own = tmp_path / visitor / f"{number}.mp4"
        own.write_bytes(path.read_bytes() + bytes([number]))  # another file, the same video
        return client.get(address(shelf.show(visitor, str(own)), "copy")).status_code

    theirs = [asked("0", number) for number in range(MAX_GOING_OF_A_VISITOR + 1)]
    assert theirs == [*[202] * MAX_GOING_OF_A_VISITOR, 503]
    others = [asked(str(visitor), 0) for visitor in range(1, MAX_GOING)]
    room = MAX_GOING - MAX_GOING_OF_A_VISITOR
    assert others == [202] * room + [503] * (len(others) - room)
    refused = client.get(address(shelf.show("1", str(tmp_path / "1" / "0.mp4")), "scene"))
    assert refused.status_code == 200


def test_a_copy_that_fails_says_why_and_may_be_tried_again(client, shelf, path, encoder) -> None:
    clip = shelf.show("0", str(path))
    encoder.error = VideoError("this video cannot be read")
    encoder.gate.set()
    answer = until_made(client, clip)
    assert (answer.status_code, answer.text) == (410, "this video cannot be read")
    encoder.error = RuntimeError("inside")
    answer = until_made(client, clip)
    assert (answer.status_code, answer.text) == (410, say("copy_failed"))
    encoder.error = None
    assert until_made(client, clip).status_code == 200


def test_a_clip_that_is_closed_has_no_copy(shelf, path, encoder) -> None:
    clip = shelf.show("0", str(path))
    shelf.copies.ask(clip)
    shelf.leave("0")
    with pytest.raises(copies.Cancelled):
        shelf.copies.ask(clip)


@pytest.mark.slow
def test_a_copy_holds_every_frame(client, shelf, tmp_path) -> None:
    source = write_video(tmp_path / "clip.avi", RECIPES["mpeg4.avi"])
    clip = shelf.show("0", str(source))
    assert not client.get(address(clip, "scene")).json()["plays"]
    answer = until_made(client, clip)
    assert answer.headers["content-type"] == "video/mp4"
    (tmp_path / "copy.mp4").write_bytes(answer.content)
    assert len(open_video(tmp_path / "copy.mp4")) == len(clip.video)


def test_a_slow_clip_leaves_threads_to_others(client, shelf, path, monkeypatch) -> None:
    """Pictures have threads of their own, and one visitor not all of them."""
    slow, quick = shelf.show("0", str(path)), shelf.show("1", str(path))
    gate, at_work = threading.Event(), threading.Semaphore(0)
    drawn = slow.stills.single

    def single(position: int, *, full: bool = False) -> bytes:
        at_work.release()
        assert gate.wait(PATIENCE_S)
        return drawn(position, full=full)

    monkeypatch.setattr(slow.stills, "single", single)
    with ThreadPoolExecutor(MAX_ASKED + 1) as threads:
        asked = [threads.submit(client.get, address(slow, "frame/0")) for _ in range(MAX_ASKED + 1)]
        for _ in range(THREADS_OF_A_VISITOR):
            assert at_work.acquire(timeout=PATIENCE_S)
        assert client.get("/").text == "the page"
        assert client.get(address(quick, "frame/0")).status_code == 200
        assert client.get(address(slow, "scene")).status_code == 200
        wait(asked, PATIENCE_S, FIRST_COMPLETED)  # one is refused, while none is drawn
        gate.set()
        codes = sorted(future.result(PATIENCE_S).status_code for future in asked)
    assert codes == [*[200] * MAX_ASKED, 503]


def test_pictures_that_are_not_decoded_hold_no_thread(client, shelf, path, monkeypatch) -> None:
    clip = shelf.show("0", str(path))
    gate = threading.Event()
    work = clip.stills._work
    monkeypatch.setattr(clip.stills, "_work", lambda: gate.wait(PATIENCE_S) and work())
    with ThreadPoolExecutor(45) as threads:
        asked = [threads.submit(client.get, address(clip, "stills/0/0")) for _ in range(45)]
        assert client.get("/").text == "the page"
        gate.set()
        assert {future.result(PATIENCE_S).status_code for future in asked} == {200}
