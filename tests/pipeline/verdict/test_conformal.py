import numpy as np
import pytest

from pipeline.verdict.conformal import class_set, conformal_threshold


def test_the_quantile_is_corrected_for_few_clips() -> None:
    """Of 9 clips and one more, one in ten is the lowest: the set must reach down to it."""
    true = np.array([0.5, 0.3, 0.9, 0.8, 0.2, 0.7, 0.6, 0.4, 0.95])
    assert conformal_threshold(true, 0.9) == 0.2
    assert conformal_threshold(true, 0.8) == 0.3
    assert conformal_threshold(true[:8], 0.9) == 0.0  # too few to claim anything: everything


def test_sets_hold_the_truth_as_often_as_they_say() -> None:
    """Over many draws of calibration clips, new ones are covered as asked for, hardly more."""
    rng = np.random.default_rng(3)

    def drawn(N: int) -> tuple[np.ndarray, np.ndarray]:
        probabilities = rng.dirichlet(np.full(28, 0.15), N)
        chosen = [rng.choice(28, p=row) for row in probabilities]
        # The model is too sure: what is calibrated is the set, not the model.
        sure = probabilities**2 / (probabilities**2).sum(axis=1, keepdims=True)
        return sure, np.array(chosen)

    held = []
    for _ in range(40):
        probabilities, labels = drawn(60)
        limit = conformal_threshold(probabilities[np.arange(60), labels], 0.9)
        probabilities, labels = drawn(40)
        sets = [class_set(row, np.full(28, limit)) for row in probabilities]
        held += [label in found for label, found in zip(labels, sets, strict=True)]
    assert 0.88 <= np.mean(held) <= 0.94


def test_a_set_has_the_most_probable_first_and_is_never_empty() -> None:
    probabilities = np.full(28, 0.1 / 25)
    probabilities[[4, 9, 2]] = 0.2, 0.4, 0.3
    assert class_set(probabilities, np.full(28, 0.15)) == (9, 2, 4)
    assert class_set(probabilities, np.full(28, 0.9)) == (9,)
    strict = np.full(28, 0.15)
    strict[2] = 0.5
    assert class_set(probabilities, strict) == (9, 4)


def test_everything_is_in_a_set_that_claims_nothing() -> None:
    assert set(class_set(np.full(28, 1 / 28), np.zeros(28))) == set(range(28))


@pytest.mark.parametrize("coverage", [0.9, 0.99])
def test_a_larger_coverage_asks_for_no_more(coverage: float) -> None:
    true = np.random.default_rng(0).random(500)
    assert conformal_threshold(true, coverage) < conformal_threshold(true, coverage - 0.05)
