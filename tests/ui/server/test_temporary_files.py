"""What ships is there whatever becomes of temporary files; what is lost is made again or said.

Issue 15, point 11: after an hour every example ended with "there is no such file".
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from gradio.routes import App
from starlette.testclient import TestClient

from ui.desk.controls import ASSETS, examples
from ui.launch import app_options, queued
from ui.layout import build_app
from ui.player import ClipShelf


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary") / "gradio"


@pytest.fixture(scope="module")
def web(temporary: Path) -> App:
    async def build() -> App:
        clips = ClipShelf()
        blocks = queued(build_app(clips), clips.presence)
        blocks.max_file_size, blocks.is_running = None, True  # as `launch` sets it
        return App.create_app(blocks, app_kwargs=app_options(clips))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(temporary))
        return asyncio.run(build())


def chosen(web: App, number: int) -> str:
    """Path of an example, as the page gets it after a click."""
    config = web.get_blocks().get_config_file()
    (samples,) = [part["id"] for part in config["components"] if part["type"] == "dataset"]
    (event,) = [e["id"] for e in config["dependencies"] if (samples, "click") in e["targets"]]
    asked = {"data": [number], "fn_index": event, "session_hash": "somebody"}
    answer = TestClient(web).post("/gradio_api/run/predict", json=asked)
    assert answer.status_code == 200, answer.text
    (value,) = answer.json()["data"]
    return str(value.get("value", value)["path"])


def test_examples_are_read_where_they_ship(web, temporary) -> None:
    assert chosen(web, 1) == str(examples()[1])
    assert [path for path in temporary.rglob("*.mp4") if path.is_file()] == []


def test_an_example_is_given_after_the_temporary_folder_has_gone(web, temporary) -> None:
    shutil.rmtree(temporary, ignore_errors=True)
    path, client = chosen(web, 2), TestClient(web)
    assert client.get(f"/gradio_api/file={path}").content == examples()[2].read_bytes()
    assert client.get(f"/gradio_api/file={ASSETS / 'styles.css'}").status_code == 403


def test_an_upload_finds_the_folder_again(web, temporary, monkeypatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(temporary))
    shutil.rmtree(temporary, ignore_errors=True)
    answer = TestClient(web).post("/gradio_api/upload", files={"files": ("a.mp4", b"a video")})
    (path,) = answer.json()
    assert Path(path).read_bytes() == b"a video"
