"""Entry of `python -m pipeline`; the command itself is `pipeline.cli`, which loads torch."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn


def main(arguments: list[str] | None = None) -> int:
    """See `pipeline.cli.main`."""
    from pipeline.cli import main as command

    return command(arguments)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """Leave at once: libraries that are half imported swallow an exception or stumble over it."""
    os.write(sys.stderr.fileno(), b"interrupted; nothing was written\n")
    os._exit(130)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends the work as Ctrl-C does, so that scratch files go."""
    raise KeyboardInterrupt


def _on_signals(handler: Callable[[int, FrameType | None], NoReturn]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as in a script's background job
            signal.signal(number, handler)


if __name__ == "__main__":
    _on_signals(_leave)
    import pipeline.cli  # noqa: F401 - takes seconds

    _on_signals(_interrupt)
    sys.exit(main())
