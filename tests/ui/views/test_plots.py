"""Issue 15, 13: a network has the same colour in every view."""

from __future__ import annotations

import pandas as pd

from tests.factories import make_analysis
from ui.export.report import report
from ui.views.plots import colour_of, frame_bars, score_bars

MODELS = ("umt_16x96", "umt_16x128", "umt_32x96", "umt", "uniformerv2", "infogcn")


def colours(*models: str) -> list[str]:
    table = pd.DataFrame(
        {"class": ["a"] * len(models), "model": models, "probability": [0.5] * len(models)}
    )
    return [bar.marker.color for bar in score_bars(table, quantity="probability").data]


def test_the_colour_does_not_depend_on_what_stands_beside():
    together = dict(zip(MODELS, colours(*MODELS), strict=True))
    assert len(set(together.values())) == len(MODELS)
    for model in MODELS:
        assert colours(model) == [together[model]]
        assert colour_of(model) == together[model]
        assert frame_bars([0.4, 0.6], [1, 2], model).data[0].marker.color == together[model]
    assert colour_of("umt_8x64") == colour_of("umt")


def test_the_report_has_the_colours_of_the_page():
    page = report(make_analysis())
    for model in ("umt_16x224", "umt_16x448", "umt_32x224", "uniformerv2", "infogcn"):
        assert f"background:{colour_of(model)}" in page
