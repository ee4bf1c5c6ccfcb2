"""The two small networks of the measurements, computed in numpy from a file beside this one.

They were fitted on the simulated rink by `python -m training.measure`, which writes the file; both
are a few thousand numbers, so neither torch nor a checkpoint is needed to measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

Array = NDArray[np.float64]

WEIGHTS = Path(__file__).with_name("learned.safetensors")
DIRECTIONS: Array = (np.arange(36) + 0.5) / 36
"""Turns from facing the camera, counter-clockwise: the middles of the facing network's bins."""
DILATIONS = (1, 2, 4, 6)
"""Of the flight network's layers; the kernel is 5, so a sample sees 0.43 s to either side."""


@dataclass(frozen=True)
class FacingNetwork:
    """Three layers: the joints of one frame to a distribution over `DIRECTIONS`."""

    layers: tuple[tuple[Array, Array], ...]
    """Weight `(out, in)` and bias `(out,)` of each."""

    def __call__(self, joints: Array) -> Array:
        """Joints `(N, 17, 2)` from the hips in body scales -> probabilities `(N, 36)`."""
        x = joints.reshape(len(joints), -1)
        for weight, bias in self.layers[:-1]:
            x = np.maximum(x @ weight.T + bias, 0.0)
        weight, bias = self.layers[-1]
        return _softmax(x @ weight.T + bias)


@dataclass(frozen=True)
class FlightNetwork:
    """Dilated convolutions over time: features to evidence for take-off, landing and flight."""

    mean: Array
    """`(F,)` of the features."""
    spread: Array
    """`(F,)`."""
    layers: tuple[tuple[Array, Array], ...]
    """Weight `(out, in, 5)` and bias of each; all but the first add to what they get."""
    head: tuple[Array, Array]
    """Weight `(3, C)` and bias."""
    nothing: float
    """Score of there being no flight."""

    def __call__(self, features: Array) -> Array:
        """Features `(N, F)` -> take-off here, landing here, airborne here, `(N, 3)`."""
        x = ((features - self.mean) / self.spread).T  # (N, F) -> (F, N)
        for dilation, (weight, bias) in zip(DILATIONS, self.layers, strict=True):
            y = np.maximum(_convolved(x, weight, dilation) + bias[:, None], 0.0)
            x = y if y.shape[0] != x.shape[0] else x + y
        weight, bias = self.head
        return np.asarray((weight @ x + bias[:, None]).T)


def _convolved(x: Array, weight: Array, dilation: int) -> Array:
    """`(C, N)` with a kernel `(out, C, 5)`; the ends go on as they are."""
    N, reach = x.shape[1], 2 * dilation
    padded = np.pad(x, ((0, 0), (reach, reach)), mode="edge")
    taps = [padded[:, k * dilation : k * dilation + N] for k in range(weight.shape[2])]
    return np.asarray(sum(weight[:, :, k] @ tap for k, tap in enumerate(taps)))


def _softmax(scores: Array) -> Array:
    likely = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(likely / likely.sum(axis=-1, keepdims=True))


@lru_cache(maxsize=1)
def _tensors() -> Mapping[str, Array]:
    return {name: value.astype(np.float64) for name, value in load_file(WEIGHTS).items()}


@lru_cache(maxsize=1)
def facing_network() -> FacingNetwork:
    """The fitted network that reads a direction off a skeleton."""
    tensors = _tensors()
    return FacingNetwork(
        tuple((tensors[f"facing.{i}.weight"], tensors[f"facing.{i}.bias"]) for i in (0, 2, 4))
    )


@lru_cache(maxsize=1)
def flight_network() -> FlightNetwork:
    """The fitted network that finds flights."""
    tensors = _tensors()
    return FlightNetwork(
        mean=tensors["flight.mean"],
        spread=tensors["flight.spread"],
        layers=tuple(
            (tensors[f"flight.layers.{i}.weight"], tensors[f"flight.layers.{i}.bias"])
            for i in range(len(DILATIONS))
        ),
        head=(tensors["flight.head.weight"][..., 0], tensors["flight.head.bias"]),
        nothing=float(tensors["flight.nothing"]),
    )
