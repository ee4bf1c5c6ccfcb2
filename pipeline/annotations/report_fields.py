"""What a person wrote at the head of the report: skater, event, a note; kept with the analysis.

It comes from browsers and from files of strangers: `read_report_fields` checks every text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.annotations.notes import in_whole_letters

MOST: Mapping[str, int] = {"skater": 100, "event": 200, "note": 2000}
"""The most letters that each field takes."""

EXPECTED = "an object with texts: " + ", ".join(
    f"{name} of at most {most} characters" for name, most in MOST.items()
)
"""In words, for who wrote another thing."""


class FieldTooLong(ValueError):
    """A text with more letters than its field takes.

    Args:
        field: Which.
    """

    def __init__(self, field: str) -> None:
        super().__init__(f"{field}: expected at most {MOST[field]} characters")
        self.field = field


@dataclass(frozen=True)
class ReportFields:
    """They decide nothing of the result."""

    skater: str = ""
    event: str = ""
    note: str = ""

    def filled(self) -> dict[str, str]:
        """The fields with a text, by name."""
        texts = {"skater": self.skater, "event": self.event, "note": self.note}
        return {name: text for name, text in texts.items() if text}


def read_report_fields(content: object) -> ReportFields:
    """The fields out of JSON or of a page; absent ones are empty.

    Raises:
        FieldTooLong: A text is too long.
        ValueError: They are no texts.
    """
    if not isinstance(content, Mapping):
        raise ValueError(f"expected {EXPECTED}")
    return ReportFields(**{name: _text(name, content.get(name)) for name in MOST})


def are_report_fields(content: object) -> bool:
    """Whether `read_report_fields` takes it."""
    try:
        read_report_fields(content)
    except ValueError:
        return False
    return True


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not in_whole_letters(value):
        raise ValueError(f"{name}: expected a text")
    text = value.strip()
    if len(text) > MOST[name]:
        raise FieldTooLong(name)
    return text
