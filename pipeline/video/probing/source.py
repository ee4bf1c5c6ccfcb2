"""The file itself: is it there, may it be read, is it still the one that was opened?"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from pipeline.errors import VideoError

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)


@dataclass(frozen=True)
class SourceFile:
    """A regular, non-empty file and what tells whether it changed."""

    path: str
    """As the user gave it."""
    size: int
    """Bytes."""
    modified_ns: int
    """Time of the last change."""
    inode: int
    """Tells a replaced file from a changed one."""
    stream: int | None = None
    """Which of its video streams is meant, FFmpeg's number; None: the one that FFmpeg takes."""

    @classmethod
    def of(cls, path: str | os.PathLike[str], stream: int | None = None) -> SourceFile:
        """Look at a path; VideoError when nothing there can be read as a file."""
        text = os.fspath(path)
        try:
            status = os.stat(text)
        except (OSError, ValueError) as error:
            raise _unreachable(text, error) from error
        if problem := _why_not_a_file(status):
            raise VideoError.of(problem, name=display_name(text))
        return cls(text, status.st_size, status.st_mtime_ns, status.st_ino, stream)

    @property
    def name(self) -> str:
        """The file's name, fit to be printed."""
        return display_name(self.path)

    def error(self, code: str, **values: object) -> VideoError:
        """A VideoError of `pipeline.messages` whose sentence begins with the file's name."""
        return VideoError.of(code, name=self.name, **values)

    def unreadable(self, error: OSError) -> VideoError:
        """For an error of the operating system while opening or reading."""
        return _unreachable(self.path, error)

    @contextmanager
    def open(self) -> Iterator[BufferedReader]:
        """Open for reading; VideoError when the file is not, or does not stay, the one seen first.

        FFmpeg is given this open file and not the path: a name with a colon, a quote or bytes that
        are no UTF-8 means nothing to it, and a file that is replaced meanwhile does no harm.
        """
        try:
            file = open(self.path, "rb")  # noqa: SIM115 - closed below, errors told apart here
        except OSError as error:
            raise self.unreadable(error) from error
        with file:
            self._check_unchanged(file)
            yield file
            self._check_unchanged(file)

    def sha256(self) -> str:
        """Hash of the bytes, read in blocks."""
        with self.open() as file:
            try:
                return hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise self.unreadable(error) from error

    def _check_unchanged(self, file: BufferedReader) -> None:
        now = os.fstat(file.fileno())
        if (now.st_size, now.st_mtime_ns, now.st_ino) != (self.size, self.modified_ns, self.inode):
            raise self.error("file_changed")


def display_name(path: str | os.PathLike[str]) -> str:
    """The last part of a path on one printable line, whatever bytes it holds."""
    name = Path(path).name or os.fspath(path)
    readable = os.fsencode(name).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in readable)


def _unreachable(path: str, error: Exception) -> VideoError:
    name = display_name(path)
    match error:
        case FileNotFoundError() | NotADirectoryError():
            if _ADDRESS.match(path):
                return VideoError.of("file_address", name=display_name(path))
            folder = os.path.dirname(os.path.abspath(path))
            return VideoError.of("file_missing", name=name, folder=folder)
        case PermissionError():
            return VideoError.of("file_forbidden", name=name)
        case OSError():
            return VideoError.of("file_unreadable", name=name, detail=error.strerror)
        case _:
            return VideoError.of("file_name", name=name)


def _why_not_a_file(status: os.stat_result) -> str | None:
    if stat.S_ISDIR(status.st_mode):
        return "file_folder"
    if not stat.S_ISREG(status.st_mode):
        return "file_pipe"
    if status.st_size == 0:
        return "file_empty"
    return None
