import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pipeline.measure.flight import SHORTEST, weighed_pairs
from pipeline.measure.flight_features import flight_features
from pipeline.measure.heading import facing_inputs
from pipeline.measure.learned import DIRECTIONS, WEIGHTS, facing_network, flight_network
from pipeline.measure.signals import read_body
from training.measure.__main__ import facing_takes, flight_takes
from training.measure.facing_fit import fit_facing, frames_of
from training.measure.flight_fit import TrainableFlightNetwork, example, fit_flight
from training.measure.takes import draw_act, draw_loose_jump, film


@pytest.fixture(scope="module")
def body():
    seed = (150_001, 77)
    take = film(draw_act("3Lutz", seed), seed)
    found = read_body(take.pose, take.times_s)
    assert found is not None
    return found


def test_the_flight_network_in_numpy_is_the_fitted_one(body):
    tensors = load_file(WEIGHTS)
    mine = {k.removeprefix("flight."): v for k, v in tensors.items() if k.startswith("flight.")}
    reference = TrainableFlightNetwork(mine["mean"], mine["spread"])
    reference.load_state_dict(mine)
    features = flight_features(body)
    with torch.no_grad():
        x = torch.from_numpy(features.T[None].astype(np.float32))
        expected = reference(x)[0].T.numpy()
        scores = reference.pair_scores(x, torch.ones(1, len(features), dtype=torch.bool))[0]
    evidence = flight_network()(features)
    assert evidence == pytest.approx(expected, abs=1e-3)
    pairs, _ = weighed_pairs(evidence)
    best = divmod(int(scores[:, : pairs.shape[1]].argmax()), pairs.shape[1])
    assert divmod(int(pairs.argmax()), pairs.shape[1]) == best
    assert pairs.sum() == pytest.approx(1.0)
    assert best[1] + SHORTEST > 12


def test_the_facing_network_in_numpy_is_the_fitted_one(body):
    tensors = load_file(WEIGHTS)
    joints = facing_inputs(body)
    x = torch.from_numpy(joints.reshape(len(joints), -1).astype(np.float32))
    for layer in (0, 2, 4):
        x = x @ tensors[f"facing.{layer}.weight"].T + tensors[f"facing.{layer}.bias"]
        x = x.relu() if layer < 4 else x.softmax(dim=1)
    assert facing_network()(joints) == pytest.approx(x.numpy(), abs=1e-4)


def test_fitting_learns_and_repeats_itself():
    takes = flight_takes(1_000, 2, cameras=2)
    examples = [one for take in takes if (one := example(take)) is not None]
    first, second = (fit_flight(examples, steps=2, batch_size=2) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert set(first) == {n for n in load_file(WEIGHTS) if n.startswith("flight.")}


def test_fitting_directions_learns():
    joints, directions = frames_of(facing_takes(1_000, 15), np.random.default_rng(0))
    joints, directions = np.tile(joints, (4, 1, 1)), np.tile(directions, 4)
    tensors = fit_facing(joints, directions, epochs=6)
    x = torch.from_numpy(joints.reshape(len(joints), -1))
    for layer in (0, 2, 4):
        x = x @ tensors[f"facing.{layer}.weight"].T + tensors[f"facing.{layer}.bias"]
        x = x.relu() if layer < 4 else x
    away = (DIRECTIONS[x.argmax(dim=1).numpy()] - directions + 0.5) % 1.0 - 0.5
    assert np.median(np.abs(away)) < 0.08


def test_takes_repeat_themselves_and_tell_the_truth():
    seed = (3, 5)
    one, same = (film(draw_loose_jump("3Loop", seed), seed) for _ in range(2))
    assert np.array_equal(one.pose.keypoints_xy, same.pose.keypoints_xy, equal_nan=True)
    assert one.takeoff_s < one.landing_s < one.times_s[-1]
    seen = film(draw_act("UprightSpin", seed), seed, noise=None)
    xy = seen.pose.keypoints_xy
    across = xy[:, 5, 0] - xy[:, 6, 0]
    assert np.corrcoef(across, np.cos(2 * np.pi * seen.facing))[0, 1] > 0.95
    with pytest.raises(ValueError, match="is not a jump"):
        draw_loose_jump("SitSpin", seed)
