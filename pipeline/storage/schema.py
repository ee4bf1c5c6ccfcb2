"""What `analysis.json` must hold before anything is made of it: it may come from anybody.

The names of the contract with their kinds; arrays are checked by the records that they become.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline.annotations.notes import EXPECTED, are_notes
from pipeline.annotations.report_fields import EXPECTED as EXPECTED_FIELDS
from pipeline.annotations.report_fields import are_report_fields
from pipeline.classification.ensemble import FUSED, Strategy
from pipeline.elements import NUM_CLASSES
from pipeline.storage.field_kinds import (
    CodedMessage,
    Count,
    Label,
    Number,
    Origin,
    ProfileName,
    Share,
    Table,
    Text,
    Timings,
    Video,
    Whole,
    check_against,
    that,
)

_Four = Annotated[list[Number], AfterValidator(that(lambda v: len(v) == 4, "four numbers"))]
_Fused = Literal["umt", "uniformerv2", "infogcn"]


class _Region(Table):
    rule: Text
    xyxy: _Four


class _Model(Table):
    distinct_views: Count


class _Weights(Table):
    model_config = ConfigDict(extra="forbid")

    umt: Share
    uniformerv2: Share
    infogcn: Share

    @model_validator(mode="after")
    def _are_shares(self) -> _Weights:
        if not self.umt + self.uniformerv2 + self.infogcn > 0:
            raise ValueError("one number above 0")
        return self


class _Vote(Table):
    label: Label
    votes: Annotated[dict[str, Label], AfterValidator(that(bool, "at least one vote"))]
    tie_broken_by: _Fused | None = None


class _Verdict(Table):
    class_index: Annotated[int, Field(ge=0, lt=NUM_CLASSES)]
    strategy: Strategy
    weights: _Weights
    vote: _Vote


class _Flight(Table):
    takeoff_s: Number
    landing_s: Number


class _Moment(Table):
    at_s: Number


class _Box(Table):
    model_config = ConfigDict(extra="forbid")

    frame_index: Whole
    xyxy: _Four


class _Messages(Table):
    skater: CodedMessage | None
    warnings: list[CodedMessage | None]


class _Analysis(Table):
    profile: ProfileName
    video: Video
    region: _Region
    models: Annotated[
        dict[str, _Model],
        AfterValidator(
            that(lambda v: v.keys() >= set(FUSED), ", ".join(FUSED) + " among its fields")
        ),
    ]
    verdict: _Verdict
    provenance: dict[str, Origin]
    timings_s: Timings
    origin_s: Number | None = None
    flight_set_by_person: _Flight | None = None
    flight_chosen_by_person: _Moment | None = None
    skater_box_by_person: _Box | None = None
    measured_as_by_person: Literal["jump", "spin"] | None = None
    notes: Annotated[Any, PlainValidator(that(lambda v: v is None or are_notes(v), EXPECTED))] = (
        None
    )
    report_fields: Annotated[
        Any, PlainValidator(that(lambda v: v is None or are_report_fields(v), EXPECTED_FIELDS))
    ] = None
    warnings: list[Text]
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
    check_against(_Analysis, content)
