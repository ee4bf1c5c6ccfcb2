"""What programs may ask for (issue 19, section 4): the whole list, the examples, the refusals."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.ui.server.started import PATIENCE_S, Started, started
from ui.endpoints.build import FOR_PROGRAMS
from ui.server.startup import KEYS

pytestmark = pytest.mark.slow

FIELDS = {"profile": "demo", "start": "", "end": "", "skater": "", "stream": ""}
UPLOAD = "upload"
CLIP = {"video": UPLOAD, **FIELDS}
SCHEMA: dict[str, tuple[dict[str, Any], str]] = {
    "/analyze": (CLIP, "object"),
    "/compare": ({"first": UPLOAD, "second": UPLOAD, "profile": "demo"}, "object"),
    "/classes": ({}, "array"),
    "/models": ({}, "object"),
    "/programme_start": (CLIP, "object"),
    "/programme_status": ({"job_id": None}, "object"),
    "/programme_result": ({"job_id": None}, "object"),
    "/programme_cancel": ({"job_id": None}, "object"),
    "/analyse": ({"path": UPLOAD, **FIELDS, "start": None, "end": None}, "string"),
}
"""Every endpoint: its fields with what they are when they are left out, and what it answers.
All other events of the page are private."""

KEY = "0123456789abcdef"
SECRET = "/etc/passwd"
ELSEWHERE: list[Any] = [
    SECRET,
    "file:///etc/passwd",
    "http://127.0.0.1:1/clip.mp4",
    "http://169.254.169.254/latest/meta-data",
    *(
        {"path": path, "meta": {"_type": "gradio.FileData"}}
        for path in (SECRET, "http://127.0.0.1:1/clip.mp4", "../../etc/passwd", "")
    ),
    {"path": SECRET},
    {"url": "http://127.0.0.1:1/clip.mp4", "meta": {"_type": "gradio.FileData"}},
    [{"path": SECRET, "meta": {"_type": "gradio.FileData"}}],
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with started(tmp_path_factory.mktemp("app"), "app.py", "--port") as running:
        yield running


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("locked")
    with started(folder, "app.py", "--port", **{KEYS: KEY}) as running:
        yield running


def uploaded(app: Started) -> dict[str, Any]:
    clip = ROOT / "assets" / "examples" / "3Lutz.mp4"
    answer = app.client.post("/gradio_api/upload", files={"files": (clip.name, clip.read_bytes())})
    return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}}


def asked(app: Started, name: str, fields: dict[str, Any]) -> tuple[str, str]:
    """How an endpoint's answer ends: `refused`, `error` or `complete`, and the rest."""
    answer = app.client.post(f"/gradio_api/call/v2{name}", json=fields)
    if answer.status_code != 200:
        assert answer.status_code in (401, 422), answer.text
        return "refused", answer.text
    event = answer.json()["event_id"]
    told = app.client.get(f"/gradio_api/call{name}/{event}").text
    *_, (kind, data) = re.findall(r"^event: (\w+)\ndata: (.*)$", told, re.MULTILINE)
    return kind, data


def test_the_list_of_endpoints(app: Started) -> None:
    told = app.client.get("/gradio_api/info").json()
    found = {}
    for name, endpoint in told["named_endpoints"].items():
        fields = {
            one["parameter_name"]: UPLOAD
            if one["type"].get("properties", {}).get("path")
            else one["parameter_default"]
            for one in endpoint["parameters"]
        }
        (answer,) = endpoint["returns"]
        found[name] = (fields, answer["type"]["type"])
        assert len(endpoint["description"]) > 40
    assert found == SCHEMA
    assert told["unnamed_endpoints"] == {}
    others = [event for event in app.events if event["api_name"] not in FOR_PROGRAMS]
    assert len(others) > 50
    assert {event["api_visibility"] for event in others} == {"private"}


@pytest.mark.parametrize("name", SCHEMA)
def test_files_are_taken_by_upload_only(app: Started, name: str) -> None:
    fields = SCHEMA[name][0]
    for field in fields:
        for value in ELSEWHERE:
            sent = {key: uploaded(app) for key, kind in fields.items() if kind == UPLOAD}
            kind, said = asked(app, name, {**sent, field: value})
            assert kind in ("refused", "error"), (name, field, value, said)
            assert re.search(r'"(error|message|detail)": ?"[^"\n]{10,300}"', said), said
            assert "root:" not in said
            assert "Traceback" not in said
    log = (app.folder / "log").read_text()
    assert "Traceback" not in log


def test_the_examples_of_the_docs_run(app: Started, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    here = text.replace("http://127.0.0.1:7860", str(app.client.base_url).rstrip("/"))
    told = []
    for language, code in re.findall(
        r"^```(python|bash)\n(.*?)^```", here, re.DOTALL | re.MULTILINE
    ):
        command = [sys.executable, "-c"] if language == "python" else ["bash", "-euc"]
        ended = subprocess.run(
            [*command, code], cwd=ROOT, capture_output=True, text=True, timeout=5 * PATIENCE_S,
            check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        told.append(ended.stdout)
    client, programme, clip, classes = told
    assert client.startswith("3Lutz 0.5")
    assert "28 ['demo', 'fast', 'paper']" in client
    assert "done; elements found:" in programme
    assert '"state": "done"' in clip.splitlines()[-2] + clip
    assert '"code": "3Lz"' in classes
    assert str(app.folder) not in "".join(told)  # no answer names a place on the server


def test_a_key_is_asked_of_programs_not_of_the_page(locked: Started) -> None:
    kind, said = asked(locked, "/classes", {})
    assert (kind, "X-API-Key" in said) == ("refused", True)
    for name in FOR_PROGRAMS:
        assert locked.join(name, "x").status_code == 401, name
    assert locked.join("hero", "a page").status_code == 200
    assert "Rinkside" in locked.answer("a page")
    locked.client.headers["X-API-Key"] = KEY
    kind, said = asked(locked, "/classes", {})
    assert (kind, len(json.loads(said)[0])) == ("complete", 28)
