"""Stops a run at the end of a step when the machine or the user asks for it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Within the block SIGINT and SIGTERM are noted; the function given tells whether one came.

    A second one acts as usual, so that a run that hangs can be ended.
    """
    asked = threading.Event()
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}

    def note(number: int, _frame: FrameType | None) -> None:
        asked.set()
        signal.signal(number, before[signal.Signals(number)])

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    for number in STOP_SIGNALS:
        signal.signal(number, note)
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
