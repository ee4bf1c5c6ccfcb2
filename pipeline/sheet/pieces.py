"""One row split into several, several merged into one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from pipeline.errors import InputError
from pipeline.moments import written
from pipeline.programme.element_code import ElementCode
from pipeline.sheet.corrections import MAX_NOTE
from pipeline.sheet.rows import Row, RowJump, changed, family_of
from pipeline.types import FoundElement


def split(row: Row, key: str, at_s: float | None) -> list[Row]:
    """The parts of a row; their keys are `key.1`, `key.2` ...

    Raises:
        InputError: It cannot be split so.
    """
    parts = _at_jumps(row) if at_s is None else _at_time(row, at_s)
    return [
        replace(part, key=f"{key}.{number}", changes=changed((row,), "split"))
        for number, part in enumerate(parts, 1)
    ]


def _at_jumps(row: Row) -> list[Row]:
    code = row.parsed
    if code is None or len(code.jumps) < 2:
        raise InputError.of("correction_split_one", number=row.number, element=row.code)
    borders = [row.start_s]
    for before, after in zip(row.jumps, row.jumps[1:], strict=False):
        if before.landing_s is None or after.takeoff_s is None:
            raise InputError.of("correction_split_unknown", number=row.number, element=row.code)
        borders.append((before.landing_s + after.takeoff_s) / 2)
    borders.append(row.end_s)
    return [
        _part(row, (borders[i], borders[i + 1]), slice(i, i + 1), code)
        for i in range(len(code.jumps))
    ]


def _at_time(row: Row, at_s: float) -> list[Row]:
    if not math.isfinite(at_s) or not row.start_s < at_s < row.end_s:
        raise InputError.of(
            "correction_split_outside",
            at=written(at_s) if math.isfinite(at_s) else at_s,
            number=row.number,
            element=row.code,
            start=written(row.start_s),
            end=written(row.end_s),
        )
    for number, jump in enumerate(row.jumps, 1):
        if jump.takeoff_s is not None and jump.takeoff_s < at_s < (jump.landing_s or at_s):
            raise InputError.of("correction_split_air", at=written(at_s), jump=number)
    spans = ((row.start_s, at_s), (at_s, row.end_s))
    code = row.parsed
    if code is None or len(code.jumps) < 2:
        # A solo jump, a spin, a sequence: both parts are called as the whole.
        sides = [[j for j in row.jumps if _is_left(j, at_s) is left] for left in (True, False)]
        return [
            replace(row, start_s=start_s, end_s=end_s, jumps=tuple(side or [RowJump()] * _one(row)))
            for (start_s, end_s), side in zip(spans, sides, strict=True)
        ]
    count = len(code.jumps)
    known = [j.takeoff_s is not None for j in row.jumps]
    left = sum(_is_left(j, at_s) for j in row.jumps) if any(known) else math.ceil(count / 2)
    if not 0 < left < count:
        raise InputError.of("correction_split_between", at=written(at_s), element=row.code)
    return [
        _part(row, spans[0], slice(0, left), code),
        _part(row, spans[1], slice(left, count), code),
    ]


def _one(row: Row) -> int:
    return int(row.family == "jump")


def _is_left(jump: RowJump, at_s: float) -> bool:
    return jump.takeoff_s is not None and jump.takeoff_s < at_s


def _part(row: Row, span: tuple[float, float], which: slice, code: ElementCode) -> Row:
    own = replace(code, jumps=code.jumps[which])
    return replace(
        row,
        code=str(own),
        family=family_of(own),
        start_s=span[0],
        end_s=span[1],
        jumps=row.jumps[which],
    )


def merged(rows: Sequence[Row], key: str) -> Row:
    """One row out of several that follow one another.

    Raises:
        InputError: They cannot be one element.
    """
    codes = [row.parsed for row in rows]
    known = [code for code in codes if code is not None]
    if len(known) < len(codes) or len({code.family for code in known}) > 1:
        raise InputError.of("correction_merge_kinds", codes=", ".join(row.code for row in rows))
    one = _joined(known)
    return Row(
        key=key,
        number=0,
        code=str(one),
        family=family_of(one),
        start_s=min(row.start_s for row in rows),
        end_s=max(row.end_s for row in rows),
        jumps=tuple(jump for row in rows for jump in row.jumps),
        elements=_sources(rows),
        changes=changed(rows, "merged"),
        review=any(row.review for row in rows),
        note=" ".join(row.note for row in rows if row.note)[:MAX_NOTE],
    )


def _joined(codes: Sequence[ElementCode]) -> ElementCode:
    first = codes[0]
    if first.family == "jump":
        return replace(first, jumps=tuple(jump for code in codes for jump in code.jumps))
    if first.family == "spin":
        same = len({code.position for code in codes}) == 1
        return replace(
            first,
            position=first.position if same else "combination",
            change=any(code.change for code in codes),
            level="",
        )
    return first


def _sources(rows: Sequence[Row]) -> tuple[FoundElement, ...]:
    found = {element.number: element for row in rows for element in row.elements}
    return tuple(found.values())
