"""A season: how many elements count, and base values; out of files that name their source.

`assets/rules/SEASON.toml`, and beside it the table of base values if there is one. Nothing here
knows a rule or a value by itself.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import ConfigError
from pipeline.programme.element_code import CodeError, parse_code
from pipeline.settings import expected

RULES = Path(__file__).parents[2] / "assets" / "rules"

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)
_SEASON = re.compile(r"[\w-]{1,40}")
Model = TypeVar("Model", bound=BaseModel)


class SegmentRules(BaseModel):
    """What counts in one segment, such as the women's free skating; numbers are the most."""

    model_config = _STRICT

    exact: bool
    """Whether each count is also the least, as in a short program."""
    jump_elements: int
    combinations: int
    """Jump combinations and sequences among them."""
    jumps_in_combination: int
    spins: int
    step_sequences: int
    choreographic_sequences: int
    longer_combinations: int = 0
    """Combinations that may have one jump more."""
    axel: bool = False
    """Whether a jump element must have an Axel."""
    combination_spin: bool = False
    flying_spin: bool = False
    jump_elements_differ: bool = False
    """Whether no triple or quadruple jump may stand in two jump elements."""
    same_jump: int | None = None
    """How often one triple or quadruple jump may be skated."""
    repeated_jumps: int | None = None
    """How many different triple and quadruple jumps may be skated twice."""
    repeated_quadruples: int | None = None
    """Of them quadruple jumps."""
    double_axels: int | None = None


@dataclass(frozen=True)
class Season:
    """The rules and base values of a season."""

    name: str
    source: str
    """Where the rules are from."""
    segments: Mapping[str, SegmentRules]
    """By name, such as `men_short`, `women_free`."""
    base_values: Mapping[str, float] = field(default_factory=dict)
    """By code, single jumps with their calls; empty: the file has none."""
    base_values_source: str = ""
    sequence_factor: float = 1.0
    """Of jumps that are joined by `SEQ`."""
    repeated_factor: float = 1.0
    """Of a jump with `REP`."""


class _File(BaseModel):
    model_config = _STRICT

    season: str
    source: str
    base_values: str = ""
    base_values_source: str = ""
    sequence_factor: float = 1.0
    repeated_factor: float = 1.0


def season_names(folder: Path = RULES) -> tuple[str, ...]:
    """The seasons of which there is a file, the latest first."""
    return tuple(sorted((path.stem for path in folder.glob("*.toml")), reverse=True))


@cache
def load_season(name: str, folder: Path = RULES) -> Season:
    """The season of a name.

    Raises:
        ConfigError: There is none, or its file has a wrong field.
    """
    if not _SEASON.fullmatch(name) or not (folder / f"{name}.toml").is_file():
        known = ", ".join(season_names(folder))
        raise ConfigError(f"there is no season {name[:40]!r}; choose one of {known}")
    path = folder / f"{name}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        segments = {key: value for key, value in content.items() if isinstance(value, dict)}
        head = _checked(_File, {k: v for k, v in content.items() if k not in segments}, "")
        rules = {key: _checked(SegmentRules, value, f"{key}.") for key, value in segments.items()}
        values = _base_values(folder / head.base_values) if head.base_values else {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path.name}: {error}") from error
    return Season(
        head.season,
        head.source,
        rules,
        values,
        head.base_values_source,
        head.sequence_factor,
        head.repeated_factor,
    )


def _checked(kind: type[Model], content: Mapping[str, Any], place: str) -> Model:
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field_ = place + ".".join(map(str, fault["loc"]))
        raise ValueError(f"{field_}: expected {expected(fault)}") from error


def _base_values(path: Path) -> dict[str, float]:
    """Code -> base value, out of a table with the columns `code,base_value`."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for number, row in enumerate(rows, 2):
        try:
            parse_code(row["code"])
            found[row["code"]] = float(row["base_value"])
        except (CodeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error
    return found


@dataclass(frozen=True)
class BaseValue:
    """What an element counts before it is judged; a range where its level is not known."""

    low: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:.2f}"
        return f"{self.low:.2f}\N{EN DASH}{self.high:.2f}"


def base_value(season: Season, code: str) -> BaseValue | None:
    """The base value of an element, without what its place in the programme adds.

    None where the season's table does not have it.
    """
    if season.base_values and ("+" in code or code[:1].isdigit()):
        return _of_jumps(season, code.split("+"))
    plain = code.replace("!", "").replace("*", "")
    if "*" in code and season.base_values:
        return BaseValue(0.0, 0.0)
    if plain in season.base_values:
        value = season.base_values[plain]
        return BaseValue(value, value)
    levels = [
        value
        for known, value in season.base_values.items()
        if known[:-1] == plain and known[-1] in "B1234"
    ]
    # One level alone says nothing of the others.
    return BaseValue(min(levels), max(levels)) if len(levels) > 1 else None


def _of_jumps(season: Season, parts: list[str]) -> BaseValue | None:
    joined = {part for part in parts if part in ("SEQ", "COMBO", "REP")}
    values = []
    for part in parts:
        plain = part.replace("!", "").replace("q", "")
        if "*" in plain:
            values.append(0.0)
        elif plain in season.base_values:
            values.append(season.base_values[plain])
        elif plain not in joined:
            return None
    factor = 1.0
    factor *= season.sequence_factor if "SEQ" in joined else 1.0
    factor *= season.repeated_factor if "REP" in joined else 1.0
    total = _half_up(sum(values) * factor)
    return BaseValue(total, total)


def _half_up(value: float) -> float:
    """To two decimals, halves up, as protocols round."""
    return int(value * 100 + 0.5 + 1e-6) / 100
