"""What `programme.json` must hold before anything is made of it: it may come from anybody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator

from pipeline.storage.field_kinds import (
    CodedMessage,
    Label,
    Number,
    Origin,
    ProfileName,
    Table,
    Text,
    Timings,
    Video,
    check_against,
    that,
)
from pipeline.types.programme import ElementFamily, ShotKind, SpinPosition, Transition

ANALYSIS_PLACE = re.compile(r"elements/\d{2,4}(-\d{1,2})?")
"""Where an element's analysis may lie; never a path out of the programme's folder."""
_MOST_ELEMENTS, _MOST_SHOTS = 2000, 20000

_Place = Annotated[
    Text,
    AfterValidator(
        that(lambda v: not v or ANALYSIS_PLACE.fullmatch(v), "elements/NN, elements/NN-J or empty")
    ),
]
_Probability = Annotated[Number, Field(ge=0, le=1)]
_Code = Annotated[Text, Field(max_length=100)]


class _Shot(Table):
    start_s: Number
    end_s: Number
    kind: ShotKind
    begins: Transition


class _Candidate(Table):
    label: Label
    probability: _Probability


class _Measured(Table):
    model_config = ConfigDict(extra="forbid")

    value: Number
    low: Number
    high: Number
    unit: Text


class _Jump(Table):
    takeoff_s: Number
    landing_s: Number
    candidates: list[_Candidate]
    analysis: _Place
    measurements: dict[str, _Measured]
    euler: bool


class _Position(Table):
    position: SpinPosition
    start_s: Number
    end_s: Number


class _Element(Table):
    number: Annotated[int, Field(ge=1, le=_MOST_ELEMENTS)]
    family: ElementFamily
    start_s: Number
    end_s: Number
    code: _Code
    confidence: _Probability
    flying: bool
    jumps: list[_Jump]
    positions: list[_Position]
    candidates: list[_Candidate]
    analysis: _Place
    measurements: dict[str, _Measured]


class _Messages(Table):
    warnings: list[CodedMessage | None]


class _Programme(Table):
    schema_version: Literal[1]
    profile: ProfileName
    video: Video
    read_until_s: Number
    shots: Annotated[list[_Shot], Field(max_length=_MOST_SHOTS)]
    elements: Annotated[list[_Element], Field(max_length=_MOST_ELEMENTS)]
    provenance: dict[str, Origin]
    timings_s: Timings
    warnings: list[Text]
    messages: _Messages

    @field_validator("elements")
    @classmethod
    def _are_numbered(cls, found: list[_Element]) -> list[_Element]:
        if len({element.number for element in found}) != len(found):
            raise ValueError("another number for each")
        return found

    @field_validator("messages")
    @classmethod
    def _one_each(cls, found: _Messages, info: ValidationInfo) -> _Messages:
        if len(found.warnings) != len(info.data.get("warnings", ())):
            raise ValueError("one entry for every warning")
        return found


def check_programme(content: Mapping[str, Any]) -> None:
    """Look through the content of a `programme.json`.

    Raises:
        WrongField: The first field that is absent or has a value of another kind.
    """
    check_against(_Programme, content)
