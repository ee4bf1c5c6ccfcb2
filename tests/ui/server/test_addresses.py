"""Which addresses the app answers: those the page asks for; every other one is not found.

Issue 15, point 31: `process_recording` ran ffmpeg on anybody's upload.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from gradio.routes import App
from starlette.testclient import TestClient

from ui.desk.controls import empty_desk
from ui.launch import app_options, queued
from ui.layout import build_app
from ui.player import ClipShelf
from ui.server.addresses import ALLOWED

REFUSED = {
    # runs ffmpeg on anybody's upload
    "POST /gradio_api/process_recording",
    # other visitors' inputs and results
    "GET /gradio_api/runs", "GET /gradio_api/runs/", "GET /gradio_api/queue/status",
    "GET /monitoring", "GET /monitoring/summary", "GET /monitoring/{key}",
    "GET /gradio_api/deep_link",
    "POST /gradio_api/run-history/connect", "GET /gradio_api/run-history/buckets",
    "GET /gradio_api/run-history/records",
    "GET /gradio_api/run-history/records/{endpoint}/{record_id}/assets/{asset_id}",
    # the server fetches what it is told to
    "GET /gradio_api/proxy={url_path:path}", "HEAD /gradio_api/proxy={url_path:path}",
    # writing the app in the browser, and reloading it
    "GET /gradio_api/vibe-code", "GET /gradio_api/vibe-code/",
    "POST /gradio_api/vibe-code", "POST /gradio_api/vibe-code/",
    "POST /gradio_api/vibe-edit", "POST /gradio_api/vibe-edit/",
    "POST /gradio_api/undo-vibe-edit", "POST /gradio_api/undo-vibe-edit/",
    "POST /gradio_api/vibe-starter-queries", "POST /gradio_api/vibe-starter-queries/",
    "GET /gradio_api/dev/reload",
    # nobody signs in
    "POST /login", "POST /login/", "GET /logout", "GET /gradio_api/user", "GET /gradio_api/user/",
    "GET /gradio_api/login_check", "GET /gradio_api/login_check/",
    "GET /gradio_api/token", "GET /gradio_api/token/",
    # of components and ways to call that this page has not
    "POST /gradio_api/component_server", "POST /gradio_api/component_server/",
    "GET /gradio_api/custom_component/{id}/{environment}/{type}/{file_name}",
    "GET /svelte/{path:path}", "GET /pwa_icon", "GET /pwa_icon/{size}",
    "POST /gradio_api/stream/{event_id}", "POST /gradio_api/stream/{event_id}/close",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}",
    "GET /gradio_api/file/{path:path}", "GET /gradio_api/openapi.json",
    "GET /gradio_api/app_id", "GET /gradio_api/app_id/",
    "POST /gradio_api/api/{api_name}", "POST /gradio_api/api/{api_name}/",
    "POST /gradio_api/run/{api_name}/", "POST /gradio_api/call/{api_name}/",
    "POST /gradio_api/call/v2/{api_name}/", "POST /gradio_api/reset/",
}  # fmt: skip
"""Routes of gradio that nobody may reach, by what they would do."""


def web_app(root_path: str = "") -> App:
    async def build() -> App:
        clips = ClipShelf()
        blocks = queued(build_app(clips), clips.presence)
        blocks.root_path = root_path
        return App.create_app(blocks, app_kwargs=app_options(clips))

    return asyncio.run(build())  # without a running loop gradio leaves some of its own open


@pytest.fixture(scope="module")
def web() -> App:
    return web_app()


@pytest.fixture(scope="module")
def client(web) -> TestClient:
    return TestClient(web, raise_server_exceptions=False)


def routes(some) -> Iterator[str]:
    """`METHOD /address` of every route; one that answers GET answers HEAD."""
    for route in some:
        if (included := getattr(route, "original_router", None)) is not None:
            yield from routes(included.routes)
        elif hasattr(route, "methods"):
            methods = route.methods - ({"HEAD"} if "GET" in route.methods else set())
            yield from (f"{method} {route.path}" for method in methods)
        else:  # a mounted application, of which nothing is known
            yield f"MOUNT {getattr(route, 'path', route)}"


def refused(client: TestClient, asked: str) -> bool:
    method, path = asked.split(" ")
    for blank, value in {"{path:path}": "x", "{url_path:path}": "https://a.hf.space/x"}.items():
        path = path.replace(blank, value)
    answer = client.request(method, path, headers={"Accept": "text/html"})
    # Our own answer, not one of gradio's about a thing that is not there.
    return answer.status_code == 404 and answer.text in ("Not Found", "")


def test_every_route_is_allowed_or_refused(web, client) -> None:
    allowed = {f"{method} {path}" for method, path in ALLOWED}
    ours = {name for name in routes(web.routes) if name.startswith("GET /rinkside/")}
    file = {f"{method} /gradio_api/file={{path_or_url:path}}" for method in ("GET", "HEAD")}
    known = allowed | ours | file | {"HEAD /"}
    found = set(routes(web.routes))
    assert found - known == REFUSED  # a new one must be put on one of the lists
    assert [name for name in sorted(REFUSED) if not refused(client, name)] == []
    silent = {"GET /gradio_api/heartbeat/{session_hash}", "GET /gradio_api/startup-events"}
    asked = sorted((allowed & found) | ours)
    assert [name for name in asked if name not in silent and refused(client, name)] == []
    assert len(ours) == 9


@pytest.mark.parametrize(
    "asked",
    [
        "GET /openapi.json",
        "GET /docs",
        "GET /gradio_api/mcp/sse",
        "GET /gradio_api/run-history/records",
        "GET /gradio_api/file=https://example.com/",
        "GET /gradio_api/file=http:/example.com/",
        "GET /gradio_api/file=etc/passwd",
        "PUT /gradio_api/upload",
        "GET //gradio_api/process_recording",
        "POST /gradio_api//process_recording",
        "POST /gradio_api/process_recording/",
        "POST /gradio_api/%70rocess_recording",
        "POST /gradio_api/call/../process_recording",
        "POST /assets/../gradio_api/process_recording",
    ],
)
def test_nothing_else_is_found(client, asked) -> None:
    assert refused(client, asked)


def test_a_file_outside_the_folders_is_not_given(client, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    answer = client.get(f"/gradio_api/file={tmp_path / 'secret.txt'}")
    assert (answer.status_code, "secret.txt" in answer.text) == (403, True)


def test_below_a_root_path_the_same_is_allowed() -> None:
    client = TestClient(web_app("/somewhere"))
    assert json.loads(client.get("/somewhere/config").text)["root"].endswith("/somewhere")
    assert client.get("/config").status_code == 200  # of a proxy that takes the prefix away
    assert client.get("/somewhere/rinkside/clips/x/scene").status_code == 404
    assert "Not Found" not in client.get("/somewhere/rinkside/clips/x/scene").text
    for prefix in ("", "/somewhere"):
        assert refused(client, f"POST {prefix}/gradio_api/process_recording")


def test_visitors_do_not_wait_for_each_other(web) -> None:
    """Only what says so has a limit of one; by default gradio's events all do."""
    assert web.get_blocks()._queue.default_concurrency_limit > 1


def test_pages_hold_nothing_but_tabs(web) -> None:
    """Gradio numbers the tabs by their place among all children: another one moves a label."""
    for tabs in (b for b in web.get_blocks().blocks.values() if isinstance(b, gr.Tabs)):
        assert [child for child in tabs.children if not isinstance(child, gr.Tab)] == []


def test_deleting_my_clip_empties_all_of_the_left(web) -> None:
    config = web.get_blocks().get_config_file()
    by_id = {part["id"]: part["props"].get("elem_id") for part in config["components"]}
    (event,) = (
        event
        for event in config["dependencies"]
        if any(by_id.get(part) == "forget" for part, _ in event["targets"])
    )
    emptied = dict(
        zip([by_id[part] for part in event["outputs"]], empty_desk(("x", 4)), strict=False)
    )
    assert [emptied[name] for name in ("upload", "clip-file", "clip", "skater")] == [
        None,
        None,
        "",
        "",
    ]
    assert "are deleted" in emptied["status"]
    assert len(event["outputs"]) == len(empty_desk(("x", 4))) + 1  # and the visit
