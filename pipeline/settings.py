"""Settings that are read from TOML: dataclasses whose ranges stand beside their fields.

pydantic checks types and ranges and refuses unknown keys; a rule over several fields stands in the
class's `__post_init__` and raises `ConfigError` with a sentence that names the keys.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar, dataclass_transform

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from pipeline.errors import ConfigError

T = TypeVar("T")

Share = Annotated[float, Field(ge=0, le=1)]
ShareAbove0 = Annotated[float, Field(gt=0, le=1)]
ShareBelow1 = Annotated[float, Field(ge=0, lt=1)]
ShareBetween = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
WholeNumber = Annotated[int, Field(ge=0)]


def _rising(most: float, words: str) -> Callable[[tuple[float, float]], tuple[float, float]]:
    def checked(pair: tuple[float, float]) -> tuple[float, float]:
        if not 0 < pair[0] <= pair[1] <= most:
            raise ValueError(words)
        return pair

    return checked


Range = Annotated[tuple[float, float], AfterValidator(_rising(math.inf, "0 < low <= high"))]
ShareRange = Annotated[tuple[float, float], AfterValidator(_rising(1, "0 < low <= high <= 1"))]

RENAMED = {
    "closer": "zoom",
    "min_score": "score_threshold",
    "certain_score": "high_score_threshold",
    "loyalty": "switch_penalty",
    "mirrored": "test_time_flip",
    "settle_sides": "resolve_left_right",
    "guide": "auxiliary",
    "teacher": "distillation",
    "found": "predicted",
}
"""Old keys of profiles and recipes: a file that still has one is told the new name. What a program
wrote (`recipe.json` of a run, settings of prepared clips, hashes of caches) may have old ones."""


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def settings(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
    """Make a class a frozen dataclass that checks its fields: ConfigError for a wrong value."""

    def made(kind: type[T]) -> type[T]:
        checked: Any = checked_dataclass(
            frozen=True, kw_only=kw_only, config=ConfigDict(extra="forbid")
        )(kind)
        construct = checked.__init__

        @wraps(construct)
        def __init__(self: T, *args: Any, **values: Any) -> None:
            try:
                construct(self, *args, **values)
            except ValidationError as error:
                raise ConfigError(_sentence(error)) from error

        checked.__init__ = __init__
        return checked

    return made


def load_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        FileNotFoundError: There is none.
        ConfigError: It cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML ({error})") from error
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name a TOML file") from error


def read_settings(kind: type[T], content: Mapping[str, Any], *, source: str) -> T:
    """Build a settings dataclass from parsed TOML; unknown keys and wrong values are errors.

    Raises:
        ConfigError: Names the file, the key and what was expected.
    """
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_sentence(error)}") from error


def with_new_keys(content: Any) -> Any:
    """Settings that were stored, with the keys of today."""
    return _with_keys(content, RENAMED)


def with_stored_keys(content: Any) -> Any:
    """Settings with the keys that they are stored and hashed under: those of the first files."""
    return _with_keys(content, {new: old for old, new in RENAMED.items()})


def _with_keys(content: Any, names: Mapping[str, str]) -> Any:
    if isinstance(content, Mapping):
        return {names.get(k, k): _with_keys(value, names) for k, value in content.items()}
    if isinstance(content, list | tuple):
        return [_with_keys(value, names) for value in content]
    return content


_KINDS = {
    "missing": "a value, but it is missing",
    "extra_forbidden": "no such field",
    "model_type": "an object with named fields",
    "dict_type": "an object with named fields",
    "dataclass_type": "a table",
    "list_type": "a list",
    "bool_type": "true or false",
    "is_instance_of": "a text",
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
}
"""pydantic's types of errors by what they ask for; its own words are told for others."""
_WORDS = {
    "Input should be ": "",
    "Value error, ": "",
    "greater than or equal to": "at least",
    "less than or equal to": "at most",
    "greater than": "above",
    "less than": "below",
}


def _sentence(error: ValidationError) -> str:
    """What is wrong in one line: unknown keys, else the first field that does not fit."""
    faults = error.errors(include_url=False)
    unknown = [f["loc"] for f in faults if f["type"] == "unexpected_keyword_argument"]
    if unknown:
        return f"unknown key {', '.join(map(_with_new_name, unknown))}"
    fault = faults[0]
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, ConfigError):  # our own sentence, which names the keys
        return str(cause)
    key = ".".join(map(str, fault["loc"]))
    if fault["type"] in ("missing", "missing_argument"):
        return f"{key}: is missing"
    got = fault["input"]
    plain = got is None or isinstance(got, bool | int | float | str | tuple)
    return f"{key}: must be {expected(fault)}" + (f", got {got!r}" if plain else "")


def expected(fault: Mapping[str, Any]) -> str:
    """What one of pydantic's errors asks for, e.g. `"at least 1"`."""
    if fault["type"] in _KINDS:
        return _KINDS[fault["type"]]
    words = str(fault["msg"])
    for theirs, ours in _WORDS.items():
        words = words.replace(theirs, ours)
    return words


def _with_new_name(place: tuple[int | str, ...]) -> str:
    """A key, and what it is called today if it is an old name."""
    new = next((RENAMED[str(part)] for part in reversed(place) if part in RENAMED), None)
    key = ".".join(map(str, place))
    return f"{key} (now called {new})" if new else key
