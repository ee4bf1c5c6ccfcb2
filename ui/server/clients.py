"""At which network address a visitor is, also behind proxies."""

from __future__ import annotations

import os

from starlette.datastructures import Headers
from starlette.types import Scope

PROXIES = "RINKSIDE_PROXIES"
"""Environment variable: how many proxies stand before the app; a Space has one."""


def client_of(scope: Scope) -> str:
    """The address that the outermost proxy of our own saw; without proxies, the connection's.

    What a visitor sends as `X-Forwarded-For` stands to the left of what our proxies add.
    """
    connected = scope.get("client")
    named = [name.strip() for name in Headers(scope=scope).get("x-forwarded-for", "").split(",")]
    count = _proxies()
    if count and len(named) >= count and named[-count]:
        return named[-count][:64]
    return connected[0] if connected else ""


def _proxies() -> int:
    text = os.environ.get(PROXIES, "")
    if text.isascii() and text.isdigit():
        return int(text)
    return 1 if "SPACE_ID" in os.environ else 0
