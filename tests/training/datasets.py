"""A small data set in the challenge's layout: squares that move, one motion and colour a class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.elements import LABELS
from tests.videos import Frame, Recipe, write_video

FRAMES, WIDTH, HEIGHT = 16, 96, 72
CLASSES = ("3Lutz", "CamelSpin", "NoBasic", "Sequence")

# Without loss, so that every version of the encoder gives the same pixels.
_PLAIN = Recipe(
    frames=FRAMES, width=WIDTH, height=HEIGHT, encoder=("-c:v", "libx264rgb", "-qp", "0"),
    pixel_format="rgb24",
)  # fmt: skip
_COLOURS = dict(
    zip(CLASSES, ((220, 90, 90), (90, 220, 90), (90, 90, 220), (200, 200, 90)), strict=True)
)


def square_track(label: str, seed: int) -> np.ndarray:
    """Middle and half side of the square in each frame, `(T, 3)`."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, FRAMES)
    path = {
        "3Lutz": (0 * t, -20 * np.sin(np.pi * t)),  # up and down
        "CamelSpin": (0 * t, 0 * t),
        "NoBasic": (24 * t - 12, 0 * t),  # across
        "Sequence": (18 * np.sin(4 * np.pi * t), 0 * t),  # to and fro
    }[label]
    middle = rng.uniform((36, 38), (60, 48))
    half = np.full(FRAMES, rng.uniform(7, 10))
    return np.column_stack([middle[0] + path[0], middle[1] + path[1], half])


def make_data_set(folder: Path, *, per_class: int = 4) -> Path:
    """Write videos, truth, poses and lists."""
    clips = [(f"{i}_{label}", label) for i in range(per_class) for label in CLASSES]
    for name in ("train_videos", "truth", "poses"):
        (folder / name).mkdir(parents=True)
    lines = []
    for number, (stem, label) in enumerate(clips):
        track = square_track(label, number)
        _write_clip(folder, stem, track, _COLOURS[label])
        _write_poses(folder / "poses" / f"{stem}.npz", track)
        lines.append(f"{stem} {LABELS.index(label)}\n")
    (folder / "train.txt").write_text("".join(lines))
    mapping = "".join(f"{name} {index}\n" for index, name in enumerate(LABELS))
    (folder / "mapping.txt").write_text(mapping)
    return folder


def _write_clip(folder: Path, stem: str, track: np.ndarray, colour: tuple[int, int, int]) -> None:
    def draw(number: int, width: int, height: int) -> Frame:
        frame = np.full((height, width, 3), 40, np.uint8)
        x, y, half = track[number]
        top, left = max(round(y - half), 0), max(round(x - half), 0)
        frame[top : round(y + half), left : round(x + half)] = colour
        return frame

    write_video(folder / "train_videos" / f"{stem}.mp4", replace(_PLAIN, draw=draw))
    x, y, half = track.T
    boxes = np.column_stack([x - half, y - half, x + half, y + half]).astype(np.float32)
    np.savez(folder / "truth" / f"{stem}.npz", boxes_xyxy=boxes)


def _write_poses(path: Path, track: np.ndarray) -> None:
    """A stiff figure that fills the square, its arms swinging with the square's speed."""
    rng = np.random.default_rng(17)
    figure = rng.uniform(-1, 1, (17, 2))
    x, y, half = track.T
    swing = np.gradient(x)[:, None] + 1j * np.gradient(y)[:, None]
    joints = figure * half[:, None, None] + np.stack([x, y], axis=1)[:, None]
    joints[:, 7:11, 0] += 3 * swing.real
    joints[:, 7:11, 1] += 3 * swing.imag
    scores = np.full(joints.shape[:2], 0.9, np.float32)
    np.savez(path, keypoints_xy=joints.astype(np.float32), keypoint_scores=scores)
