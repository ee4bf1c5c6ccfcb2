"""Who may ask for what: names of other servers, and what belongs to other visitors."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pipeline.errors import StoreError
from tests.factories import make_analysis
from ui.hosting import HOSTED, HOSTS, allowed_hosts
from ui.language.messages import in_words
from ui.launch import app_options
from ui.layout import build_app
from ui.player import ClipShelf
from ui.session import Session


def answers(host: str) -> bool:
    """Whether the app, started as the environment says, answers to a name."""
    guard = app_options(ClipShelf(), hosts=allowed_hosts())["middleware"][0]
    page = Route("/", lambda request: PlainTextResponse("the page"))
    with TestClient(Starlette(routes=[page], middleware=[guard])) as client:
        answer = client.get("/", headers={"host": host})
    assert (answer.status_code, "the page" in answer.text) in ((200, True), (400, False))
    return answer.status_code == 200


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An app for this machine alone."""
    for name in (HOSTED, HOSTS, "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860"])
def test_a_local_app_answers_to_its_own_names(alone: pytest.MonkeyPatch, host: str) -> None:
    assert answers(host)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost@evil", ""]
)
def test_a_local_app_answers_to_no_other_name(alone: pytest.MonkeyPatch, host: str) -> None:
    """DNS rebinding: a page elsewhere, whose name leads to this machine, reads the local app."""
    assert not answers(host)


def test_behind_a_proxy_more_names_are_told(alone: pytest.MonkeyPatch) -> None:
    alone.setenv(HOSTS, "skate.example.org, *.club.example")
    assert answers("skate.example.org")
    assert answers("rinkside.club.example:8443")
    assert answers("127.0.0.1:7860")
    assert not answers("evil.example")


def test_a_server_for_strangers_may_have_any_name(alone: pytest.MonkeyPatch) -> None:
    alone.setenv(HOSTED, "1")
    assert answers("anything.hf.space")
    alone.setenv(HOSTS, "skate.example.org")
    assert not answers("anything.hf.space")


@pytest.mark.parametrize("code", ["place_file", "place_forbidden"])
def test_strangers_are_told_no_place_on_the_server(alone: pytest.MonkeyPatch, code: str) -> None:
    values = {"name": "clip.mp4", "folder": "/srv/secret/runs", "place": "/srv/secret/x"}
    error = StoreError.of(code, **values)
    assert "/srv/secret" in in_words(error)
    alone.setenv(HOSTED, "1")
    assert "/srv" not in in_words(error)


CHANGES: Mapping[str, tuple[Any, ...]] = {
    "set_flight": (0.1, 0.3),
    "set_back": (),
    "set_kind": ("spin",),
    "set_which": (0.2,),
    "reveal": ("3Lutz",),
    "count": (),
}
"""Events by which a visitor changes a run, or learns of their others -> what is sent along."""


@pytest.fixture(scope="module")
def events() -> Mapping[str, Any]:
    async def build() -> Any:
        return build_app(ClipShelf())

    app = asyncio.run(build())  # without a running loop gradio leaves some of its own open
    named = {getattr(one.fn, "__name__", ""): one.fn for one in app.fns.values() if one.fn}
    return {name: named[name] for name in CHANGES}


@pytest.mark.parametrize("name", CHANGES)
def test_nobody_changes_another_visitor_s_run(events: Mapping[str, Any], name: str) -> None:
    event = events[name]
    session = inspect.getclosurevars(event).nonlocals["session"]
    assert isinstance(session, Session)
    before = make_analysis()
    run = session.runs.adopt("anna", before)
    run.blind = name == "reveal"
    request = SimpleNamespace(session_hash="eve")
    event((run.run_id, 1), *CHANGES[name], request=request)
    assert run.analysis is before
    assert run.own_call is None
