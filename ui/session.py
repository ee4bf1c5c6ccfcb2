"""What the tabs share: the run on show, how they hear of news, and who is visiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ui.callbacks import News
from ui.events import QUIET
from ui.labels import language_of
from ui.language import spoken_in
from ui.player.clips import ClipShelf
from ui.runs import Run, RunStore

Shown = tuple[str, int]
"""`(run id, revision)`: which run is on show, and how far it had come."""


@dataclass(frozen=True)
class Session:
    """Handed to every tab's `build_tab`.

    Every event costs the page a request, and the browser a redrawing: what only a finished analysis
    tells listens to `finished`, and a tab that is not open draws nothing until it is.
    """

    runs: RunStore
    """All runs of the server."""
    shown: gr.State
    """`(run id, revision)` of what is on show; changes with every new result."""
    finished: gr.State
    """The same of the last run on show that has a finished analysis."""
    begun: gr.State
    """Id of the run that was begun last and is to be gone on with in its turn."""
    open_tab: gr.State
    """Which of the desk's tabs is open."""
    clips: ClipShelf = field(default_factory=ClipShelf)
    """The videos on show."""
    pages: gr.Tabs | None = None
    """The pages, so that a click can lead to the desk."""

    def __post_init__(self) -> None:
        def follow(shown: Shown) -> Any:
            run = self.run_of(shown)
            return gr.skip() if run is None or run.analysis is None else shown

        self.shown.change(follow, self.shown, self.finished, **QUIET)

    def on_news(self, render: Callable[[Run], Any], outputs: Sequence[Any]) -> None:
        """Call `render(run)` for the outputs whenever the run on show has something new.

        In blind mode a run has no news until the visitor has made a call.
        """

        def update(shown: Shown) -> Any:
            run = self.visible(shown)
            return skipped(outputs) if run is None else render(run)

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
            **QUIET,
        )

    def on_open(
        self,
        tab: gr.Tab,
        name: str,
        render: Callable[[Run], Any],
        outputs: Sequence[Any],
        *,
        live: bool = False,
    ) -> gr.State:
        """Call `render(run)` for the outputs when the tab is open and there is something new.

        Args:
            tab: Which.
            name: Its id.
            render: Gets a run with a finished analysis; with `live` any run.
            outputs: What it draws.
            live: Draw as the run goes on; one that ends without a verdict leaves the field to the
                last that did not.

        Returns:
            `(run id, revision)` of what is drawn.
        """
        sources = [self.shown if live else self.finished, self.finished]
        drawn = gr.State(("", 0))

        def update(news: Shown, finished: Shown, at: str, before: Shown) -> Any:
            run = self.visible(news)
            if run is not None and run.ended:
                news, run = finished, self.visible(finished)
            if at != name or run is None or tuple(before) == tuple(news):
                return [gr.skip(), *(gr.skip() for _ in outputs)]
            result = render(run)
            return [news, *(result if len(outputs) > 1 else [result])]

        tab.select(lambda: name, None, self.open_tab, **QUIET)
        gr.on(
            [self.open_tab.change, sources[0].change],
            update,
            [*sources, self.open_tab, drawn],
            [drawn, *outputs],
            **QUIET,
        )
        return drawn

    def run_of(self, shown: Shown) -> Run | None:
        """The run on show."""
        return self.runs.get(shown[0])

    def visible(self, shown: Shown) -> Run | None:
        """The run on show, unless the visitor's own call is to come first."""
        run = self.runs.get(shown[0])
        return None if run is None or run.hidden else run


def skipped(outputs: Sequence[Any]) -> Any:
    """What an event returns to leave its outputs as they are."""
    return [gr.skip() for _ in outputs] if len(outputs) > 1 else gr.skip()


def told(steps: Iterator[News], request: gr.Request) -> Iterator[tuple[Any, Any]]:
    """News as the page takes it, in the visitor's language: for the status and `shown`."""
    for card, run_id, revision in spoken_in(language_of(request), steps):
        yield card or gr.skip(), (run_id, revision) if run_id else gr.skip()


def visitor_of(request: gr.Request) -> str:
    """Who is being answered."""
    return str(request.session_hash)
