"""How large a request may be (issue 19, 0.6: 8 files of 100 MB in one request passed)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio.utils import get_upload_folder
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.hosting import MAX_BODY_MIB, MAX_UPLOAD_MIB
from ui.server import bodies, files
from ui.server.bodies import Bodies
from ui.server.files import VisitorFiles

MIB = 2**20


async def keep(request: Request) -> JSONResponse:
    """As gradio keeps an upload."""
    path = Path(get_upload_folder()) / (request.headers["name"] * 64) / "clip.mp4"
    path.parent.mkdir()
    path.write_bytes(await request.body())
    return JSONResponse([str(path)])


async def read(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def client() -> Iterator[TestClient]:
    routes = [Route(path, read, methods=["POST"]) for path in ("/upload", "/join")]
    routes.append(Route("/keep", keep, methods=["POST"]))
    with TestClient(
        Starlette(routes=routes, middleware=[Middleware(Bodies, files=("/upload", "/keep"))])
    ) as client:
        yield client


def chunks(mib: int) -> Iterator[bytes]:
    for _ in range(mib):
        yield b"x" * MIB


@pytest.mark.parametrize("said", [8 * 100 * MIB, 10**15])
def test_files_too_large_together_are_refused_before_they_are_read(client, said) -> None:
    answer = client.post("/upload", content=b"", headers={"Content-Length": str(said)})
    assert answer.status_code == 413
    assert f"larger than {MAX_UPLOAD_MIB} MiB together" in answer.text


def test_a_request_that_does_not_say_is_counted(client, monkeypatch) -> None:
    monkeypatch.setattr(bodies, "MAX_UPLOAD_MIB", 2)
    assert client.post("/upload", content=chunks(3)).text == str(3 * MIB)  # a form's own part
    assert client.post("/upload", content=chunks(4)).status_code == 413


def test_a_network_address_brings_no_more_than_its_share(client, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(bodies, "FILES", VisitorFiles())
    monkeypatch.setattr(files, "MAX_DISK_MIB_OF_A_CLIENT", 3)
    for name in "ab":
        answer = client.post("/keep", content=bytes(MIB), headers={"Name": name})
        assert answer.json() == [str(tmp_path / (name * 64) / "clip.mp4")]
    headers = {"Accept-Language": "en", "Content-Length": str(2 * MIB), "Name": "c"}
    answer = client.post("/keep", content=b"", headers=headers)
    assert answer.status_code == 507
    assert "Uploads from your network address take" in answer.text
    assert client.post("/keep", content=bytes(1000), headers={"Name": "c"}).status_code == 200


def test_what_brings_no_files_is_small(client) -> None:
    assert client.post("/join", content=chunks(MAX_BODY_MIB)).status_code == 200
    assert client.post("/join", content=chunks(MAX_BODY_MIB + 1)).status_code == 413
    large = {"Content-Length": str(100 * MIB)}
    assert client.post("/join", content=b"", headers=large).status_code == 413
