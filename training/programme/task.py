"""The temporal network on simulated programmes: what finds the elements of a whole video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.command_line import StatusLine
from models.temporal import TemporalNetwork
from pipeline.errors import ConfigError
from pipeline.programme.features import flipped
from pipeline.programme.frame_classes import MOMENTS
from pipeline.programme.scoring import scored
from pipeline.programme.segments import decode_segments
from pipeline.settings import Count, NotNegative, Positive, WholeNumber, settings
from pipeline.types.programme import FrameScores
from training.engine.task import EvaluationContext
from training.network import NetworkSettings
from training.optim import parameter_groups
from training.programme.data import (
    ProgrammeSample,
    ShownProgramme,
    shown_programme,
    shown_stretch,
)
from training.programme.figures import Answer, figures
from training.programme.stored import StoredProgramme, read_programme, store_programmes
from training.programme.truth import true_segments
from training.recipe import Recipe
from training.rink.skeletons import EstimatorNoise

_SAMPLES_FOR_SCALE = 24
_POOR = 4
"""Times that a stretch is drawn anew where nothing is seen in it."""
_REMEMBERED = 400
"""Programmes that stay in memory, 5 MB each."""


@settings(kw_only=True)
class ProgrammeDataSettings:
    """Which programmes."""

    folder: str = "out/programmes"
    """Where their motions are kept; made if need be."""
    seed: int = 0
    """Of the training programmes; below 100,000."""
    validation_seed: int = 100_000
    """Of those for validation; 100,000 to 199,999."""
    programmes: Count = 400
    """For training."""
    validation_programmes: Count = 24
    """For validation."""
    minutes: tuple[Positive, Positive] = (1.0, 2.2)
    """Length of the training programmes, shortest and longest."""
    validation_minutes: tuple[Positive, Positive] = (1.0, 3.5)
    """Of those for validation."""
    stretches: Count = 2000
    """Training samples an epoch."""
    seconds: tuple[Positive, Positive] = (1.6, 60.0)
    """Length of a training sample; all of a batch are as long."""
    workers: WholeNumber = 0
    """Processes that simulate programmes; 0: none but this one."""
    noise: EstimatorNoise = field(default_factory=EstimatorNoise)
    """What the pose estimator does wrong."""

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 100_000 <= self.validation_seed < 200_000:
            raise ConfigError(
                "data: seed must be below 100000 and validation_seed in 100000..199999, got "
                f"{self.seed} and {self.validation_seed}"
            )


@settings(kw_only=True)
class ProgrammeLossSettings:
    """Weights of the loss's terms."""

    moments: NotNegative = 1.0
    """Of take-offs and landings, against that of the classes."""
    moment_weight: Positive = 8.0
    """Of a sample with a moment, against one without."""
    smoothness: NotNegative = 0.1
    """Of changes from sample to sample, cut off where they are large (MS-TCN)."""


@settings(kw_only=True)
class ProgrammeRecipe(Recipe):
    """An experiment with the temporal network."""

    network: NetworkSettings
    """Of the family `temporal`."""
    data: ProgrammeDataSettings = field(default_factory=ProgrammeDataSettings)
    """Which programmes."""
    loss: ProgrammeLossSettings = field(default_factory=ProgrammeLossSettings)
    """What is minimised."""

    def __post_init__(self) -> None:
        self.network.check_family("temporal")


