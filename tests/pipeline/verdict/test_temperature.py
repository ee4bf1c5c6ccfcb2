import numpy as np
import pytest

from pipeline.verdict.temperature import smoothed_votes, tempered


def test_a_temperature_divides_the_logits() -> None:
    logits = np.random.default_rng(0).normal(size=(5, 28)) * 3
    plain = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    halved = np.exp(logits / 2) / np.exp(logits / 2).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(tempered(plain, 2.0), halved, atol=1e-9)
    np.testing.assert_allclose(tempered(plain, 1.0), plain, atol=1e-9)


def test_no_temperature_changes_the_order_of_the_classes() -> None:
    plain = np.random.default_rng(1).dirichlet(np.ones(28), 20)
    for temperature in (0.3, 0.9, 4.0):
        assert (np.argsort(tempered(plain, temperature)) == np.argsort(plain)).all()


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_what_is_no_temperature_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        tempered(np.full(28, 1 / 28), temperature)


def test_a_class_without_a_vote_is_possible() -> None:
    shares = np.zeros(28)
    shares[[3, 7]] = 2 / 3, 1 / 3
    smoothed = smoothed_votes(shares)
    assert smoothed.sum() == pytest.approx(1.0)
    assert smoothed[3] == pytest.approx((2 + 3 / 28) / 6)
    assert smoothed[0] == pytest.approx(1 / 28 / 2)
