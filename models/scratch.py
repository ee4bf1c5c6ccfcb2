"""Names for files in the making: hidden, beside their place, short enough for a file system."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

LONGEST_NAME = 255
"""Bytes of a file's name that the usual file systems take."""

_ADDED = 32
"""Bytes that scratch files have more than the name that they are made for."""
_DIGITS = 12


def short_name(name: str) -> str:
    """A name to which 32 bytes can be added.

    Names that are too long for that keep their beginning, and end on a hash of the whole: two of
    them are never the same.
    """
    coded = os.fsencode(name)
    if len(coded) <= LONGEST_NAME - _ADDED:
        return name
    mark = f"~{hashlib.sha256(coded).hexdigest()[:_DIGITS]}"
    # A sign of several bytes is not cut in two.
    return coded[: LONGEST_NAME - _ADDED - len(mark)].decode("utf-8", "ignore") + mark


def scratch_beside(path: Path) -> Path:
    """Where this process writes a file that then moves to `path`, on the same file system."""
    return path.with_name(f".{short_name(path.name)}.{os.getpid()}.part")
