"""`elements.csv` and `elements.vtt`: the list as it stands, for tables and for players."""

from __future__ import annotations

import csv
from io import StringIO

from pipeline.elements import ELEMENTS, LABELS
from pipeline.sheet.plan import PlanComparison
from pipeline.sheet.rows import Row, RowJump
from pipeline.sheet.sheet import Sheet
from pipeline.sheet.words import DASH, LANGUAGES, speaker
from pipeline.types import Candidate
from pipeline.types.programme import Measured

COLUMNS = (
    "number", "start_s", "takeoff_s", "landing_s", "end_s", "code", "family", "machine_code",
    "machine_label", "candidates", "confidence", "air_time_s", "air_time_interval_s", "said_by",
    "changed", "review", "note", "planned", "plan_result", "base_value", "base_value_season",
    "machine_number",
)  # fmt: skip
"""Of `elements.csv`; several jumps of an element are set apart by ` | `."""

_APART = " | "
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def elements_csv(sheet: Sheet) -> str:
    """A row an element."""
    content = StringIO()
    writer = csv.DictWriter(content, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in sheet.corrected.rows:
        writer.writerow({key: _cell(value) for key, value in _row(row, sheet).items()})
    return content.getvalue()


def _row(row: Row, sheet: Sheet) -> dict[str, str | float | None]:
    value = sheet.base_value(row)
    return {
        "number": row.number,
        "start_s": _seconds(row.start_s),
        "takeoff_s": _APART.join(_seconds(jump.takeoff_s) for jump in row.jumps),
        "landing_s": _APART.join(_seconds(jump.landing_s) for jump in row.jumps),
        "end_s": _seconds(row.end_s),
        "code": row.code,
        "family": row.family,
        "machine_code": _APART.join(e.code for e in row.elements),
        "machine_label": _APART.join(e.label for e in row.elements),
        "candidates": _APART.join(_candidates(of) for of in candidates_of(row)),
        "confidence": None if row.confidence is None else f"{row.confidence:.3f}",
        "air_time_s": _APART.join(_seconds(jump.air_s) for jump in row.jumps),
        "air_time_interval_s": _APART.join(_interval(jump, sheet) for jump in row.jumps),
        "said_by": row.said_by,
        "changed": " ".join(row.changes),
        "review": "yes" if row.review else "",
        "note": row.note,
        **_planned(row, sheet.plan),
        "base_value": None if value is None else str(value).replace(DASH, " to "),
        "base_value_season": sheet.season.name if value is not None and sheet.season else None,
        "machine_number": " ".join(str(e.number) for e in row.elements),
    }


def candidates_of(row: Row) -> list[tuple[Candidate, ...]]:
    """What the machine thought of a row: for each jump, or once for the whole."""
    if row.jumps:
        return [jump.machine.candidates if jump.machine else () for jump in row.jumps]
    return [row.element.candidates] if row.element else []


def rivals_of(row: Row) -> list[tuple[Candidate, ...]]:
    """What a row could be besides: nothing where the 28 classes do not hold what was seen."""
    return candidates_of(row) if all(element.rivals for element in row.elements) else []


def air_time(jump: RowJump, frame_s: float) -> Measured | None:
    """Time in the air with its interval; None where the moments are not known.

    As measured where they are the machine's; a person's are known to half a frame each.
    """
    if jump.air_s is None:
        return None
    own, machine = (jump.takeoff_s, jump.landing_s), jump.machine
    if machine is not None and own == (machine.takeoff_s, machine.landing_s):
        return machine.measurements.get("air_time")
    return Measured(jump.air_s, max(jump.air_s - frame_s, 0.0), jump.air_s + frame_s, "s")


def candidate_code(label: str) -> str:
    """A class as protocols write it; its name where they have none."""
    element = ELEMENTS[LABELS.index(label)]
    return label if element.family == "none" else element.code.split(" ")[0]


def elements_vtt(sheet: Sheet, language: str = LANGUAGES[0]) -> str:
    """Captions: the code during each element; a second line where a person changed it."""
    say = speaker(language)
    blocks = [f"WEBVTT - {say('vtt_head')}"]
    for row in sheet.corrected.rows:
        start_ms = round(row.start_s * 1000)
        end_ms = max(round(row.end_s * 1000), start_ms + 1)
        review = f" ({say('review')})" if row.review else ""
        lines = [f"{row.number}. {row.code or say('unnamed')}{review}"]
        said = "+".join(element.code for element in row.elements)
        if row.said_by == "person" and said != row.code:
            lines.append(say("machine_said", code=said) if said else say("machine_nothing"))
        text = "\n".join(map(_vtt_text, lines))
        blocks.append(f"{row.number}\n{_vtt_time(start_ms)} --> {_vtt_time(end_ms)}\n{text}")
    return "\n\n".join(blocks) + "\n"


def _vtt_time(ms: int) -> str:
    return f"{ms // 3600000:02d}:{ms // 60000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def _vtt_text(text: str) -> str:
    plain = " ".join(text.split())
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _planned(row: Row, plan: PlanComparison) -> dict[str, str | None]:
    found = plan.of(row)
    return {
        "planned": None if found is None else found.planned,
        "plan_result": None if found is None else found.relation,
    }


def _candidates(found: tuple[Candidate, ...]) -> str:
    return " ".join(f"{one.label} {one.probability:.3f}" for one in found)


def _interval(jump: RowJump, sheet: Sheet) -> str:
    found = air_time(jump, sheet.frame_s)
    return "" if found is None else f"{found.low:.3f} to {found.high:.3f}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _cell(value: str | float | None) -> str | float | None:
    """A text that a spreadsheet does not take for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
