"""What the tabs share: the run on show, how they hear of news, and who is visiting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ui.player.clips import ClipShelf
from ui.runs import Run, RunStore

Shown = tuple[str, int]
"""`(run id, revision)`: which run is on show, and how far it had come."""

# Two visitors' news do not wait for each other.
_QUIET: dict[str, Any] = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "concurrency_limit": 4,
}


@dataclass(frozen=True)
class Session:
    """Handed to every tab's `build_tab`."""

    runs: RunStore
    """All runs of the server."""
    shown: gr.State
    """`(run id, revision)` of what is on show; changes with every new result."""
    open_tab: gr.State | None = None
    """Which of the desk's tabs is open."""
    clips: ClipShelf = field(default_factory=ClipShelf)
    """The videos on show."""
    pages: gr.Tabs | None = None
    """The pages, so that a click can lead to the desk."""

    def on_news(self, render: Callable[[Run], Any], outputs: Sequence[Any]) -> None:
        """Call `render(run)` for the outputs whenever the run on show has something new.

        In blind mode a run has no news until the visitor has made a call.
        """

        def update(shown: Shown) -> Any:
            run = self.visible(shown)
            return skipped(outputs) if run is None else render(run)

        self.shown.change(update, [self.shown], list(outputs), **_QUIET)

    def on_result(self, render: Callable[[Run], Any], outputs: Sequence[Any]) -> None:
        """Call `render(run)` for the outputs once a run with a finished analysis is on show."""

        def update(run: Run) -> Any:
            return skipped(outputs) if run.analysis is None else render(run)

        self.on_news(update, outputs)

    def redraw(self, draw: Callable[..., Any], inputs: Sequence[Any], output: Any) -> None:
        """Call `draw(shown, *inputs)` when there is news and when one of the inputs changes."""
        gr.on(
            [self.shown.change, *(component.change for component in inputs)],
            draw,
            [self.shown, *inputs],
            output,
            trigger_mode="always_last",
            **_QUIET,
        )

    def on_open(
        self, tab: gr.Tab, name: str, render: Callable[[Run], Any], outputs: Sequence[Any]
    ) -> None:
        """Call `render(run)` only when the tab is open: for what costs more than a moment."""
        assert self.open_tab is not None
        drawn = gr.State(("", 0))

        def update(shown: Shown, at: str, before: Shown) -> Any:
            run = self.visible(shown)
            if at != name or run is None or run.analysis is None or tuple(before) == tuple(shown):
                return [gr.skip(), *(gr.skip() for _ in outputs)]
            result = render(run)
            return [shown, *(result if len(outputs) > 1 else [result])]

        tab.select(lambda: name, None, self.open_tab, **_QUIET)
        gr.on(
            [self.open_tab.change, self.shown.change],
            update,
            [self.shown, self.open_tab, drawn],
            [drawn, *outputs],
            **_QUIET,
        )

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


def visitor_of(request: gr.Request) -> str:
    """Who is being answered."""
    return str(request.session_hash)
