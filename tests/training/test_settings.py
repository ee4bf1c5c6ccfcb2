"""Every table of every TOML file that is read says what it allows."""

from __future__ import annotations

import dataclasses
from typing import get_args, get_type_hints

from pipeline.config import Profile
from training.tasks import TASKS


def test_every_table_of_a_profile_and_a_recipe_refuses_what_it_does_not_know():
    """Issue 16: unknown keys were looked for beside pydantic, ranges by hand in every class."""
    kinds = [Profile, *(kind.recipe for kind in TASKS.values())]
    assert len(kinds) > 4
    tables: list[type] = []
    while kinds:
        kind = kinds.pop()
        kinds += list(get_args(kind))
        if dataclasses.is_dataclass(kind) and kind not in tables:
            tables.append(kind)
            kinds += get_type_hints(kind).values()
    lax = [
        t.__name__ for t in tables if getattr(t, "__pydantic_config__", {}).get("extra") != "forbid"
    ]
    assert lax == []
    assert len(tables) > 20
