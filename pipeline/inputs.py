"""Everything that decides a result, in one record, and its hash: the key of the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import __version__
from pipeline.annotations.marked import SkaterBox
from pipeline.config import Profile
from pipeline.storage.analysis_files import SCHEMA_VERSION
from pipeline.types import (
    OMITTED_AT_DEFAULT,
    People,
    PoseSequence,
    ReaderName,
    Timeline,
    Track,
    VideoInfo,
    deciding_fields,
)
from pipeline.video.readers import library_version

LIBRARIES = (
    "torch",
    "flash-attn",
    "numpy",
    "scipy",
    "opencv-python-headless",
    "av",
)
"""Those that compute; another version of one may round otherwise."""

_ROOMS = ("pipeline", "models")


@dataclass(frozen=True)
class Followed:
    """Who is in a span and how they move, as the pass over a whole video found it."""

    people: People
    """Everybody, with the skater named; tracks of the span's T frames."""
    pose: PoseSequence
    """Their skeleton, T frames."""


@dataclass(frozen=True)
class Question:
    """What is asked of a span of a video."""

    skater: int | None = None
    """Number of the person to take for the skater, instead of the rule's choice."""
    tracks: tuple[Track, ...] = ()
    """People found before, among whom the skater is; empty: they are looked for."""
    skater_box: SkaterBox | None = None
    """A box that somebody drew around the skater, instead of the rule's choice."""
    followed: Followed | None = field(default=None, metadata=OMITTED_AT_DEFAULT)
    """Everything that the stages before the classifiers would find; None: they are to find it."""

    def __post_init__(self) -> None:
        if self.skater is not None and self.skater_box is not None:
            raise ValueError("the skater is named twice: by a number and by a box")


@dataclass(frozen=True)
class Program:
    """What computes."""

    version: str
    """Of Rinkside."""
    schema: int
    """Of the saved files."""
    code: str
    """Sha256 of the engine's source files, for who changes them."""
    libraries: Mapping[str, str]
    """Version of each one that is installed."""

    @classmethod
    def running(cls, reader: ReaderName = "pyav") -> Program:
        """This one, with the library of a reader other than the usual one."""
        libraries = dict(_libraries())
        if reader != "pyav":
            libraries[reader] = library_version(reader)
        return cls(__version__, SCHEMA_VERSION, _code(), libraries)


@dataclass(frozen=True)
class ResultInputs:
    """Everything that decides an analysis. All fields go into the key, and no others."""

    video: VideoInfo
    """The file by its sha256, and the span; without its path, which decides nothing."""
    timeline: Timeline
    """The span's frames."""
    question: Question
    """What is asked of it."""
    profile: Profile
    """Every setting."""
    weights: Mapping[str, tuple[str, str | None]]
    """Stage -> checkpoint and sha256; None for seeded random weights."""
    seed: int
    """Of random weights."""
    device: str
    """`"cpu"` or `"cuda"`, which round otherwise."""
    program: Program = field(default_factory=Program.running)
    """What computes."""

    def key(self) -> str:
        """Hash of all fields, 64 hexadecimal digits.

        Raises:
            TypeError: A value of a kind that `digest` does not know how to tell from others.
        """
        return digest(self)


def digest(value: object) -> str:
    """Hash of a record: of the kind and the content of every value in it.

    Raises:
        TypeError: A value of an unknown kind, which must not be passed over.
    """
    total = hashlib.sha256()
    for part in _parts(value):
        # The length before each part: no two records run together to the same bytes.
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    if is_dataclass(value) and not isinstance(value, type):
        deciding = deciding_fields(value)
        yield f"{type(value).__qualname__} {len(deciding)}".encode()
        for name, content in deciding.items():
            yield name.encode()
            yield from _parts(content)
    elif isinstance(value, Mapping):
        yield f"mapping {len(value)}".encode()
        for name in sorted(value):
            yield from _parts(name)
            yield from _parts(value[name])
    elif isinstance(value, list | tuple):
        yield f"sequence {len(value)}".encode()
        for item in value:
            yield from _parts(item)
    elif isinstance(value, np.ndarray):
        yield f"array {value.dtype.str} {value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif value is None or isinstance(value, bool | int | float | str | np.generic):
        plain = value.item() if isinstance(value, np.generic) else value
        yield f"{type(plain).__name__} {plain!r}".encode(errors="surrogatepass")
    else:
        raise TypeError(f"no key can be made of a value of the type {type(value).__name__}")


@cache
def _code() -> str:
    root = Path(__file__).resolve().parent.parent
    found = [
        path for room in _ROOMS for kind in ("*.py", "*.toml") for path in (root / room).rglob(kind)
    ]
    total = hashlib.sha256()
    for path in sorted(found):
        total.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return total.hexdigest()


@cache
def _libraries() -> Mapping[str, str]:
    installed = {}
    for name in LIBRARIES:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            continue
    return installed
