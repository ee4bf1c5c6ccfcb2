"""Within jumps, and within spins, only the motion tells the class: nothing beside it may."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.elements import ELEMENTS
from training.rink.encode import mp4_writer
from training.rink.render import render
from training.rink.scene import draw_scene

FOLDS = 5


def beside_the_motion(label: str, seed: tuple[int, ...], folder) -> np.ndarray:
    """Length, rate, size, bytes, mean colour, and the box track of the first five frames."""
    scene = draw_scene(label, seed, blur=False)
    size = (scene.camera.width, scene.camera.height)
    target = folder / "clip.mp4"
    boxes, colours = [], []
    with mp4_writer(target, scene.encoding, size=size, fps=scene.fps) as writer:
        for frame in render(scene, scene.times_s[:5]):
            writer.write(frame.image)
            boxes.append(frame.boxes_xyxy[0] / (size * 2))
            colours.append(frame.image.mean(axis=(0, 1)))
    track = np.nan_to_num(np.array(boxes), nan=-1.0).ravel()
    clip = [scene.num_frames, float(scene.fps), *size, target.stat().st_size]
    return np.concatenate([clip, np.mean(colours, axis=0), track])


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
@pytest.mark.parametrize(("family", "per_class"), [("jump", 16), ("spin", 40)])
def test_nothing_beside_the_motion_tells_the_class(family, per_class, tmp_path):
    labels = [element.label for element in ELEMENTS if element.family == family]
    numbers = range(per_class * len(labels))
    classes = np.array([number % len(labels) for number in numbers])
    features = np.array(
        [beside_the_motion(labels[n % len(labels)], (91, 0, n), tmp_path) for n in numbers]
    )
    fold = np.array([n // len(labels) % FOLDS for n in numbers])
    for classify in (nearest_neighbours, least_squares):
        guessed = np.empty_like(classes)
        for part in range(FOLDS):
            known = fold != part
            guessed[~known] = classify(features[known], classes[known], features[~known])
        accuracy = (guessed == classes).mean()
        assert accuracy < 2.0 / len(labels), f"{classify.__name__}: {accuracy:.3f}"
