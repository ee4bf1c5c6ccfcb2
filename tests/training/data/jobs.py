"""Jobs for other processes, which import this file and so nothing heavy."""

from __future__ import annotations

import os
import time
from pathlib import Path


def square(number: int) -> int:
    """The square of a number; 2 kills the process, as a crash in a decoder does."""
    if number == 2:
        os._exit(3)
    return number**2


def note_and_wait(folder: str) -> None:
    """Tell the process's number by a file's name, and be busy for a minute."""
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(60)
