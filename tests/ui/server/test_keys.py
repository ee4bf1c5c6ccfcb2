"""Keys that programs send, where the host asks for them (issue 19, section 4)."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.ui.programme.engines import StepByStep
from ui.programme.jobs import ProgrammeJobs
from ui.programme.routes import PREFIX, programme_routes
from ui.server.keys import HEADER, has_key
from ui.server.startup import KEYS, StartError, keys_of

KEY = "0123456789abcdef"


def test_without_the_variable_nobody_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEYS, raising=False)
    assert has_key({})


@pytest.mark.parametrize("sent", ["", "x", KEY[:-1], KEY + "x", f"{KEY}, {KEY[::-1]}", "é" * 16])
def test_with_it_one_of_the_keys_is_needed(monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    monkeypatch.setenv(KEYS, f"{KEY}, {KEY[::-1]}")
    assert has_key({HEADER: KEY})
    assert has_key({HEADER: KEY[::-1]})
    assert not has_key({HEADER: sent})
    assert not has_key({})


@pytest.mark.parametrize("named", [",", "short", f"{KEY},short", f"{KEY},", "é" * 16])
def test_keys_that_are_easily_guessed_are_refused_at_the_start(named: str) -> None:
    with pytest.raises(StartError, match="each key needs 16 plain letters"):
        keys_of({KEYS: named})


def test_programmes_ask_for_it_too(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEYS, KEY)
    addresses = programme_routes(ProgrammeJobs(StepByStep(), tmp_path / "jobs"))
    with TestClient(Starlette(routes=addresses)) as client:
        for answer in (client.post(PREFIX, content=b"-"), client.get(f"{PREFIX}/x/result")):
            assert (answer.status_code, "X-API-Key" in answer.text) == (401, True)
        assert client.get(f"{PREFIX}/x", headers={HEADER: KEY}).status_code == 404
