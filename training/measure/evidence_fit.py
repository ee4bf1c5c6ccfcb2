"""Fits the evidence of `pipeline.verdict`: take-off network and tables of measured turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline.elements import ELEMENTS
from pipeline.measure.jump import flight_at, flights_seen
from pipeline.measure.measure import Wishes, measure
from pipeline.measure.records import Reason
from pipeline.measure.signals import read_body
from pipeline.types import PoseSequence
from pipeline.verdict.evidence_numbers import ROTATIONS, TURNS_READ, TurnsRead, TurnsTable
from pipeline.verdict.takeoff import TAKEOFFS, TakeoffNetwork, mirrored, takeoff_inputs, takeoff_of
from training.rink.skeletons import SkeletonClip

Array = NDArray[np.float64]

LEAST_WRONG = 0.03
"""Assumption: a reading errs at least so often; on the rink alone it errs more seldom."""
_FAR = 4.0
_HIDDEN = (32, 32)
_JITTER, _DROPOUT = 0.03, 0.2


@dataclass(frozen=True)
class TakeoffExample:
    """One jump as the network sees it."""

    joints: Array
    """`(18, 17, 2)`."""
    answer: int
    """Place in `TAKEOFFS`."""


def pose_of(clip: SkeletonClip) -> tuple[PoseSequence, Array]:
    """A clip's skeletons and the time of each frame `(T,)`."""
    return PoseSequence(clip.keypoints_xy, clip.scores), np.arange(len(clip.scores)) / clip.fps


def takeoff_examples(clips: Iterable[SkeletonClip]) -> list[TakeoffExample]:
    """Those whose take-off is measured, at the moment that is measured."""
    found = []
    for clip in clips:
        takeoff = takeoff_of(ELEMENTS[clip.class_index])
        body = read_body(*pose_of(clip))
        flights = Reason("no_skeleton") if body is None else flights_seen(body)
        if takeoff is None or body is None or isinstance(flights, Reason):
            continue
        joints = takeoff_inputs(body, flight_at(flights, None).span_s[0])
        found.append(TakeoffExample(joints, TAKEOFFS.index(takeoff)))
    return found


def fit_takeoff(
    examples: Sequence[TakeoffExample], *, epochs: int = 40, seed: int = 0
) -> TakeoffNetwork:
    """The fitted network; every take-off counts as much as the others, however many there are."""
    torch.manual_seed(seed)
    joints = np.stack([one.joints for one in examples])
    both = np.concatenate([joints, mirrored(joints)]).astype(np.float32)
    x = torch.from_numpy(both).flatten(1)
    y = torch.tensor([one.answer for one in examples]).repeat(2)
    weight = 1.0 / torch.bincount(y, minlength=len(TAKEOFFS)).clamp(min=1).float()
    network = _untrained(x.shape[1])
    batch_size = min(128, len(x))
    steps = epochs * (len(x) // batch_size)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=3e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps + 1)
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for rows in order[: len(x) // batch_size * batch_size].split(batch_size):
            seen = x[rows] + _JITTER * torch.randn(len(rows), x.shape[1])
            loss = nn.functional.cross_entropy(network(seen), y[rows], weight=weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    return TakeoffNetwork([(_numpy(layer.weight), _numpy(layer.bias)) for layer in linear])


def _untrained(inputs: int) -> nn.Sequential:
    first, second = _HIDDEN
    return nn.Sequential(
        nn.Linear(inputs, first), nn.ReLU(), nn.Dropout(_DROPOUT),
        nn.Linear(first, second), nn.ReLU(), nn.Linear(second, len(TAKEOFFS)),
    )  # fmt: skip


def _numpy(tensor: torch.Tensor) -> Array:
    return tensor.detach().numpy().astype(np.float64)


def wrong_takeoffs(network: TakeoffNetwork, examples: Sequence[TakeoffExample]) -> float:
    """Share of examples that the network answers wrongly."""
    answers = network(np.stack([one.joints for one in examples])).argmax(axis=1)
    return float((answers != np.array([one.answer for one in examples])).mean())


def fit_turns(clips: Iterable[SkeletonClip]) -> dict[TurnsRead, TurnsTable]:
    """What is measured of jumps whose names say how far they turn."""
    read: dict[TurnsRead, dict[float, list[float]]] = {
        name: {rotations: [] for rotations in ROTATIONS} for name in TURNS_READ
    }
    for clip in clips:
        element = ELEMENTS[clip.class_index]
        if element.rotations is None:
            continue
        found = measure(*pose_of(clip), element, Wishes(kind="jump"))
        for name in TURNS_READ:
            measured = found.of(name)
            if measured is not None and measured.estimate is not None:
                read[name][element.rotations].append(measured.estimate.value)
    return {name: _table([np.array(read[name][r]) for r in ROTATIONS]) for name in TURNS_READ}


def _table(readings: Sequence[Array]) -> TurnsTable:
    low, middle, high = np.array([np.quantile(r, (0.16, 0.5, 0.84)) for r in readings]).T
    width = (high - low) / 2.0
    far = [np.abs(r - m) > _FAR * w for r, m, w in zip(readings, middle, width, strict=True)]
    return TurnsTable(middle, width, max(LEAST_WRONG, float(np.concatenate(far).mean())))
