"""Files that are there whole or not at all: written beside their place, then renamed.

A reader sees the old file or the new one, never half of one, whatever happens to the writer.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LONGEST_NAME = 255
"""Bytes of a file's name that the usual file systems take."""

UNFINISHED = ".part"
"""How the names of scratch files end."""

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


@contextmanager
def written(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A scratch file that takes the place of `path` only if the block ends well.

    It is hidden, in the same folder, and of this block alone: several threads and processes may
    write the same file, and the last one's stays. After an error it is removed, and an older file
    is untouched.

    Args:
        path: In a folder that exists.
        durable: The content is on the disk before the name is: for what is dear to make again.

    Raises:
        OSError: The disk is full, or the place cannot be written.
    """
    scratch = path.with_name(f".{short_name(path.name)}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        yield scratch
        if durable:
            with scratch.open("rb") as file:
                os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file, whole or not at all; names of files in it may hold any bytes.

    Raises:
        OSError: The disk is full, or the place cannot be written.
    """
    with written(path) as scratch:
        scratch.write_text(text, encoding="utf-8", errors="backslashreplace")


def clear_unfinished(folder: Path, *, recursive: bool = False) -> None:
    """Remove what writers that were killed left in a folder; nobody else may be writing there."""
    for scratch in (folder.rglob if recursive else folder.glob)(f".*{UNFINISHED}"):
        scratch.unlink(missing_ok=True)
