"""Augmentation does what its settings say, to whole clips."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from training.data import augment
from training.data.augment import AugmentSettings, mix, rand_augment, random_erasing, soft_targets

NAMES = (
    "auto_contrast", "equalize", "invert", "rotate", "posterize", "solarize", "solarize_add",
    "colour", "contrast", "brightness", "sharpness", "shear_x", "shear_y", "translate_x",
    "translate_y",
)  # fmt: skip


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def apply(name: str, frames: Tensor, magnitude: float) -> Tensor:
    return augment.OPERATIONS[NAMES.index(name)](frames, magnitude)


def picture(height: int = 24, width: int = 24) -> Tensor:
    """One frame `(1, 3, H, W)`: grey ramps of different range in the three colours."""
    ramp = torch.linspace(0, 1, width).expand(height, width)
    return torch.stack((ramp, 0.25 + ramp / 2, 1 - ramp))[None]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("magnitude", [0.0, 0.7, 1.0])
def test_operation_keeps_shape_and_range(name: str, magnitude: float) -> None:
    frames = torch.rand(3, 3, 16, 16)
    changed = apply(name, frames, magnitude)
    assert changed.shape == frames.shape
    assert changed.min() >= -1e-6
    assert changed.max() <= 1 + 1e-6


@pytest.mark.parametrize(
    "name",
    ["rotate", "colour", "contrast", "brightness", "sharpness", "shear_x", "shear_y",
     "translate_x", "translate_y", "solarize_add"],
)  # fmt: skip
def test_operation_without_magnitude_changes_nothing(name: str) -> None:
    torch.testing.assert_close(apply(name, picture(), 0.0), picture(), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("name", "value", "magnitude", "expected"),
    [
        ("invert", 0.2, 0.5, 0.8),
        ("solarize", 0.2, 0.7, 0.2),
        ("solarize", 0.4, 0.7, 0.6),
        ("solarize_add", 0.2, 0.7, 0.2 + 0.7 * 110 / 255),
        ("solarize_add", 0.6, 0.7, 0.6),
        ("posterize", 201 / 255, 0.7, 192 / 255),  # 2 bits are kept
    ],
)
def test_levels_follow_the_published_magnitudes(
    name: str, value: float, magnitude: float, expected: float
) -> None:
    changed = apply(name, torch.full((1, 3, 8, 8), value), magnitude)
    assert changed.mean().item() == pytest.approx(expected, abs=1 / 255)


def test_auto_contrast_fills_the_range_of_every_colour() -> None:
    changed = apply("auto_contrast", picture(), 0.5)
    assert changed.amin((2, 3)).tolist() == [[0, 0, 0]]
    assert changed.amax((2, 3)).tolist() == [[1, 1, 1]]


def outcomes(name: str, frames: Tensor, magnitude: float) -> list[Tensor]:
    """What an operation with a random sign gives, without repetition."""
    found: list[Tensor] = []
    for _ in range(20):
        changed = apply(name, frames, magnitude)
        if not any(torch.allclose(changed, other) for other in found):
            found.append(changed)
    return found


@pytest.mark.parametrize("magnitude", [0.3, 0.7])
def test_brightness_goes_both_ways_by_nine_tenths_of_the_magnitude(magnitude: float) -> None:
    frames = torch.full((1, 3, 4, 4), 0.4)
    levels = sorted(o.mean().item() for o in outcomes("brightness", frames, magnitude))
    assert levels == pytest.approx([0.4 * (1 - 0.9 * magnitude), 0.4 * (1 + 0.9 * magnitude)])


@pytest.mark.parametrize(("name", "axis"), [("translate_x", 3), ("translate_y", 2)])
def test_translation_is_a_share_of_the_side(name: str, axis: int) -> None:
    frames = torch.zeros(1, 3, 20, 20)
    frames[..., 10, 10] = 1.0
    found = set()
    for changed in outcomes(name, frames, 0.4 / 0.9):  # 0.45 x 0.44 = a fifth of the side
        place = (changed[0, 0] == changed[0, 0].max()).nonzero()[0]
        found.add(int(place[axis - 2]))
        assert int(place[3 - axis]) == 10
    assert found == {6, 14}


def test_rotation_turns_by_thirty_degrees_at_most() -> None:
    frames = torch.zeros(1, 3, 201, 201) + torch.tensor(augment.FILL).view(3, 1, 1)
    frames[..., 99:102, 179:182] = 1.0
    angles = []
    for changed in outcomes("rotate", frames, 1.0):
        y, x = divmod(int(changed[0, 0].argmax()), 201)
        angles.append(math.degrees(math.atan2(100 - y, x - 100)))
    assert sorted(angles) == pytest.approx([-30, 30], abs=1)


def test_all_frames_of_a_clip_change_alike_and_clips_differ() -> None:
    clips = picture()[None].repeat(6, 4, 1, 1, 1)
    settings = AugmentSettings(operations=4, operation_probability=1.0)
    changed = rand_augment(clips, settings)
    for clip in changed:
        torch.testing.assert_close(clip, clip[:1].expand_as(clip))
    firsts = changed[:, 0].flatten(1)
    assert (torch.cdist(firsts, firsts) > 0.1).sum() == 30


def test_operations_are_applied_with_their_probability() -> None:
    settings = AugmentSettings(operations=1, operation_probability=0.25)
    clips = torch.rand(400, 1, 3, 4, 4)
    changed = (rand_augment(clips, settings) != clips).flatten(1).any(dim=1)
    assert 60 <= int(changed.sum()) <= 130  # 100 expected, some operations change nothing


def test_erasing_fills_one_rectangle_of_the_published_area() -> None:
    clips = torch.full((300, 3, 2, 32, 40), 7.0)
    random_erasing(clips, 0.25)
    erased = (clips != 7.0).all(dim=(1))  # (B, T, H, W)
    shares = []
    for clip in erased:
        if clip.any():
            rows, columns = clip[0].any(1).nonzero(), clip[0].any(0).nonzero()
            box = clip[0, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            assert box.all()
            assert torch.equal(clip[0], clip[1])
            shares.append(box.numel() / (32 * 40))
    assert 50 <= len(shares) <= 100
    assert min(shares) > 0.01
    assert max(shares) < 0.36


@pytest.mark.parametrize(
    "settings", [{"mixup": 0.8}, {"cutmix": 1.0}, {"mixup": 0.8, "cutmix": 1.0}]
)
def test_mixed_targets_are_the_shares_of_what_is_seen(settings: dict[str, Any]) -> None:
    labels = torch.arange(6)
    for _ in range(30):
        clips = labels.float().view(6, 1, 1, 1, 1).expand(6, 3, 2, 16, 20).contiguous()
        mixed = mix(clips, soft_targets(labels, 6, 0.0), AugmentSettings(**settings))
        seen = mixed.clips.mean(dim=(1, 2, 3, 4))
        torch.testing.assert_close(seen, mixed.targets @ labels.float(), atol=1e-4, rtol=0)
        torch.testing.assert_close(mixed.targets.sum(1), torch.ones(6))
        assert torch.equal(clips[:, 0, 0, 0, 0], labels.float())  # the input is left alone


def test_mixing_happens_as_often_as_asked() -> None:
    clips, targets = torch.rand(4, 1, 1, 8, 8), soft_targets(torch.arange(4), 4, 0.0)
    settings = AugmentSettings(mixup=0.8, mix_probability=0.3)
    mixed = sum(not torch.equal(mix(clips, targets, settings).clips, clips) for _ in range(300))
    assert 60 <= mixed <= 120


def test_label_smoothing_spreads_its_share_over_all_classes() -> None:
    targets = soft_targets(torch.tensor([2]), 4, 0.1)
    assert targets[0].tolist() == pytest.approx([0.025, 0.025, 0.925, 0.025])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"crop_scale": (0.5, 1.2)}, r"crop_scale: must be 0 < low <= high <= 1, got \(0.5, 1.2\)"),
        ({"crop_ratio": (0.0, 1.0)}, "crop_ratio: must be 0 < low <= high"),
        ({"flip": 1.5}, "flip: must be at most 1, got 1.5"),
        ({"mixup": -0.1}, "mixup: must be at least 0, got -0.1"),
        ({"magnitude": 11}, "magnitude: must be at most 10, got 11"),
    ],
)
def test_senseless_setting_is_named(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        AugmentSettings(**values)
