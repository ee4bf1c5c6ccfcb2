"""How far a download is, on stderr: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

BAR_WIDTH = 30
SECONDS_BETWEEN_BARS = 0.1
SECONDS_BETWEEN_LINES = 5.0


class Progress:
    """Shows bytes done of bytes wanted; a context manager that closes its bar before any error."""

    def __init__(self, label: str, total: int | None, *, stream: TextIO | None = None) -> None:
        self.label = label
        self.total = total
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self.shown_at = float("-inf")
        self.open_bar = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.open_bar:
            self.stream.write("\n")

    def show(self, done: int) -> None:
        """Tell that `done` bytes are here; most calls print nothing."""
        pause = SECONDS_BETWEEN_BARS if self.terminal else SECONDS_BETWEEN_LINES
        now = time.monotonic()
        if now - self.shown_at < pause and done != self.total:
            return
        self.shown_at = now
        line = f"{self.label} {self._bar(done)}{readable_size(done)}"
        if self.total is not None:
            line += f" of {readable_size(self.total)} ({100 * done // max(self.total, 1)} %)"
        self.stream.write(f"\r{line}\x1b[K" if self.terminal else f"{line}\n")
        self.stream.flush()
        self.open_bar = self.terminal

    def _bar(self, done: int) -> str:
        if not self.terminal or not self.total:
            return ""
        filled = BAR_WIDTH * done // self.total
        return f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] "


def readable_size(num_bytes: float) -> str:
    """A size for people: `"191 MB"`, `"1.2 GB"`."""
    for unit in ("B", "kB", "MB"):
        if num_bytes < 1000:
            return f"{num_bytes:.0f} {unit}"
        num_bytes /= 1000
    return f"{num_bytes:.1f} GB"
