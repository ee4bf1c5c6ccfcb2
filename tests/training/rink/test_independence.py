"""Within jumps, and within spins, only the motion tells the class: nothing beside it may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.elements import ELEMENTS
from training.rink.files.encode import mp4_writer
from training.rink.render import render
from training.rink.scene import draw_scene, draw_shot

FOLDS = 5
FRAMES = 5

Features = Callable[[str, tuple[int, ...], Path], np.ndarray]


def shape_and_track(label: str, seed: tuple[int, ...], _folder: Path) -> np.ndarray:
    """Length, rate, size, and the boxes about the joints of the first frames."""
    shot = draw_shot(label, seed)
    times = shot.times_s[:FRAMES]
    joints, _ = shot.camera.at(times).project(shot.performance.at(times))  # (N, J, 2)
    size = (shot.camera.width, shot.camera.height)
    boxes = np.concatenate([joints.min(axis=1), joints.max(axis=1)], axis=1) / (size * 2)
    return np.concatenate([[shot.num_frames, float(shot.fps), *size], boxes.ravel()])


def picture_and_codec(label: str, seed: tuple[int, ...], folder: Path) -> np.ndarray:
    """Mean colour and bytes of the first frames."""
    scene = draw_scene(label, seed, size=(480, 270), blur=False)
    target = folder / "clip.mp4"
    colours = []
    with mp4_writer(target, scene.encoding, size=(480, 270), fps=scene.fps) as writer:
        for frame in render(scene, scene.times_s[:FRAMES]):
            writer.write(frame.image)
            colours.append(frame.image.mean(axis=(0, 1)))
    return np.array([target.stat().st_size, *np.mean(colours, axis=0)])


def nearest_neighbours(known: np.ndarray, classes: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Majority among the 15 nearest, by standardised features."""
    mean, deviation = known.mean(axis=0), known.std(axis=0) + 1e-9
    known, asked = (known - mean) / deviation, (asked - mean) / deviation
    distance = ((asked[:, None] - known[None]) ** 2).sum(axis=-1)
    votes = classes[np.argsort(distance, axis=1)[:, :15]]
    return np.array([np.bincount(row).argmax() for row in votes])


def least_squares(known: np.ndarray, classes: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Ridge regression onto the classes."""
    mean, deviation = known.mean(axis=0), known.std(axis=0) + 1e-9
    known, asked = (
        np.column_stack([(rows - mean) / deviation, np.ones(len(rows))]) for rows in (known, asked)
    )
    targets = np.eye(classes.max() + 1)[classes]
    weights = np.linalg.solve(known.T @ known + 5.0 * np.eye(known.shape[1]), known.T @ targets)
    return (asked @ weights).argmax(axis=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("features", "family", "per_class"),
    [
        (shape_and_track, "jump", 100),
        (shape_and_track, "spin", 150),
        (picture_and_codec, "jump", 8),
        (picture_and_codec, "spin", 40),
    ],
)
def test_nothing_beside_the_motion_tells_the_class(
    features: Features, family: str, per_class: int, tmp_path: Path
) -> None:
    labels = [element.label for element in ELEMENTS if element.family == family]
    numbers = range(per_class * len(labels))
    classes = np.array([number % len(labels) for number in numbers])
    drawn = np.array([features(labels[n % len(labels)], (91, 0, n), tmp_path) for n in numbers])
    fold = np.array([n // len(labels) % FOLDS for n in numbers])
    for classify in (nearest_neighbours, least_squares):
        guessed = np.empty_like(classes)
        for part in range(FOLDS):
            known = fold != part
            guessed[~known] = classify(drawn[known], classes[known], drawn[~known])
        accuracy = (guessed == classes).mean()
        assert accuracy < 2.0 / len(labels), f"{classify.__name__}: {accuracy:.3f}"
