"""Jobs for other processes, which import this file and so nothing heavy."""

from __future__ import annotations

import os


def square(number: int) -> int:
    """The square of a number; 2 kills the process, as a crash in a decoder does."""
    if number == 2:
        os._exit(3)
    return number**2
