"""Predictions with known answers, a data set to evaluate, and the smallest profile."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from pipeline.elements import LABELS
from training.evaluation.predictions import ClipPredictions, Predictions

VARIANTS = ("umt_16x224", "umt_16x448", "umt_32x224")
NETWORKS = (*VARIANTS, "uniformerv2", "infogcn")

PROFILE = """
name = "smallest"
summary = "one view of one network a family"
[detector]
checkpoint = "dino_tiny"
short_side = 64
long_side = 96
every = 100
[pose]
checkpoint = "vitpose_tiny"
flip_test = false
[[video_models]]
name = "umt_16x112"
family = "umt"
checkpoint = "umt_tiny_16x112"
num_frames = 16
side = 112
temporal_views = 3
spatial_views = 1
[[video_models]]
name = "uniformerv2"
family = "uniformerv2"
checkpoint = "uniformerv2_tiny_16x112"
num_frames = 16
side = 112
temporal_views = 1
spatial_views = 1
[skeleton_model]
checkpoint = "infogcn_tiny"
[skeleton_model.sequence]
num_frames = 32
"""


def write_profile(folder: Path) -> Path:
    """The profile as a file."""
    path = folder / "smallest.toml"
    path.write_text(PROFILE)
    return path


def logits_of(class_index: int, *, views: int = 1, certainty: float = 4.0) -> np.ndarray:
    """`(views, 28)` that favour one class."""
    rows = np.zeros((views, 28), dtype=np.float32)
    rows[:, class_index] = certainty
    return rows


def clip(stem: str, label: int | None, **labels: int) -> ClipPredictions:
    """A clip that each network answers with a class; `umt` stands for all three variants."""
    given = {name: labels[name] for name in NETWORKS if name in labels}
    given |= {name: labels["umt"] for name in VARIANTS if "umt" in labels}
    return ClipPredictions(stem, label, {name: logits_of(c, views=3) for name, c in given.items()})


def drawn(count: int, *, seed: int, labelled: bool = True, source: int = 0) -> Predictions:
    """Many clips; UMT is right in 9 of 10, UniFormerV2 in 7, InfoGCN in 4, all of them too sure."""
    rng = np.random.default_rng(seed)
    clips = []
    for number in range(count):
        label = int(rng.integers(28))
        logits = {}
        for name in NETWORKS:
            share = {"uniformerv2": 0.7, "infogcn": 0.4}.get(name, 0.9)
            shown = label if rng.random() < share else int(rng.integers(28))
            logits[name] = logits_of(shown, certainty=8.0) + rng.normal(0, 1, (1, 28)).astype("f4")
        stem = f"{source + number:05d}_a"
        clips.append(ClipPredictions(stem, label if labelled else None, logits))
    return Predictions.of(clips)


def as_test_split(data: Path, *, labels: bool = True) -> Path:
    """Turn the train split of a made data set into its test split; drop what is not to be read."""
    (data / "train_videos").rename(data / "test_videos")
    lines = (data / "train.txt").read_text().splitlines()
    (data / "answer.txt").write_text("".join(f"{line.split()[0]}\n" for line in lines))
    if labels:
        (data / "train.txt").rename(data / "test_labels.txt")
    for name in ("truth", "poses"):
        shutil.rmtree(data / name)
    return data


INDEX = {name: LABELS.index(name) for name in ("3Lutz", "CamelSpin", "NoBasic", "Sequence")}
