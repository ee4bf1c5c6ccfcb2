"""A folder that belongs to one recipe: entered again after a kill, refused to anything else."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.atomic_files import UNFINISHED, clear_unfinished, write_text
from pipeline.errors import InputError

RINK_VERSION = 1
"""Of the pictures: raised when the same seed gives other clips."""

RECIPE_FILE = "rink.json"


class DataSetError(InputError):
    """Something that cannot be rendered where or as it was asked for."""


@contextmanager
def opened(
    folder: Path, part: str, recipe: Mapping[str, Any], subfolders: tuple[str, ...]
) -> Iterator[None]:
    """Make or enter a folder, alone, and clear what a kill left behind.

    Args:
        folder: Made if need be.
        part: What is rendered into it, a split or a programme; a folder may hold several.
        recipe: All that decides how that part looks; kept in `rink.json`.
        subfolders: Made if need be; half-written files are removed from all of them.

    Raises:
        DataSetError: The folder holds other data, or another process renders into it.
        OSError: It cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise DataSetError(f"{folder}: is a file; name a folder")
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, folder)
        _enter(folder, part, recipe)
        for place in (folder, *(folder / name for name in subfolders)):
            place.mkdir(exist_ok=True)
            clear_unfinished(place)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DataSetError(f"{folder}: another process renders into it; wait for it") from None


def _enter(folder: Path, part: str, recipe: Mapping[str, Any]) -> None:
    path = folder / RECIPE_FILE
    recipes = _read_recipes(path) if path.is_file() else {}
    if not recipes and any(not file.name.endswith(UNFINISHED) for file in folder.iterdir()):
        raise DataSetError(f"{folder}: holds other files; choose an empty or a new folder")
    wanted = json.loads(json.dumps({"rink_version": RINK_VERSION, **recipe}))
    there = recipes.setdefault(part, wanted)
    differing = [key for key in wanted if there.get(key) != wanted[key]]
    if differing:
        raise DataSetError(
            f"{folder}: its {part} part was rendered with another {', '.join(differing)}; "
            f"ask for what {RECIPE_FILE} says, or choose another folder"
        )
    write_text(path, json.dumps(recipes, indent=1) + "\n")


def _read_recipes(path: Path) -> dict[str, dict[str, Any]]:
    damaged = DataSetError(f"{path}: is damaged or not the rink's; choose another folder")
    try:
        recipes = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise damaged from None
    if not (isinstance(recipes, dict) and recipes):
        raise damaged
    if not all(isinstance(recipe, dict) for recipe in recipes.values()):
        raise damaged
    return recipes
