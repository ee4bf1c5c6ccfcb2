from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from pipeline.classification.ensemble import score_views, softmax
from pipeline.types import Analysis, PoseSequence
from pipeline.verdict.novelty import (
    DECIDING,
    DECIDING_WITHOUT_FEATURES,
    DISTANCES,
    SIGNS,
    NoveltyModel,
    disagreement,
    distance,
    excess,
    of_length_one,
    share_below,
    spread,
    unseen_skeleton,
)
from tests.factories import make_analysis
from tests.pipeline.verdict.numbers import NETWORKS, made_numbers, weighed


def test_flat_logits_are_faint() -> None:
    logits = np.random.default_rng(0).normal(size=(4, 28)).astype(np.float32)
    logits -= logits.mean(axis=0)  # views that cancel each other: nothing is left
    assert spread(score_views("a", logits)) == pytest.approx(0.0, abs=1e-6)
    assert spread(score_views("a", logits[:1])) == pytest.approx(logits[0].std())
    known = {name: np.linspace(0.0, 1.0, 40) for name in SIGNS}
    one, two = score_views("a", logits[:1]), score_views("b", 2 * logits[:1])
    model = NoveltyModel({"a": spread(one), "b": spread(one)}, known, 1.0, 1.0)
    assert model.faintness({"a": one, "b": one}) == pytest.approx(0.0)
    assert model.faintness({"a": one, "b": two}) == pytest.approx(-0.5)
    flat = score_views("a", np.zeros((1, 28), np.float32))
    assert model.faintness({"a": flat, "b": flat}) == 1.0


def test_disagreement_is_the_jensen_shannon_divergence() -> None:
    logits = np.random.default_rng(1).normal(size=(2, 28)).astype(np.float32) * 2
    one, other = (score_views(name, row[None]) for name, row in zip("ab", logits, strict=True))
    expected = jensenshannon(*softmax(logits)) ** 2
    assert disagreement([one, other]) == pytest.approx(expected)
    assert disagreement([one, one]) == pytest.approx(0.0, abs=1e-12)
    # Two views of one network that differ count as two networks do.
    assert disagreement([score_views("a", logits)]) == pytest.approx(expected)


def test_a_skeleton_that_is_hardly_seen_counts() -> None:
    scores = np.full((10, 17), 0.8, np.float32)
    scores[5:] = 0.0
    xy = np.zeros((10, 17, 2), np.float32)
    assert unseen_skeleton(PoseSequence(xy, scores)) == pytest.approx(0.6)
    strided = np.zeros((10, 17), np.float32)
    strided[::2] = 0.8
    assert unseen_skeleton(PoseSequence(xy, strided, stride=2)) == pytest.approx(0.2, abs=1e-6)


def test_signs_are_told_beside_what_is_usual() -> None:
    known = np.arange(101.0)
    assert excess(known, 50.0) == pytest.approx(0.0)
    assert excess(known, 84.0) == pytest.approx(1.0)
    assert share_below(known, 25.0) == pytest.approx(25 / 101)
    assert share_below(known, 1000.0) == 1.0


def test_a_clip_is_unlike_above_the_threshold() -> None:
    analysis = weighed(make_analysis())
    model = made_numbers(analysis).novelty
    judged = model.judge(analysis.scores, analysis.pose)
    assert set(judged.parts) == set(SIGNS)  # it holds no features
    signs = model.signs(analysis.scores, analysis.pose)
    assert judged.score == pytest.approx(
        np.mean([excess(model.known[n], signs[n]) for n in DECIDING_WITHOUT_FEATURES])
    )
    above = replace(model, threshold_without_features=judged.score - 1e-6)
    below = replace(model, threshold_without_features=judged.score + 1e-6)
    assert above.judge(analysis.scores, analysis.pose).unlike
    assert not below.judge(analysis.scores, analysis.pose).unlike


def test_networks_that_disagree_make_a_clip_more_unlike() -> None:
    same, apart = (
        make_analysis(),
        make_analysis(umt="3Lutz", uniformerv2="SitSpin", infogcn="1Loop"),
    )
    model = made_numbers(weighed(same)).novelty
    values = [model.signs(a.scores, a.pose)["disagreement"] for a in (same, apart)]
    assert values[0] < values[1]
    assert tuple(model.usual_spread) == NETWORKS


def with_features(analysis: Analysis, **features: list[float]) -> Analysis:
    scores = dict(analysis.scores)
    for name, row in features.items():
        scores[name] = replace(scores[name], features=np.array(row, np.float32))
    return replace(analysis, scores=scores)


def test_distance_is_that_to_the_three_nearest_directions() -> None:
    references = of_length_one(np.array([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0], [-1.0, 0.0]]))
    expected = np.mean([0.0, 1.0 - np.sqrt(0.5), 1.0])
    assert distance(np.array([5.0, 0.0]), references) == pytest.approx(expected)


def test_features_far_from_known_ones_make_a_clip_unlike() -> None:
    plain = weighed(make_analysis())
    rows = of_length_one(np.array([[1.0, 0.1 * n] for n in range(5)]))
    numbers = made_numbers(plain).novelty
    model = replace(
        numbers,
        known={**numbers.known, **{name: np.linspace(0.0, 0.1, 40) for name in DISTANCES}},
        references=dict.fromkeys(DISTANCES.values(), rows),
        threshold=3.0,
        threshold_without_features=1e9,
    )
    near, far = (
        with_features(plain, uniformerv2=row, infogcn=row) for row in ([1.0, 0.2], [-1.0, 0.5])
    )
    judged = {name: model.judge(a.scores, a.pose) for name, a in (("near", near), ("far", far))}
    assert list(judged["near"].parts) == ["features", *DISTANCES, "disagreement", "skeleton"]
    assert not judged["near"].unlike
    assert judged["far"].unlike
    assert judged["far"].parts["movement"] == 1.0
    signs = model.signs(far.scores, far.pose)
    assert judged["far"].score == pytest.approx(
        np.mean([excess(model.known[n], signs[n]) for n in DECIDING])
    )
    # An analysis of before, one with features of one network, one with those of another network.
    for other in (
        plain,
        with_features(plain, infogcn=[-1.0, 0.5]),
        with_features(plain, infogcn=[1.0, 0.0, 0.0], uniformerv2=[1.0, 0.0]),
    ):
        found = model.judge(other.scores, other.pose)
        assert set(found.parts) == set(SIGNS)
        assert found.threshold == 1e9
