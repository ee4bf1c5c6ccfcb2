"""Tables, figures and cards from a made analysis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.classification.ensemble import EnsembleSettings, decide
from pipeline.elements import LABELS
from pipeline.progress import Progress
from tests.factories import make_all_scores, make_analysis
from ui.views.cards import message_card, progress_card, verdict_card, warning_card
from ui.views.plots import ensemble_bars, score_bars, view_heat_map, weight_strips
from ui.views.tables import (
    arithmetic_table,
    contribution_lines,
    provenance_table,
    score_lines,
    score_table,
    strip_lines,
    video_table,
    view_probabilities,
    without_table,
)


def test_the_score_table_has_every_class_and_model():
    table = score_table(make_all_scores())
    assert list(table["class"]) == list(LABELS)
    assert {"Unmasked Teacher prob.", "UniFormerV2 logit", "UMT 16x448 prob."} <= set(table)
    probabilities = [column for column in table if column.endswith("prob.")]
    assert table[probabilities].sum().to_numpy() == pytest.approx(np.ones(6), abs=2e-3)


@pytest.mark.parametrize("quantity", ["probability", "logit"])
@pytest.mark.parametrize(("models", "traces"), [("fused", 3), ("all", 6)])
def test_the_score_chart_has_a_trace_a_model(quantity, models, traces):
    scores = make_all_scores(umt="3Lutz", uniformerv2="3Lutz", infogcn="3Lutz")
    lines = score_lines(scores, quantity, models=models, classes=10)
    figure = score_bars(lines, quantity=quantity)
    assert len(figure.data) == traces
    assert all(len(trace.x) == 10 for trace in figure.data)
    assert figure.data[0].y[0] == "3Lutz (3Lz)"  # the most probable class comes first


def test_the_contributions_add_up_to_the_weighted_sum():
    analysis = make_analysis(infogcn="3Flip")
    lines = contribution_lines(analysis, classes=28)
    totals = lines.groupby("class")["contribution"].sum()
    assert totals.sum() == pytest.approx(1.0)
    assert totals.max() == pytest.approx(analysis.verdict.weighted.max())
    assert len(ensemble_bars(lines).data) == 3


def test_the_sum_is_written_out_class_by_class():
    analysis = make_analysis(umt="3Lutz", uniformerv2="3Flip", infogcn="1Loop")
    table = arithmetic_table(analysis, analysis.verdict.weights, EnsembleSettings(), classes=2)
    assert table["class"][0].startswith(analysis.verdict.label)
    products = table[[c for c in table if c.endswith("probability x weight")]].iloc[0]
    by_hand = sum(float(p) * float(w) for p, w in (entry.split(" x ") for entry in products))
    assert by_hand == pytest.approx(table["sum"][0], abs=2e-3)
    assert table["votes"].sum() == 3  # classes with votes are there, however small their sum


def test_what_if_figures_show_every_model_and_stretch():
    analysis = make_analysis(infogcn="3Flip")
    weights = analysis.verdict.weights
    lines = strip_lines(analysis.scores, weights, EnsembleSettings())
    assert lines.groupby("model").apply(lambda r: (r["end"] - r["start"]).sum()).tolist() == [1] * 3
    assert lines["class"][0] == "3Lutz (3Lz)"
    figure = weight_strips(lines, weights)
    assert list(figure.data[-1].x) == list(weights.values())
    assert len(without_table(analysis.scores, weights, EnsembleSettings())) == 3


def test_every_view_has_its_column():
    probabilities, names = view_probabilities(make_all_scores()["umt_16x224"], classes=5)
    assert probabilities.shape == (5, 3)
    assert names[0] == "3Lutz (3Lz)"
    assert view_heat_map(probabilities, names).data[0].z.shape == (5, 3)


def test_provenance_and_facts_are_all_there():
    analysis = make_analysis()
    assert len(provenance_table(analysis)) == len(analysis.provenance)
    facts = dict(video_table(analysis).itertuples(index=False))
    assert facts["region"].startswith("(40, 30) - (140, 120)")
    assert facts["decoded by"] == "PyAV"
    other = replace(analysis, video=replace(analysis.video, reader="opencv"))
    assert dict(video_table(other).itertuples(index=False))["decoded by"] == "OpenCV"


def test_the_verdict_card_names_label_code_vote_and_worth():
    scores = make_all_scores(umt="3Lutz", uniformerv2="3Flip", infogcn="3Loop")
    verdict = decide(scores, EnsembleSettings())
    card = verdict_card(replace(make_analysis(), scores=scores, verdict=verdict))
    assert "untrained weights" in card
    assert "decided by UniFormerV2" in card
    assert "3Flip" in card


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x>'])
def test_names_of_files_cannot_write_html(text):
    for card in (message_card(text, kind="error"), warning_card([text])):
        assert text not in card
        assert "&lt;" in card


def test_progress_tells_stage_and_time_left():
    card = progress_card(Progress("detect", 0.25, 2.0))
    assert 'value="25"' in card
    assert "about 6 s left" in card
    assert "left" not in progress_card(Progress("decode", 0.0, 0.1))
