"""What is asked for with Analyse and Cancel: an answer at once, then the work in its turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from pipeline.errors import InputError
from ui import callbacks
from ui.events import AT_ONCE
from ui.language.messages import in_words
from ui.session import Session, visitor_of
from ui.views.cards import message_card


def begun_as(session: Session, news: callbacks.News, request: gr.Request) -> list[Any]:
    """What `callbacks.begin` says: for the status, `shown`, `visit` and `begun`."""
    card, run_id, revision = news
    shown = (run_id, revision) if run_id else gr.skip()
    return [card, shown, session.state_of_visit(request), run_id or gr.skip()]


def then_analyse(
    begun: Any, go_on: Any, inputs: Sequence[Any], outputs: Sequence[Any], **options: Any
) -> None:
    """After an answer at once, the analysis in its turn.

    Args:
        begun: The event that answers at once.
        go_on: Gets the inputs, and yields what `Session.told` makes.
        inputs: `begun` is one of them, and not `shown`: until its turn comes the visitor may have
            gone to look at something else.
        outputs: The status, `shown` and `visit`.
        **options: Of the event.
    """
    begun.then(
        go_on,
        list(inputs),
        list(outputs),
        # By default the page would drop it while the run before, which it ends, is still ending.
        trigger_mode="multiple",
        # Whose turn it is `ui.work` decides, which tells those who wait how long it may take.
        **{**AT_ONCE, **options},
    )


def begin_for(session: Session) -> Any:
    """What answers a click on Analyse; the fields come by the names of `callbacks.request_of`.

    It tells what `begun_as` makes, and the run whose request the fields hold: later typing stays.
    """

    def begin(blind: bool, request: gr.Request, **fields: Any) -> list[Any]:
        with session.in_turn(request):
            try:
                asked = callbacks.request_of(**fields)
            except InputError as error:
                news = message_card(in_words(error), kind="error"), "", 0
            else:
                news = callbacks.begin(asked, session.runs, visitor_of(request), blind=blind)
            return [*begun_as(session, news, request), news[1] or gr.skip()]

    return begin


def analyse_for(session: Session) -> Any:
    """What then does the work."""

    def work_on(begun: str, request: gr.Request, **fields: Any) -> Iterator[tuple[Any, Any, Any]]:
        try:
            asked = callbacks.request_of(**fields)
        except InputError:
            # `begin` has said so to whoever clicked.
            yield gr.skip(), gr.skip(), gr.skip()
            return
        steps = callbacks.analyse(asked, session.runs, visitor_of(request), run_id=begun)
        yield from session.told(steps, request)

    return work_on


def stop_for(session: Session) -> Any:
    """What answers a click on Cancel."""

    def stop(request: gr.Request) -> tuple[Any, Any, Any]:
        with session.in_turn(request):
            steps = iter([callbacks.stop(session.runs, visitor_of(request))])
            return next(session.told(steps, request))

    return stop
