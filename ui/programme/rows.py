"""What the page says of an element of the sheet, in the words of protocols."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, product
from math import prod

from pipeline.sheet.rows import Row
from pipeline.sheet.tables import candidate_code
from pipeline.types.programme import Candidate

SHOWN = 3
"""Candidates that are listed of an element."""


def flights(row: Row) -> tuple[tuple[float, float], ...]:
    """Take-off and landing of every jump where both are known."""
    return tuple(
        (jump.takeoff_s, jump.landing_s)
        for jump in row.jumps
        if jump.takeoff_s is not None and jump.landing_s is not None
    )


def candidates(row: Row) -> tuple[tuple[str, float], ...]:
    """Codes that the machine thought of and their probabilities, the likeliest first."""
    element = row.element
    return () if element is None else joint_candidates(element.rivals)


def analyses(row: Row) -> tuple[str, ...]:
    """Its analysis folders relative to the programme's: of every jump, or its one."""
    parts = [part for element in row.elements for part in element.jumps or (element,)]
    return tuple(part.analysis for part in parts if part.analysis)


def machine_code(row: Row) -> str:
    """What the machine called it, where a person calls it something else; empty elsewhere."""
    called = " / ".join(element.code for element in row.elements)
    return "" if called == row.code else called


def joint_candidates(
    of_parts: Sequence[Sequence[Candidate]], shown: int = SHOWN
) -> tuple[tuple[str, float], ...]:
    """Codes of a whole element, the likeliest first.

    Args:
        of_parts: Candidates of every jump of a combination; of another element, its own. The
            jumps of a combination are taken as independent of each other.
        shown: How many are wanted.
    """
    if not of_parts or not all(of_parts):
        return ()
    likely = [list(islice(candidates, shown)) for candidates in of_parts]
    joined = [
        (
            "+".join(candidate_code(one.label) for one in chosen),
            prod(one.probability for one in chosen),
        )
        for chosen in product(*likely)
    ]
    return tuple(sorted(joined, key=lambda pair: -pair[1])[:shown])


def clock(seconds: float, digits: int = 1) -> str:
    """`1:02.4`: minutes and seconds, rounded as a whole, so that no 60 stands behind the colon."""
    steps = round(max(seconds, 0.0) * 10**digits)
    minutes, rest = divmod(steps, 60 * 10**digits)
    whole, part = divmod(rest, 10**digits)
    return f"{minutes}:{whole:02d}" + (f".{part:0{digits}d}" if digits else "")
