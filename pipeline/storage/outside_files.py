"""Zips, pages, JSON and arrays that may come from anybody: limits first, content after.

A few bytes can stand for gigabytes, and Python lets nobody else work while it goes through them. So
sizes, counts, depth and compression are compared with what files of ours have before anything
is unpacked or made of them. Nothing here follows a path or a link, or reads a pickle.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from numpy.lib import format as npy
from numpy.typing import NDArray

from pipeline.errors import StoreError

MAX_PAGE_BYTES = 64 * 2**20
"""Of a report or a sheet; one with all its pictures takes a tenth of it."""
_MAX_DIRECTORY_BYTES = 2**20
"""Of a zip's list of files, which Python reads entry by entry."""
_MAX_DEPTH = 32
"""Of lists and objects in each other."""
_USUAL = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Compression that is undone piece by piece; of other methods one step may fill the memory."""
_NUMBERS = "biufU"
"""Kinds of arrays: plain numbers, truth values, text."""
_LONGEST_TEXT = 2**16
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError, LookupError),
)
"""What `zipfile` raises over bytes that are none of a zip."""


@dataclass(frozen=True)
class Limits:
    """What a file may hold."""

    unpacked_bytes: int
    """All members together."""
    members: int
    """How many."""


class _ShortReads:
    """An open file of which nobody reads much at a time: a zip's own list says how long it is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(_MAX_DIRECTORY_BYTES + 1 if size < 0 else size)
        if size > _MAX_DIRECTORY_BYTES or len(data) > _MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("its list of files is too long")
        return data


class OutsideZip:
    """A zip whose sizes and compression are as ours; `open_zip` makes one."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.members: Mapping[str, zipfile.ZipInfo] = {
            member.filename.replace("\\", "/"): member
            for member in archive.infolist()
            if not member.is_dir() and not stat.S_ISLNK(member.external_attr >> 16)
        }
        """Files by their names in the zip, whatever place those lead to; no folders, no links."""

    def copy(self, name: str, target: Path) -> None:
        """Unpack one member to a file whose name the caller has chosen."""
        with self.open(name) as packed, target.open("wb") as file:
            while piece := packed.read(2**18):
                file.write(piece)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """One member's content; never more of it than the zip's list says."""
        with self._archive.open(self.members[name]) as packed:
            yield cast(BinaryIO, packed)


@contextmanager
def open_zip(source: Path | BytesIO, name: str, limits: Limits) -> Iterator[OutsideZip]:
    """A zip of anybody's, to take files out of.

    Args:
        source: Where it is.
        name: What errors call it.
        limits: More than that is refused unread.

    Raises:
        StoreError: It is none, damaged, protected, packed in an unusual way, or too large; also
            where that shows while it is unpacked, or a file cannot be written.
    """
    try:
        with _opened(source) as file, zipfile.ZipFile(cast(BinaryIO, _ShortReads(file))) as archive:
            _check_members(archive.infolist(), name, limits)
            yield OutsideZip(archive)
    except StoreError:
        raise
    except OSError as error:  # a name that is too long, a full disk
        detail = error.strerror or str(error)
        raise StoreError.of("open_no_zip", name=name, detail=detail) from error
    except _DAMAGED as error:
        raise StoreError.of("open_no_zip", name=name, detail=str(error)) from error


@contextmanager
def _opened(source: Path | BytesIO) -> Iterator[BinaryIO]:
    if isinstance(source, BytesIO):
        yield source
        return
    with source.open("rb") as file:
        yield file


def _check_members(members: list[zipfile.ZipInfo], name: str, limits: Limits) -> None:
    if len(members) > limits.members:
        raise StoreError.of("open_many", name=name, most=limits.members)
    if sum(member.file_size for member in members) > limits.unpacked_bytes:
        raise StoreError.of("open_too_large", name=name)
    if any(member.compress_type not in _USUAL for member in members):
        raise StoreError.of("open_compression", name=name)


def packed_in_page(path: Path, element_id: str) -> BytesIO | None:
    """The bytes that an element of an HTML page of ours holds, in base64; None: it has none.

    Raises:
        StoreError: They are damaged, or the page is far too large.
        OSError: The page cannot be read.
    """
    if path.stat().st_size > MAX_PAGE_BYTES:
        raise StoreError.of("open_too_large", name=path.name)
    page = path.read_bytes()
    # From the one marker on: a page may hold thousands, and be searched from each of them.
    marker = page.find(f'id="{element_id}"'.encode())
    begin = page.find(b">", marker) + 1
    end = page.find(b"<", begin)
    if marker < 0 or begin == 0 or end < 0:
        return None
    try:
        packed = b"".join(page[begin:end].split())
        return BytesIO(base64.b64decode(packed, validate=True))
    except binascii.Error as error:
        raise StoreError.of("open_damaged", name=path.name, detail=str(error)) from error


def read_json(path: Path, *, most_bytes: int, most_values: int) -> Any:
    """The content of a JSON file.

    Args:
        path: The file.
        most_bytes: Its size at most.
        most_values: Numbers, texts, lists and objects in it at most.

    Raises:
        OSError: It is not there, or cannot be read.
        ValueError: It is no JSON, or larger or deeper than a file of ours.
        RecursionError: It is far deeper.
    """
    with path.open("rb") as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise ValueError("it is too large")
    content = json.loads(data.decode("utf-8"))
    _check_values(content, most_values)
    return content


def _check_values(content: Any, most: int) -> None:
    left, level = most, [content]
    for _ in range(_MAX_DEPTH):
        left -= len(level)
        if left < 0:
            raise ValueError("it holds too many values")
        level = [value for entry in level for value in _values_in(entry, left)]
        if not level:
            return
    raise ValueError("it is nested too deeply")


def _values_in(entry: Any, most: int) -> Any:
    values = entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ()
    if len(values) > most:
        raise ValueError("it holds too many values")
    return values


def read_arrays(path: Path, limits: Limits) -> dict[str, NDArray[Any]]:
    """The arrays of an `.npz` file: numbers and texts whose sizes are as their heads say.

    Raises:
        OSError: It is not there, or cannot be read.
        StoreError: It is no such file, or larger than one of ours.
        ValueError: An array is of another kind, or not as long as it says.
    """
    if not path.is_file():
        raise FileNotFoundError(path)
    arrays = {}
    with open_zip(path, path.name, limits) as archive:
        for name, member in archive.members.items():
            with archive.open(name) as packed:
                _check_head(packed, member.file_size)
            with archive.open(name) as packed:
                arrays[name.removesuffix(".npy")] = npy.read_array(packed, allow_pickle=False)
    return arrays


def _check_head(packed: BinaryIO, size: int) -> None:
    """Compare what an array's head says of its length with the bytes that follow."""
    version = npy.read_magic(packed)
    if version == (1, 0):
        shape, _, dtype = npy.read_array_header_1_0(packed)
    else:
        shape, _, dtype = npy.read_array_header_2_0(packed)
    if dtype.kind not in _NUMBERS or not 0 < dtype.itemsize <= _LONGEST_TEXT:
        raise ValueError(f"an array of {dtype} is none of ours")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != size - packed.tell():
        raise ValueError(f"an array is not as long as it says: {shape}")


@contextmanager
def told_as(name: str) -> Iterator[None]:
    """Errors of files that were unpacked name what they came in, not the place they lie at."""
    try:
        yield
    except StoreError as error:
        if error.code is None or "folder" not in error.values:
            raise
        raise StoreError.of(error.code, **{**error.values, "folder": name}) from error
