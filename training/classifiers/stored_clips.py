"""The clips of an experiment, stored ready to be read again and again."""

from __future__ import annotations

from pathlib import Path

from models.command_line import StatusLine
from pipeline.storage.cache import cache_folder
from training.classifiers.clip_recipe import ClipRecipe
from training.data.build import ClipStore
from training.data.challenge import (
    absent_classes,
    read_labels,
    split_by_source,
)
from training.data.rendered import RenderedStore

Stored = tuple[int, Path]
"""A clip's class index, and where it is stored."""


def stored_clips(recipe: ClipRecipe, status: StatusLine) -> tuple[list[Stored], list[Stored]]:
    """Training and validation clips, stored."""
    data = recipe.data
    folder = Path(data.cache) if data.cache else cache_folder() / "clips"
    if data.rink is not None:
        workers = recipe.engine.workers
        return (
            RenderedStore(folder, data.rink.training).build(status, workers=workers),
            RenderedStore(folder, data.rink.validation).build(status, workers=workers),
        )
    clips = read_labels(Path(data.folder), "train")
    if data.validation:
        train, held_out = clips, read_labels(Path(data.validation), data.validation_split)
    else:
        train, held_out = split_by_source(clips, share=data.validation_share)
    absent = absent_classes(train)
    if absent:
        status.say(f"{data.folder}: no training clip of {', '.join(absent)}")
    store = ClipStore(folder, data.store)
    workers = recipe.engine.workers
    stored = [
        [(clip.class_index, path) for clip, path in store.build(p, workers=workers, status=status)]
        for p in (train, held_out)
    ]
    status.say(f"{len(stored[0])} clips to train on, {len(stored[1])} to validate on")
    return stored[0], stored[1]
