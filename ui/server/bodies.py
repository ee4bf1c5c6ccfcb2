"""How large a request may be: refused before it is read, and while it is where it does not say."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.hosting import MAX_BODY_MIB, MAX_UPLOAD_MIB
from ui.language.tables import preferred, say, speaking
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
            await _refuse(scope, receive, send, most=most // _MIB)
            return
        if takes_files and not await run_in_threadpool(FILES.has_room, size):
            await _refuse(scope, receive, send, most=None)
            return
        await self._counted(scope, receive, send, most)

    async def _counted(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        taken, answered = 0, False

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise _TooLarge
            return message

        async def noting(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, counting, noting)
        except _TooLarge:
            if not answered:
                await _refuse(scope, receive, send, most=most // _MIB)


async def _refuse(scope: Scope, receive: Receive, send: Send, *, most: int | None) -> None:
    """Answer 413 with the most that may come, or 507 where there is no room for anything."""
    language = preferred(Headers(scope=scope).get("accept-language", ""))
    with speaking(language):
        full = say("visit_disk")
        text = full if most is None else say("visit_large", most=min(most, MAX_UPLOAD_MIB))
    status = 507 if most is None else 413
    await PlainTextResponse(text, status, headers={"Connection": "close"})(scope, receive, send)
