"""What the tabs share: the run on show, how they hear of news, and who is visiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ui.callbacks import News
from ui.events import CHOICE, QUIET, one_by_one
from ui.language.labels import language_of
from ui.language.tables import say, spoken_in
from ui.player.clips import ClipShelf
from ui.runs import Run, RunStore
from ui.turns import Turns
from ui.views.cards import message_card

Shown = tuple[str, int]
"""`(run id, revision)`: which run is on show, and how far it had come. In place of an id stands
`NOT_ANALYSED` or `UNREADABLE` where the clip on screen has no run."""
NOT_ANALYSED = ""
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class _Drawing:
    """A tab that draws a run when it is open."""

    live: bool
    """Whether it draws what an analysis has found so far."""
    drawn: gr.State
    """`(run id, revision)` of what it shows."""
    veil: gr.HTML
    """A sentence in place of its content, while that is of another run; empty else."""


@dataclass(frozen=True)
class Session:
    """Handed to every tab's `build_tab`.

    What is on screen belongs to one clip: every field that shows a run hears of `shown`, and a tab
    that has not drawn that run yet is veiled.

    Every event costs the page a request, and the browser a redrawing: what only a finished analysis
    tells listens to `finished`, and a tab that is not open draws nothing until it is.
    """

    runs: RunStore
    """All runs of the server."""
    shown: gr.State
    """`(run id, revision)` of what is on show; changes with every new result."""
    finished: gr.State
    """The same if that run is finished; else it names no run."""
    heard: gr.State
    """`shown`, after the tabs that show something else are veiled."""
    visit: gr.State
    """This visit's runs and how far they are; changes when one begins or ends."""
    begun: gr.State
    """Id of the run that was begun last and is to be gone on with in its turn."""
    open_tab: gr.State
    """Which of the desk's tabs is open."""
    clips: ClipShelf = field(default_factory=ClipShelf)
    """The videos on show."""
    pages: gr.Tabs | None = None
    """The pages, so that a click can lead to the desk."""
    veils: dict[str, gr.HTML] = field(default_factory=dict)
    """By the name of the tab."""
    drawings: list[_Drawing] = field(default_factory=list)
    """The tabs that `on_open` was called for."""
    turns: Turns = field(default_factory=Turns)
    """Of what each visitor asks for."""

    def add_veil(self, name: str) -> None:
        """Put the sentence of an empty tab here; it hides everything of the tab that follows."""
        self.veils[name] = gr.HTML(
            lambda: message_card(say("tab_not_yet")), elem_classes="rs-veil", show_label=False
        )

    def wire(self) -> None:
        """Make the tabs follow what is on show; after all of them are laid out."""
        outputs = [self.finished, self.heard, self.visit, *(d.veil for d in self.drawings)]

        def follow(shown: Shown, request: gr.Request, *drawn: Shown) -> list[Any]:
            overtaken = self.overtaken(shown, request)
            if overtaken is not None:
                return [overtaken, *(gr.skip() for _ in outputs)]
            run = self.run_of(shown)
            done = run is not None and run.analysis is not None
            pairs = zip(self.drawings, drawn, strict=True)
            veils = [_veil_over(run, drawing, before) for drawing, before in pairs]
            finished = shown if done else (NOT_ANALYSED, shown[1])
            return [gr.skip(), finished, shown, self.state_of_visit(request), *veils]

        self.shown.change(
            follow,
            [self.shown, *(drawing.drawn for drawing in self.drawings)],
            [self.shown, *outputs],
            **QUIET,
        )

    def on_news(
        self,
        render: Callable[[Run], Any],
        outputs: Sequence[Any],
        *,
        without: Callable[[Shown], Any],
    ) -> None:
        """Draw the outputs whenever what is on show has something new.

        In blind mode a run has no news until the visitor has made a call.

        Args:
            render: Gets the run on show.
            outputs: What it draws.
            without: Gets `shown` where the clip on screen has no run.
        """

        def update(shown: Shown) -> Any:
            run = self.run_of(shown)
            if run is None:
                return without(shown)
            return skipped(outputs) if run.hidden else render(run)

        self.shown.change(update, [self.shown], list(outputs), **QUIET)

    def redraw(
        self, draw: Callable[..., Any], inputs: Sequence[Any], output: Any, *, after: gr.State
    ) -> None:
        """Call `draw(drawn, *inputs)` when one of the inputs changes, and after another drawing.

        Args:
            draw: Makes the output.
            inputs: Components that it depends on.
            output: What is drawn.
            after: What `on_open` returned: the run that is drawn.
        """
        gr.on(
            [after.change, *(component.change for component in inputs)],
            draw,
            [after, *inputs],
            output,
            trigger_mode="always_last",
            **one_by_one(f"redraw-{output.elem_id}"),
        )

    def on_open(
        self,
        tab: gr.Tab,
        name: str,
        render: Callable[[Run], Any],
        outputs: Sequence[Any],
        *,
        live: bool = False,
        options: Mapping[str, Any] = QUIET,
    ) -> gr.State:
        """Call `render(run)` for the outputs when the tab is open and there is something new.

        Args:
            tab: Which.
            name: Its id.
            render: Gets a run with a finished analysis; with `live` any that has answers.
            outputs: What it draws.
            live: Draw as the run goes on.
            options: How the event behaves.

        Returns:
            `(run id, revision)` of what is drawn.
        """
        source = self.heard if live else self.finished
        drawn = gr.State((NOT_ANALYSED, 0))
        veil = self.veils[name]
        self.drawings.append(_Drawing(live, drawn, veil))

        def update(news: Shown, at: str, before: Shown) -> Any:
            run = self.visible(news)
            if at != name or not _drawable(run, live=live) or tuple(before) == tuple(news):
                return [gr.skip(), gr.skip(), *(gr.skip() for _ in outputs)]
            assert run is not None
            result = render(run)
            return [news, "", *(result if len(outputs) > 1 else [result])]

        tab.select(lambda: name, None, self.open_tab, **CHOICE)
        gr.on(
            [self.open_tab.change, source.change],
            update,
            [source, self.open_tab, drawn],
            [drawn, veil, *outputs],
            **options,
        )
        return drawn

    def overtaken(self, shown: Shown, request: gr.Request) -> Shown | None:
        """What to show instead of news that was under way when the visitor chose something else."""
        chosen = self.runs.chosen(visitor_of(request))
        return None if chosen in (None, shown[0]) else (str(chosen), shown[1] + 1)

    def in_turn(self, request: gr.Request) -> AbstractContextManager[None]:
        """Answer the visitor when everything that they asked for before is answered."""
        return self.turns.of(visitor_of(request))

    def run_of(self, shown: Shown) -> Run | None:
        """The run on show."""
        return self.runs.get(shown[0])

    def own(self, shown: Shown, request: gr.Request) -> Run | None:
        """The run on show, if the visitor who asks has begun it: nobody else changes it."""
        run = self.runs.get(shown[0])
        return run if run is not None and run.visitor == visitor_of(request) else None

    def visible(self, shown: Shown) -> Run | None:
        """The run on show, unless the visitor's own call is to come first."""
        run = self.runs.get(shown[0])
        return None if run is None or run.hidden else run

    def state_of_visit(self, request: gr.Request) -> list[list[Any]]:
        """This visit's runs and how far they are; for `visit`."""
        runs = self.runs.visit(visitor_of(request))
        return [[run.run_id, run.analysis is not None, run.hidden] for run in runs]

    def told(self, steps: Iterator[News], request: gr.Request) -> Iterator[tuple[Any, Any, Any]]:
        """News as the page takes it, in the visitor's language: for status, `shown`, `visit`."""
        for card, run_id, revision in spoken_in(language_of(request), steps):
            shown = (run_id, revision) if run_id else gr.skip()
            yield card or gr.skip(), shown, self.state_of_visit(request)


def _drawable(run: Run | None, *, live: bool) -> bool:
    """Whether a tab has anything to draw of a run."""
    if run is None:
        return False
    return run.analysis is not None or (live and bool(run.scores) and not run.ended)


def _veil_over(run: Run | None, drawing: _Drawing, drawn: Shown) -> str:
    if not _drawable(run, live=drawing.live):
        going = run is not None and run.going
        return message_card(say("tab_being_analysed" if going else "tab_not_yet"))
    assert run is not None
    return "" if drawn[0] == run.run_id else message_card(say("tab_moment"))


def skipped(outputs: Sequence[Any]) -> Any:
    """What an event returns to leave its outputs as they are."""
    return [gr.skip() for _ in outputs] if len(outputs) > 1 else gr.skip()


def visitor_of(request: gr.Request) -> str:
    """Who is being answered."""
    return str(request.session_hash)
