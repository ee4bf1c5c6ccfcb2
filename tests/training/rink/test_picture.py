"""The renderer: triangles, people's surfaces, the arena seen from a camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.rink.body import JOINT, Body
from training.rink.camera import Views
from training.rink.motion import perform
from training.rink.picture.hall.arena import draw_arena, pyramid
from training.rink.picture.hall.ice import PIXELS_PER_M
from training.rink.picture.hall.panorama import trace_panorama
from training.rink.picture.lens import Exposure, draw_lens
from training.rink.picture.raster import fill_shadow, fill_triangles
from training.rink.picture.skater.actor import Actor
from training.rink.picture.skater.atlas import REGIONS, paint_atlas
from training.rink.picture.skater.dress import dress
from training.rink.picture.skater.figure import SIDES, faces_of
from training.rink.picture.skater.looks import draw_look
from training.rink.scene import draw_shot


def corners(*places: tuple[float, float], depth: float = 1.0, light: float = 1.0) -> np.ndarray:
    vertices = np.zeros((len(places), 9), np.float32)
    vertices[:, :2], vertices[:, 2], vertices[:, 5:8] = places, depth, light
    return vertices


def drawn(vertices: np.ndarray, faces: list[tuple[int, int, int]]) -> np.ndarray:
    picture, depths = np.zeros((8, 8, 4), np.uint8), np.full((8, 8), np.inf, np.float32)
    texture = np.full((2, 2, 3), 200, np.uint8)
    fill_triangles(vertices, np.array(faces, np.int32), texture, picture, depths)
    return picture


def test_a_triangle_covers_the_pixels_whose_centres_it_holds():
    picture = drawn(corners((1, 1), (6.7, 1), (1, 6.7)), [(0, 1, 2)])
    expected = np.array(
        [[x >= 1 and y >= 1 and x + y + 1 < 7.7 for x in range(8)] for y in range(8)]
    )
    assert np.array_equal(picture[..., 3] > 0, expected)
    assert np.all(picture[..., :3][expected] == 200)


def test_a_triangle_seen_from_inside_is_not_drawn():
    assert not drawn(corners((1, 1), (7, 1), (1, 7)), [(0, 2, 1)]).any()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_is_nearer_is_on_top_in_any_order(order):
    far = corners((0, 0), (8, 0), (0, 8), depth=2.0, light=0.2)
    near = corners((0, 0), (8, 0), (0, 8), depth=1.0, light=1.0)
    triangles = [(0, 1, 2), (3, 4, 5)]
    picture = drawn(np.concatenate([far, near]), [triangles[index] for index in order])
    assert picture[1, 1].tolist() == [200, 200, 200, 255]


def test_a_shadow_is_where_the_triangle_is():
    mask = np.zeros((8, 8), np.uint8)
    places = np.array([(1, 1), (7, 1), (1, 7)], np.float32)
    fill_shadow(places, np.array([(0, 1, 2)], np.int32), mask)
    assert mask[1, 1] == mask[2, 3] == 255
    assert mask[0, 0] == mask[6, 6] == 0


@pytest.fixture(scope="module")
def actors() -> list[Actor]:
    people = []
    for seed, label in enumerate(["3Flip", "CamelSpin", "Sequence", "NoBasic"]):
        rng = np.random.default_rng(seed)
        motion = perform(label, rng)
        people.append(Actor.of(motion, draw_look(rng, motion.body.sex)))
    return people


def test_every_joint_lies_within_the_body(actors):
    for actor in actors:
        times_s = np.linspace(0, actor.motion.duration_s, 7)
        vertices = actor.surface(times_s).vertices
        joints = actor.joints(times_s)
        for name in ("nose", "left_wrist", "right_elbow", "left_knee", "right_ankle", "left_toe"):
            distance = np.linalg.norm(vertices - joints[:, None, JOINT[name]], axis=-1).min(axis=1)
            assert distance.max() < 0.09, name
        for bound in (np.min, np.max):
            outermost = bound(vertices, axis=1) - bound(joints, axis=1)
            assert np.abs(outermost).max() < 0.55, "hands, hair and skirts reach no farther"


def test_surfaces_face_outwards(actors):
    """Corners turn the way the normals point, and the enclosed volume is a person's."""
    for actor in actors:
        surface = actor.surface(np.array([0.5]))
        corner = surface.vertices[0][actor.faces].astype(np.float64)
        a, b, c = corner[:, 0], corner[:, 1], corner[:, 2]
        normal = np.cross(c - a, b - a)  # faces are clockwise from outside
        shading = surface.normals[0][actor.faces].mean(axis=1)
        agreement = (normal * shading).sum(axis=1) > 0
        large = np.linalg.norm(normal, axis=1) > 1e-5
        assert agreement[large].mean() > 0.9
        volume = (a * normal).sum() / 6
        assert 0.02 < volume < 0.2, "cubic metres of a person in clothes"


