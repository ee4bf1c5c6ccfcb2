"""Trains DINO-DETR (Zhang et al. 2023) to find people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from models.command_line import StatusLine
from models.dino import Dino, Prediction, normalise
from pipeline.errors import ConfigError
from pipeline.settings import Count, settings
from pipeline.types import FloatArray
from training.engine.task import Batch, EvaluationContext
from training.network import NetworkSettings
from training.optim import parameter_groups
from training.people.dataset import PeoplePictures, PicturesSettings
from training.people.detection.boxes import centred, overlaps
from training.people.detection.compose import Scene
from training.people.detection.data import Canvases, Mixture, Size
from training.people.detection.denoising import DenoisingSettings, make_denoising
from training.people.detection.losses import LossSettings, Truth, detector_loss
from training.people.detection.metrics import average_precision
from training.recipe import Recipe

VALIDATION_EPOCH = 2**31
"""Stands for the epoch in the seeds of validation canvases: none that is trained."""
EVALUATION_BATCH = 16


@settings(kw_only=True)
class DetectorRecipe(Recipe):
    """One training of a DINO."""

    data: PicturesSettings
    """Pictures."""
    network: NetworkSettings
    """A DINO of one class."""
    canvases_hw: tuple[Size, ...] = ((192, 320),)
    """Heights and widths of training pictures; every batch has one of them, each as often.
    Validation has the first."""
    canvases_per_epoch: Count = 4000
    """There is no end of them."""
    validation_canvases: Count = 160
    """Made of the pictures held out, the same ones every time."""
    mixture: Mixture = field(default_factory=Mixture)
    """How canvases are made."""
    frozen_statistics: bool = False
    """Batch norms keep the means and variances they start with, as is usual in further training:
    the network learns as it will be run, in two thirds of the time."""
    denoising: DenoisingSettings = field(default_factory=DenoisingSettings)
    """Help for the decoder."""
    loss: LossSettings = field(default_factory=LossSettings)
    """Terms and weights."""

    def __post_init__(self) -> None:
        self.network.check_family("dino")
        if not self.canvases_hw or min(map(min, self.canvases_hw)) < 1:
            raise ConfigError(f"canvases_hw: needs pairs of at least 1, got {self.canvases_hw}")


class DetectorTask:
    """`training.engine.Task` for DINO.

    Raises:
        ConfigError: The pictures are not there, or the network has other classes.
    """

    training_only = ()

    def __init__(self, recipe: DetectorRecipe, status: StatusLine) -> None:
        self._recipe = recipe
        network = cast(Dino, recipe.network.on_meta())
        if network.num_classes != 1:
            raise ConfigError(f"network: {network.num_classes} classes; persons are the only one")
        people = PeoplePictures(recipe.data)
        self._training, self._validation = (
            Canvases(groups, recipe.mixture) for groups in (people.training, people.validation)
        )
        counts = [
            sum(len(g.pictures) for g in part) for part in (people.training, people.validation)
        ]
        status.say(f"{counts[0]} pictures, {counts[1]} held out")

    @property
    def samples_per_epoch(self) -> int:
        """Canvases."""
        return self._recipe.canvases_per_epoch

    def build_model(self) -> nn.Module:
        """The network, from the recipe's start if there is one."""
        model = self._recipe.network.build()
        self._recipe.network.initialise(model)
        return model

    def parameter_groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """As the recipe says."""
        return parameter_groups(model, self._recipe.optim.decay_rule)

    def batch(self, epoch: int, positions: range) -> Batch:
        """Pixels and boxes."""
        seeds = [(self._recipe.seed, epoch, position) for position in positions]
        rngs = [np.random.default_rng(seed) for seed in seeds]
        size = self._size(positions.start // self._recipe.optim.batch_size)
        return _collated([self._training.draw(rng, size) for rng in rngs])

    def _size(self, batch: int) -> Size:
        """Of the canvases of one batch."""
        return self._recipe.canvases_hw[batch % len(self._recipe.canvases_hw)]

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Of the decoder's layers, the denoising queries and the encoder's places."""
        truth = Truth(batch["boxes"], batch["ignored"])
        plain = cast(Dino, getattr(model, "module", model))  # inside DistributedDataParallel
        if self._recipe.frozen_statistics:
            _freeze_statistics(plain)
        denoising = make_denoising(
            truth.boxes,
            plain.label_enc,
            settings=self._recipe.denoising,
            num_queries=plain.transformer.tgt_embed.num_embeddings,
        )
        queries = denoising and denoising.queries
        output = model(batch["pixels"], denoising=queries, all_layers=True)
        return detector_loss(output, truth, denoising, self._recipe.loss)

    def evaluate(self, model: nn.Module, context: EvaluationContext) -> Mapping[str, float]:
        """Average precision at IoU 0.5, and the share of people found with a score of 0.3."""
        share = list(context.share(self._recipe.validation_canvases))
        rows, people = [torch.empty(0, 2, device=context.device)], 0
        for start in range(0, len(share), EVALUATION_BATCH):
            batch = _collated([self._held_out(i) for i in share[start : start + EVALUATION_BATCH]])
            prediction = model(batch["pixels"].to(context.device)).final
            rows += _judged(prediction, batch, context.device)
            people += sum(len(boxes) for boxes in batch["boxes"])
        found = context.gather(torch.cat(rows)).cpu().numpy()
        total = int(context.gather(torch.tensor([people], device=context.device)).sum())
        right = found[:, 1] > 0
        return {
            "ap50": average_precision(found[:, 0], right, total),
            "recall": float((right & (found[:, 0] >= 0.3)).sum() / max(total, 1)),
        }

    def _held_out(self, index: int) -> Scene:
        rng = np.random.default_rng((self._recipe.seed, VALIDATION_EPOCH, index))
        return self._validation.draw(rng, self._recipe.canvases_hw[0])


def _freeze_statistics(model: nn.Module) -> None:
    """Let batch norms use what they have gathered; scale and shift go on learning."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _collated(scenes: Sequence[Scene]) -> dict[str, Any]:
    H, W = scenes[0].pixels.shape[:2]
    pixels = torch.from_numpy(np.stack([scene.pixels for scene in scenes]))

    def shares(boxes: FloatArray) -> Tensor:
        return centred(torch.from_numpy(boxes / np.array([W, H, W, H], np.float32)))

    return {
        "pixels": normalise(pixels.permute(0, 3, 1, 2)),
        "boxes": [shares(scene.boxes) for scene in scenes],
        "ignored": [shares(scene.ignored) for scene in scenes],
    }


def _judged(prediction: Prediction, batch: Batch, device: torch.device) -> list[Tensor]:
    """For each picture `(N, 2)`: score, and 1 for right, 0 for wrong; ignored ones left out.

    The surest answer takes a person first; a second one on the same person is wrong.
    """
    rows = []
    scores = prediction.logits[..., 0].float().sigmoid().cpu()
    for index, boxes in enumerate(prediction.boxes.float().cpu()):
        order = scores[index].argsort(descending=True)
        iou, _ = overlaps(boxes[order][:, None], batch["boxes"][index][None])
        unsure, _ = overlaps(boxes[order][:, None], batch["ignored"][index][None])
        taken: set[int] = set()
        for rank, query in enumerate(order.tolist()):
            free = [g for g in (iou[rank] >= 0.5).nonzero().flatten().tolist() if g not in taken]
            if free:
                taken.add(max(free, key=iou[rank].tolist().__getitem__))
            if free or not (unsure[rank] >= 0.5).any():
                rows.append((float(scores[index, query]), float(bool(free))))
    return [torch.tensor(rows, device=device).reshape(-1, 2)]
