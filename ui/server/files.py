"""Whose uploads are whose: a file goes with the last visitor who had it.

An upload comes without a name for its visitor; the first event that speaks of it has one. What
nobody speaks of goes after a while. What the app makes for a visitor lies in folders of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gradio.utils import get_upload_folder, is_static_file

from pipeline.errors import ConfigError
from pipeline.places import cache_folder
from ui.hosting import (
    KEPT_S,
    MAX_DISK_MIB,
    MAX_DISK_MIB_OF_A_CLIENT,
    MAX_DISK_MIB_OF_A_VISITOR,
    MIN_FREE_MIB,
    PARTIAL_S,
    UNCLAIMED_S,
    hosted,
)

_NAME_LENGTH = 64
"""Of a folder of gradio's: a hash of the content and of a secret."""
_ASSETS = Path(__file__).resolve().parents[2] / "assets"
_BY_CONTENT = ("analyses", "playable")
"""Folders below the cache folder that hold what was made of visitors' clips."""


class VisitorFiles:
    """The uploads of a server."""

    def __init__(self) -> None:
        self._owners: dict[str, set[str]] = {}
        """Name of a folder -> visitors."""
        self._brought: dict[str, str] = {}
        """Name of a folder -> the network address from which it came."""
        self._coming: Counter[str] = Counter()
        """Network address -> bytes that are on their way."""
        self._lock = threading.Lock()

    def claim(self, visitor: str, data: object) -> None:
        """Files that stand in what a visitor sends or is sent are theirs."""
        for name in _names(data):
            with self._lock:
                self._owners.setdefault(name, set()).add(visitor)

    def claim_within(self, visitor: str, data: object) -> bool:
        """As `claim`, as long as all their uploads take no more than one visitor's may.

        Returns:
            False where they take more: then those that are new are gone.
        """
        with self._lock:
            theirs = {name for name, owners in self._owners.items() if visitor in owners}
        new = set(_names(data)) - theirs
        self.claim(visitor, data)
        if not new or sum(map(_held, theirs | new)) <= MAX_DISK_MIB_OF_A_VISITOR * 2**20:
            return True
        self._release(visitor, new)
        return False

    def brought(self, client: str, paths: list[object]) -> None:
        """Note from which network address uploads came."""
        for name in _names([{"path": path} for path in paths]):
            with self._lock:
                self._brought.setdefault(name, client)

    @contextmanager
    def coming(self, client: str, size: int) -> Iterator[bool]:
        """Whether an address may bring so many bytes more; they count as long as they come."""
        with self._lock:
            near = [name for name, whence in self._brought.items() if whence == client]
            held = sum(map(_held, near)) + self._coming[client] + size
            may = held <= MAX_DISK_MIB_OF_A_CLIENT * 2**20
            self._coming[client] += size if may else 0
        try:
            yield may
        finally:
            with self._lock:
                self._coming[client] -= size if may else 0
                if not self._coming[client]:
                    del self._coming[client]

    def hand_over(self, before: str, visitor: str) -> None:
        """The visitor `before` is called `visitor` from now on."""
        with self._lock:
            for owners in self._owners.values():
                if before in owners:
                    owners.remove(before)
                    owners.add(visitor)

    def leave(self, visitor: str) -> None:
        """A visitor is gone: so are the files that nobody else has."""
        with self._lock:
            names = set(self._owners)
        self._release(visitor, names)

    def sweep(self, now_s: float | None = None) -> None:
        """Drop what nobody spoke of; on a hosted page also what was made of clips, by content.

        Args:
            now_s: Seconds since the epoch.
        """
        now_s = time.time() if now_s is None else now_s
        root = Path(get_upload_folder())
        with self._lock:
            owned = set(self._owners)
            self._brought = {n: c for n, c in self._brought.items() if (root / n).is_dir()}
        for entry in _entries(root):
            unclaimed = len(entry.name) == _NAME_LENGTH and entry.name not in owned
            if unclaimed and _age_s(entry, now_s) > UNCLAIMED_S:
                _drop(entry)
            # Of an upload that broke off, or under a name that gradio does not look for.
            partial = entry.name.startswith(tempfile.gettempprefix()) and entry.is_file()
            if partial and _age_s(entry, now_s) > PARTIAL_S:
                _drop(entry)
        if not hosted():
            return
        with suppress(ConfigError):
            for entry in (e for name in _BY_CONTENT for e in _entries(cache_folder() / name)):
                if _age_s(entry, now_s) > KEPT_S and not _ships(entry):
                    _drop(entry)

    def has_room(self, size: int) -> bool:
        """Whether the disk has room for another upload of so many bytes, and all may take it."""
        root = Path(get_upload_folder())
        held = sum(_size(Path(place) / name) for place, _, names in os.walk(root) for name in names)
        free = shutil.disk_usage(root if root.is_dir() else tempfile.gettempdir()).free
        return held + size <= MAX_DISK_MIB * 2**20 and free - size >= MIN_FREE_MIB * 2**20

    def _release(self, visitor: str, names: set[str]) -> None:
        """A visitor has these no longer; those that nobody else has go."""
        gone = []
        with self._lock:
            for name in names & self._owners.keys():
                self._owners[name].discard(visitor)
                if not self._owners[name]:
                    del self._owners[name]
                    gone.append(name)
        for name in gone:
            shutil.rmtree(Path(get_upload_folder()) / name, ignore_errors=True)


def is_upload(path: str) -> bool:
    """Whether a path is that of an upload, links followed; it may have gone in the meantime."""
    try:
        return Path(path).resolve().is_relative_to(Path(get_upload_folder()).resolve())
    except (OSError, ValueError):
        return False


def brings_no_upload(data: object, *, shipped: bool) -> bool:
    """Whether a file is named in what a visitor sends that was not uploaded: a path, an address.

    Gradio itself would fetch an address, for anybody.

    Args:
        data: What is sent.
        shipped: Whether it may be one that ships with the page.
    """
    return any(
        not is_upload(path) and not (shipped and is_static_file(path)) for path in _paths(data)
    )


FILES = VisitorFiles()
"""Of this server."""


def _paths(data: object) -> Iterator[str]:
    """Every `path` in JSON, however deep."""
    waiting = [data]
    while waiting:
        match waiting.pop():
            case dict() as entries:
                if isinstance(path := entries.get("path"), str):
                    yield path
                waiting.extend(entries.values())
            case list() | tuple() as items:
                waiting.extend(items)


def _names(data: object) -> Iterator[str]:
    """Folders of the uploads that are named in JSON."""
    root = Path(get_upload_folder()).resolve()
    for path in _paths(data):
        with suppress(OSError, ValueError):
            name = "".join(Path(path).resolve().relative_to(root).parts[:1])
            if len(name) == _NAME_LENGTH:
                yield name


def _held(name: str) -> int:
    """Bytes of an upload's folder."""
    return sum(_size(entry) for entry in _entries(Path(get_upload_folder()) / name))


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _age_s(path: Path, now_s: float) -> float:
    try:
        return now_s - path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _ships(entry: Path) -> bool:
    """Whether it was made of an example, whose clip everybody may see."""
    try:
        said = json.loads((entry / "analysis.json").read_text(encoding="utf-8"))
        return Path(said["video"]["path"]).is_relative_to(_ASSETS)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _drop(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        with suppress(OSError):
            entry.unlink()
