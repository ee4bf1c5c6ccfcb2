"""InfoGCN's loss against a plain loop, and its behaviour at the edges."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from models.infogcn.network import InfoGCNOutput
from training.classifiers.losses import (
    InfoGCNLossSettings,
    class_mean_distance,
    infogcn_loss,
    overall_mean_distance,
)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(0, 2**31))
def test_class_means_equal_a_plain_loop(labels, seed):
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(len(labels), 6, generator=generator)
    prior = torch.randn(5, 6, generator=generator)
    y = torch.tensor(labels)
    present = sorted(set(labels))
    means = torch.stack([z[y == label].mean(0) for label in present])
    torch.testing.assert_close(class_mean_distance(z, prior, y), F.mse_loss(means, prior[present]))


def test_the_loss_is_the_weighted_sum_of_its_parts_and_trains_everything():
    z = torch.randn(4, 6, requires_grad=True)
    logits = torch.randn(4, 5, requires_grad=True)
    weights = InfoGCNLossSettings(smoothing=0.1, lambda_1=0.3, lambda_2=0.7)
    parts = infogcn_loss(
        InfoGCNOutput(logits, z), torch.randn(5, 6), torch.tensor([0, 0, 3, 4]), weights
    )
    expected = parts["ce"] + 0.7 * parts["mmd"] + 0.3 * parts["l2_z_mean"]
    torch.testing.assert_close(parts["loss"], expected)
    parts["loss"].backward()
    assert z.grad.abs().sum() > 0
    assert logits.grad.abs().sum() > 0


def test_latents_at_their_priors_cost_nothing():
    prior = torch.randn(5, 6)
    labels = torch.tensor([1, 3, 3])
    assert class_mean_distance(prior[labels], prior, labels).item() == pytest.approx(0, abs=1e-12)
    assert overall_mean_distance(torch.tensor([[3.0, 0.0], [3.0, 8.0]])).item() == pytest.approx(5)
