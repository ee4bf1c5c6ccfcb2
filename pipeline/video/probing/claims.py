"""How many frames an MP4's tables claim, counted before FFmpeg makes room for each of them.

A table may say in 12 bytes that a hundred million frames follow, all of one size. FFmpeg believes
it and fills gigabytes. Layout: ISO/IEC 14496-12, 8.7.3 (`stsz`, `stz2`) and 8.8.8 (`trun`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import lru_cache
from io import BufferedReader

from pipeline.errors import VideoError
from pipeline.video.probing.source import SourceFile

MAX_PACKETS = 2_000_000
"""Frames and pieces of sound in a file: about four hours at 60 frames a second."""

_MAX_TABLES_BYTES = 128 * 2**20
"""Of one outermost box; as many frames as may be take half of it."""
_MAX_BOXES = 200_000
"""Outermost ones; a recording in fragments has a few a second."""
_WITH_TABLES = (
    *(b"moov", b"moof", b"trak", b"traf", b"mdia", b"minf", b"stbl", b"stsz", b"stz2", b"trun"),
    *(b"cmov", b"hoov", b"mvex", b"udta", b"meta", b"edts", b"dinf", b"tref", b"gmhd", b"clip"),
    *(b"wave", b"wide", b"tapt", b"sinf", b"schi", b"stsd", b"ilst", b"iprp", b"ipro"),
)
"""Boxes in which FFmpeg looks for tables, wherever they stand."""
_BY_SAMPLE = (
    *(b"sowt", b"twos", b"raw ", b"lpcm", b"in24", b"in32", b"fl32", b"fl64", b"NONE", b"ipcm"),
    *(b"fpcm", b"ulaw", b"alaw", b"ima4", b"MAC3", b"MAC6", b"QDM2", b"QDMC", b"Qclp", b"agsm"),
    *(b"ms\0\x02", b"ms\0\x11"),
)
"""Sound whose tables count every sample of a 48,000th of a second; FFmpeg reads it in chunks."""
_ONE = b"\0\0\0\1"


@lru_cache(maxsize=256)
def check_claims(source: SourceFile) -> None:
    """Refuse a file whose tables claim more frames than any video has.

    Of another kind of file than MP4 little but its start is read; a second look costs nothing.

    Raises:
        VideoError: It claims too many, its tables are far too long, or it cannot be read.
    """
    with source.open() as file:
        try:
            _check(source, file)
        except OSError as error:
            raise source.unreadable(error) from error


def _check(source: SourceFile, file: BufferedReader) -> None:
    claimed = 0
    for number, tables in enumerate(_tables_of(file, source.size)):
        claimed += sum(_claimed_by(part) for part in _parts(tables))
        if number == _MAX_BOXES or len(tables) > _MAX_TABLES_BYTES or claimed > MAX_PACKETS:
            raise too_many(source)


def too_many(source: SourceFile) -> VideoError:
    """The error of a file with more frames than may be."""
    return source.error("video_many_frames", most=f"{MAX_PACKETS / 1e6:g}")


def _tables_of(file: BufferedReader, size: int) -> Iterator[bytes]:
    """The outermost boxes that may hold tables, without their heads; of others nothing."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:  # 64 bits follow
            length = int.from_bytes(head[8:16], "big")
        length = size - at if length == 0 else length
        if length < 8:
            return
        file.seek(at + 8)
        held = kind in _WITH_TABLES
        yield _unpacked(kind + file.read(min(length - 8, _MAX_TABLES_BYTES + 1)) if held else b"")
        at += length


def _unpacked(tables: bytes) -> bytes:
    """With an index that QuickTime compressed (`cmov`) put out after it."""
    at = tables.find(b"cmvd")
    if at < 0 or b"cmov" not in tables:
        return tables
    try:
        return tables + zlib.decompressobj().decompress(tables[at + 8 :], _MAX_TABLES_BYTES)
    except zlib.error:
        return tables


def _parts(tables: bytes) -> Iterator[bytes]:
    """The boxes in an index, of which some are tracks; another box as a whole."""
    if tables[:4] != b"moov" or b"cmov" in tables:
        yield tables
        return
    at = 4
    while at + 8 <= len(tables):
        length = _number(tables, at)
        length = length if length >= 8 else len(tables) - at
        yield tables[at : at + length]
        at += length


def _claimed_by(part: bytes) -> int:
    """Frames or pieces of sound, by the words of all tables in a part."""
    sizes = 0 if _is_read_in_chunks(part) else _sum(part, b"stsz", 12) + _sum(part, b"stz2", 12)
    return sizes + _sum(part, b"trun", 8)


def _is_read_in_chunks(track: bytes) -> bool:
    if b"soun" not in track or track.count(b"stsd") != 1 or track.count(b"stts") != 1:
        return False
    described, times = track.find(b"stsd"), track.find(b"stts")
    return (
        track[described + 8 : described + 12] == _ONE
        and track[described + 16 : described + 20] in _BY_SAMPLE
        and track[times + 8 : times + 12] == _ONE
        and track[times + 16 : times + 20] == _ONE
    )


def _sum(data: bytes, name: bytes, offset: int) -> int:
    """Of the numbers that stand so far after each table's name."""
    return sum(_number(data, at + offset) for at in _places(data, name))


def _places(data: bytes, name: bytes) -> Iterator[int]:
    at = data.find(name)
    while at >= 0:
        yield at
        at = data.find(name, at + 4)


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")
