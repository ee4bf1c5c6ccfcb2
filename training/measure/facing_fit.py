"""Fits the facing network: which way the body of one frame is turned against the camera."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.skeletons import COCO17
from pipeline.measure.heading import facing_inputs
from pipeline.measure.learned import DIRECTIONS
from pipeline.measure.signals import read_body
from training.measure.takes import Take

FloatArray = NDArray[np.float32]

FRAMES_PER_TAKE = 36
_BLUR = 0.03
_JITTER = 0.02


def frames_of(takes: Iterable[Take], rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Some frames of every take, those around a flight more often.

    Returns:
        Joints `(N, 17, 2)` as the network sees them, and directions `(N,)` in turns.
    """
    joints, directions = [], []
    for take in takes:
        body = read_body(take.pose, take.times_s)
        if body is None:
            continue
        posed = np.flatnonzero(body.posed)
        times = take.times_s[posed]
        near = (times > take.takeoff_s - 0.2) & (times < take.landing_s + 0.2)
        weight = np.where(near, 4.0, 1.0)
        count = min(FRAMES_PER_TAKE, len(posed))
        chosen = rng.choice(posed, count, replace=False, p=weight / weight.sum())
        joints.append(facing_inputs(body)[chosen])
        directions.append(take.facing[chosen])
    return (
        np.concatenate(joints).astype(np.float32),
        np.concatenate(directions).astype(np.float32),
    )


def fit_facing(
    joints: FloatArray, directions: FloatArray, *, epochs: int = 16, seed: int = 0
) -> dict[str, Tensor]:
    """The fitted tensors, named as `pipeline.measure.learned` reads them."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    flipped = joints[:, list(COCO17.flip_order)] * np.array([-1.0, 1.0], np.float32)
    x = torch.from_numpy(np.concatenate([joints, flipped]).reshape(-1, 34))
    y = _soft(np.concatenate([directions, -directions]))
    network = nn.Sequential(
        nn.Linear(34, 64), nn.ReLU(), nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, len(DIRECTIONS))
    )
    batch_size = 512
    steps = len(x) // batch_size
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=epochs * steps + 1)
    for _ in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        for rows in order[: steps * batch_size].split(batch_size):
            seen = x[rows] + _JITTER * torch.randn(batch_size, 34, generator=generator)
            loss = -(y[rows] * torch.log_softmax(network(seen), dim=1)).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return {f"facing.{k}": v.contiguous() for k, v in network.state_dict().items()}


def _soft(directions: FloatArray) -> Tensor:
    """Directions `(N,)` as narrow distributions over the bins, `(N, K)`."""
    away = (directions[:, None] - DIRECTIONS + 0.5) % 1.0 - 0.5
    weight = np.exp(-0.5 * (away / _BLUR) ** 2)
    return torch.from_numpy((weight / weight.sum(axis=1, keepdims=True)).astype(np.float32))
