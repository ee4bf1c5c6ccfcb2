"""Boxes, matching and losses of the detector, against hand cases and brute force."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch

from models.dino import DinoOutput, Prediction, Proposals
from training.people.detection.boxes import centred, corners, overlaps
from training.people.detection.losses import (
    LossSettings,
    Truth,
    detector_loss,
    focal_loss,
    near_ignored,
    prediction_loss,
)
from training.people.detection.matcher import MatchCosts, Matches, match, pair_costs
from training.people.detection.metrics import average_precision


@pytest.mark.parametrize(
    ("first", "second", "iou", "generalised"),
    [
        ((0, 0, 2, 2), (0, 0, 2, 2), 1, 1),
        ((0, 0, 2, 2), (1, 0, 3, 2), 1 / 3, 1 / 3),  # the hull is the union
        ((0, 0, 1, 1), (1, 1, 2, 2), 0, -1 / 2),  # they touch; half of the hull is empty
        ((0, 0, 1, 1), (9, 0, 10, 1), 0, -4 / 5),
        ((0, 0, 4, 4), (1, 1, 3, 3), 1 / 4, 1 / 4),
        ((1, 1, 1, 1), (1, 1, 1, 1), 0, 0),  # a point has no area: finite all the same
    ],
)
def test_overlap_of_known_boxes(first, second, iou, generalised):
    boxes = [centred(torch.tensor(box, dtype=torch.float32)) for box in (first, second)]
    got = overlaps(*boxes)
    assert [float(value) for value in got] == pytest.approx([iou, generalised], abs=1e-6)


def test_corners_and_back():
    boxes = torch.rand(5, 7, 4)
    torch.testing.assert_close(centred(corners(boxes)), boxes)


def random_prediction(images: int, queries: int) -> Prediction:
    return Prediction(torch.randn(images, queries, 1), torch.rand(images, queries, 4) * 0.5 + 0.2)


@pytest.mark.parametrize("people", [0, 1, 3, 4])
def test_the_matching_is_the_cheapest_of_all(people):
    torch.manual_seed(people)
    prediction = random_prediction(1, 4)
    truth = torch.rand(people, 4) * 0.5 + 0.2
    got = match(prediction, [truth], costs=MatchCosts())
    matrix = pair_costs(prediction.logits[0, :, 0], prediction.boxes[0], truth, MatchCosts())
    cheapest = min(
        sum(float(matrix[query, person]) for person, query in enumerate(queries))
        for queries in permutations(range(4), people)
    )
    person = [int((truth == box).all(1).nonzero()) for box in got.boxes]
    cost = sum(float(matrix[q, p]) for q, p in zip(got.query.tolist(), person, strict=True))
    assert sorted(person) == list(range(people))
    assert cost == pytest.approx(cheapest, abs=1e-5)


def test_with_repeats_every_person_gets_as_many_queries():
    truth = [torch.rand(2, 4) * 0.5 + 0.2, torch.rand(0, 4), torch.rand(1, 4) * 0.5 + 0.2]
    got = match(random_prediction(3, 10), truth, costs=MatchCosts(), repeats=3)
    assert got.image.tolist() == [0] * 6 + [2] * 3
    assert len(set(zip(got.image.tolist(), got.query.tolist(), strict=True))) == 9
    for box in truth[0]:
        assert int((got.boxes == box).all(1).sum()) == 3


@pytest.mark.parametrize(
    ("probability", "target", "expected"),
    [
        (0.5, 1.0, 0.25 * 0.25 * 0.693147),
        (0.5, 0.0, 0.75 * 0.25 * 0.693147),
        (0.9, 1.0, 0.25 * 0.01 * 0.105361),
        (0.9, 0.0, 0.75 * 0.81 * 2.302585),
    ],
)
def test_focal_loss_of_known_probabilities(probability, target, expected):
    logit = torch.tensor([probability]).logit()
    assert float(focal_loss(logit, torch.tensor([target]))) == pytest.approx(expected, rel=1e-4)


def test_a_perfect_answer_costs_next_to_nothing():
    boxes = torch.tensor([[[0.3, 0.4, 0.2, 0.3], [0.7, 0.6, 0.1, 0.2]]])
    prediction = Prediction(torch.tensor([[[12.0], [-12.0]]]), boxes)
    matches = Matches(torch.tensor([0]), torch.tensor([0]), boxes[0, :1])
    none = torch.zeros(1, 2, dtype=torch.bool)
    terms = prediction_loss(prediction, matches, settings=LossSettings(), ignored=none)
    assert float(sum(terms.values())) < 1e-5


def test_an_ignored_person_is_neither_demanded_nor_denied():
    ignored = torch.tensor([[0.3, 0.4, 0.2, 0.3]])
    boxes = torch.tensor([[[0.31, 0.4, 0.2, 0.3], [0.8, 0.8, 0.1, 0.1]]])
    near = near_ignored(boxes, [ignored])
    assert near.tolist() == [[True, False]]
    empty = Matches(*(torch.zeros(0, dtype=torch.long),) * 2, torch.zeros(0, 4))
    logits = torch.tensor([[[3.0], [-12.0]]], requires_grad=True)
    loss = prediction_loss(Prediction(logits, boxes), empty, settings=LossSettings(), ignored=near)[
        "confidence"
    ]
    loss.backward()
    assert logits.grad[0, 0] == 0
    assert float(loss.detach()) < 1e-6


def test_pictures_without_people_train_without_error():
    prediction = random_prediction(2, 5)
    proposals = Proposals(prediction, prediction.boxes, random_prediction(2, 9))
    output = DinoOutput((prediction, prediction), (prediction.boxes,) * 2, proposals)
    nobody = [torch.zeros(0, 4)] * 2
    losses = detector_loss(output, Truth(nobody, nobody), None, LossSettings())
    assert losses["loss"].isfinite()
    assert float(losses["matching_distance"]) == 0
    assert float(losses["loss"]) == pytest.approx(
        float(2 * losses["matching_confidence"] + losses["places"]), rel=1e-5
    )


@pytest.mark.parametrize(
    ("scores", "right", "total", "expected"),
    [
        ([0.9, 0.8], [True, True], 2, 1.0),
        ([0.9, 0.8], [True, True], 4, 0.5),
        ([0.8, 0.9], [True, False], 1, 0.5),  # the wrong one is surer
        ([0.9, 0.8, 0.7], [True, False, True], 2, (1 + 2 / 3) / 2),
        ([], [], 3, 0.0),
        ([0.5], [False], 0, 0.0),
    ],
)
def test_average_precision_of_known_lists(scores, right, total, expected):
    import numpy as np

    got = average_precision(np.array(scores, np.float32), np.array(right, np.bool_), total)
    assert got == pytest.approx(expected)
