"""The page gets its script before gradio's, and nothing else is touched."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.language.choice import HEAD, LanguageFirst

PAGE = "<html><head><script>gradio()</script></head><body>é</body></html>"


@pytest.fixture
def client():
    async def page(_request) -> HTMLResponse:
        return HTMLResponse(PAGE)

    routes = [Route("/", page, methods=["GET", "POST"]), Route("/report.html", page)]
    return TestClient(LanguageFirst(Starlette(routes=routes)))


def test_the_script_comes_first_in_the_page(client):
    """Issue 15, 13: gradio had chosen the browser's language before `head=` was heard."""
    answer = client.get("/")
    assert answer.text == PAGE.replace("<head>", f"<head>{HEAD}")
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(("method", "path"), [("get", "/report.html"), ("post", "/")])
def test_everything_else_passes_unchanged(client, method, path):
    assert getattr(client, method)(path).text == PAGE
