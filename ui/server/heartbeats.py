"""Notes the heartbeat that every open page keeps with the server."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from ui.presence import Presence
from ui.server.clients import client_of

_HEARTBEAT = re.compile(r"/gradio_api/heartbeat/([^/]+)$")


class Heartbeats:
    """ASGI middleware.

    Args:
        app: What answers.
        presence: What hears of them.
    """

    def __init__(self, app: ASGIApp, presence: Presence) -> None:
        self._app = app
        self._presence = presence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell when a heartbeat begins and ends, however it ends."""
        asked = _HEARTBEAT.search(scope["path"]) if scope["type"] == "http" else None
        if asked is None or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        self._presence.begin(asked[1], client_of(scope))
        try:
            await self._app(scope, receive, send)
        finally:
            self._presence.end(asked[1])
