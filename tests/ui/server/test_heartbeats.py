"""Heartbeats of pages, and at which address they are; through the middleware itself."""

from __future__ import annotations

import asyncio

import pytest

from ui.presence import Presence
from ui.server.clients import PROXIES, client_of
from ui.server.heartbeats import Heartbeats


def scope(path: str, method: str = "GET") -> dict[str, object]:
    return {
        "type": "http", "path": path, "method": method, "headers": [], "client": ("192.0.2.1", 5),
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/gradio_api/heartbeat/anna", "/below/gradio_api/heartbeat/anna"])
def test_a_visitor_is_there_for_as_long_as_the_heartbeat_is(path) -> None:
    presence = Presence(grace_s=0)
    seen = []

    async def app(*_: object) -> None:
        seen.append(presence.is_active("anna"))
        raise OSError("the connection broke")

    with pytest.raises(OSError, match="broke"):
        asyncio.run(Heartbeats(app, presence)(scope(path), None, None))
    assert (seen, presence.is_active("anna"), presence.gone()) == ([True], False, ["anna"])


@pytest.mark.parametrize(
    ("path", "method"), [("/gradio_api/heartbeat/a", "POST"), ("/gradio_api/queue/join", "GET")]
)
def test_nothing_else_is_a_heartbeat(path, method) -> None:
    presence = Presence(grace_s=0)

    async def app(*_: object) -> None:
        assert presence.gone() == []

    asyncio.run(Heartbeats(app, presence)(scope(path, method), None, None))
    assert presence.gone() == []


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        ("", "198.51.100.9", "192.0.2.1"),  # anybody may say so
        ("1", "", "192.0.2.1"),
        ("1", "198.51.100.9", "198.51.100.9"),
        ("1", "invented, 198.51.100.9", "198.51.100.9"),
        ("2", "invented, 198.51.100.9, 10.0.0.1", "198.51.100.9"),
        ("2", "198.51.100.9", "192.0.2.1"),
        ("-1", "198.51.100.9", "192.0.2.1"),
    ],
)
def test_the_address_is_what_our_own_proxies_saw(proxies, forwarded, expected, monkeypatch) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.setenv(PROXIES, proxies)
    headers = [(b"x-forwarded-for", forwarded.encode())]
    assert client_of({**scope("/"), "headers": headers}) == expected
