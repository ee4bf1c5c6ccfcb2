"""Fitting what verdicts are worth, on made clips whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.classification.ensemble import EnsembleSettings, decide, fuse_umt, score_views
from pipeline.elements import ELEMENTS, LABELS, NUM_CLASSES
from pipeline.verdict.temperature import tempered
from tests.factories import UMT_VARIANTS, make_analysis
from tests.pipeline.verdict.numbers import weighed
from training.data.challenge import DataError
from training.evaluation.calibrating import (
    FALSE_ALARMS,
    KnownClip,
    fit_calibration,
    fit_novelty,
    set_thresholds,
)
from training.evaluation.fitting import fit_temperature


def made_clips(
    per_class: int = 3, spread: float = 1.0, height: float = 4.0, seed: int = 0
) -> list[KnownClip]:
    """Clips whose networks mostly see the right class."""
    rng = np.random.default_rng(seed)
    clips = []
    for label in np.repeat(np.arange(NUM_CLASSES), per_class):
        scores = {}
        for name in (*UMT_VARIANTS, "uniformerv2", "infogcn"):
            logits = rng.normal(size=(2, NUM_CLASSES)) * spread
            logits[:, label] += height
            scores[name] = score_views(name, logits.astype(np.float32))
        scores["umt"] = fuse_umt([scores[name] for name in UMT_VARIANTS])
        verdict = decide(scores, EnsembleSettings())
        analysis = replace(weighed(make_analysis()), scores=scores, verdict=verdict)
        clips.append(KnownClip(analysis, int(label)))
    return clips


@pytest.fixture(scope="module")
def clips() -> list[KnownClip]:
    return made_clips()


def test_a_known_temperature_is_found() -> None:
    """Labels are drawn from the probabilities; what is shown is flatter or sharper."""
    rng = np.random.default_rng(7)
    true = rng.dirichlet(np.full(NUM_CLASSES, 0.2), 4000)
    labels = np.array([rng.choice(NUM_CLASSES, p=row) for row in true])
    for temperature in (0.6, 1.8):
        shown = tempered(true, 1.0 / temperature)
        assert fit_temperature(shown, labels) == pytest.approx(temperature, rel=0.05)


def test_jumps_have_a_threshold_of_their_own() -> None:
    labels = np.repeat(np.arange(NUM_CLASSES), 10)
    probabilities = np.full((len(labels), NUM_CLASSES), 1e-3)
    jump = np.array([element.family == "jump" for element in ELEMENTS])
    sure = np.where(jump[labels], 0.4, 0.9) + np.linspace(0, 0.05, len(labels))
    probabilities[np.arange(len(labels)), labels] = sure
    found = set_thresholds(probabilities, labels, 0.9)
    assert set(found[jump]) != set(found[~jump])
    assert 0.4 < found[jump][0] < 0.5
    assert 0.9 < found[~jump][0] < 1.0
    for group in (jump, ~jump):
        mine = group[labels]
        held = probabilities[np.arange(len(labels)), labels] >= found[labels]
        assert 0.9 <= held[mine].mean() <= 0.93


def test_few_known_clips_are_unlike_and_faint_ones_are(clips: list[KnownClip]) -> None:
    model = fit_novelty(clips)
    new = [model.judge(c.analysis.scores, c.analysis.pose) for c in made_clips(2, seed=1)]
    assert np.mean([judged.unlike for judged in new]) < 0.15
    faint = made_clips(1, spread=0.6, height=1.0, seed=2)
    odd = [model.judge(c.analysis.scores, c.analysis.pose) for c in faint]
    assert np.mean([judged.unlike for judged in odd]) > 0.9


def test_the_threshold_lets_its_share_of_known_clips_through(clips: list[KnownClip]) -> None:
    model = fit_novelty(clips)
    judged = [model.judge(c.analysis.scores, c.analysis.pose) for c in clips]
    assert 0 < np.mean([found.unlike for found in judged]) <= FALSE_ALARMS + 1 / len(clips)
    assert tuple(model.usual_spread) == (*UMT_VARIANTS, "uniformerv2", "infogcn")
    # The shares that are told are those among the known clips.
    assert np.mean([found.parts["features"] for found in judged]) == pytest.approx(0.5, abs=0.02)


def test_a_coverage_without_enough_clips_is_not_claimed(clips: list[KnownClip]) -> None:
    assert sorted(fit_calibration(clips, "").set_thresholds) == [0.9, 0.95]  # 84 clips
    assert sorted(fit_calibration(clips[:12], "").set_thresholds) == [0.9]


def test_a_group_of_few_clips_takes_the_threshold_of_all() -> None:
    jump = np.array([element.family == "jump" for element in ELEMENTS])
    labels = np.concatenate([np.flatnonzero(jump), np.flatnonzero(~jump)])
    probabilities = np.full((28, 28), 1e-3)
    probabilities[np.arange(28), labels] = np.linspace(0.2, 0.9, 28)
    found = set_thresholds(probabilities, labels, 0.9)  # 23 jumps, 5 others
    assert found[jump][0] == found[~jump][0] == pytest.approx(np.linspace(0.2, 0.9, 28)[1])


def test_clips_of_other_weights_are_not_mixed(clips: list[KnownClip]) -> None:
    other = KnownClip(weighed(clips[0].analysis, infogcn="b"), clips[0].label)
    with pytest.raises(DataError, match="not all the same way"):
        fit_calibration([*clips, other], "made")
    random = KnownClip(make_analysis(), LABELS.index("3Lutz"))
    with pytest.raises(DataError, match="random weights"):
        fit_calibration([random], "made")


def test_all_numbers_are_fitted(clips: list[KnownClip]) -> None:
    fitted = fit_calibration(clips, "made clips")
    assert set(fitted.temperatures) == {*clips[0].analysis.scores, "weighted", "vote"}
    # The sum over networks that mostly agree is told too timidly.
    assert fitted.temperatures["weighted"] < 1.0
    assert fitted.fitted_on == "made clips"
