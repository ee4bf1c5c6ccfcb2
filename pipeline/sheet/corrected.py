"""Corrections applied to a found programme: the list as it stands, or one sentence why not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.annotations.notes import in_whole_letters
from pipeline.errors import InputError
from pipeline.moments import written
from pipeline.sheet.completion import read_code
from pipeline.sheet.corrections import (
    MAX_CORRECTIONS,
    MAX_NAME,
    MAX_NOTE,
    Annotate,
    Confirm,
    Correction,
    Delete,
    Insert,
    Mark,
    Merge,
    MoveFlight,
    MoveSpan,
    OfRow,
    Relabel,
    Split,
)
from pipeline.sheet.pieces import merged, split
from pipeline.sheet.rows import Corrected, Row, RowJump, changed, family_of, machine_rows
from pipeline.types import Programme

_TOUCH_S = 1e-6
"""Elements that share no more than this only touch."""


def apply(programme: Programme, corrections: Sequence[Correction]) -> Corrected:
    """The list as it stands after all corrections, in their order.

    Raises:
        InputError: One of them makes no sense where it stands.
    """
    if len(corrections) > MAX_CORRECTIONS:
        raise InputError.of("corrections_many", most=MAX_CORRECTIONS)
    last_s = max(programme.read_until_s, programme.video.end_s)
    table = _Table(list(machine_rows(programme)), (programme.video.start_s, last_s))
    for number, correction in enumerate(corrections, 1):
        table.take(correction, f"c{number}")
    rows = tuple(replace(row, number=n) for n, row in enumerate(table.rows, 1))
    kept = {element.number for row in rows for element in row.elements}
    gone = tuple(element for element in programme.elements if element.number not in kept)
    return Corrected(rows, gone, table.confirmed_by)


@dataclass
class _Table:
    """The rows while corrections are taken one by one."""

    rows: list[Row]
    span_s: tuple[float, float]
    """What was read of the video."""
    confirmed_by: str | None = None

    def take(self, correction: Correction, key: str) -> None:
        """Take one correction; `key` names what it makes."""
        self.confirmed_by = None
        match correction:
            case Insert(code, start_s, end_s):
                self._insert(key, code, start_s, end_s)
            case Merge(keys):
                self._merge(keys, key)
            case Confirm(name):
                self.confirmed_by = _text(name, MAX_NAME, "correction_name")
            case _:
                self._change(self._row(correction.row), correction, key)

    def _change(self, row: Row, correction: OfRow, key: str) -> None:
        match correction:
            case Relabel(_, code):
                self._replace(row, [relabelled(row, code)])
            case MoveSpan(_, start_s, end_s):
                self._move(row, start_s, end_s)
            case MoveFlight(_, jump, takeoff_s, landing_s):
                self._replace(row, [_flown(row, jump, takeoff_s, landing_s)])
            case Delete():
                self._replace(row, [])
            case Split(_, at_s):
                self._replace(row, split(row, key, at_s))
            case Mark(_, review):
                self._replace(row, [replace(row, review=review)])
            case Annotate(_, text):
                note = _text(text, MAX_NOTE, "correction_note")
                self._replace(row, [replace(row, note=note)])

    def _row(self, key: str) -> Row:
        found = next((row for row in self.rows if row.key == key), None)
        if found is None:
            raise InputError.of("correction_no_element", row=key[:20])
        return found

    def _replace(self, old: Row | None, rows: Sequence[Row]) -> None:
        self.rows = [row for row in self.rows if old is None or row.key != old.key]
        self.rows += rows
        self.rows.sort(key=lambda row: (row.start_s, row.end_s))
        self.rows = [replace(row, number=n) for n, row in enumerate(self.rows, 1)]

    def _move(self, row: Row, start_s: float, end_s: float) -> None:
        self._check_span(start_s, end_s, before=row)
        moved = replace(row, start_s=start_s, end_s=end_s, changes=changed([row], "span"))
        for jump in moved.jumps:
            _check_inside(moved, jump)
        self._replace(row, [moved])

    def _insert(self, key: str, code: str, start_s: float, end_s: float) -> None:
        self._check_span(start_s, end_s)
        blank = Row(key, 0, "", "jump", start_s, end_s, changes=("inserted",))
        self._replace(None, [replace(relabelled(blank, code), changes=("inserted",))])

    def _merge(self, keys: tuple[str, ...], key: str) -> None:
        chosen = sorted({row.number: row for row in map(self._row, keys)}.values(), key=_number)
        if len(chosen) < 2:
            raise InputError.of("correction_merge_few")
        first, last = chosen[0].number, chosen[-1].number
        for row in self.rows:
            if first < row.number < last and row not in chosen:
                raise InputError.of("correction_merge_apart", number=row.number, element=row.code)
        one = merged(chosen, key)
        self.rows = [row for row in self.rows if row not in chosen]
        self._replace(None, [one])

    def _check_span(self, start_s: float, end_s: float, before: Row | None = None) -> None:
        first, last = self.span_s
        if not (math.isfinite(start_s) and math.isfinite(end_s)) or end_s <= start_s:
            raise InputError.of("correction_order", start=_said(start_s), end=_said(end_s))
        if start_s < first - _TOUCH_S or end_s > last + _TOUCH_S:
            raise InputError.of(
                "correction_outside",
                start=_said(start_s),
                end=_said(end_s),
                first=_said(first),
                last=_said(last),
            )
        for row in self.rows:
            if before is not None and row.key == before.key:
                continue
            was = 0.0 if before is None else _shared_s(before.start_s, before.end_s, row)
            # Two elements of the machine may overlap by their margins; that may stay, not grow.
            if _shared_s(start_s, end_s, row) > max(was, 0.0) + _TOUCH_S:
                raise InputError.of(
                    "correction_overlap",
                    start=_said(start_s),
                    end=_said(end_s),
                    number=row.number,
                    element=row.code,
                    from_=_said(row.start_s),
                    to=_said(row.end_s),
                )


def relabelled(row: Row, code: str) -> Row:
    """The row with another code; jumps keep their moments as far as there are as many.

    Raises:
        InputError: It is no element code.
    """
    code, parsed = read_code(code)
    count = len(parsed.jumps)
    jumps = (*row.jumps[:count], *(RowJump() for _ in range(count - len(row.jumps))))
    changes = row.changes if code == row.code else changed([row], "code")
    return replace(row, code=code, family=family_of(parsed), jumps=jumps, changes=changes)


def _flown(row: Row, number: int, takeoff_s: float, landing_s: float) -> Row:
    """The row with one jump's take-off and landing moved."""
    if not 1 <= number <= len(row.jumps):
        raise InputError.of("correction_no_jump", number=row.number, element=row.code, jump=number)
    if not (math.isfinite(takeoff_s) and math.isfinite(landing_s)) or landing_s <= takeoff_s:
        raise InputError.of(
            "correction_landing", takeoff=_said(takeoff_s), landing=_said(landing_s)
        )
    jump = replace(row.jumps[number - 1], takeoff_s=takeoff_s, landing_s=landing_s)
    _check_inside(row, jump)
    for other, beside in enumerate(row.jumps, 1):
        before, after = (beside, jump) if other < number else (jump, beside)
        if other != number and _meet(before, after):
            raise InputError.of("correction_flights_meet", jump=number, other=other)
    jumps = (*row.jumps[: number - 1], jump, *row.jumps[number:])
    return replace(row, jumps=jumps, changes=changed([row], "flight"))


def _check_inside(row: Row, jump: RowJump) -> None:
    takeoff_s, landing_s = jump.takeoff_s, jump.landing_s
    if takeoff_s is None or landing_s is None:
        return
    if takeoff_s < row.start_s - _TOUCH_S or landing_s > row.end_s + _TOUCH_S:
        raise InputError.of(
            "correction_flight_outside",
            takeoff=_said(takeoff_s),
            landing=_said(landing_s),
            start=_said(row.start_s),
            end=_said(row.end_s),
        )


def _meet(before: RowJump, after: RowJump) -> bool:
    if before.landing_s is None or after.takeoff_s is None:
        return False
    return before.landing_s > after.takeoff_s


def _text(text: str, most: int, code: str) -> str:
    stripped = text.strip()
    if len(stripped) > most or not in_whole_letters(stripped):
        raise InputError.of(code, most=most)
    return stripped


def _shared_s(start_s: float, end_s: float, row: Row) -> float:
    return min(end_s, row.end_s) - max(start_s, row.start_s)


def _number(row: Row) -> int:
    return row.number


def _said(seconds: float) -> str:
    return written(seconds) if math.isfinite(seconds) else str(seconds)
