"""Lists of clips as people's tools write them: text files of one clip a line.

UTF-8 with or without its mark, any end of line, blanks or tabs; what cannot be understood is
refused by file and line.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import InputError
from training.data.stems import shown, video_of

_LAST_BLANK = re.compile(r"(.*[^ \t])[ \t]+([^ \t]+)")
_FRAMES = re.compile(r"(.*[^ \t])([ \t]+)([0-9]+)")
_NUMBER = re.compile(r"[0-9]{1,9}")


class DataError(InputError):
    """A data set that is not what its lists say."""


@dataclass(frozen=True)
class Line:
    """One line of a list, cut at its last blank."""

    where: str
    """File and number of the line, for errors."""
    text: str
    """All of it."""
    name: str
    """What is in front of the last blank."""
    value: str
    """What is behind it."""


def numbered_lines(path: Path) -> Iterator[tuple[str, str]]:
    """File and number of every line with something on it, and the line without blanks around it.

    Raises:
        DataError: There is no such file, or it is not UTF-8 text.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file; see docs/formats.md") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content:
        raise DataError(f"{path}: is UTF-16, or not text at all; save it as UTF-8 text")
    for number, line in enumerate(_decoded(content, path), start=1):
        if text := line.strip(" \t"):
            yield f"{path}, line {number}", text


def _decoded(content: bytes, path: Path) -> list[str]:
    lines = []
    # Not str.splitlines, which knows more ends of lines than editors count.
    parts = re.split(rb"\r\n|\r|\n", content.removeprefix(codecs.BOM_UTF8))
    for number, part in enumerate(parts, start=1):
        try:
            lines.append(part.decode())
        except UnicodeDecodeError:
            raise DataError(f"{path}, line {number}: is not UTF-8; save it as UTF-8") from None
    return lines


def pairs(path: Path, form: str) -> list[Line]:
    """All lines of a file that holds a name and a value a line.

    Raises:
        DataError: A line has one word only; says the form that was expected.
    """
    lines = []
    for where, text in numbered_lines(path):
        name, value = cut_last(text)
        if not name:
            raise DataError(f"{where}: expected {form}, got {shown(text)}")
        lines.append(Line(where, text, name, value))
    return lines


def cut_last(text: str) -> tuple[str, str]:
    """What is before the last blanks or tabs, empty where there are none, and the last word."""
    cut = _LAST_BLANK.fullmatch(text)
    return (cut[1], cut[2]) if cut else ("", text)


def without_frame_counts(lines: Sequence[Line], videos: Path) -> list[Line]:
    """Leave the middle column out of mmaction2's lists, `<stem> <number of frames> <class>`.

    Stems may hold blanks, so a column of numbers is taken for frame counts only where tabs set it
    apart, or where every line has one, the names before it are all different and no video is
    called by both words.

    Raises:
        DataError: The list names folders of frames, not videos.
    """
    cuts = [_FRAMES.fullmatch(line.name) for line in lines]
    names = [cut[1] for cut in cuts if cut]
    counted = len(set(names)) == len(lines) and not any(_there(videos, x.name) for x in lines)
    found = []
    for line, cut in zip(lines, cuts, strict=True):
        if cut is None or not (counted or "\t" in cut[2]):
            found.append(line)
            continue
        if os.path.isdir(videos / cut[1]) and not _there(videos, cut[1]):
            raise DataError(
                f"{line.where}: {shown(cut[1])} is a folder of single frames (mmaction2's "
                "rawframes); Rinkside reads videos, so list the video files"
            )
        found.append(replace(line, name=cut[1]))
    return found


def _there(videos: Path, name: str) -> bool:
    try:
        return os.path.isfile(video_of(videos, name))
    except InputError:
        return False


def whole_number(text: str) -> int | None:
    """A class index as lists write it; None for anything but a few plain digits."""
    return int(text) if _NUMBER.fullmatch(text) else None
