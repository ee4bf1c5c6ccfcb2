"""Kinds of fields that JSON files of ours hold, and the check that a file does hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    PlainValidator,
    ValidationError,
)

from pipeline.config import NAME, NAME_IN_WORDS
from pipeline.elements import LABELS
from pipeline.settings import expected
from pipeline.types import ReaderName, Status

_MOST = 10**9


class WrongField(Exception):
    """A field with another value than its kind allows.

    Args:
        field: Its place, with dots between the keys.
        expected: What it should hold, in words.
    """

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


def that(holds: Any, words: str) -> Any:
    """A rule of its own, told in words."""

    def checked(value: Any) -> Any:
        if not holds(value):
            raise ValueError(words)
        return value

    return checked


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


# Not `str`: a path may hold bytes that are no text, which Python keeps as lone surrogates.
Text = InstanceOf[str]
Whole = Annotated[int, Field(ge=0, le=_MOST)]
Count = Annotated[int, Field(ge=1, le=_MOST)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[Number, Field(ge=0)]
Label = Annotated[Text, AfterValidator(that(LABELS.__contains__, "a class"))]
ProfileName = Annotated[Any, PlainValidator(that(_is_name, NAME_IN_WORDS))]
Timings = Annotated[
    dict[str, Number], AfterValidator(that(lambda v: "total" in v, "total among its fields"))
]


class Table(BaseModel):
    """An object with named fields; others may stand beside them."""

    model_config = ConfigDict(strict=True)


class Video(Table):
    """A `VideoInfo`."""

    path: Text
    sha256: Text
    codec: Text
    width: Count
    height: Count
    frames: Count
    rotation: Whole
    duration_s: Number
    start_s: Number
    end_s: Number
    fps: Annotated[Number, Field(gt=0)]
    variable_frame_rate: bool
    stream: Whole | None = None
    stored_width: Count | None = None
    stored_height: Count | None = None
    deinterlaced: bool | None = None
    reader: ReaderName | None = None


class Origin(Table):
    """A `Provenance`."""

    checkpoint: Text
    sha256: Text | None = None
    status: Status


class CodedMessage(Table):
    """A `Message` with a code."""

    code: str
    values: dict[str, int | float | str]


def check_against(kind: type[Table], content: Mapping[str, Any]) -> None:
    """Look through the content of a file.

    Raises:
        WrongField: The first field that is absent or has a value of another kind.
    """
    try:
        kind.model_validate(content)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise WrongField(".".join(map(str, fault["loc"])), expected(fault)) from error
