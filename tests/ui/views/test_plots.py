"""Issue 15, 13: a network has the same colour in every view."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.factories import make_analysis, make_scores
from ui.export.report import report
from ui.player.lane_sources import Clock, model_lanes_of
from ui.views import cards
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


_DICHROMATS = (  # Machado, Oliveira and Fernandes 2009, severity 1: protan, deutan, tritan
    (0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998),
    (0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881),
    (1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900),
)


def linear(colour: str) -> np.ndarray:
    """Linear sRGB of `#rrggbb`."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ rgb.clip(0, 1) / (0.9505, 1.0, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize(
    "networks",
    [("umt_16x96", "umt_16x128", "umt_32x96"), ("umt_16x224", "umt_16x448", "umt_32x224")],
)
def test_the_unmasked_teachers_have_three_shades_with_any_colour_vision(networks):
    """Issue 15: their lanes were of one colour, and two of their bars of nearly one."""
    css = (Path(cards.__file__).parents[1] / "player" / "player.css").read_text(encoding="utf-8")
    scores = {name: make_scores(name) for name in networks}
    lanes = model_lanes_of(scores, Clock.of(make_analysis()), profile="")
    tones = [lane.spans[0].tone for lane in lanes]
    in_lanes = [re.search(rf"--rp-{tone}: (#\w{{6}});", css)[1] for tone in tones]
    assert in_lanes == [colour_of(name) for name in networks]  # as in every chart and legend
    assert all(f".rp-tone-{tone} {{" in css for tone in tones)
    for seen in (np.eye(3), *(np.reshape(m, (3, 3)) for m in _DICHROMATS)):
        for one, other in combinations(in_lanes, 2):
            apart = np.linalg.norm(lab(seen @ linear(one)) - lab(seen @ linear(other)))
            assert apart > 15
