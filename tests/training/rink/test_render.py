"""Rendered clips: truth that fits the pixels, and nothing but the seed decides."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from pipeline.elements import LABELS
from training.rink.camera import HALF_LENGTH_M
from training.rink.files.frequencies import KNOWN_COUNTS, TOTAL_CLIPS, challenge_counts, shared_out
from training.rink.picture.hall.graphics import Caption
from training.rink.picture.lens import Lens
from training.rink.pictures import random_pictures
from training.rink.render import HIDDEN, OUTSIDE, VISIBLE, render
from training.rink.scene import ClipScene, draw_scene
from training.rink.skeletons import EstimatorNoise, disturbed, skeleton_clip

SIZE = (320, 180)
PLAIN_LENS = Lens(
    curve=np.arange(256, dtype=np.uint8)[:, None, None].repeat(3, axis=2), saturation=1.0,
    vignette=0.0, softness=0.0, sharpening=0.0, noise=0.0, seed=0,
)  # fmt: skip


def bare_scene(label: str, seed: int) -> ClipScene:
    """A scene of which nothing but the skater changes the picture: no shadow, mirror or noise."""
    scene = draw_scene(label, (seed,), size=SIZE, share=(0.4, 0.7), blur=False)
    return replace(
        scene,
        arena=replace(scene.arena, polish=0.0),
        lighting=replace(scene.lighting, shadow=0.0),
        lens=PLAIN_LENS,
        captions=(),
        bystanders=(),
        actors=scene.actors[:1],
    )


def moments(scene: ClipScene, count: int) -> np.ndarray:
    return np.linspace(0.1, 0.9, count) * scene.performance.duration_s


def silhouettes(scene: ClipScene, times_s: np.ndarray) -> list[np.ndarray]:
    """Where the skater is drawn, `(H, W)` bool a moment: what differs without the skater."""
    far = replace(scene.actors[0].motion, joints=scene.actors[0].motion.joints + 500.0)
    empty = replace(scene, actors=(replace(scene.actors[0], motion=far),))
    pairs = zip(render(scene, times_s), render(empty, times_s), strict=True)
    return [np.abs(a.image.astype(int) - b.image).max(axis=2) > 12 for a, b in pairs]


@pytest.mark.parametrize(("label", "seed"), [("3Lutz", 1), ("CamelSpin", 2), ("Sequence", 3)])
def test_boxes_are_tight_around_what_is_drawn(label, seed):
    scene = bare_scene(label, seed)
    times_s = moments(scene, 6)
    checked = 0
    for frame, drawn in zip(render(scene, times_s), silhouettes(scene, times_s), strict=True):
        box = frame.boxes_xyxy[0]
        if np.isnan(box).any() or drawn.sum() < 150:
            continue
        rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
        seen = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        assert box.tolist() == pytest.approx(seen, abs=2.5)
        checked += 1
    assert checked >= 4


@pytest.mark.parametrize(("label", "seed"), [("2Axel", 4), ("SitSpin", 5)])
def test_visible_joints_lie_on_the_skater(label, seed):
    scene = bare_scene(label, seed)
    times_s = moments(scene, 6)
    on_skater = []
    for frame, drawn in zip(render(scene, times_s), silhouettes(scene, times_s), strict=True):
        seen = frame.keypoints_xy[0][frame.visibility[0] == VISIBLE].astype(int)
        on_skater += [drawn[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].any() for x, y in seen]
    assert np.mean(on_skater) > 0.9


def test_a_face_that_looks_away_is_hidden():
    away, towards = [], []
    for seed in range(5):
        scene = bare_scene("UprightSpin", 20 + seed)
        times_s = moments(scene, 10)
        joints = scene.actors[0].joints(times_s)
        nose, ears = joints[:, 0], joints[:, 3:5].mean(axis=1)
        sight = scene.camera.position - nose
        cosine = ((nose - ears) * sight).sum(axis=1)
        cosine /= np.linalg.norm(nose - ears, axis=1) * np.linalg.norm(sight, axis=1)
        for frame, facing in zip(render(scene, times_s), cosine, strict=True):
            if abs(facing) > 0.65 and frame.visibility[0, 0] != OUTSIDE:
                (towards if facing > 0 else away).append(frame.visibility[0, 0])
    assert len(away) >= 4
    assert len(towards) >= 4
    assert set(away) == {HIDDEN}
    assert np.mean(np.array(towards) == VISIBLE) > 0.7  # arms may cover a face, too


def test_who_stands_before_the_skater_hides_the_skater():
    scene = bare_scene("3Flip", 6)
    skater = scene.actors[0]
    towards = scene.camera.position - skater.motion.joints[:, 17:].mean(axis=(0, 1))
    nearer = (0.8 * towards / np.linalg.norm(towards)).astype(np.float32)
    blocker = replace(skater, motion=replace(skater.motion, joints=skater.motion.joints + nearer))
    alone = next(render(scene, moments(scene, 1)))
    together = next(render(replace(scene, actors=(skater, blocker)), moments(scene, 1)))
    assert (alone.visibility[0] == VISIBLE).sum() >= 8
    assert (together.visibility[0] == VISIBLE).sum() < (alone.visibility[0] == VISIBLE).sum() / 2
    assert (together.visibility[0] == HIDDEN).any()
    assert np.array_equal(together.boxes_xyxy[0], alone.boxes_xyxy[0]), "boxes are of the whole"


def test_joints_outside_the_picture_say_so():
    scene = bare_scene("3Flip", 7)
    camera = scene.camera
    aside = replace(camera, angles=camera.angles + np.array([1.2, 0.0, 0.0]))
    frame = next(render(replace(scene, camera=aside), moments(scene, 1)))
    assert np.isnan(frame.boxes_xyxy[0]).all()
    assert (frame.visibility[0] == OUTSIDE).all()
    assert np.isfinite(frame.keypoints_xy).all()


def test_the_same_seed_gives_the_same_frames_and_another_seed_others():
    def frames(seed: int) -> np.ndarray:
        scene = draw_scene("3Toeloop", (seed,), size=SIZE)
        return np.stack([frame.image for frame in render(scene, scene.times_s[:4])])

    first = frames(11)
    assert np.array_equal(first, frames(11))
    assert np.abs(first.astype(int) - frames(12)).mean() > 5


def test_blur_leaves_the_truth_alone():
    scene = replace(bare_scene("4Loop", 9), shutter=0.6)
    times_s = moments(scene, 5)
    blurred = list(render(scene, times_s))
    sharp = list(render(replace(scene, shutter=0.0), times_s))
    assert any(not np.array_equal(a.image, b.image) for a, b in zip(blurred, sharp, strict=True))
    for a, b in zip(blurred, sharp, strict=True):
        assert np.array_equal(a.boxes_xyxy, b.boxes_xyxy)
        assert np.array_equal(a.visibility, b.visibility)


def test_the_class_moves_nothing_but_the_motion():
    first, second = (draw_scene(label, (31, 0, 5)) for label in ("4Lutz", "1Toeloop"))
    assert first.fps == second.fps
    assert (first.camera.width, first.camera.height) == (second.camera.width, second.camera.height)
    assert first.shutter == second.shutter
    assert first.encoding == second.encoding
    assert np.array_equal(first.arena.ice, second.arena.ice)
    assert np.array_equal(first.lens.curve, second.lens.curve)
    assert np.array_equal(first.lighting.colours, second.lighting.colours)
    for a, b in zip(first.captions, second.captions, strict=True):
        assert np.array_equal(a.picture, b.picture)
    assert len(first.actors) == len(second.actors)


def test_captions_lie_over_the_frame():
    frame = np.zeros((40, 60, 3), np.uint8)
    Caption(10, 5, np.full((8, 12, 3), 200, np.uint8), 1.0).lay_over(frame)
    assert (frame[5:13, 10:22] == 200).all()
    assert frame.sum() == 200 * 8 * 12 * 3


def test_pictures_hold_only_who_can_be_seen():
    pictures = list(islice(random_pictures(7, size=(192, 256), per_scene=2), 8))
    again = list(islice(random_pictures(7, size=(192, 256), per_scene=2), 3))
    assert np.array_equal(pictures[2].image, again[2].image)
    for picture in pictures:
        people = len(picture.boxes_xyxy)
        assert picture.image.shape == (256, 192, 3)
        assert picture.keypoints_xy.shape == (people, 17, 2)
        assert picture.visibility.shape == (people, 17)
        x1, y1, x2, y2 = picture.boxes_xyxy.T
        assert (x1 >= 0).all()
        assert (y1 >= 0).all()
        assert (x2 <= 192).all()
        assert (y2 <= 256).all()
        assert (x2 > x1).all()
        assert (y2 > y1).all()
    assert sum(picture.has_skater for picture in pictures) >= 7


def test_exact_skeletons_are_those_of_the_rendered_clip():
    seed = (12, 0, 3)
    clip = skeleton_clip("3Salchow", seed, noise=None)
    scene = draw_scene("3Salchow", seed)
    frames = list(render(replace(scene, shutter=0.0), scene.times_s[:2]))
    assert len(clip.keypoints_xy) == scene.num_frames
    assert (clip.width, clip.height) == (scene.camera.width, scene.camera.height)
    for n, frame in enumerate(frames):
        assert clip.keypoints_xy[n] == pytest.approx(frame.keypoints_xy[0], abs=0.01)
    assert (clip.scores == 1).all()


def test_noise_is_that_of_an_estimator():
    rng = np.random.default_rng(0)
    T = 4000
    keypoints = np.full((T, 17, 2), 500.0, np.float32)
    keypoints[:, 9] += 100.0  # left wrist
    boxes = np.tile(np.array([400, 400, 500, 600], np.float32), (T, 1))
    in_air = np.arange(T) % 2 == 0
    quiet = EstimatorNoise(swaps=0.0, lost=0.0, missing_frames=0.0)
    noisy, scores = disturbed(rng, keypoints, quiet, boxes=boxes, in_air=in_air, fps=25.0)
    error = np.linalg.norm(noisy - keypoints, axis=-1)
    assert 0.3 * 0.02 * 200 < error[:, 5].mean() < 2.2 * 0.02 * 200  # a shoulder, of box heights
    assert error[:, 9].mean() > 1.5 * error[:, 5].mean(), "wrists are found less well"
    assert scores[in_air].mean() < scores[~in_air].mean()
    swapping = replace(quiet, jitter=0.0, swaps=0.5)
    noisy, _ = disturbed(rng, keypoints, swapping, boxes=boxes, in_air=in_air, fps=25.0)
    swapped = np.isclose(noisy[:, 10, 0], 600.0)
    assert 0.05 < swapped.mean() < 0.8
    assert np.array_equal(swapped, np.isclose(noisy[:, 9, 0], 500.0))


def still_and_turning(T: int = 400, fps: float = 25.0) -> tuple[np.ndarray, np.ndarray]:
    """Joints `(T, 17, 2)` that stand still but for the left wrist, and their boxes."""
    keypoints = np.tile(np.linspace(400.0, 600.0, 17, dtype=np.float32)[None, :, None], (T, 1, 2))
    keypoints[:, 9, 0] += 60.0 * np.sin(2.0 * np.pi * 2.0 * np.arange(T) / fps)
    return keypoints, np.tile(np.array([400, 400, 600, 600], np.float32), (T, 1))


def found(noise: EstimatorNoise, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    keypoints, boxes = still_and_turning()
    rng = np.random.default_rng(seed)
    in_air = np.zeros(len(keypoints), bool)
    noisy, _ = disturbed(rng, keypoints, noise, boxes=boxes, in_air=in_air, fps=25.0)
    return keypoints, noisy


QUIET = EstimatorNoise(jitter=0.0, swaps=0.0, lost=0.0, missing_frames=0.0)


def test_quick_joints_lag_and_jitter_more():
    keypoints, noisy = found(replace(QUIET, lag_s=0.02))
    velocity = np.gradient(keypoints[:, 9, 0])
    assert np.corrcoef(keypoints[:, 9, 0] - noisy[:, 9, 0], velocity)[0, 1] > 0.99
    assert np.abs(noisy[:, 10] - keypoints[:, 10]).max() < 0.1
    keypoints, noisy = found(replace(QUIET, jitter=0.01, quick_jitter=0.5))
    error = np.abs(noisy - keypoints)
    assert error[:, 9].mean() > 1.5 * error[:, 10].mean()


def test_a_limb_is_lost_as_a_whole():
    keypoints, noisy = found(replace(QUIET, limbs_lost=0.2))
    lost = np.abs(noisy - keypoints).max(axis=2) > 1e-3
    assert 0.02 < lost[:, 7].mean() < 0.6
    assert (lost[:, 7] == lost[:, 9]).all(), "an elbow goes with its wrist"
    assert not lost[:, :5].any(), "a head is no limb"


def test_left_and_right_are_exchanged_for_long_in_some_clips():
    swapped = []
    for seed in range(30):
        keypoints, noisy = found(replace(QUIET, swapped_for_s=2.0), seed)
        wrong = np.abs(noisy[:, 16] - keypoints[:, 15]).max(axis=1) < 1e-3
        assert np.count_nonzero(np.diff(wrong.astype(int))) <= 2, "one stretch"
        swapped.append(wrong.any())
    assert 3 <= sum(swapped) <= 20


def test_skeletons_in_bulk():
    names = ("3Lutz", "SitSpin") * 20
    clips = [skeleton_clip(name, (3, number)) for number, name in enumerate(names)]
    assert [LABELS[clip.class_index] for clip in clips] == list(names)
    scores = np.concatenate([clip.scores[clip.scores[:, 0] > 0].ravel() for clip in clips])
    assert 0.4 < scores.mean() < 0.6
    for clip in clips:
        absent = np.isnan(clip.keypoints_xy).any(axis=(1, 2))
        assert (clip.scores[absent] == 0).all()


def test_challenge_frequencies_keep_to_what_is_published():
    counts = challenge_counts()
    assert tuple(counts) == LABELS
    assert sum(counts.values()) == TOTAL_CLIPS
    assert all(counts[label] == count for label, count in KNOWN_COUNTS.items())
    assert sum(count for label, count in counts.items() if "Salchow" in label) == 613
    assert sum(count < 30 for count in counts.values()) == 8


@pytest.mark.parametrize("clips", [1, 28, 3000])
def test_clips_are_shared_out_in_full(clips):
    shares = shared_out(clips, LABELS)
    assert sum(shares.values()) == clips
    assert shares["Sequence"] == max(shares.values())


def test_nobody_is_drawn_beyond_the_boards():
    """The others on the ice stay on it, whatever their motion."""
    for seed in range(3):
        scene = draw_scene("NoBasic", (seed, 77), size=SIZE)
        for actor in scene.actors:
            assert np.abs(actor.motion.joints[..., 0]).max() < HALF_LENGTH_M + 1
