"""Fitting what verdicts are worth, on made clips whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.classification.ensemble import EnsembleSettings, decide, fuse_umt, score_views
from pipeline.elements import ELEMENTS, LABELS, NUM_CLASSES
from pipeline.verdict.novelty import DISTANCES, of_length_one
from pipeline.verdict.temperature import tempered
from tests.factories import UMT_VARIANTS, make_analysis
from tests.pipeline.verdict.numbers import weighed
from training.data.challenge import DataError
from training.evaluation.calibrating import (
    FALSE_ALARMS,
    KnownClip,
    family_shares,
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


def test_a_family_counts_as_it_has_classes_however_many_clips_it_has() -> None:
    none, sequence = LABELS.index("NoBasic"), LABELS.index("Sequence")
    jump = np.array([element.family == "jump" for element in ELEMENTS])
    labels = np.array([none] * 14 + [sequence] * 2 + [LABELS.index("3Lutz")] * 3 + [0])
    weight = family_shares(labels)
    assert weight.sum() == pytest.approx(1.0)
    assert weight[labels == none].sum() == pytest.approx(weight[labels == sequence].sum())
    assert weight[jump[labels]].sum() == pytest.approx(23 * weight[labels == none].sum())
    assert weight[16] == weight[-1]  # within a family every clip alike


def test_families_have_thresholds_of_their_own() -> None:
    labels = np.repeat(np.arange(NUM_CLASSES), 10)
    probabilities = np.full((len(labels), NUM_CLASSES), 1e-3)
    family = np.array([element.family for element in ELEMENTS])
    least = {"jump": 0.4, "spin": 0.9, "sequence": 0.7, "none": 0.2}
    sure = np.array([least[name] for name in family[labels]]) + np.linspace(0, 0.05, len(labels))
    probabilities[np.arange(len(labels)), labels] = sure
    found = set_thresholds(probabilities, labels, 0.9)
    for name, low in least.items():
        (threshold,) = set(found[family == name])
        assert low < threshold < low + 0.05
        mine = family[labels] == name
        held = probabilities[np.arange(len(labels)), labels] >= found[labels]
        assert 0.9 <= held[mine].mean() <= 0.94 or mine.sum() == 10


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


def test_distances_are_those_to_the_other_clips(clips: list[KnownClip]) -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(len(clips), 6)) + 4.0
    featured = [
        KnownClip(
            replace(
                clip.analysis,
                scores={
                    name: replace(scores, features=row.astype(np.float32))
                    if name in DISTANCES.values()
                    else scores
                    for name, scores in clip.analysis.scores.items()
                },
            ),
            clip.label,
        )
        for clip, row in zip(clips, rows, strict=True)
    ]
    model = fit_novelty(featured)
    assert all(len(found) == len(clips) for found in model.references.values())
    assert min(model.known["picture"]) > 0  # none is its own neighbour
    apart = 1.0 - of_length_one(rows) @ of_length_one(rows).T
    np.fill_diagonal(apart, np.inf)
    expected = np.sort(np.sort(apart, axis=1)[:, :3].mean(axis=1))
    np.testing.assert_allclose(model.known["picture"], expected, atol=1e-6)
    # Clips without features, of analyses of before, have a part in all but the distances.
    mixed = fit_novelty([*featured[:10], *clips[10:]])
    assert {len(found) for found in mixed.references.values()} == {10}
    assert len(mixed.known["skeleton"]) == len(clips)
    before = fit_novelty(clips)
    assert not before.references
    assert mixed.threshold_without_features == before.threshold_without_features


def test_a_coverage_without_enough_clips_is_not_claimed(clips: list[KnownClip]) -> None:
    assert sorted(fit_calibration(clips, "").set_thresholds) == [0.9, 0.95]  # 84 clips
    assert sorted(fit_calibration(clips[:12], "").set_thresholds) == [0.9]


def test_a_family_of_few_clips_takes_the_threshold_of_more() -> None:
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
