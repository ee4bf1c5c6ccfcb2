"""InfoGCN on skeleton sequences (paper, Sec. II-B and Table I)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributed import (
    all_gather,
    get_rank,
    get_world_size,
    is_available,
    is_initialized,
)
from torch.utils.data import Dataset

from laboratory.figures.metrics import mean_class_accuracy, top1
from models.command_line import StatusLine
from models.infogcn.network import InfoGCNOutput
from pipeline.classification.sequence import SequenceSettings
from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.errors import ConfigError
from pipeline.settings import Count, NotNegative, Share, ShareBetween, settings
from pipeline.types import IntArray
from training.classifiers.losses import InfoGCNLossSettings, infogcn_loss
from training.data.challenge import absent_classes, read_labels, split_by_source
from training.data.predicted import MixedSkeletons, PredictedSettings, PredictedSkeletons
from training.data.skeletons import (
    Frequencies,
    PreparedPoses,
    RinkSkeletons,
    SkeletonAugmentSettings,
    SkeletonClips,
    augmented,
    sequence,
)
from training.engine.loader import held_out
from training.engine.task import EvaluationContext
from training.long_tail import LongTailSettings, adjusted, log_shares
from training.network import NetworkSettings
from training.optim import parameter_groups
from training.recipe import Recipe
from training.rink.skeletons import EstimatorNoise


@settings(kw_only=True)
class SkeletonDataSettings:
    """Which skeletons."""

    source: Literal["rink", "poses"]
    """Made by the simulated rink when they are needed, or prepared from videos before."""
    seed: int = 0
    """Rink: of the training clips; below 100,000."""
    validation_seed: int = 100_000
    """Rink: of the validation clips; 100,000 to 199,999."""
    clips: Count = 5600
    """Rink: training clips an epoch, each class as often."""
    validation_clips: Count = 560
    """Rink: for validation."""
    classes: tuple[str, ...] = LABELS
    """Rink: names of the classes to draw from."""
    frequencies: Frequencies = "equal"
    """Rink: how many of each class; validation has every class as often."""
    fresh: bool = True
    """Rink: training clips are new in every epoch; false: the same ones, like a data set's."""
    margins_s: NotNegative = 0.0
    """Rink: training clips are cut looser, with up to so many seconds more before and after."""
    wide: Share = 0.0
    """Rink: of the training clips, those by any skater instead of one by the book: children and
    adults, recreational to elite (docs/rink.md)."""
    wide_validation: Share = 0.0
    """Rink: the same of the validation clips."""
    noise: EstimatorNoise = field(default_factory=EstimatorNoise)
    """Rink: what the pose estimator does wrong."""
    predicted: PredictedSettings | None = None
    """Rink: also skeletons that a pose network predicted in rendered pictures, as in validation."""
    folder: str = ""
    """Poses: a data set in the challenge's layout; its train split is learned."""
    poses: str = ""
    """Poses: where `<stem>.npz` are."""
    max_broken: Share = 0.05
    """Poses: training does not begin when a larger share of the clips has none."""
    validation_share: ShareBetween = 0.1
    """Poses: of the sources, held out."""

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 100_000 <= self.validation_seed < 200_000:
            raise ConfigError(
                "data: seed must be below 100000 and validation_seed in 100000..199999, got "
                f"{self.seed} and {self.validation_seed}"
            )
        if self.source == "poses" and not (self.folder and self.poses):
            raise ConfigError("data: source = 'poses' needs folder and poses")
        unknown = [name for name in self.classes if name not in LABELS]
        if unknown or not self.classes:
            raise ConfigError(f"data.classes: {unknown or 'empty'}; known are {', '.join(LABELS)}")


@settings(kw_only=True)
class SkeletonRecipe(Recipe):
    """An experiment with the skeleton network."""

    network: NetworkSettings
    """InfoGCN."""
    data: SkeletonDataSettings
    """Which skeletons."""
    sequence: SequenceSettings = field(default_factory=SequenceSettings)
    """How they become the network's input; the pipeline must use the same."""
    augment: SkeletonAugmentSettings = field(default_factory=SkeletonAugmentSettings)
    """How they are varied."""
    loss: InfoGCNLossSettings = field(default_factory=InfoGCNLossSettings)
    """Weights of its terms."""
    long_tail: LongTailSettings = field(default_factory=LongTailSettings)
    """What is done for rare classes."""

    def __post_init__(self) -> None:
        self.network.check_family("infogcn")


