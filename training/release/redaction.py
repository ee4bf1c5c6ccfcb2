"""What of a run's settings may be published: where files lay on a machine is nobody's affair."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.recipe import read_value, toml

_PLACES = ("folder", "poses", "prepared", "cache", "validation")
"""Ends of the keys that say where something lies."""
_WEIGHTS = ("start", "start_from_pose")
"""Keys of a checkpoint's name, or of a file."""


def without_places(value: Any, key: str = "") -> Any:
    """A setting as others may read it: `DIR` for a folder, a file of weights by its name.

    Args:
        value: As TOML or JSON holds it; tables are gone through.
        key: Its own, or with those of the tables it is in.
    """
    if isinstance(value, Mapping):
        return {name: without_places(item, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_places(item, key) for item in value]
    if not isinstance(value, str) or not value:
        return value
    name = key.rpartition(".")[2]
    if name in _WEIGHTS:
        return Path(value).name
    return "DIR" if name.endswith(_PLACES) or value.startswith(("/", "~")) else value


def override_without_places(override: str) -> str:
    """The same of `--set`'s `key=value`; one that tells no place is left as it was typed."""
    key, separator, text = override.partition("=")
    value = read_value(text.strip())
    told = without_places(value, key.strip())
    if not separator or told == value:
        return override
    return f"{key}={told if isinstance(told, str) else toml(told)}"
