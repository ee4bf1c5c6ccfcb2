"""The camera: exact projection, an operator who keeps the skater in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from training.rink.body import JOINT
from training.rink.camera import (
    HALF_LENGTH_M,
    HALF_WIDTH_M,
    Views,
    draw_camera,
    draw_size,
)
from training.rink.motion import perform


def straight_view(pan: float = 0.0, focal_px: float = 500.0) -> Views:
    """A level camera at (0, 0, 2) that looks along `pan`, 640x360."""
    cos, sin = np.cos(pan), np.sin(pan)
    rotation = np.array([[sin, -cos, 0.0], [0.0, 0.0, -1.0], [cos, sin, 0.0]])
    return Views(np.array([0.0, 0.0, 2.0]), rotation[None], np.array([focal_px]), 640, 360)


@pytest.mark.parametrize(
    ("point", "pixel", "depth"),
    [
        ((10.0, 0.0, 2.0), (320.0, 180.0), 10.0),
        ((10.0, 1.0, 2.0), (270.0, 180.0), 10.0),  # left is +y when looking along +x
        ((10.0, 0.0, 3.0), (320.0, 130.0), 10.0),
        ((5.0, -1.0, 0.0), (420.0, 380.0), 5.0),
    ],
)
def test_projection_is_that_of_a_pinhole(point, pixel, depth):
    xy, distance = straight_view().project(np.array([[point]]))
    assert xy[0, 0].tolist() == pytest.approx(pixel, abs=1e-3)
    assert distance[0, 0] == pytest.approx(depth)


def test_a_camera_turned_to_the_left_sees_what_was_left_in_the_middle():
    xy, _ = straight_view(pan=np.pi / 2).project(np.array([[[0.0, 8.0, 2.0]]]))
    assert xy[0, 0].tolist() == pytest.approx((320.0, 180.0), abs=1e-3)


def test_views_refuse_other_shapes():
    with pytest.raises(ValueError, match="rotations"):
        Views(np.zeros(3), np.zeros((2, 3, 3)), np.ones(1), 640, 360)


def some_cameras(count: int = 12):
    for seed in range(count):
        motion = perform(("3Lutz", "CamelSpin", "NoBasic")[seed % 3], np.random.default_rng(seed))
        yield motion, draw_camera(np.random.default_rng((seed, 1)), motion, (640, 360))


def test_rotations_are_right_handed_and_orthonormal():
    for motion, camera in some_cameras(4):
        rotations = camera.at(motion.times_s[::10]).rotations
        assert np.allclose(rotations @ rotations.transpose(0, 2, 1), np.eye(3), atol=1e-9)
        assert np.allclose(np.linalg.det(rotations), 1.0)
        assert np.all(rotations[:, 1, 2] < 0), "down must point down"


def test_the_operator_keeps_the_skater_in_the_picture():
    inside = []
    for motion, camera in some_cameras():
        xy, _ = camera.at(motion.times_s).project(motion.joints[:, JOINT["pelvis"]])
        inside.append(((xy > 0) & (xy < (640, 360))).all(axis=1).mean())
    assert np.mean(inside) > 0.97
    assert np.min(inside) > 0.7


def test_cameras_stand_where_cameras_stand():
    standpoints = set()
    for motion, camera in some_cameras(24):
        x, y, z = camera.position
        standpoints.add(camera.standpoint)
        assert 0.4 < z < 10.0
        on_ice = abs(x) < HALF_LENGTH_M and abs(y) < HALF_WIDTH_M
        assert on_ice == (camera.standpoint == "on_ice") or camera.standpoint == "rink_side"
        distance = np.linalg.norm(motion.joints[:, JOINT["pelvis"], :2] - (x, y), axis=1)
        assert distance.min() > 4.0
    assert len(standpoints) >= 3


def test_share_bounds_the_skaters_height():
    for seed in range(6):
        motion = perform("UprightSpin", np.random.default_rng(seed))
        camera = draw_camera(np.random.default_rng(seed), motion, (640, 360), share=(0.4, 0.6))
        distance = np.linalg.norm(motion.joints[:, JOINT["pelvis"]] - camera.position, axis=1)
        standing = camera.focal * (motion.body.height + 0.1) / distance
        assert 0.3 < np.median(standing) < 0.75


def test_a_shot_that_lags_is_not_centred():
    """What follows with a lag is off the centre more when the skater is fast."""
    offsets = []
    for motion, camera in some_cameras():
        xy, _ = camera.at(motion.times_s).project(motion.joints[:, JOINT["pelvis"]])
        offsets.append(np.std(xy[:, 0]))
    assert np.mean(offsets) > 3.0


def test_the_same_generator_gives_the_same_camera():
    motion = perform("2Axel", np.random.default_rng(3))
    first, second = (draw_camera(np.random.default_rng(9), motion, (1280, 720)) for _ in range(2))
    assert np.array_equal(first.angles, second.angles)
    assert np.array_equal(first.focal, second.focal)


def test_sizes_are_even_and_from_360p_to_1080p():
    sizes = {draw_size(np.random.default_rng(seed)) for seed in range(200)}
    assert {height for _, height in sizes} >= {360, 720, 1080}
    assert all(width % 2 == 0 and height % 2 == 0 for width, height in sizes)
