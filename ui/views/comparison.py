"""The measurements of two clips side by side, with their differences, as HTML."""

from __future__ import annotations

from html import escape

from pipeline.measure.records import MOMENTS, Estimate, Quantity
from pipeline.types import Analysis
from ui.language.tables import say
from ui.views.measured import measured_on_screen, quantity_text


def comparison_table(left: Analysis, right: Analysis) -> str:
    """A row a quantity that either clip has; empty where neither was measured.

    Moments have no difference: each clip's clock begins where its file does.
    """
    sides = [_estimates(analysis) for analysis in (left, right)]
    quantities = list(dict.fromkeys([*sides[0], *sides[1]]))
    if not quantities:
        return ""
    heads = ("measured_quantity", "compare_a", "compare_b", "compare_difference")
    head = "".join(f'<th scope="col">{escape(say(key))}</th>' for key in heads)
    rows = "".join(_row(name, sides[0].get(name), sides[1].get(name)) for name in quantities)
    return (
        f'<table class="rs-measured"><caption class="rs-hidden">{escape(say("measured_table"))}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _estimates(analysis: Analysis) -> dict[Quantity, Estimate | None]:
    return {one.quantity: one.estimate for one in measured_on_screen(analysis).measured}


def _row(name: Quantity, left: Estimate | None, right: Estimate | None) -> str:
    values = [
        say("measured_untold") if side is None else quantity_text(name, side.value)
        for side in (left, right)
    ]
    difference = ""
    if left is not None and right is not None and name not in MOMENTS:
        apart = right.value - left.value
        difference = ("+" if apart > 0 else "") + quantity_text(name, apart)
    cells = "".join(f"<td>{escape(text)}</td>" for text in (*values, difference))
    return f'<tr><th scope="row">{escape(say(f"measured_{name}"))}</th>{cells}</tr>'