class ProgrammeTask:
    """Trains the temporal network.

    Args:
        recipe: What to do.
        status: Told how the programmes are made.

    Raises:
        TrainingError: The programmes cannot be written.
    """

    training_only = ()

    def __init__(self, recipe: ProgrammeRecipe, status: StatusLine) -> None:
        self._recipe = recipe
        data, folder = recipe.data, Path(recipe.data.folder)
        self._held_out = store_programmes(
            folder,
            seed=data.validation_seed,
            count=data.validation_programmes,
            minutes=data.validation_minutes,
            workers=data.workers,
            status=status,
        )
        self._train = store_programmes(
            folder,
            seed=data.seed,
            count=data.programmes,
            minutes=data.minutes,
            workers=data.workers,
            status=status,
        )

    @property
    def samples_per_epoch(self) -> int:
        """Stretches of programmes."""
        return self._recipe.data.stretches

    def build_model(self) -> nn.Module:
        """The network, with the features' usual range."""
        model = cast(TemporalNetwork, self._recipe.network.build())
        features = np.concatenate(
            [self._stretch(-1, n, 20.0).features for n in range(_SAMPLES_FOR_SCALE)]
        )
        model.get_buffer("mean").copy_(torch.from_numpy(features.mean(axis=0)))
        model.get_buffer("std").copy_(torch.from_numpy(features.std(axis=0) + 1e-3))
        self._recipe.network.initialise(model)
        return model

    def parameter_groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """Decayed or not."""
        return parameter_groups(model, self._recipe.optim.decay_rule)

    def batch(self, epoch: int, positions: range) -> dict[str, Tensor]:
        """`features` `(B, N, F)`, `classes` `(B, N)` with -1 where nothing is, `moments`."""
        seed = (self._recipe.seed, 1 + epoch, positions[0])
        shortest, longest = np.log(self._recipe.data.seconds)
        seconds = float(np.exp(np.random.default_rng(seed).uniform(shortest, longest)))
        samples = [self._stretch(epoch, position, seconds) for position in positions]
        N = max(len(sample.features) for sample in samples)
        rows = [_padded(sample, N) for sample in samples]
        names = ("features", "classes", "moments")
        return {
            name: torch.from_numpy(np.stack([row[column] for row in rows]))
            for column, name in enumerate(names)
        }

    def _stretch(self, epoch: int, position: int, seconds: float) -> ProgrammeSample:
        rng = np.random.default_rng((self._recipe.seed, 1 + epoch, position, 1))
        for _ in range(_POOR):
            file = self._train[rng.integers(len(self._train))]
            noise = self._recipe.data.noise
            sample = shown_stretch(_read(file), seconds, rng, noise)
            if sample is not None:
                mirrored = rng.random() < 0.5
                return replace(sample, features=flipped(sample.features)) if mirrored else sample
        raise ConfigError("data.noise: hardly any skeleton is left to learn from; make it smaller")

    def loss(self, model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Cross-entropy of classes and moments, and smoothness, over all stages."""
        weights = self._recipe.loss
        classes, valid = batch["classes"], batch["classes"] >= 0
        count = valid.sum().clamp(min=1)
        positive = torch.full((len(MOMENTS),), weights.moment_weight, device=classes.device)
        total = torch.zeros((), device=classes.device)
        for logits, spots in model(batch["features"]):
            entropy = F.cross_entropy(logits.transpose(1, 2), classes, ignore_index=-1)
            spotting = F.binary_cross_entropy_with_logits(
                spots, batch["moments"], reduction="none", pos_weight=positive
            )
            moments = (spotting.sum(dim=2) * valid).sum() / count
            told = logits.log_softmax(dim=2)
            change = (told[:, 1:] - told[:, :-1].detach()).clamp(-4.0, 4.0).square().mean()
            total = total + entropy + weights.moments * moments + weights.smoothness * change
        right = ((logits.argmax(dim=2) == classes) & valid).sum() / count
        return {"loss": total, "classes": entropy, "moments": moments, "train_top1": right}

    def evaluate(self, model: nn.Module, context: EvaluationContext) -> dict[str, float]:
        """`training.programme.figures` of whole held-out programmes, on the first process."""
        return figures(self.answers(model))

    def answers(self, model: nn.Module) -> list[Answer]:
        """What is found in every held-out programme, and what is there."""
        network = cast(TemporalNetwork, model)
        return [_answer(network, programme) for programme in self._shown]

    @cached_property
    def _shown(self) -> list[ShownProgramme]:
        noise, seed = self._recipe.data.noise, self._recipe.data.validation_seed
        return [
            shown_programme(read_programme(file), np.random.default_rng((seed, n, 1)), noise)
            for n, file in enumerate(self._held_out)
        ]


@lru_cache(maxsize=_REMEMBERED)
def _read(file: Path) -> StoredProgramme:
    return read_programme(file)


def _padded(sample: ProgrammeSample, N: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, classes and moments of N samples."""
    room = N - len(sample.features)
    return (
        np.pad(sample.features, ((0, room), (0, 0)), mode="edge"),
        np.pad(sample.classes, (0, room), constant_values=-1),
        np.pad(sample.moments, ((0, room), (0, 0))),
    )


def _answer(network: TemporalNetwork, programme: ShownProgramme) -> Answer:
    parts = [scored(network, shot.features) for shot in programme.shots]
    times = np.concatenate([shot.times_s for shot in programme.shots])
    scores = FrameScores(
        times,
        np.concatenate([probabilities for probabilities, _ in parts]),
        np.concatenate([moments for _, moments in parts]),
        np.zeros(len(times), np.float32),
    )
    true = true_segments(programme.elements)
    return Answer(decode_segments(scores), true, scores, programme.duration_s)
