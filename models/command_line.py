"""What all commands share: errors in one line, exit codes, and progress on stderr.

Exit codes: 0 done; 1 a check failed; 2 bad input or configuration; 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from shutil import get_terminal_size
from typing import NoReturn

from tqdm import tqdm

from models.errors import UserError

SECONDS_BETWEEN_BARS = 0.1
SECONDS_BETWEEN_LINES = 10.0


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """End the command."""
        sys.stderr.write(f"error: {message}; see `{self.prog} --help`\n")
        sys.exit(2)


class _Bar(tqdm):
    monitor_interval = 0  # no thread that looks after it: whoever shows something does


class StatusLine:
    """Progress on stderr: a bar on a terminal, a line every few seconds otherwise.

    Args:
        active: False says nothing (all processes of a distributed run but the main one).
        line_every_s: Seconds between lines where there is no terminal.
        first_after_s: Seconds before anything is shown: what is quicker needs no progress.
    """

    def __init__(
        self,
        *,
        active: bool = True,
        line_every_s: float = SECONDS_BETWEEN_LINES,
        first_after_s: float = 0.0,
    ) -> None:
        self._active = active
        self._terminal = sys.stderr.isatty()
        self._pause = SECONDS_BETWEEN_BARS if self._terminal else line_every_s
        self._next = time.monotonic() + first_after_s
        self._bar: _Bar | None = None

    def show(self, text: str, fraction: float | None) -> None:
        """Replace the status, if it is time to; `fraction` of the whole is done, None: unknown."""
        now = time.monotonic()
        if not self._active or now < self._next:
            return
        self._next = now + self._pause
        if self._terminal:
            self._draw(text, fraction)
            return
        share = "" if fraction is None else f"{100 * fraction:3.0f} % "
        sys.stderr.write(f"{share}{text}\n")
        sys.stderr.flush()

    def _draw(self, text: str, fraction: float | None) -> None:
        if self._bar is None:
            screen = get_terminal_size()
            known = "{percentage:3.0f} % |{bar:30}| "
            self._bar = _Bar(
                total=None if fraction is None else 1.0,
                bar_format=("" if fraction is None else known) + "{desc}",
                file=sys.stderr,
                leave=False,
                ncols=screen.columns,  # some terminals do not tell their size, and tqdm gives up
                nrows=screen.lines,
            )
        self._bar.n = fraction or 0.0
        self._bar.set_description_str(text)

    def say(self, text: str) -> None:
        """A line that stays."""
        if self._active:
            self.close()
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def close(self) -> None:
        """Remove the bar, so that whatever follows stands on its own line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def readable_size(num_bytes: float) -> str:
    """A size for people: `"191 MB"`, `"1.2 GB"`."""
    for unit in ("B", "kB", "MB"):
        if num_bytes < 1000:
            return f"{num_bytes:.0f} {unit}"
        num_bytes /= 1000
    return f"{num_bytes:.1f} GB"


def readable_time(seconds: float) -> str:
    """A duration for people: `"40 s"`, `"12 min"`, `"3 h 05 min"`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def run_command(
    command: Callable[[], int],
    status: StatusLine | None = None,
    *,
    interrupted: str = "interrupted",
) -> int:
    """Run a command; bad input and what the system refuses are one line and 2, interruption 130.

    Args:
        command: Returns the exit code.
        status: Closed before an error is told.
        interrupted: Said after Ctrl-C.
    """
    status = status or StatusLine(active=False)
    try:
        return command()
    except UserError as error:
        status.close()
        print_error(str(error))
        return 2
    except OSError as error:
        status.close()
        place = "" if error.filename is None else f"{error.filename}: "
        print_error(f"{place}{error.strerror or error}")
        return 2
    except KeyboardInterrupt:
        status.close()
        sys.stderr.write(f"{interrupted}\n")
        return 130


def print_error(words: str) -> None:
    """Tell on stderr what is wrong, in one line whatever line breaks a file's name has."""
    sys.stderr.write(f"error: {' '.join(words.splitlines())}\n")
