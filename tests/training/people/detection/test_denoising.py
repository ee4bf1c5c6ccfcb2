"""Denoising queries: what they hold, and that nobody can copy from them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from models.dino import dino_tiny
from training.people.detection.boxes import corners
from training.people.detection.denoising import (
    DenoisingSettings,
    blocked_pairs,
    make_denoising,
    noised,
)

SETTINGS = DenoisingSettings(queries=16)
TRUTH = [
    torch.tensor([[0.4, 0.5, 0.2, 0.4], [0.7, 0.6, 0.1, 0.3]]),
    torch.tensor([[0.5, 0.5, 0.3, 0.3]]),
]


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = dino_tiny(width=4, blocks=(1, 1, 1, 1), dim=64, num_queries=6).eval()
    # Untrained box heads say 0 whatever they see.
    torch.nn.init.normal_(network.bbox_embed[0].layers[-1].weight, std=0.1)
    return network


def denoising(network, queries=6):
    torch.manual_seed(1)
    return make_denoising(TRUTH, network.label_enc, settings=SETTINGS, num_queries=queries)


def test_groups_repeat_every_box_to_repair_and_to_reject(network):
    made = denoising(network)
    assert made.count == 16  # 4 groups x (repair, reject) x 2 people
    assert made.padding.sum(1).tolist() == [0, 8]
    repairs = made.repairs
    assert [int((repairs.image == i).sum()) for i in (0, 1)] == [8, 4]
    for image, box in zip(repairs.image.tolist(), repairs.boxes, strict=True):
        assert any(torch.equal(box, true) for true in TRUTH[image])


def test_a_box_to_repair_moves_less_than_one_to_reject():
    boxes = torch.tensor([0.5, 0.5, 0.2, 0.4]).expand(1, 2000, 4)
    rejected = torch.arange(2000) % 2 == 1
    torch.manual_seed(0)
    moved = (corners(noised(boxes, rejected, 1.0)) - corners(boxes)).abs()
    share = moved / boxes[..., 2:].repeat(1, 1, 2)
    repaired, refused = share[:, ~rejected], share[:, rejected]
    assert repaired.max() <= 0.5 + 1e-5
    # Corners may pass each other and are put in order again, hence not all stay above 0.5.
    assert refused.mean() > 0.6
    assert repaired.mean() == pytest.approx(0.25, abs=0.02)


def test_nobody_in_the_batch_means_no_queries(network):
    assert (
        make_denoising([torch.zeros(0, 4)] * 2, network.label_enc, settings=SETTINGS, num_queries=6)
        is None
    )


def test_who_must_not_see_whom():
    blocked = blocked_pairs(2, 1, 2)
    expected = [[0, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]
    assert blocked.int().tolist() == expected


@torch.no_grad()
def test_a_changed_group_changes_nobody_else(network):
    pixels = torch.randn(2, 3, 64, 96)
    made = denoising(network)
    before = network(pixels, denoising=made.queries, all_layers=True)
    contents, anchors = made.queries.contents.clone(), made.queries.anchors.clone()
    contents[:, :4] += 1.0  # the first group
    anchors[:, :4] -= 0.7
    changed = replace(made.queries, contents=contents, anchors=anchors)
    after = network(pixels, denoising=changed, all_layers=True)
    for old, new in zip(before.layers, after.layers, strict=True):
        torch.testing.assert_close(new.boxes[:, 4:], old.boxes[:, 4:], atol=1e-6, rtol=0)
        torch.testing.assert_close(new.logits[:, 4:], old.logits[:, 4:], atol=1e-5, rtol=0)
        assert (new.boxes[:, :4] - old.boxes[:, :4]).abs().max() > 1e-3


@torch.no_grad()
def test_the_networks_own_queries_answer_as_without_denoising(network):
    pixels = torch.randn(2, 3, 64, 96)
    made = denoising(network)
    plain = network(pixels).final
    helped = network(pixels, denoising=made.queries).final
    torch.testing.assert_close(helped.boxes[:, made.count :], plain.boxes, atol=1e-6, rtol=0)
