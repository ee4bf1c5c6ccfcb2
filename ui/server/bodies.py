"""How large a request may be: refused before it is read, and while it is where it does not say."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.hosting import MAX_BODY_MIB, MAX_DISK_MIB_OF_A_CLIENT, MAX_UPLOAD_MIB
from ui.language.tables import preferred, say, speaking
from ui.server.clients import client_of
from ui.server.files import FILES

_MIB = 2**20
_FORM_MIB = 1
"""For what stands around the files of a form."""


class _TooLarge(Exception):
    """More came than may."""


class Bodies:
    """ASGI middleware: files of one request together, and everything that is no file.

    Args:
        app: What answers.
        files: Ends of the addresses that take files.
    """

    def __init__(self, app: ASGIApp, files: tuple[str, ...]) -> None:
        self._app, self._files = app, files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 to what is too large, and 507 where there is no room."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        takes_files = scope["path"].endswith(self._files)
        most = (MAX_UPLOAD_MIB + _FORM_MIB if takes_files else MAX_BODY_MIB) * _MIB
        said = Headers(scope=scope).get("content-length", "")
        size = int(said) if said.isascii() and said.isdigit() else 0
        if size > most:
            await _too_large(scope, receive, send, most)
        elif not takes_files:
            await self._counted(scope, receive, send, most)
        elif not await run_in_threadpool(FILES.has_room, size):
            await _refuse(scope, receive, send, 507, lambda: say("visit_disk"))
        else:
            await self._brought(scope, receive, send, most=most, size=size)

    async def _brought(
        self, scope: Scope, receive: Receive, send: Send, *, most: int, size: int
    ) -> None:
        """Files from an address that has not brought too many already."""
        client = client_of(scope)
        with FILES.coming(client, size) as may:
            if may:
                told = await self._counted(scope, receive, send, most)
                with suppress(ValueError):  # an answer of another kind names no uploads
                    paths = json.loads(told)
                    FILES.brought(client, paths if isinstance(paths, list) else [])
                return

        def full() -> str:
            return say("visit_quota_near", most=MAX_DISK_MIB_OF_A_CLIENT)

        await _refuse(scope, receive, send, 507, full)

    async def _counted(self, scope: Scope, receive: Receive, send: Send, most: int) -> bytes:
        """Count what comes; the beginning of the answer."""
        taken, told = 0, b""
        answered = False

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise _TooLarge
            return message

        async def noting(message: Message) -> None:
            nonlocal answered, told
            answered = True
            if len(told) < _MIB:
                told += message.get("body", b"")
            await send(message)

        try:
            await self._app(scope, counting, noting)
        except _TooLarge:
            if not answered:
                await _too_large(scope, receive, send, most)
        return told


async def _too_large(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    limit = min(most // _MIB, MAX_UPLOAD_MIB)
    await _refuse(scope, receive, send, 413, lambda: say("visit_large", most=limit))


async def _refuse(
    scope: Scope, receive: Receive, send: Send, status: int, sentence: Callable[[], str]
) -> None:
    """Answer with a sentence in the visitor's language."""
    with speaking(preferred(Headers(scope=scope).get("accept-language", ""))):
        text = sentence()
    await PlainTextResponse(text, status, headers={"Connection": "close"})(scope, receive, send)