def test_parts_have_their_rings_and_their_texture():
    rng = np.random.default_rng(5)
    parts = dress(Body.draw(rng, sex="female"), draw_look(rng, "female", role="skater"))
    assert {part.texture for part in parts} <= set(REGIONS)
    rings = sum(len(part.outline) for part in parts)
    assert faces_of(parts).max() < rings * (SIDES + 1)
    for part in parts:
        assert part.outline.shape == (len(part.rows), SIDES + 1, 2)
        assert np.allclose(part.outline[:, 0], part.outline[:, -1], atol=1e-6), "rings are closed"


def test_looks_are_varied_and_repeat_by_seed():
    looks = [draw_look(np.random.default_rng(seed), "female") for seed in range(60)]
    assert len({look.hair_style for look in looks}) >= 4
    assert len({look.legwear for look in looks}) == 4
    skins = np.array([look.skin for look in looks])
    assert skins.std(axis=0).min() > 35
    assert looks[7] == draw_look(np.random.default_rng(7), "female")
    assert np.array_equal(paint_atlas(looks[7]), paint_atlas(looks[7]))


def test_a_skirt_flies_out_in_a_spin(actors):
    spin, step = actors[1].drape.flare, actors[3].drape.flare
    assert np.median(spin) > np.median(step) + 0.1


@pytest.fixture(scope="module")
def marked_arena():
    """White ice with one red square metre about x = 6, y = -3."""
    arena = draw_arena(np.random.default_rng(0))
    ice = np.full((30 * PIXELS_PER_M, 60 * PIXELS_PER_M, 3), 250, np.uint8)
    row, column = int((15 + 3) * PIXELS_PER_M), int((30 + 6) * PIXELS_PER_M)
    half = PIXELS_PER_M // 2
    ice[row - half : row + half, column - half : column + half] = (250, 0, 0)
    flat = np.full((512, 512, 3), 128, np.uint8)
    return replace(arena, ice=pyramid(ice), scratches=pyramid(flat), polish=0.0)


def views_of(seed: int, size: tuple[int, int] = (320, 180)):
    shot = draw_shot("CamelSpin", (seed,), size=size)
    return shot.camera.at(shot.times_s[:3])


def looking_at(position, target, focal_px: float) -> Views:
    """A level camera, 320x180, that has a point in its middle."""
    forward = np.subtract(target, position) / np.linalg.norm(np.subtract(target, position))
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    return Views(np.array(position, float), rotation[None], np.array([focal_px]), 320, 180)


@pytest.mark.parametrize(
    "position", [(6, -22, 7), (-8, 21, 9), (38, 2, 6), (-25, -21, 12), (0.0, -9.0, 1.6)]
)
def test_a_mark_on_the_ice_is_seen_where_the_camera_projects_it(marked_arena, position):
    distance = np.linalg.norm(np.subtract(position, (6, -3, 0)))
    views = looking_at(position, (6, -3, 0), 60 * distance)
    square = np.array([(6, -3, 0), (5.6, -3.4, 0), (6.4, -2.6, 0), (7.2, -3, 0), (6, -1.8, 0)])
    xy, _ = views.project(square[None].astype(float))
    picture, near = trace_panorama(marked_arena, views).frame(views, 0)
    assert near is None
    x, y = xy[0].astype(int).T
    green = picture[y, x, 1]
    assert green[:3].max() < 90, "the middle and two corners of the square are red"
    assert green[3:].min() > 200, "beside it the ice is white"


def test_the_look_up_agrees_with_the_projection():
    arena = draw_arena(np.random.default_rng(1))
    for seed in range(4):
        views = views_of(seed)
        panorama = trace_panorama(arena, views)
        columns, rows = panorama.lookup(views, 1)
        pixel = np.array([(10, 20), (160, 90), (300, 150)])
        ray = np.column_stack(
            [
                (pixel[:, 0] + 0.5 - 160) / views.focal_px[1],
                (pixel[:, 1] + 0.5 - 90) / views.focal_px[1],
                np.ones(3),
            ]
        )
        points = views.position + 10 * ray @ views.rotations[1]
        expected = panorama.project(points, views.position)
        found = np.column_stack([columns[pixel[:, 1], pixel[:, 0]], rows[pixel[:, 1], pixel[:, 0]]])
        assert found + 0.5 == pytest.approx(expected[:, :2], abs=0.05)
        assert columns.min() >= 0
        assert columns.max() <= panorama.picture.shape[1]


def test_arenas_differ():
    ice = [draw_arena(np.random.default_rng(seed)).ice.mean(axis=(0, 1)) for seed in range(4)]
    assert np.ptp(np.array(ice), axis=0).max() > 8


def test_exposure_is_repeatable_and_keeps_the_shape():
    frame = np.random.default_rng(0).integers(0, 256, (90, 160, 3)).astype(np.uint8)
    for seed in range(8):
        lens = draw_lens(np.random.default_rng(seed))
        first, second = (Exposure(lens, 160, 90).expose(frame.copy(), 3) for _ in range(2))
        assert first.shape == frame.shape
        assert first.dtype == np.uint8
        assert np.array_equal(first, second)
