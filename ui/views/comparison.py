"""The measurements of two clips side by side, with their differences, as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from pipeline.measure.records import MOMENTS, UNITS, Quantity
from pipeline.types import Analysis
from ui.language.tables import say
from ui.views.measured import measured_on_screen, quantity_text


@dataclass(frozen=True)
class Pair:
    """One quantity of two clips."""

    quantity: Quantity
    unit: str
    left: float | None
    """None where it cannot be told."""
    right: float | None

    @property
    def difference(self) -> float | None:
        """Right minus left; None for moments: each clip's clock begins where its file does."""
        if self.left is None or self.right is None or self.quantity in MOMENTS:
            return None
        return self.right - self.left


def beside(left: Analysis, right: Analysis) -> list[Pair]:
    """Each quantity that either clip has."""
    first, second = _values(left), _values(right)
    quantities = dict.fromkeys([*first, *second])
    return [Pair(name, UNITS[name], first.get(name), second.get(name)) for name in quantities]


def comparison_table(left: Analysis, right: Analysis) -> str:
    """A row a quantity that either clip has; empty where neither was measured.

    Moments have no difference: each clip's clock begins where its file does.
    """
    pairs = beside(left, right)
    if not pairs:
        return ""
    heads = ("measured_quantity", "compare_a", "compare_b", "compare_difference")
    head = "".join(f'<th scope="col">{escape(say(key))}</th>' for key in heads)
    rows = "".join(_row(pair) for pair in pairs)
    return (
        f'<table class="rs-measured"><caption class="rs-hidden">{escape(say("measured_table"))}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _values(analysis: Analysis) -> dict[Quantity, float | None]:
    return {
        one.quantity: None if one.estimate is None else one.estimate.value
        for one in measured_on_screen(analysis).measured
    }


def _row(pair: Pair) -> str:
    name, apart = pair.quantity, pair.difference
    values = [
        say("measured_untold") if side is None else quantity_text(name, side)
        for side in (pair.left, pair.right)
    ]
    difference = ""
    if apart is not None:
        difference = ("+" if apart > 0 else "") + quantity_text(name, apart)
    cells = "".join(f"<td>{escape(text)}</td>" for text in (*values, difference))
    return f'<tr><th scope="row">{escape(say(f"measured_{name}"))}</th>{cells}</tr>'
