"""Issue 17, "Job identity": the same ids serve an API (start, status, result)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from pipeline.storage.programme_pack import holds_programme, pack_programme
from tests.ui.programme.engines import StepByStep
from tests.ui.programme.test_jobs import until
from ui.programme import routes
from ui.programme.jobs import ProgrammeJobs
from ui.programme.routes import PREFIX, programme_routes
from ui.server.addresses import Allowed


@pytest.fixture
def engine() -> StepByStep:
    return StepByStep()


@pytest.fixture
def program(engine: StepByStep, tmp_path: Path) -> Iterator[TestClient]:
    addresses = programme_routes(ProgrammeJobs(engine, tmp_path / "jobs"))
    guard = Middleware(Allowed, more=addresses)
    with TestClient(Starlette(routes=addresses, middleware=[guard])) as client:
        yield client
    engine.gate.set()  # nobody keeps the turn


def start(program: TestClient, **fields: str) -> dict[str, object]:
    answer = program.post(PREFIX, params={"name": "free.mp4", **fields}, content=b"a video")
    assert answer.status_code == 202, answer.text
    return answer.json()


def test_a_program_starts_looks_on_and_takes_the_result(program, engine, tmp_path) -> None:
    engine.gate.clear()
    told = start(program, skater="2")
    address = f"{PREFIX}/{told['id']}"
    assert told["page"] == f"/?programme={told['id']}"
    until(lambda: program.get(address).json()["state"] == "reading")
    assert program.get(f"{address}/result").status_code == 409
    engine.gate.set()
    until(lambda: program.get(address).json()["state"] == "done")
    status = program.get(address).json()
    assert (status["elements"], status["fraction"], status["name"]) == (3, 1.0, "free.mp4")
    found = program.get(f"{address}/result").json()
    assert [element["code"] for element in found["elements"]] == ["3Lz+3T", "FCoSp", "StSq"]
    assert found["state"] == "done"
    packed = program.get(f"{address}/programme.zip")
    (tmp_path / "taken.zip").write_bytes(packed.content)
    assert holds_programme(tmp_path / "taken.zip")
    assert "free_programme.zip" in packed.headers["content-disposition"]
    for said in (status, found):  # issue 17: no paths of this machine
        assert str(tmp_path.parent) not in json.dumps(said)


def test_a_zip_is_packed_for_one_request_at_a_time(program, tmp_path, monkeypatch) -> None:
    """Issue 19, 0.4: who asks while it is packed holds no thread; they are told to ask again."""
    address = f"{PREFIX}/{start(program)['id']}"
    until(lambda: program.get(address).json()["state"] == "done")
    asked_meanwhile = []

    def pack(folder: Path, target: Path) -> None:
        asked_meanwhile.append(program.get(f"{address}/programme.zip"))
        pack_programme(folder, target)

    monkeypatch.setattr(routes, "pack_programme", pack)
    assert program.get(f"{address}/programme.zip").status_code == 200
    (answer,) = asked_meanwhile
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_a_program_cancels_and_goes_on(program, engine) -> None:
    engine.gate.clear()
    address = f"{PREFIX}/{start(program)['id']}"
    program.post(f"{address}/cancel")
    until(lambda: program.get(address).json()["state"] == "cancelled")
    engine.gate.set()
    assert program.get(address).json()["can_continue"]
    assert program.post(f"{address}/continue").status_code == 200
    until(lambda: program.get(address).json()["state"] == "done")


def test_others_find_nothing(program) -> None:
    told = start(program)
    for asked in ("", "x", f"{told['id']}x", "..%2f..", f"{told['id']}/files"):
        assert program.get(f"{PREFIX}/{asked}").status_code in (404, 405)
    assert "no programme at this address" in program.get(f"{PREFIX}/x").text
    assert "アドレス" in program.get(f"{PREFIX}/x", headers={"Accept-Language": "ja"}).text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"profile": "secret"}, "there is no profile secret"),
        ({"start": "soon"}, "is not a time"),
        ({"skater": "the left one"}, "skater: the left one is not a whole number"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(program, fields, words) -> None:
    answer = program.post(PREFIX, params=fields, content=b"a video")
    assert answer.status_code == 422
    assert words in answer.text


def test_too_many_too_large_and_from_elsewhere_are_refused(program, engine, monkeypatch) -> None:
    engine.gate.clear()
    for _ in range(3):
        start(program)
    answer = program.post(PREFIX, content=b"a video")
    assert (answer.status_code, "cancel one" in answer.text) == (429, True)
    elsewhere = {"Origin": "https://example.org"}
    assert program.post(PREFIX, content=b"a video", headers=elsewhere).status_code == 403
    monkeypatch.setattr(routes, "MAX_UPLOAD_MIB", 0)
    for content in (b"a video", iter([b"a ", b"video"])):
        answer = program.post(PREFIX, content=content)
        assert (answer.status_code, "larger than 0 MiB" in answer.text) == (413, True)
    engine.gate.set()
