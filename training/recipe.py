"""Recipes: one experiment in one TOML file, read into a frozen dataclass and checked.

A recipe's `task` decides what else it may hold (`training/tasks/__init__.py` lists the kinds); all
of them have `name`, `seed`, `[optim]` and `[engine]`. Unknown keys and wrong types are refused.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, TypeVar

from pipeline.errors import ConfigError
from pipeline.settings import load_toml, read_settings, settings
from training.engine.settings import EngineSettings, OptimSettings

R = TypeVar("R", bound="Recipe")


@settings(kw_only=True)
class Recipe:
    """What every experiment has; each kind of task extends it."""

    name: str
    """Of the run and of its folder."""
    task: str
    """Key of `training.tasks.TASKS`."""
    summary: str = ""
    """What it is for and the number it should reach, in a line."""
    seed: int = 0
    """Of the first weights, the order of the data, and all augmentation."""
    optim: OptimSettings
    """Table I."""
    engine: EngineSettings = field(default_factory=EngineSettings)
    """Use of the machine."""


def read_toml(path: Path, overrides: Iterable[str] = ()) -> dict[str, Any]:
    """A recipe's content, with `key.key=value` overrides put in.

    Raises:
        ConfigError: No such file, no TOML, or an override that is not `key=value`.
    """
    try:
        content = load_toml(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such recipe; see training/recipes/") from None
    for override in overrides:
        _override(content, override)
    return content


def read_recipe(kind: type[R], content: Mapping[str, Any], *, source: str) -> R:
    """A recipe of a known kind from parsed TOML.

    Raises:
        ConfigError: Names the file, the key and what was expected.
    """
    return read_settings(kind, content, source=source)


def _override(content: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    *tables, last = key.strip().split(".")
    if not separator or not last:
        raise ConfigError(f"--set {override}: expected KEY=VALUE, e.g. optim.lr=1e-4")
    table: Any = content
    for name in tables:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {override}: {name} is a value, not a table")
    table[last] = read_value(text.strip())


def read_value(text: str) -> Any:
    """A value as TOML reads it; a bare word is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def toml(value: Any) -> str:
    """A value as TOML: strings, numbers, lists and inline tables."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)  # the same as TOML for what is left
