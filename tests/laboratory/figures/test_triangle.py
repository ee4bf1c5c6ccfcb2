"""Weights of the three models: as the pipeline's weighted sum, and the best by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laboratory.figures.metrics import class_accuracies
from laboratory.figures.triangle import grid, mean_class_accuracies, triangle
from laboratory.table.voters import said_of
from tests.laboratory.runs import MISSING, MODELS, drawn, said, table


@given(st.integers(0, 30), st.sampled_from([0.0, 0.2]))
def test_every_point_is_the_weighted_sum(seed: int, missing: float) -> None:
    made = drawn(80, seed=seed, missing=missing)
    rows = np.random.default_rng(seed).random(80) < 0.8
    found = triangle(made, rows, steps=4)
    assert found is not None
    models = np.stack([made.voters[name].probabilities[rows] for name in MODELS]).astype("f8")
    for weights, accuracy in zip(found.weights, found.accuracy, strict=True):
        predicted = said_of(np.tensordot(weights, models, axes=1))
        expected = np.nanmean(class_accuracies(predicted, made.labels[rows]))
        assert accuracy == pytest.approx(expected)
    weighted = class_accuracies(made.voters["weighted"].said[rows], made.labels[rows])
    assert found.paper_accuracy == pytest.approx(np.nanmean(weighted))
    voted = class_accuracies(made.voters["vote"].said[rows], made.labels[rows])
    assert found.vote_accuracy == pytest.approx(np.nanmean(voted))
    assert found.accuracy[found.best] == found.accuracy.max()


def test_the_best_weights_by_hand() -> None:
    """InfoGCN alone is right, the others agree on another: it takes more than half to win."""
    right, wrong = said(3, 1.0), said(5, 1.0)
    made = table([3], {"umt": [wrong], "uniformerv2": [wrong], "infogcn": [right]})
    found = triangle(made, np.ones(1, dtype=bool), steps=10)
    assert found is not None
    # Of equal ones the lower class wins: 3 before 5.
    assert (found.accuracy == (found.weights[:, 2] >= 0.5)).all()
    assert found.weights[found.best] == pytest.approx([0.2, 0.3, 0.5])
    assert (found.paper_accuracy, found.vote_accuracy) == (0.0, 0.0)


def test_of_equal_classes_the_first_wins() -> None:
    right, wrong = said(5, 1.0), said(3, 1.0)
    made = table([5], {"umt": [wrong], "uniformerv2": [wrong], "infogcn": [right]})
    found = triangle(made, np.ones(1, dtype=bool), steps=10)
    assert found is not None
    assert (found.accuracy == (found.weights[:, 2] > 0.5)).all()


def test_weights_chosen_on_noise_look_better_than_they_are() -> None:
    gaps = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        rows = {name: rng.dirichlet(np.ones(28) * 0.3, 40) for name in MODELS}
        stems = [f"{n:05d}_0" for n in range(40)]
        made = table(rng.integers(28, size=40).tolist(), rows, stems=stems)
        found = triangle(made, np.ones(40, dtype=bool))
        assert found is not None
        gaps.append(found.accuracy[found.best] - found.held_out)
    assert np.mean(gaps) > 0.01


def test_what_is_missing() -> None:
    made = table([3, 3], {"umt": [said(3)] * 2, "infogcn": [said(3)] * 2})
    assert triangle(made, np.ones(2, dtype=bool)) is None
    whole = table([3, 3], {n: [said(3), MISSING if n == "umt" else said(3)] for n in MODELS})
    found = triangle(whole, np.ones(2, dtype=bool), steps=2)
    assert found is not None
    assert (found.accuracy == 0.5).all()
    nothing = triangle(whole, np.zeros(2, dtype=bool), steps=2)
    assert nothing is not None
    assert np.isnan(nothing.accuracy).all()


def test_the_grid_has_every_point_once() -> None:
    points = grid(20)
    assert points.shape == (231, 3)
    assert np.allclose(points.sum(axis=1), 1)
    assert len(np.unique(points, axis=0)) == 231


def test_mean_class_accuracy_by_hand() -> None:
    right = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    assert mean_class_accuracies(right, np.array([4, 4, 7])) == pytest.approx([0.75, 0.5])
