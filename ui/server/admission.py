"""Which events are taken: as many of one visitor as a page may ask for, never a queue full of them.

Gradio has one number for all events that wait: who fills that stops every page. Here each kind of
event has a queue of its own, and a visitor and a network address a share of all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from gradio.queueing import Event, Queue
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ui.hosting import (
    MAX_DISK_MIB_OF_A_VISITOR,
    MAX_EVENTS,
    MAX_EVENTS_OF_A_CLIENT,
    MAX_EVENTS_OF_A_VISITOR,
    MAX_EVENTS_OF_GUESTS,
)
from ui.language.tables import preferred, say, speaking
from ui.presence import Presence
from ui.server.clients import client_of
from ui.server.files import FILES, brings_no_upload
from ui.server.keys import has_key

Push = Callable[..., Awaitable[tuple[bool, Any, str]]]
_MAX_SILENT = 2000
"""Sessions that gradio remembers although nobody fetches what they asked for."""


class Admission:
    """Stands before the queue of an app.

    Args:
        queue: Of gradio.
        presence: Who is there.
    """

    def __init__(self, queue: Queue, presence: Presence) -> None:
        self._queue, self._presence = queue, presence
        self._push: Push = queue.push
        self._send = queue.send_message
        presence.at_work = self.at_work

    async def push(
        self, body: Any, request: Request, username: str | None
    ) -> tuple[bool, Any, str]:
        """As `Queue.push`; what is too much, events or uploads, is refused in a sentence, with 503.

        Raises:
            HTTPException: 401 without the key that programs need; 422 for a file that was not
                uploaded.
        """
        visitor = body.session_hash or ""
        with speaking(preferred(request.headers.get("accept-language", ""))):
            self._check(body, request)
        if self._is_too_much(visitor, client_of(request.scope), body.fn_index):
            with speaking(preferred(request.headers.get("accept-language", ""))):
                return False, say("visit_events"), "queue_full"
        if visitor:
            self._presence.see(visitor)
            if not FILES.claim_within(visitor, body.data):
                with speaking(preferred(request.headers.get("accept-language", ""))):
                    full = say("visit_quota", most=MAX_DISK_MIB_OF_A_VISITOR)
                return False, full, "queue_full"
        self._forget_the_silent()
        return await self._push(body=body, request=request, username=username)

    def _check(self, body: Any, request: Request) -> None:
        event = self._queue.blocks.fns.get(body.fn_index)
        for_programs = event is not None and event.api_visibility == "public"
        if for_programs and not has_key(request.headers):
            raise HTTPException(401, say("endpoint_key"))
        if brings_no_upload(body.data, shipped=not for_programs):
            # In the form in which `gradio_client` finds the sentence.
            told = {"parameter_name": "file", "message": say("endpoint_upload")}
            raise HTTPException(422, [{"__type__": "validate", "is_valid": False, **told}])  # type: ignore[arg-type]

    def send(self, event: Event, event_message: Any) -> None:
        """As `Queue.send_message`; files that a visitor is given are theirs."""
        FILES.claim(event.session_hash, getattr(event_message, "output", None))
        self._send(event, event_message)

    def at_work(self) -> list[str]:
        """Visitors whose events wait or are at work, and who have not left."""
        return [event.session_hash for event in self._going() if event.alive]

    def _is_too_much(self, visitor: str, client: str, event: object) -> bool:
        going = list(self._going())
        theirs = sum(other.session_hash == visitor for other in going)
        near = [other for other in going if client_of(other.request.scope) == client]
        if len(going) >= MAX_EVENTS or theirs >= MAX_EVENTS_OF_A_VISITOR:
            return True
        if len(near) >= MAX_EVENTS_OF_A_CLIENT:
            return True
        if self._presence.is_active(visitor):
            return False
        # A page's first events come before its heartbeat, so those of another kind are taken.
        guests = (o for o in near if not self._presence.is_active(o.session_hash))
        return sum(other.fn._id == event for other in guests) >= MAX_EVENTS_OF_GUESTS

    def _going(self) -> Iterator[Event]:
        for waiting in list(self._queue.event_queue_per_concurrency_id.values()):
            yield from list(waiting.queue)
        for at_work in list(self._queue.active_jobs):
            yield from at_work or ()

    def _forget_the_silent(self) -> None:
        remembered = self._queue.pending_event_ids_session
        if len(remembered) <= _MAX_SILENT:
            return
        kept = {event.session_hash for event in self._going()}
        for visitor in [name for name in remembered if name not in kept]:
            if not self._presence.is_active(visitor):
                remembered.pop(visitor, None)
