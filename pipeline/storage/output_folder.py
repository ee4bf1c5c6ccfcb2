"""Folders of results, all files or none: filled beside their place, moved there at the end."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.atomic_files import LONGEST_NAME, short_name
from pipeline.errors import StoreError, write_error
from pipeline.measure.files import FILE as MEASUREMENTS

FILES = ("analysis.json", "arrays.npz", "scores.csv", MEASUREMENTS)
OVERLAY = "overlay.mp4"
_BELONG_TO = {
    "analysis.json": (*FILES, OVERLAY),
    "programme.json": ("frame_scores.npz", "elements.csv", "elements.vtt", "sheet.html"),
}
"""Head of a folder -> files that are worth nothing beside another one."""

_LONGEST_PATH = 4095 - 2 * LONGEST_NAME
"""Bytes; Linux takes 4,095, and files and scratch folders are made inside."""
_DEEPEST = 500
"""Folders in each other; Python makes twice as many in one call at most."""


def check_place(folder: Path) -> None:
    """Tell before the work begins that its result could not be kept.

    Raises:
        StoreError: `folder` is a file or lies below one, may not be written, or its name or path is
            too long.
    """
    if _is_too_long(folder):
        raise StoreError.of("place_long", folder=folder)
    try:
        nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    except OSError as error:
        raise write_error(folder, error) from error
    if not nearest.is_dir():
        raise StoreError.of("place_file", folder=folder, place=nearest)
    if not os.access(nearest, os.W_OK):
        raise StoreError.of("place_forbidden", folder=folder, place=nearest)


def _is_too_long(folder: Path) -> bool:
    """Told by counting: the system says nothing of folders below one that is to be made."""
    whole = folder.absolute()
    longest = max(len(os.fsencode(part)) for part in whole.parts)
    deep = len(whole.parts) > _DEEPEST
    return deep or longest > LONGEST_NAME or len(os.fsencode(whole)) > _LONGEST_PATH


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A scratch folder whose files move to `folder` when the block ends well.

    Files of an older analysis or programme are replaced or go, others stay; after an error nothing
    is left behind. What a process that was killed left is cleared away by the next one.

    Raises:
        StoreError: The disk is full, or the place cannot be written.
    """
    scratch: Path | None = None
    try:
        # In the folder if it exists: it may be a disk of its own, and what lies beside it not ours.
        place = folder if folder.is_dir() else folder.parent
        place.mkdir(parents=True, exist_ok=True)
        name = short_name(folder.name)
        _clear_remains(place, name)
        scratch = place / f".{name}-{os.getpid()}-{secrets.token_hex(4)}"
        scratch.mkdir()
        yield scratch
        _move(scratch, folder)
    except OSError as error:
        raise write_error(folder, error) from error
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)


def _move(scratch: Path, folder: Path) -> None:
    """All at once to a new folder, file by file into one that exists.

    There `analysis.json` or `programme.json` goes first and comes last, so that no moment shows one
    with another one's arrays, overlay or analyses.
    """
    try:
        scratch.rename(folder)
        return
    except OSError:
        if not folder.is_dir():
            raise
    for head, names in _BELONG_TO.items():
        if (scratch / head).exists():
            for name in (head, *names):
                (folder / name).unlink(missing_ok=True)
    _merge(scratch, folder)


def _merge(scratch: Path, folder: Path) -> None:
    """Move everything in a folder into one that exists; folders in it take the others' place."""
    for entry in sorted(scratch.iterdir(), key=lambda entry: (entry.name in _BELONG_TO, entry)):
        target = folder / entry.name
        if entry.is_dir() and target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        os.replace(entry, target)


def _clear_remains(place: Path, name: str) -> None:
    for scratch in place.glob(f".{glob.escape(name)}-*-????????"):
        process = scratch.name.split("-")[-2]
        if process.isdecimal() and not _is_alive(int(process)):
            shutil.rmtree(scratch, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
