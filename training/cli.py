"""What training commands say: one status line on stderr, errors in one line, exit codes."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import NoReturn

from models.checkpoint_files import WeightsError
from pipeline.errors import InputError

SECONDS_BETWEEN_BARS = 0.2
SECONDS_BETWEEN_LINES = 10.0
BAR_WIDTH = 30


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """End the command."""
        sys.stderr.write(f"error: {message}; see `{self.prog} --help`\n")
        sys.exit(2)


class StatusLine:
    """Progress on stderr: a bar on a terminal, a line every few seconds otherwise.

    Args:
        active: False says nothing (all processes of a distributed run but the main one).
    """

    def __init__(self, *, active: bool = True) -> None:
        self._active = active
        self._terminal = sys.stderr.isatty()
        self._shown_at = float("-inf")
        self._open = False

    def show(self, text: str, fraction: float) -> None:
        """Replace the status, if it is time to; `fraction` of the whole is done."""
        now = time.monotonic()
        pause = SECONDS_BETWEEN_BARS if self._terminal else SECONDS_BETWEEN_LINES
        if not self._active or now - self._shown_at < pause:
            return
        self._shown_at = now
        if self._terminal:
            bar = "#" * round(BAR_WIDTH * fraction)
            sys.stderr.write(f"\r\x1b[K[{bar:<{BAR_WIDTH}}] {text}")
            self._open = True
        else:
            sys.stderr.write(f"{100 * fraction:3.0f} % {text}\n")
        sys.stderr.flush()

    def say(self, text: str) -> None:
        """A line that stays."""
        if self._active:
            self.close()
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def close(self) -> None:
        """Remove the bar, so that whatever follows stands on its own line."""
        if self._open:
            sys.stderr.write("\r\x1b[K")
            self._open = False


def readable_time(seconds: float) -> str:
    """A duration for people: `"40 s"`, `"12 min"`, `"3 h 05 min"`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def run_command(command: Callable[[], int], status: StatusLine) -> int:
    """Run a command; bad input and what the system refuses are one line and 2, interruption 130."""
    try:
        return command()
    except (InputError, WeightsError) as error:
        status.close()
        sys.stderr.write(f"error: {error}\n")
        return 2
    except OSError as error:
        status.close()
        place = "" if error.filename is None else f"{error.filename}: "
        sys.stderr.write(f"error: {place}{error.strerror or error}\n")
        return 2
    except KeyboardInterrupt:
        status.close()
        sys.stderr.write("interrupted\n")
        return 130
