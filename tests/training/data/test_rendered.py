"""Clips rendered straight into the store: the same picture as part of the whole one, its truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.command_line import StatusLine
from pipeline.errors import ConfigError
from tests.training.disks import largest_file
from training.data.augment import AugmentSettings
from training.data.crops import training_views
from training.data.rendered import RenderedClips, RenderedStore, kept, render_stored_clip
from training.data.store import read_clip
from training.engine.errors import TrainingError
from training.rink.camera import Window
from training.rink.performance import SUPPORT_AIR
from training.rink.render import render
from training.rink.scene import draw_scene

FEW = RenderedClips(seed=3, count=2, max_frames=6, short_side=64)


def test_a_window_shows_what_the_whole_picture_shows_there() -> None:
    scene = draw_scene("2Axel", (5, 4, 1), size=(320, 180), share=(0.5, 0.8), blur=False)
    window = Window(left=80, top=30, width=160, height=140, scale=1.0)
    part = replace(scene, camera=replace(scene.camera, window=window))
    times_s = scene.times_s[:2]
    whole_frame = next(iter(render(scene, times_s)))
    part_frame = next(iter(render(part, times_s)))
    moved = part_frame.keypoints_xy[0] + (80, 30)
    np.testing.assert_allclose(moved, whole_frame.keypoints_xy[0], atol=1e-3)
    expected = whole_frame.image[30:170, 80:240].astype(float)
    smooth = [cv2.GaussianBlur(picture.astype(float), (0, 0), 3) for picture in (
        expected, part_frame.image)]  # fmt: skip
    # Vignette, noise and captions belong to the frame, not to the place.
    assert np.corrcoef(smooth[0].ravel(), smooth[1].ravel())[0, 1] > 0.97


def test_clips_are_rendered_once_and_read_back(tmp_path: Path) -> None:
    store = RenderedStore(tmp_path, FEW)
    status = StatusLine(active=False)
    built = store.build(status)
    assert [label for label, _ in built] == [0, 1]
    times = [path.stat().st_mtime_ns for _, path in built]
    (tmp_path / FEW.fingerprint / "000001.npz").unlink()
    again = store.build(status, workers=1)  # in another process, the same clip
    assert again[0][1].stat().st_mtime_ns == times[0]
    clip, again_rendered = read_clip(again[1][1]), render_stored_clip(1, FEW)
    assert np.array_equal(clip.data, again_rendered.data)
    assert clip.targets is not None
    assert again_rendered.targets is not None
    assert np.array_equal(clip.targets.joints_xy, again_rendered.targets.joints_xy)


@pytest.mark.parametrize("workers", [0, 1])
def test_full_disk_is_said(tmp_path: Path, workers: int) -> None:
    store = RenderedStore(tmp_path, replace(FEW, max_frames=1))
    with (
        largest_file(100),
        pytest.raises(TrainingError, match=r"^cannot write .*; free some space"),
    ):
        store.build(StatusLine(active=False), workers=workers)
    assert not list(store.folder.iterdir())


def test_looser_cuts_are_other_clips_and_tight_ones_stay_stored() -> None:
    assert FEW.fingerprint == "rink-3-69f7f2110685"
    loose = replace(FEW, margins_s=1.5)
    assert loose.fingerprint != FEW.fingerprint
    assert replace(FEW, wide=True).fingerprint not in (FEW.fingerprint, loose.fingerprint)
    tight, looser = (
        sum(render_stored_clip(number, clips).num_frames for number in range(2))
        for clips in (FEW, loose)
    )
    assert looser > tight


def test_truth_lies_on_the_skater_and_says_when_he_flies() -> None:
    clip = render_stored_clip(0, replace(FEW, max_frames=24))
    assert clip.targets is not None
    x1, y1, x2, y2 = clip.region
    inside = ((clip.targets.joints_xy > (x1, y1)) & (clip.targets.joints_xy < (x2, y2))).all(
        axis=-1
    )
    assert inside.mean() > 0.97
    flying = clip.targets.support == SUPPORT_AIR
    assert 0.15 < flying.mean() < 0.7
    turned = np.ptp(clip.targets.heading[flying]) / (2 * np.pi)
    assert 1.3 < turned < 3.2  # a triple; its take-off and landing take the rest


def test_flipped_views_flip_their_truth() -> None:
    clip = render_stored_clip(0, FEW)
    plain, flipped = (
        training_views(
            clip, num_frames=4, side=32, copies=1, settings=AugmentSettings(flip=flip),
            rng=np.random.default_rng(0),
        )
        for flip in (0.0, 1.0)
    )  # fmt: skip
    assert np.array_equal(plain.videos[:, :, :, ::-1], flipped.videos)
    np.testing.assert_allclose(plain.truths["heading"], -flipped.truths["heading"])
    nose = plain.truths["joints"][..., 0, :], flipped.truths["joints"][..., 0, :]
    np.testing.assert_allclose(nose[0][..., 0], 1 - nose[1][..., 0], atol=1e-5)
    np.testing.assert_allclose(nose[0][..., 1], nose[1][..., 1], atol=1e-5)


@pytest.mark.parametrize(("frames", "most"), [(5, 9), (9, 9), (44, 9), (300, 48)])
def test_kept_frames_reach_from_the_first_to_the_last(frames: int, most: int) -> None:
    chosen = kept(frames, most)
    assert len(chosen) == min(frames, most)
    assert (chosen[0], chosen[-1]) == (0, frames - 1)
    assert (np.diff(chosen) >= 1).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 500_000}, "seed: must be below 200000"),
        ({"count": 0}, "count: must be at least 1, got 0"),
        ({"quality": (90, 30)}, "quality"),
        ({"blurred": 2.0}, "blurred: must be at most 1, got 2"),
    ],
)
def test_bad_settings_are_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        replace(FEW, **change)
