"""The addresses that the app answers; whatever else gradio has is not found.

Gradio brings routes that this page never asks for, among them one that runs ffmpeg on anybody's
upload, and a new version may bring more. `Allowed` stands before all of them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

_API = "/gradio_api"
# A file of this machine; gradio itself also fetches web addresses there, for anybody.
_FILE = f"{_API}/file=" + ("/{path:path}" if os.sep == "/" else "{drive}:\\{path:path}")

ALLOWED: Sequence[tuple[str, str]] = (
    # the page and what it is made of
    ("GET", "/"),
    ("GET", "/config"),
    ("GET", "/config/"),
    ("GET", "/assets/{path:path}"),
    ("GET", "/static/{path:path}"),
    ("GET", "/theme.css"),
    ("GET", f"{_API}/theme.css"),
    ("GET", "/favicon.ico"),
    ("GET", "/manifest.json"),
    ("GET", "/robots.txt"),
    # events and their answers
    ("POST", f"{_API}/queue/join"),
    ("GET", f"{_API}/queue/data"),
    ("POST", f"{_API}/run/{{api_name}}"),
    ("POST", f"{_API}/cancel"),
    ("POST", f"{_API}/reset"),
    ("GET", f"{_API}/heartbeat/{{session_hash}}"),
    # files
    ("POST", f"{_API}/upload"),
    ("GET", f"{_API}/upload_progress"),
    ("GET", _FILE),
    # programs that use the app, and the page that tells how
    ("GET", f"{_API}/info"),
    ("GET", f"{_API}/info/"),
    ("POST", f"{_API}/call/{{api_name}}"),
    ("GET", f"{_API}/call/{{api_name}}/{{event_id}}"),
    ("POST", f"{_API}/call/v2/{{api_name}}"),
    ("GET", f"{_API}/call/v2/{{api_name}}/{{event_id}}"),
    # gradio asks itself once, when it starts
    ("GET", f"{_API}/startup-events"),
)
"""Method and address; what may be asked with GET may be asked with HEAD."""


class Allowed:
    """ASGI middleware that answers 404 to all but the allowed addresses.

    Args:
        app: What answers the others.
        more: Routes of our own.
    """

    def __init__(self, app: ASGIApp, more: Sequence[BaseRoute] = ()) -> None:
        self._app = app
        # Matched as the router does it, below a root path too.
        ours = [Route(path, _nothing, methods=[method]) for method, path in ALLOWED]
        self._routes = (*ours, *more)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an allowed request on."""
        if scope["type"] == "lifespan" or self.allows(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            await PlainTextResponse("Not Found", 404)(scope, receive, send)

    def allows(self, scope: Scope) -> bool:
        """Whether a request asks for an allowed address."""
        return any(route.matches(scope)[0] is Match.FULL for route in self._routes)


def _nothing() -> None:
    """Never called: the routes here are only compared with."""
