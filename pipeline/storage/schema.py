"""What `analysis.json` must hold before anything is made of it: it may come from anybody.

The names of the contract with their kinds; arrays are checked by the records that they become.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline.annotations.notes import EXPECTED, are_notes
from pipeline.annotations.report_fields import EXPECTED as EXPECTED_FIELDS
from pipeline.annotations.report_fields import are_report_fields
from pipeline.classification.ensemble import FUSED
from pipeline.config import NAME, NAME_IN_WORDS
from pipeline.elements import LABELS, NUM_CLASSES
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


def _that(holds: Any, words: str) -> Any:
    """A rule of its own, told in words."""

    def checked(value: Any) -> Any:
        if not holds(value):
            raise ValueError(words)
        return value

    return checked


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


# Not `str`: a path may hold bytes that are no text, which Python keeps as lone surrogates.
_Text = InstanceOf[str]
_Whole = Annotated[int, Field(ge=0, le=_MOST)]
_Count = Annotated[int, Field(ge=1, le=_MOST)]
_Number = Annotated[float, Field(allow_inf_nan=False)]
_Share = Annotated[_Number, Field(ge=0)]
_Four = Annotated[list[_Number], AfterValidator(_that(lambda v: len(v) == 4, "four numbers"))]
_Label = Annotated[_Text, AfterValidator(_that(LABELS.__contains__, "a class"))]
_Fused = Literal["umt", "uniformerv2", "infogcn"]


class _Table(BaseModel):
    """An object with named fields; others may stand beside them."""

    model_config = ConfigDict(strict=True)


class _Video(_Table):
    path: _Text
    sha256: _Text
    codec: _Text
    width: _Count
    height: _Count
    frames: _Count
    rotation: _Whole
    duration_s: _Number
    start_s: _Number
    end_s: _Number
    fps: Annotated[_Number, Field(gt=0)]
    variable_frame_rate: bool
    stream: _Whole | None = None
    stored_width: _Count | None = None
    stored_height: _Count | None = None
    deinterlaced: bool | None = None
    reader: ReaderName | None = None


class _Region(_Table):
    rule: _Text
    xyxy: _Four


class _Model(_Table):
    distinct_views: _Count


class _Weights(_Table):
    model_config = ConfigDict(extra="forbid")

    umt: _Share
    uniformerv2: _Share
    infogcn: _Share

    @model_validator(mode="after")
    def _are_shares(self) -> _Weights:
        if not self.umt + self.uniformerv2 + self.infogcn > 0:
            raise ValueError("one number above 0")
        return self


class _Vote(_Table):
    label: _Label
    votes: Annotated[dict[str, _Label], AfterValidator(_that(bool, "at least one vote"))]
    tie_broken_by: _Fused | None = None


class _Verdict(_Table):
    class_index: Annotated[int, Field(ge=0, lt=NUM_CLASSES)]
    strategy: Literal["weighted", "vote"]
    weights: _Weights
    vote: _Vote


class _Origin(_Table):
    checkpoint: _Text
    sha256: _Text | None = None
    status: Status


class _Flight(_Table):
    takeoff_s: _Number
    landing_s: _Number


class _Moment(_Table):
    at_s: _Number


class _Box(_Table):
    model_config = ConfigDict(extra="forbid")

    frame_index: _Whole
    xyxy: _Four


class _Message(_Table):
    code: str
    values: dict[str, int | float | str]


class _Messages(_Table):
    skater: _Message | None
    warnings: list[_Message | None]


class _Analysis(_Table):
    profile: Annotated[Any, PlainValidator(_that(_is_name, NAME_IN_WORDS))]
    video: _Video
    region: _Region
    models: Annotated[
        dict[str, _Model],
        AfterValidator(
            _that(lambda v: v.keys() >= set(FUSED), ", ".join(FUSED) + " among its fields")
        ),
    ]
    verdict: _Verdict
    provenance: dict[str, _Origin]
    timings_s: Annotated[
        dict[str, _Number], AfterValidator(_that(lambda v: "total" in v, "total among its fields"))
    ]
    origin_s: _Number | None = None
    flight_set_by_person: _Flight | None = None
    flight_chosen_by_person: _Moment | None = None
    skater_box_by_person: _Box | None = None
    measured_as_by_person: Literal["jump", "spin"] | None = None
    notes: Annotated[Any, PlainValidator(_that(lambda v: v is None or are_notes(v), EXPECTED))] = (
        None
    )
    report_fields: Annotated[
        Any, PlainValidator(_that(lambda v: v is None or are_report_fields(v), EXPECTED_FIELDS))
    ] = None
    warnings: list[_Text]
    messages: _Messages | None = None

    @field_validator("messages")
    @classmethod
    def _one_each(cls, found: _Messages | None, info: ValidationInfo) -> _Messages | None:
        if found is not None and len(found.warnings) != len(info.data.get("warnings", ())):
            raise ValueError("one entry for every warning")
        return found


def check_fields(content: Mapping[str, Any]) -> None:
    """Look through the content of an `analysis.json`.

    Raises:
        WrongField: The first field that is absent or has a value of another kind.
    """
    try:
        _Analysis.model_validate(content)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise WrongField(".".join(map(str, fault["loc"])), expected(fault)) from error
