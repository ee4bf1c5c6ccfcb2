"""What the tabs share: the run on show, and how they hear of news."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.runs import Run, RunStore


@dataclass(frozen=True)
class Session:
    """Handed to every tab's `build_tab`."""

    runs: RunStore
    """All runs of the server."""
    shown: gr.State
    """`(run id, revision)` of what is on show; changes with every new result."""

    def on_news(self, render: Callable[[Run], Any], outputs: Sequence[Any]) -> None:
        """Call `render(run)` for the outputs whenever the run on show has something new."""

        def update(shown: tuple[str, int]) -> Any:
            run = self.runs.get(shown[0])
            if run is None:
                return [gr.skip() for _ in outputs] if len(outputs) > 1 else gr.skip()
            return render(run)

        self.shown.change(update, [self.shown], list(outputs), show_progress="hidden", queue=True)

    def run_of(self, shown: tuple[str, int]) -> Run | None:
        """The run on show."""
        return self.runs.get(shown[0])
