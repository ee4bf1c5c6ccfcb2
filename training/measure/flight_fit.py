"""Fits the flight network: evidence for take-off, landing and being in the air, sample by sample.

Loss: minus the logarithm of the probability that `pipeline.measure.flight` gives to the true pair
of moments among all pairs and "no flight". So what it says of its own uncertainty is fitted too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.measure.flight import AIRBORNE_UNIT, LONGEST, SHORTEST
from pipeline.measure.flight_features import FEATURES, RATE_HZ, flight_features
from pipeline.measure.learned import DILATIONS
from pipeline.measure.signals import read_body
from training.measure.takes import Take

FloatArray = NDArray[np.float32]

CHANNELS, KERNEL = 24, 5
_IMPOSSIBLE = -1e4
_BLUR = 0.6


@dataclass(frozen=True)
class Example:
    """One take as the network sees it."""

    features: FloatArray
    """`(N, F)`."""
    flight: tuple[float, float]
    """Samples of take-off and landing; NaN without a flight."""


class TrainableFlightNetwork(nn.Module):
    """The network of `pipeline.measure.learned.FlightNetwork` while it is fitted."""

    mean: Tensor
    spread: Tensor

    def __init__(self, mean: Tensor, spread: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("spread", spread)
        widths = (len(FEATURES), *(CHANNELS for _ in DILATIONS))
        self.layers = nn.ModuleList(
            nn.Conv1d(before, after, KERNEL, dilation=dilation)
            for before, after, dilation in zip(widths, widths[1:], DILATIONS, strict=False)
        )
        self.head = nn.Conv1d(CHANNELS, 3, 1)
        self.nothing = nn.Parameter(torch.zeros(()))

    def forward(self, features: Tensor) -> Tensor:
        """`(B, F, N)` -> evidence `(B, 3, N)`."""
        x = (features - self.mean[:, None]) / self.spread[:, None]
        for layer, dilation in zip(self.layers, DILATIONS, strict=True):
            reach = dilation * (KERNEL // 2)
            y = F.relu(layer(F.pad(x, (reach, reach), mode="replicate")))
            x = y if y.shape[1] != x.shape[1] else x + y
        evidence: Tensor = self.head(x)
        return evidence

    def pair_scores(self, features: Tensor, valid: Tensor) -> Tensor:
        """Score of every flight, `(B, N, D)`: row = take-off, column = length from the shortest."""
        takeoff, landing, airborne = self(features).unbind(1)
        N = valid.shape[1]
        before = F.pad(airborne.cumsum(1), (1, 0))[:, :-1] / AIRBORNE_UNIT
        start = (takeoff - before).masked_fill(~valid, _IMPOSSIBLE)
        end = F.pad((landing + before).masked_fill(~valid, _IMPOSSIBLE), (0, LONGEST),
                    value=_IMPOSSIBLE)  # fmt: skip
        ends = end.unfold(1, LONGEST + 1, 1)[:, :N, SHORTEST:]  # (B, N + LONGEST) -> (B, N, D)
        return start[:, :, None] + ends


def example(take: Take) -> Example | None:
    """What the network sees of a take; None where its skeleton is too poor."""
    body = read_body(take.pose, take.times_s)
    if body is None:
        return None
    first = float(body.times_s[0])
    moments = ((t - first) * RATE_HZ for t in (take.takeoff_s, take.landing_s))
    takeoff, landing = moments
    return Example(flight_features(body).astype(np.float32), (takeoff, landing))


def fit_flight(
    examples: Sequence[Example], *, steps: int, batch_size: int = 32, seed: int = 0
) -> dict[str, Tensor]:
    """The fitted tensors, named as `pipeline.measure.learned` reads them."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    everything = np.concatenate([one.features for one in examples])
    network = TrainableFlightNetwork(
        torch.from_numpy(everything.mean(axis=0)), torch.from_numpy(everything.std(axis=0))
    )
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 4e-3, total_steps=steps + 1, pct_start=0.1
    )
    for _ in range(steps):
        chosen = rng.choice(len(examples), batch_size, replace=False)
        features, valid, flights = _batch([examples[i] for i in chosen], rng)
        loss = _loss(network, features, valid, flights)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return {f"flight.{k}": v.contiguous() for k, v in network.state_dict().items()}


def _batch(
    examples: Sequence[Example], rng: np.random.Generator, longest: int = 240
) -> tuple[Tensor, Tensor, Tensor]:
    """Features `(B, F, N)`, which samples count `(B, N)`, flights `(B, 2)`."""
    cut = [_cut(one, rng, longest) for one in examples]
    N = max(len(one.features) for one in cut)
    features = np.stack(
        [np.pad(one.features, ((0, N - len(one.features)), (0, 0)), mode="edge") for one in cut]
    )
    gain = 1.0 + 0.08 * rng.standard_normal((len(cut), 1, features.shape[2]))
    shift = 0.015 * rng.standard_normal((len(cut), 1, features.shape[2]))
    valid = np.arange(N) < np.array([len(one.features) for one in cut])[:, None]
    varied = torch.from_numpy((features * gain + shift).astype(np.float32))
    flights = torch.tensor([one.flight for one in cut], dtype=torch.float32)
    return varied.transpose(1, 2), torch.from_numpy(valid), flights


def _cut(one: Example, rng: np.random.Generator, longest: int) -> Example:
    """A stretch of at most `longest` samples, with the flight if there is one."""
    spare = len(one.features) - longest
    if spare <= 0:
        return one
    takeoff, landing = one.flight
    wanted = rng.integers(spare) if np.isnan(takeoff) else takeoff - rng.integers(40, 140)
    start = int(np.clip(wanted, 0, spare))
    return Example(one.features[start : start + longest], (takeoff - start, landing - start))


def _loss(
    network: TrainableFlightNetwork, features: Tensor, valid: Tensor, flights: Tensor
) -> Tensor:
    scores = network.pair_scores(features, valid)  # (B, N, D)
    B, N, D = scores.shape
    nothing = network.nothing.expand(B)
    total = torch.logsumexp(torch.cat([scores.flatten(1), nothing[:, None]], dim=1), dim=1)
    flies = ~flights[:, 0].isnan()
    takeoff, landing = flights.nan_to_num().unbind(1)
    first = torch.arange(N)[None, :, None]
    last = first + torch.arange(SHORTEST, SHORTEST + D)
    off = (first - takeoff[:, None, None]) ** 2 + (last - landing[:, None, None]) ** 2
    weight = torch.exp(-0.5 * off / _BLUR**2)
    weight = weight / weight.sum((1, 2), keepdim=True).clamp(min=1e-9)
    right = (weight * scores.clamp(min=-50.0)).sum((1, 2))
    return (total - torch.where(flies, right, nothing)).mean()
