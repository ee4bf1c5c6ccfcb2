"""Programmes by content: one that was made before is read back instead of made again.

Everybody on this machine shares the folder, as that of `pipeline.storage.cache`.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from models.atomic_files import write_text
from pipeline.errors import StoreError
from pipeline.places import cache_folder
from pipeline.storage.programme_files import (
    analysis_places,
    copy_analyses,
    load_programme,
    save_programme,
)
from pipeline.types import Programme

MAX_ENTRIES = 50


class ProgrammeCache:
    """Saved programmes below a folder, the least recently used of more than 50 dropped."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or cache_folder()) / "programmes"

    def get(self, key: str, path: str, target: Path | None) -> Programme | None:
        """The programme saved under a key; None when there is none or it cannot be read.

        Args:
            key: Hash of everything that decides it.
            path: Of the video as it is called now; what it was called then is nobody's business.
            target: Folder that exists, to which the elements' analyses are copied.

        Raises:
            OSError: The target cannot be written.
        """
        entry = self.folder / key
        try:
            if not entry.is_dir():
                return None
            programme = load_programme(entry)
        except PermissionError:  # somebody else's folder
            return None
        except StoreError:  # worth nothing: the programme is made again and saved over it
            shutil.rmtree(entry, ignore_errors=True)
            return None
        if any(not (entry / place).is_dir() for place in analysis_places(programme)):
            return None
        if target is not None:
            copy_analyses(programme, entry, target)
            for place in analysis_places(programme):
                _rename_video(target / place / "analysis.json", path)
        with suppress(OSError):  # a cache that is only read cannot tell what was used last
            os.utime(entry)
        return replace(programme, video=replace(programme.video, path=path))

    def put(self, key: str, programme: Programme, analyses: Path) -> None:
        """Save a programme and copy its elements' analyses from their folder.

        Raises:
            StoreError: The place cannot be written.
        """
        save_programme(programme, self.folder / key, analyses=analyses)
        entries = [entry for entry in self.folder.iterdir() if not entry.name.startswith(".")]
        for entry in sorted(entries, key=_last_use)[:-MAX_ENTRIES]:
            shutil.rmtree(entry, ignore_errors=True)


def _rename_video(file: Path, path: str) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    content["video"]["path"] = path
    write_text(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _last_use(entry: Path) -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:  # another process dropped it meanwhile
        return 0.0
