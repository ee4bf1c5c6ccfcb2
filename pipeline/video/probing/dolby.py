"""Finds the note of Dolby Vision in a file: the box `dvcC`, `dvvC` or `dvwC`.

In MP4 it stands beside the codec's own settings, in Matroska among a track's additions; PyAV hands
out neither. Layout: Dolby Vision Streams Within the ISO Base Media File Format, section 3.2.
"""

from __future__ import annotations

import re

from pipeline.video.probing.mp4 import top_level_boxes
from pipeline.video.probing.source import SourceFile

_MOST = 16 * 2**20
"""As many bytes of an index are looked through."""

# The record has 24 bytes: version (2), profile (7 bits), level (6 bits), and so on.
_IN_MP4 = re.compile(rb"\0\0\0\x20dv[cvw]C([\1-\4].{23})", re.DOTALL)
# The addition's type (0x41E7), then, perhaps after its name, its data (0x41ED).
_IN_MATROSKA = re.compile(rb"\x41\xe7\x84dv[cvw]C.{0,64}?\x41\xed\x98([\1-\4].{23})", re.DOTALL)


def dolby_profile(source: SourceFile) -> int | None:
    """The profile that a Dolby Vision note tells; None where there is none."""
    head, index = _places(source)
    match = _IN_MP4.search(index) or _IN_MATROSKA.search(head)
    return None if match is None else match[1][2] >> 1


def _places(source: SourceFile) -> tuple[bytes, bytes]:
    """The file's start, and its index if it is an MP4."""
    boxes = top_level_boxes(source)
    with source.open() as file:
        try:
            head = file.read(2**20)
            file.seek(boxes.get("moov", source.size))
            return head, file.read(_MOST)
        except OSError as error:
            raise source.unreadable(error) from error
