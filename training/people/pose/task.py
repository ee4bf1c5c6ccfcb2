"""Trains ViTPose (Xu et al. 2022) on people with hand-made and teacher-made joints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from models.command_line import StatusLine
from models.vitpose import ViTPose
from pipeline.errors import ConfigError
from pipeline.pose.crop import crop_regions, normalise
from pipeline.pose.decode import decode_heatmaps
from pipeline.settings import Positive, settings
from training.engine.task import Batch, EvaluationContext
from training.network import NetworkSettings
from training.optim import parameter_groups
from training.people.dataset import (
    PeoplePictures,
    Person,
    Picture,
    PicturesSettings,
    Pixels,
    mixed_order,
)
from training.people.pose.augment import PoseAugmentation, View, plain_view, random_view
from training.people.pose.targets import crop_to_cells, gaussian_maps, heatmap_loss, inside
from training.recipe import Recipe

PCK = 0.1
"""A joint is right within this share of the box's longer side."""
EVALUATION_BATCH = 32


@settings(kw_only=True)
class PoseRecipe(Recipe):
    """One training of a ViTPose."""

    data: PicturesSettings
    """Pictures."""
    network: NetworkSettings
    """A ViTPose."""
    sigma: Positive = 2.0
    """Of a target's Gaussian, in heat-map cells."""
    least_joints: int = 5
    """People with fewer known joints are left out."""
    least_side: float = 48.0
    """People whose box is smaller, pixels on the longer side, are left out."""
    augmentation: PoseAugmentation = field(default_factory=PoseAugmentation)
    """Random views."""

    def __post_init__(self) -> None:
        self.network.check_family("vitpose")


class PoseTask:
    """`training.engine.Task` for ViTPose.

    Raises:
        ConfigError: The pictures are not there, or nobody in them has joints enough.
    """

    training_only = ()

    def __init__(self, recipe: PoseRecipe, status: StatusLine) -> None:
        self._recipe = recipe
        self._crop_hw: tuple[int, int] = cast(ViTPose, recipe.network.on_meta()).image_size
        people = PeoplePictures(recipe.data)
        self._pixels = Pixels()
        groups = [_with_joints(group.pictures, recipe) for group in people.training]
        self._sizes, self._shares = [len(g) for g in groups], [g.share for g in people.training]
        self._training = [member for group in groups for member in group]
        self._validation = [
            member for group in people.validation for member in _with_joints(group.pictures, recipe)
        ]
        if not all(groups) or not self._validation:
            raise ConfigError(f"data: nobody with {recipe.least_joints} known joints in it")
        self._order = lru_cache(maxsize=2)(self._shuffled)
        status.say(f"{len(self._training)} people to learn from, {len(self._validation)} held out")

    @property
    def samples_per_epoch(self) -> int:
        """People."""
        return len(self._training)

    def build_model(self) -> nn.Module:
        """The network, in the memory format that convolutions on a CPU like."""
        model = self._recipe.network.build()
        self._recipe.network.initialise(model)
        return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def parameter_groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """As the recipe says."""
        return parameter_groups(model, self._recipe.optim.decay_rule)

    def batch(self, epoch: int, positions: range) -> Batch:
        """Crops, target cells and weights."""
        order = self._order(epoch)
        views = [self._random_view(epoch, position, order[position]) for position in positions]
        return self._collated(views)

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Of the heat maps."""
        predicted = model(batch["crops"])
        H, W = predicted.shape[2:]
        target = gaussian_maps(batch["cells"], (H, W), sigma=self._recipe.sigma)
        return {"loss": heatmap_loss(predicted, target, batch["weights"])}

    def evaluate(self, model: nn.Module, context: EvaluationContext) -> Mapping[str, float]:
        """Share of right joints (PCK@0.1) on the pictures held out."""
        share = list(context.share(len(self._validation)))
        rows = []
        for start in range(0, len(share), EVALUATION_BATCH):
            members = [self._validation[i] for i in share[start : start + EVALUATION_BATCH]]
            rows.append(self._scored(model, members, context.device))
        right, known = context.gather(torch.cat(rows)).sum(0).tolist()
        return {"pck": right / max(known, 1)}

    def _scored(
        self, model: nn.Module, members: list[tuple[Picture, Person]], device: torch.device
    ) -> Tensor:
        """`(N, 2)` right and known joints of each person."""
        size = self._crop_hw
        views = [plain_view(self._pixels.of(pic.path), person, size) for pic, person in members]
        batch = self._collated(views)
        points, _ = decode_heatmaps(model(batch["crops"].to(device)))
        reach = torch.tensor([PCK * _longer_side_in_cells(person, size) for _, person in members])
        distance = (points.cpu() - batch["cells"]).norm(dim=-1)  # (N, J); NaN is never right
        known = batch["weights"] > 0
        right = (distance <= reach[:, None]) & known
        return torch.stack((right.sum(1), known.sum(1)), dim=1).to(device)

    def _random_view(self, epoch: int, position: int, index: int) -> View:
        rng = np.random.default_rng((self._recipe.seed, epoch, position))
        picture, person = self._training[index]
        other, _ = self._training[int(rng.integers(len(self._training)))]
        return random_view(
            self._pixels.of(picture.path),
            person,
            self._crop_hw,
            settings=self._recipe.augmentation,
            backdrop=self._pixels.of(other.path),
            rng=rng,
        )

    def _collated(self, views: list[View]) -> dict[str, Tensor]:
        size = self._crop_hw
        crops = normalise(np.stack([view.crop for view in views]))
        joints = np.stack([view.joints for view in views])
        cells = crop_to_cells(joints, size, _map_hw(size))
        weights = np.stack([view.labelled for view in views]) * inside(cells, _map_hw(size))
        return {
            "crops": crops.contiguous(memory_format=torch.channels_last),
            "cells": torch.from_numpy(cells),
            "weights": torch.from_numpy(weights.astype(np.float32)),
        }

    def _shuffled(self, epoch: int) -> list[int]:
        rng = np.random.default_rng((self._recipe.seed, epoch))
        return mixed_order(self._sizes, self._shares, rng)


def _with_joints(pictures: list[Picture], recipe: PoseRecipe) -> list[tuple[Picture, Person]]:
    return [
        (picture, person)
        for picture in pictures
        for person in picture.people
        if person.labelled.sum() >= recipe.least_joints
        and (person.box_xyxy[2:] - person.box_xyxy[:2]).max() >= recipe.least_side
    ]


def _map_hw(crop_hw: tuple[int, int]) -> tuple[int, int]:
    """Of a ViTPose's heat maps: a quarter of the crop."""
    return crop_hw[0] // 4, crop_hw[1] // 4


def _longer_side_in_cells(person: Person, crop_hw: tuple[int, int]) -> float:
    """Of a person's box, in cells of the heat map that shows its plain view."""
    region_width = crop_regions(person.box_xyxy[None], crop_hw).sizes[0, 0]
    longer = (person.box_xyxy[2:] - person.box_xyxy[:2]).max()
    return float(longer / region_width * (_map_hw(crop_hw)[1] - 1))
