"""Options for rare classes: nothing when off, each what its paper says when on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from models.infogcn.network import InfoGCNOutput
from pipeline.errors import ConfigError
from training.classifiers.losses import infogcn_loss
from training.long_tail import (
    LongTailSettings,
    adjusted,
    cross_entropy,
    epoch_order,
    log_shares,
)

LABELS = np.array([0] * 900 + [1] * 90 + [2] * 10)


def test_off_is_the_plain_order_and_the_plain_loss() -> None:
    order = epoch_order(LABELS, seed=3, epoch=2)
    np.testing.assert_array_equal(order, np.random.default_rng((3, 2)).permutation(1000))
    logits, off = torch.randn(4, 28), LongTailSettings()
    assert adjusted(logits, log_shares(LABELS), off) is logits
    targets = torch.softmax(torch.randn(4, 28), dim=1)
    assert torch.equal(cross_entropy(logits, targets), F.cross_entropy(logits, targets))


@pytest.mark.parametrize(
    ("balance", "shares"),
    [
        (1.0, [1 / 3, 1 / 3, 1 / 3]),
        (0.5, np.sqrt([900, 90, 10]) / np.sqrt([900, 90, 10]).sum()),
        (0.01, [0.9, 0.09, 0.01]),
    ],
)
def test_balance_draws_classes_by_a_power_of_their_size(
    balance: float, shares: list[float]
) -> None:
    drawn = [LABELS[epoch_order(LABELS, seed=0, epoch=e, balance=balance)] for e in range(20)]
    found = np.bincount(np.concatenate(drawn), minlength=3) / 20_000
    assert found == pytest.approx(np.array(shares), abs=0.015)


def test_orders_repeat_and_differ_from_epoch_to_epoch() -> None:
    first = epoch_order(LABELS, seed=0, epoch=0, balance=1.0)
    np.testing.assert_array_equal(first, epoch_order(LABELS, seed=0, epoch=0, balance=1.0))
    assert (first != epoch_order(LABELS, seed=0, epoch=1, balance=1.0)).any()


def test_shares_are_those_of_the_clips() -> None:
    shares = log_shares(LABELS).exp()
    assert shares[:3].tolist() == pytest.approx([0.9, 0.09, 0.01])
    assert shares[3].item() == pytest.approx(0.0005)


def test_adjusted_loss_fits_the_mean_over_classes() -> None:
    """Two kinds of clips that look alike: the plain loss names the common class, the adjusted one
    learns to call them even."""
    labels = torch.tensor([0] * 90 + [1] * 10)
    log_share = log_shares(labels.numpy())
    gaps = {}
    for strength in (0.0, 1.0):
        logits = torch.zeros(28, requires_grad=True)
        settings = LongTailSettings(logit_adjustment=strength)
        for _ in range(400):
            loss = F.cross_entropy(adjusted(logits.expand(100, 28), log_share, settings), labels)
            (gradient,) = torch.autograd.grad(loss, logits)
            logits = (logits - 5.0 * gradient).detach().requires_grad_()
        gaps[strength] = float((logits[0] - logits[1]).detach())
    assert gaps[0.0] == pytest.approx(np.log(9), abs=0.05)
    assert gaps[1.0] == pytest.approx(0.0, abs=0.05)


def test_focal_loss_by_hand() -> None:
    logits = torch.log(torch.tensor([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1]]))
    targets = F.one_hot(torch.tensor([0, 0]), 3).float()
    expected = -(0.2**2 * np.log(0.8) + 0.7**2 * np.log(0.3)) / 2
    assert cross_entropy(logits, targets, focal=2.0).item() == pytest.approx(expected, rel=1e-5)


def test_focal_loss_of_a_certain_answer_has_a_finite_gradient() -> None:
    logits = torch.tensor([[200.0, 0.0]], requires_grad=True)
    cross_entropy(logits, torch.tensor([[1.0, 0.0]]), focal=0.5).backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_infogcn_takes_focal_and_is_unchanged_without() -> None:
    output = InfoGCNOutput(torch.randn(6, 28), torch.randn(6, 8))
    prior, labels = torch.randn(28, 8), torch.tensor([0, 0, 1, 5, 27, 3])
    plain = infogcn_loss(output, prior, labels)
    expected = F.cross_entropy(output.logits, labels, label_smoothing=0.1)
    assert torch.equal(plain["ce"], expected)
    nearly = infogcn_loss(output, prior, labels, focal=1e-7)
    torch.testing.assert_close(nearly["ce"], expected)
    assert infogcn_loss(output, prior, labels, focal=2.0)["ce"] < expected


@pytest.mark.parametrize(
    "setting", [{"balance": 1.5}, {"balance": -1}, {"focal": -1}, {"logit_adjustment": -0.1}]
)
def test_bad_settings_are_named(setting: dict[str, float]) -> None:
    (name,) = setting
    with pytest.raises(ConfigError, match=rf"^{name}: must be .*, got"):
        LongTailSettings(**setting)