class SkeletonTask:
    """Trains InfoGCN.

    Args:
        recipe: What to do.
        status: Told about the data.

    Raises:
        InputError: The data cannot be used.
    """

    training_only = ()

    def __init__(self, recipe: SkeletonRecipe, status: StatusLine) -> None:
        self._recipe = recipe
        self._train, self._held_out = _skeletons(recipe, status)
        self._log_shares = log_shares(self._train.labels)

    @property
    def samples_per_epoch(self) -> int:
        """Clips."""
        return len(self._train)

    @property
    def training_labels(self) -> IntArray:
        """`(N,)` classes of the training clips, in no order of any epoch."""
        return self._train.labels

    def build_model(self) -> nn.Module:
        """The network with its start."""
        model = self._recipe.network.build(num_classes=NUM_CLASSES)
        self._recipe.network.initialise(model)
        return model

    def parameter_groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """Decayed or not."""
        return parameter_groups(model, self._recipe.optim.decay_rule)

    def batch(self, epoch: int, positions: range) -> dict[str, Tensor]:
        """`sequences` `(B * R, 3, T, 17, 1)` and `labels` `(B * R,)`."""
        sequences, labels = [], []
        for position in positions:
            rng = np.random.default_rng((self._recipe.seed, epoch, position))
            for copy in range(self._recipe.optim.repeats):
                pose, class_index = self._train.clip(epoch, position, copy)
                varied = augmented(pose, self._recipe.augment, rng)
                sequences.append(sequence(varied, self._recipe.sequence, cropped=True))
                labels.append(class_index)
        return {"sequences": torch.stack(sequences), "labels": torch.tensor(labels)}

    def loss(self, model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The information bottleneck's loss; its class means are those of all processes."""
        logits, latent = model(batch["sequences"], with_latent=True)
        logits, latent = _of_all_processes(logits), _of_all_processes(latent)
        labels = _of_all_processes(batch["labels"])
        rare = self._recipe.long_tail
        output = InfoGCNOutput(adjusted(logits, self._log_shares, rare), latent)
        losses = infogcn_loss(output, _prior(model), labels, self._recipe.loss, focal=rare.focal)
        right = (logits.argmax(dim=1) == labels).float()
        return {**losses, "train_top1": right.mean()}

    def evaluate(self, model: nn.Module, context: EvaluationContext) -> dict[str, float]:
        """`top1`, `mean_class_accuracy` and `val_loss` on held-out clips."""
        logits, labels = self.predictions(model, context)
        return {
            "top1": top1(logits.numpy(), labels.numpy()),
            "mean_class_accuracy": mean_class_accuracy(logits.numpy(), labels.numpy()),
            "val_loss": float(F.cross_entropy(logits, labels)),
        }

    def predictions(self, model: nn.Module, context: EvaluationContext) -> tuple[Tensor, Tensor]:
        """Logits `(N, 28)` and classes `(N,)` of the held-out clips of all processes."""
        mine = list(context.share(len(self._held_out)))
        rows = [
            torch.cat((model(x.to(context.device)).float().cpu(), labels[:, None]), dim=1)
            for x, labels in self._validation_batches(mine)
        ]
        table = torch.cat(rows) if rows else torch.empty(0, NUM_CLASSES + 1)
        table = context.gather(table.to(context.device)).cpu()
        return table[:, :-1], table[:, -1].long()

    def validation_sample(self, position: int) -> tuple[Tensor, int]:
        """One held-out sequence `(3, T, 17, 1)`, and its class."""
        pose, class_index = self._held_out.clip(0, position)
        return sequence(pose, self._recipe.sequence, cropped=False), class_index

    def _validation_batches(self, positions: list[int]) -> Iterator[tuple[Tensor, Tensor]]:
        size = max(self._recipe.optim.batch_size // self._recipe.engine.accumulation, 1)
        sequences = _ValidationSequences(self, positions)
        return held_out(sequences, size=size, workers=self._recipe.engine.workers)


class _ValidationSequences(Dataset[tuple[Tensor, int]]):
    def __init__(self, task: SkeletonTask, positions: list[int]) -> None:
        self._task, self._positions = task, positions

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self._task.validation_sample(self._positions[index])


def _of_all_processes(rows: Tensor) -> Tensor:
    """Rows of every process, equally many.

    Every process computes the loss of them all; of its gradients only those of the own rows go on,
    times the number of processes, because DDP averages over them.
    """
    if not (is_available() and is_initialized()):
        return rows
    parts = [torch.empty_like(rows) for _ in range(get_world_size())]
    all_gather(parts, rows.detach().contiguous())
    own = rows + (len(parts) - 1) * (rows - rows.detach())  # the value of `rows`
    parts[get_rank()] = own if rows.is_floating_point() else rows
    return torch.cat(parts)


def _prior(model: nn.Module) -> Tensor:
    """The network's prior means, whatever it is wrapped in."""
    return next(value for name, value in model.named_buffers() if name.endswith("z_prior"))


def _skeletons(recipe: SkeletonRecipe, status: StatusLine) -> tuple[SkeletonClips, SkeletonClips]:
    """Training and validation clips."""
    data = recipe.data
    balance = recipe.long_tail.balance
    if data.source == "rink":
        rink = partial(RinkSkeletons, noise=data.noise, classes=data.classes)
        simulated = rink(
            seed=data.seed,
            count=data.clips,
            frequencies=data.frequencies,
            fresh=data.fresh,
            balance=balance,
            margins_s=data.margins_s,
            wide=data.wide,
        )
        if data.predicted is None:
            held_out = rink(
                seed=data.validation_seed,
                count=data.validation_clips,
                fresh=False,
                wide=data.wide_validation,
            )
            return simulated, held_out
        to_validate = PredictedSkeletons(data.predicted.validation, data.predicted, status)
        to_learn = PredictedSkeletons(
            data.predicted.training, data.predicted, status, seed=recipe.seed
        )
        return MixedSkeletons(to_learn, simulated, share=data.predicted.share), to_validate
    clips = read_labels(Path(data.folder), "train")
    split = split_by_source(clips, share=data.validation_share)
    absent = absent_classes(split[0])
    if absent:
        status.say(f"{data.folder}: no training clip of {', '.join(absent)}")
    prepared = partial(PreparedPoses, folder=Path(data.poses), max_absent=data.max_broken)
    poses = (prepared(split[0], seed=recipe.seed, balance=balance), prepared(split[1]))
    lost = [clip.stem for part in poses for clip in part.absent]
    if lost:
        status.say(f"{len(lost)} of {len(clips)} clips have no poses: {', '.join(sorted(lost))}")
    return poses
