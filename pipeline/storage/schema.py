"""What `analysis.json` must hold before anything is made of it: it may come from anybody.

The names of the contract are looked through with their kinds; arrays are checked by the records
that they become.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pipeline.annotations.notes import EXPECTED, are_notes
from pipeline.annotations.report_fields import EXPECTED as EXPECTED_FIELDS
from pipeline.annotations.report_fields import are_report_fields
from pipeline.classification.ensemble import FUSED
from pipeline.config import NAME, NAME_IN_WORDS
from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.storage.messages import are_messages
from pipeline.types import ReaderName, Status


@dataclass(frozen=True)
class Kind:
    """Values that a field may have."""

    fits: Callable[[Any], bool]
    expected: str
    """In words."""


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


def _whole(value: Any, least: int = -(10**9), most: int = 10**9) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _number(value: Any) -> bool:
    return (isinstance(value, float) and math.isfinite(value)) or _whole(value)


def _is_box(value: Any) -> bool:
    """Whether it is what was drawn around a skater."""
    if not isinstance(value, dict) or set(value) != {"frame_index", "xyxy"}:
        return False
    xyxy = value["xyxy"]
    return (
        _whole(value["frame_index"], 0)
        and isinstance(xyxy, list)
        and len(xyxy) == 4
        and all(map(_number, xyxy))
    )


def _one_of(*names: Any) -> Kind:
    return Kind(lambda value: value in names, "one of " + ", ".join(map(str, names)))


_TEXT = Kind(lambda value: isinstance(value, str), "a text")
_HASH = Kind(lambda value: value is None or isinstance(value, str), "a text or null")
_TRUTH = Kind(lambda value: isinstance(value, bool), "true or false")
_WHOLE = Kind(lambda value: _whole(value, 0), "a whole number of 0 or more")
_COUNT = Kind(lambda value: _whole(value, 1), "a whole number of 1 or more")
_NUMBER = Kind(_number, "a finite number")
_TABLE = Kind(lambda value: isinstance(value, dict), "an object with named fields")
_LABEL = Kind(lambda value: isinstance(value, str) and value in LABELS, "a class")
_THREE = Kind(
    lambda value: isinstance(value, dict) and set(value) == set(FUSED),
    "an object with " + ", ".join(FUSED),
)
_MODELS = Kind(
    lambda value: isinstance(value, dict) and set(value) >= set(FUSED),
    "an object with " + ", ".join(FUSED) + " among its fields",
)
_SHARE = Kind(lambda value: _number(value) and value >= 0, "a finite number of 0 or more")
_SHARES = Kind(lambda value: sum(value.values()) > 0, "one number above 0")

FIELDS: tuple[tuple[str, Kind], ...] = (
    ("profile", Kind(lambda v: isinstance(v, str) and bool(NAME.fullmatch(v)), NAME_IN_WORDS)),
    ("video", _TABLE),
    *((f"video.{name}", _TEXT) for name in ("path", "sha256", "codec")),
    *((f"video.{name}", _COUNT) for name in ("width", "height", "frames")),
    ("video.rotation", _WHOLE),
    *((f"video.{name}", _NUMBER) for name in ("duration_s", "start_s", "end_s")),
    ("video.fps", Kind(lambda v: _number(v) and v > 0, "a finite number above 0")),
    ("video.variable_frame_rate", _TRUTH),
    ("video.stream", Kind(lambda v: v is None or _whole(v, 0), _WHOLE.expected)),
    *(
        (f"video.{name}", Kind(lambda v: v is None or _whole(v, 1), _COUNT.expected))
        for name in ("stored_width", "stored_height")
    ),
    ("video.deinterlaced", Kind(lambda v: v is None or isinstance(v, bool), _TRUTH.expected)),
    ("video.reader", _one_of(None, *get_args(ReaderName))),
    ("region", _TABLE),
    ("region.rule", _TEXT),
    ("region.xyxy", Kind(lambda v: isinstance(v, list) and len(v) == 4, "four numbers")),
    ("region.xyxy.*", _NUMBER),
    ("models", _MODELS),
    ("models.*", _TABLE),
    ("models.*.distinct_views", _COUNT),
    ("verdict", _TABLE),
    ("verdict.class_index", Kind(lambda v: _whole(v, 0, NUM_CLASSES - 1), "a class's index")),
    ("verdict.strategy", _one_of("weighted", "vote")),
    ("verdict.weights", _THREE),
    ("verdict.weights.*", _SHARE),
    ("verdict.weights", _SHARES),
    ("verdict.vote", _TABLE),
    ("verdict.vote.label", _LABEL),
    ("verdict.vote.votes", Kind(lambda v: isinstance(v, dict) and bool(v), "at least one vote")),
    ("verdict.vote.votes.*", _LABEL),
    ("verdict.vote.tie_broken_by", _one_of(None, *FUSED)),
    ("provenance", _TABLE),
    ("provenance.*", _TABLE),
    ("provenance.*.checkpoint", _TEXT),
    ("provenance.*.sha256", _HASH),
    ("provenance.*.status", _one_of(*get_args(Status))),
    ("timings_s", _TABLE),
    ("timings_s.*", _NUMBER),
    ("timings_s.total", _NUMBER),
    *(
        (place, Kind(lambda v: v is None or _number(v), "a finite number"))
        for place in (
            "origin_s",
            "flight_set_by_person.takeoff_s",
            "flight_set_by_person.landing_s",
            "flight_chosen_by_person.at_s",
        )
    ),
    ("skater_box_by_person", Kind(lambda v: v is None or _is_box(v), "a frame and four numbers")),
    ("measured_as_by_person", _one_of(None, "jump", "spin")),
    ("notes", Kind(lambda value: value is None or are_notes(value), EXPECTED)),
    ("report_fields", Kind(lambda v: v is None or are_report_fields(v), EXPECTED_FIELDS)),
    ("warnings", Kind(lambda value: isinstance(value, list), "a list of texts")),
    ("warnings.*", _TEXT),
)
"""Fields by their place, `*` standing for every entry; what holds others goes before them."""


def check_fields(content: Mapping[str, Any]) -> None:
    """Look through the content of an `analysis.json`.

    Raises:
        WrongField: The first field that is absent or has a value of another kind.
    """
    for place, kind in FIELDS:
        for field, value in _found(content, place.split(".")):
            if not kind.fits(value):
                raise WrongField(field, kind.expected)
    if "messages" in content and not are_messages(content["messages"], content["warnings"]):
        raise WrongField("messages", "code and values of the skater's choice and every warning")


def _found(content: Any, place: list[str], so_far: str = "") -> Iterator[tuple[str, Any]]:
    """Every field at a place; None for one that is absent."""
    if not place:
        yield so_far.removeprefix("."), content
        return
    entries = dict(enumerate(content)) if isinstance(content, list) else content
    if not isinstance(entries, dict):
        yield so_far.removeprefix("."), None
        return
    for key in entries if place[0] == "*" else [place[0]]:
        yield from _found(entries.get(key), place[1:], f"{so_far}.{key}")
