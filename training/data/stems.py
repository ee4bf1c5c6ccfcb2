"""What a clip is called: a name, or a folder and a name below the data set (`jump/000000_1`).

Stems come from lists and tables that anybody may have written, and files are made under them. What
a stem may be, and where its files may lie, is decided here and nowhere else.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

from models.atomic_files import LONGEST_NAME
from pipeline.errors import InputError
from pipeline.video.probing.formats import ENDINGS

ENDING = ".mp4"
"""Of a clip's video, by the challenge's layout."""

_VIDEO_ENDINGS = frozenset(ending for ending in ENDINGS if not ending[1:].isdecimal())
"""What a list may write behind a stem; `12.264` is a number, not a file of H.264."""

_LONGEST_STEM = 1000
_FORM = "a stem is a file's name without its ending, or folder/name below the data set"
_UNSEEN = {"Cc": "control", "Cf": "invisible", "Cs": "broken", "Zl": "control", "Zp": "control"}
"""Categories of Unicode that nobody sees in a list."""


class StemError(InputError):
    """A name under which no clip can be, or a place outside the folder that was named."""


def stem_of(text: str) -> str:
    """The stem that a list or a table means: without the ending of a video, if there is one.

    Raises:
        StemError: It is an absolute path, leads out of the data set, or is no possible name.
    """
    stem, ending = os.path.splitext(text)
    stem = stem if ending.lower() in _VIDEO_ENDINGS else text
    problem = _problem(stem)
    if problem:
        raise StemError(f"stem {shown(text)} {problem}; {_FORM}")
    return stem


def stem_file(folder: Path, stem: str, ending: str) -> Path:
    """Where a clip's file below a folder is read; it may be a link to anywhere.

    Raises:
        StemError: The name leads out of the folder.
    """
    if problem := _problem(stem):
        raise StemError(f"stem {shown(stem)} {problem}; nothing is read or written there")
    return folder / f"{stem}{ending}"


def stem_path(folder: Path, stem: str, ending: str = "") -> Path:
    """Where a clip's file, or its folder without `ending`, is written below a folder.

    Raises:
        StemError: That is outside the folder, by its name or through a link.
    """
    path = stem_file(folder, stem, ending)
    # A file takes the place of a link of its name; into a folder one would write through it.
    place = path.parent if ending else path
    if not place.resolve().is_relative_to(folder.resolve()):
        raise StemError(
            f"stem {shown(stem)} leads out of {folder} through a link; nothing is written there"
        )
    return path


def video_of(videos: Path, text: str) -> Path:
    """The video that a list means: as it is written there, else the stem with `.mp4` or `.MP4`."""
    stem = stem_of(text)
    names = (text, f"{stem}{ENDING}", f"{stem}{ENDING.upper()}")
    found = (videos / name for name in names if name != stem and os.path.isfile(videos / name))
    return next(found, videos / f"{stem}{ENDING}")


def shown(text: str) -> str:
    """A text in quotes for a sentence of one line."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


def _problem(stem: str) -> str:
    """Why nothing can be called so; empty when it can."""
    parts = stem.split("/")
    unseen = next((c for c in stem if unicodedata.category(c) in _UNSEEN), None)
    problems = {
        "is empty": not stem.strip(),
        "is an absolute path": stem.startswith("/"),
        "begins with a drive letter": re.match(r"[A-Za-z]:", stem) is not None,
        "has a backslash, write / between folder and name": "\\" in stem,
        "has '..' in it": ".." in parts,
        "has an empty part between two /": "" in parts or "." in parts,
        "is longer than file systems allow": _too_long(parts),
    }
    if unseen is not None:
        return f"holds the {_UNSEEN[unicodedata.category(unseen)]} character U+{ord(unseen):04X}"
    return next((words for words, found in problems.items() if found), "")


def _too_long(parts: list[str]) -> bool:
    sizes = [len(part.encode("utf-8", "replace")) for part in parts]
    return max(sizes) > LONGEST_NAME - len(ENDING) or sum(sizes) > _LONGEST_STEM
