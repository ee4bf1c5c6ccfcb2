"""Results by content: an analysis that was made before is read back instead of made again.

Everybody on this machine shares the folder. The key of a result is `pipeline.inputs.ResultInputs`.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.places import cache_folder as cache_folder
from pipeline.storage.analysis_files import load, save
from pipeline.types import Analysis

MAX_ENTRIES = 500


class AnalysisCache:
    """Saved analyses below a folder, the least recently used of more than 500 dropped."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or cache_folder()) / "analyses"

    def get(self, key: str) -> Analysis | None:
        """The analysis saved under a key; None when there is none or it cannot be read."""
        entry = self.folder / key
        try:
            if not entry.is_dir():
                return None
            analysis = load(entry)
        except PermissionError:  # somebody else's folder: nothing is known, and `put` says so
            return None
        except StoreError:
            # A damaged entry is worth nothing: the analysis is made again and saved over it.
            shutil.rmtree(entry, ignore_errors=True)
            return None
        with suppress(OSError):  # a cache that is only read cannot tell what was used last
            os.utime(entry)
        return analysis

    def put(self, key: str, analysis: Analysis) -> None:
        """Save an analysis; StoreError when the place cannot be written."""
        save(analysis, self.folder / key)
        entries = [entry for entry in self.folder.iterdir() if not entry.name.startswith(".")]
        for entry in sorted(entries, key=_last_use)[:-MAX_ENTRIES]:
            shutil.rmtree(entry, ignore_errors=True)


def _last_use(entry: Path) -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:  # another process dropped it meanwhile
        return 0.0
