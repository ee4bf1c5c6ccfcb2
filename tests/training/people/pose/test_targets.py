"""Heat-map targets and random views of the pose trainer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.skeletons import COCO17
from pipeline.pose.crop import crop_regions
from pipeline.pose.decode import decode_heatmaps
from training.people.dataset import Person
from training.people.pose.augment import PoseAugmentation, View, plain_view, random_view
from training.people.pose.targets import crop_to_cells, gaussian_maps, heatmap_loss, inside

CROP, MAP = (128, 96), (32, 24)
STILL = PoseAugmentation(
    half_body=0, scale=0, shift=0, rotated=0, upside_down=0, flip=0, occluded=0, blurred=0
)
TURNED = PoseAugmentation(half_body=0, upside_down=1, flip=0.5, occluded=0, blurred=0)


def test_targets_decode_to_the_joints_they_were_made_from():
    torch.manual_seed(0)
    cells = torch.rand(3, 17, 2) * torch.tensor([11.0, 19.0]) + 6  # away from the border
    points, scores = decode_heatmaps(gaussian_maps(cells, MAP, sigma=1.5))
    torch.testing.assert_close(points, cells, atol=0.02, rtol=0)
    assert (scores > 0.8).all()


def test_cells_go_back_to_pixels_without_bias():
    corners = np.array([[0, 0], [95, 127], [47.5, 63.5]], np.float32)
    cells = crop_to_cells(corners, CROP, MAP)
    np.testing.assert_allclose(cells, [[0, 0], [23, 31], [11.5, 15.5]], atol=1e-5)
    regions = crop_regions(np.array([[10, 20, 106, 148]], np.float32), CROP)
    back = regions.to_frame(cells[None], MAP)[0]
    start = regions.centers[0] - regions.sizes[0] / 2
    np.testing.assert_allclose(back[0], start, atol=1e-3)
    np.testing.assert_allclose(back[1], start + regions.sizes[0], atol=1e-3)


@pytest.mark.parametrize(
    ("cell", "weight"),
    [((0, 0), 1), ((23.4, 31.4), 1), ((-0.6, 5), 0), ((5, 31.6), 0), ((24, 5), 0)],
)
def test_joints_outside_of_the_map_do_not_count(cell, weight):
    assert inside(np.array([cell], np.float32), MAP).tolist() == [weight]


def test_unknown_joints_add_nothing_to_the_loss():
    predicted = torch.zeros(2, 3, *MAP, requires_grad=True)
    target = gaussian_maps(torch.full((2, 3, 2), 10.0), MAP, sigma=1.5)
    weights = torch.tensor([[1.0, 0, 1], [0, 0, 0]])
    loss = heatmap_loss(predicted, target, weights)
    assert float(loss.detach()) == pytest.approx(np.pi * 1.5**2, rel=1e-3)  # of one joint
    loss.backward()
    assert predicted.grad[0, 1].abs().sum() == predicted.grad[1].abs().sum() == 0
    assert predicted.grad[0, 0].abs().sum() > 0
    assert heatmap_loss(predicted, target, torch.zeros(2, 3)).item() == 0


def marked_person() -> tuple[np.ndarray, Person]:
    """A black picture where every joint is a patch of a brightness of its own."""
    rng = np.random.default_rng(0)
    picture = np.zeros((220, 200, 3), np.uint8)
    grid = [(x, y) for y in range(40, 190, 30) for x in range(40, 160, 30)]
    joints = np.array(grid[: COCO17.num_joints], np.float32)
    rng.shuffle(joints)
    for joint, (x, y) in enumerate(joints.astype(int)):
        picture[y - 4 : y + 5, x - 4 : x + 5] = 60 + 11 * joint
    box = np.array([25, 25, 175, 205], np.float32)
    return picture, Person(box, 1.0, joints, np.ones(COCO17.num_joints, np.bool_))


def brightness_at(view: View) -> np.ndarray:
    points = view.joints.round().astype(int)
    return view.crop[points[:, 1], points[:, 0], 0]


def test_the_plain_view_keeps_joints_on_their_places():
    picture, person = marked_person()
    view = plain_view(picture, person, CROP)
    np.testing.assert_allclose(brightness_at(view), 60 + 11 * np.arange(17), atol=12)


@pytest.mark.parametrize("seed", range(6))
def test_turned_and_flipped_joints_stay_on_their_places(seed, monkeypatch):
    """Left and right change names when flipped, and colours are left alone for the comparison."""
    picture, person = marked_person()
    monkeypatch.setattr("training.people.pose.augment.recoloured", lambda pixels, rng: pixels)
    view = random_view(
        picture,
        person,
        CROP,
        settings=TURNED,
        backdrop=np.zeros_like(picture),
        rng=np.random.default_rng(seed),
    )
    mark = 60 + 11 * np.arange(17)
    shown = inside(view.joints + 0.5, CROP) > 0
    plain = np.abs(brightness_at_shown(view, shown) - mark[shown]).mean()
    flipped = np.abs(brightness_at_shown(view, shown) - mark[list(COCO17.flip_order)][shown]).mean()
    assert min(plain, flipped) < 8 < max(plain, flipped)


def brightness_at_shown(view: View, shown: np.ndarray) -> np.ndarray:
    points = view.joints[shown].round().astype(int).clip(0, (CROP[1] - 1, CROP[0] - 1))
    return view.crop[points[:, 1], points[:, 0], 0].astype(float)


def test_mirroring_twice_changes_nothing():
    picture, person = marked_person()
    view = plain_view(picture, person, CROP)
    twice = view.flipped().flipped()
    np.testing.assert_array_equal(twice.crop, view.crop)
    np.testing.assert_allclose(twice.joints, view.joints, atol=1e-4)


def test_the_border_shows_the_backdrop_only_where_the_picture_ends():
    picture, person = marked_person()
    backdrop = np.full_like(picture, 200)
    settings = PoseAugmentation(**{**STILL.__dict__, "filled": 1.0})
    bare = random_view(
        picture[20:], Person(person.box_xyxy, 1.0, person.joints, person.labelled), CROP,
        settings=settings, backdrop=backdrop, rng=np.random.default_rng(0),
    )  # fmt: skip
    assert bare.crop[-2, 48].mean() > bare.crop[64, 2].mean()  # below the picture's end
