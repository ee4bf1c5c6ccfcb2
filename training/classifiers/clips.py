"""Unmasked Teacher and UniFormerV2 on clips (paper, Sec. II-B and Table I)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn
from torch.utils.data import Dataset

from laboratory.figures.metrics import mean_class_accuracy, top1
from models.checkpoint_files import read_state
from models.command_line import StatusLine
from models.umt.network import UMT
from models.uniformerv2 import UniFormerV2
from models.zoo import find_checkpoint
from pipeline.classification.transforms import INPUT_TRANSFORMS
from pipeline.elements import NUM_CLASSES
from pipeline.errors import ConfigError
from training.classifiers.auxiliary_heads import NAME as AUXILIARY
from training.classifiers.auxiliary_heads import (
    AuxiliaryHead,
    attach,
    auxiliary_losses,
    kept_tokens,
    only_tokens,
    tokens_near,
)
from training.classifiers.clip_recipe import ClipRecipe
from training.classifiers.distillation import NAME as DISTILLATION
from training.classifiers.distillation import Teacher, thinned
from training.classifiers.pose_start import start_from_pose
from training.classifiers.stored_clips import Stored, stored_clips
from training.data.augment import mix, rand_augment, random_erasing, soft_targets
from training.data.crops import training_views, validation_view
from training.data.store import read_clip
from training.engine.loader import held_out
from training.engine.task import EvaluationContext
from training.long_tail import adjusted, cross_entropy, epoch_order, log_shares
from training.network import naming
from training.optim import parameter_groups

POSE_GRID = (8, 6)
"""Rows and columns of patches of `vitpose_tiny`."""

PICTURES_TO_MEASURE = 40
"""Frames that show how large a pose network's tokens are."""


class ClipTask:
    """Trains a video network.

    Args:
        recipe: What to do.
        status: Told about the data.

    Raises:
        InputError: The data cannot be used.
    """

    training_only = (AUXILIARY, DISTILLATION)

    def __init__(self, recipe: ClipRecipe, status: StatusLine) -> None:
        self._recipe = recipe
        network = cast(UMT | UniFormerV2, recipe.network.on_meta())
        self._num_frames = network.num_frames
        self._side = int(np.max(network.image_size))
        self._grid = network.grid[-2:]
        self._teacher = Teacher(recipe.distillation) if recipe.distillation.active else None
        self._view_frames, self._view_side = self._view()
        self._transform = INPUT_TRANSFORMS[recipe.network.family]
        self._train, self._held_out = stored_clips(recipe, status)
        self._labels = np.array([label for label, _ in self._train], dtype=np.int64)
        self._log_shares = log_shares(self._labels)

    @property
    def samples_per_epoch(self) -> int:
        """Clips."""
        return len(self._train)

    def _view(self) -> tuple[int, int]:
        """Frames and their side that show the network, and its teacher, all that they look at."""
        if self._teacher is None:
            return self._num_frames, self._side
        few, many = sorted((self._num_frames, self._teacher.num_frames))
        if many % few:
            raise ConfigError(
                f"distillation.checkpoint: {self._recipe.distillation.checkpoint} looks at "
                f"{self._teacher.num_frames} frames, {self._recipe.network.builder} at "
                f"{self._num_frames}; one must be a multiple of the other"
            )
        return many, max(self._side, self._teacher.side)

    def build_model(self) -> nn.Module:
        """The network with its start."""
        model = self._recipe.network.build(
            num_classes=NUM_CLASSES, checkpoint_blocks=self._recipe.engine.gradient_checkpointing
        )
        self._recipe.network.initialise(model)
        if self._recipe.start_from_pose:
            start_from_pose(
                model,
                read_state(_weights(self._recipe.start_from_pose)),
                pose_grid=POSE_GRID,
                pictures=self._pictures(),
            )
        if self._recipe.auxiliary.active:
            attach(model)
        if self._teacher is not None:
            self._teacher.attach_head(model)
        return model

    def _pictures(self) -> Tensor:
        """The middle frames of some clips, normalised `(N, 3, S, S)`."""
        count = min(len(self._train), PICTURES_TO_MEASURE)
        views = [self.validation_sample(stored)[0] for stored in self._train[:count]]
        return torch.stack([view[:, view.shape[1] // 2] for view in views])

    def parameter_groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """By layer, decayed or not."""
        return parameter_groups(model, self._recipe.optim.decay_rule)

    def batch(self, epoch: int, positions: range) -> dict[str, Tensor]:
        """`video` uint8 `(B * R, T, S, S, 3)`, `labels` `(B * R,)`, auxiliary targets."""
        copies, balance = self._recipe.optim.repeats, self._recipe.long_tail.balance
        order = epoch_order(self._labels, seed=self._recipe.seed, epoch=epoch, balance=balance)
        parts, labels = [], []
        for position in positions:
            label, path = self._train[order[position]]
            parts.append(
                training_views(
                    read_clip(path),
                    num_frames=self._view_frames,
                    side=self._view_side,
                    copies=copies,
                    settings=self._recipe.augment,
                    rng=np.random.default_rng((self._recipe.seed, epoch, position)),
                )
            )
            labels += [label] * copies
        truths = {
            name: torch.from_numpy(np.concatenate([part.truths[name] for part in parts]))
            for name in parts[0].truths
        }
        video = torch.from_numpy(np.concatenate([part.videos for part in parts]))
        return {"video": video, "labels": torch.tensor(labels), **truths}

    def loss(self, model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Cross-entropy with soft targets, and the accuracy where nothing was mixed."""
        settings = self._recipe.augment
        clips = rearrange(batch["video"], "b t h w c -> b t c h w").float() / 255
        clips = rearrange(rand_augment(clips, settings), "b t c h w -> b c t h w")
        mean, std = (clips.new_tensor(v).view(3, 1, 1, 1) for v in self._statistics)
        clips = random_erasing((clips - mean) / std, settings.erase)
        targets = soft_targets(batch["labels"], NUM_CLASSES, self._recipe.label_smoothing)
        mixed = mix(clips, targets, settings)
        if not self._recipe.auxiliary.active and self._teacher is None:
            return {"loss": self._cross_entropy(model(mixed.clips), mixed.targets)}
        network = unwrapped(model)
        near = self._tokens_near(batch)
        seen = thinned(mixed.clips, num_frames=self._num_frames, side=self._side)
        with only_tokens(cast(UMT, network), near), kept_tokens(network) as kept:
            logits = model(seen)
        with torch.autocast(logits.device.type, enabled=False):
            ce = self._cross_entropy(logits.float(), mixed.targets)
            tokens = kept[0].float()
            further = {
                **self._auxiliary_losses(network, batch, tokens, near),
                **self._distillation_losses(network, mixed.clips, logits, tokens, near),
            }
        parts = {name: part for name, (part, _) in further.items()}
        weighted = [part * weight for part, weight in further.values()]
        result = {**parts, "loss": ce + torch.stack(weighted).sum(), "ce": ce}
        if self._recipe.augment.blends:  # of two classes
            return result
        right = (logits.argmax(dim=1) == batch["labels"]).float().mean()
        return {**result, "train_top1": right}

    def _auxiliary_losses(
        self,
        network: nn.Module,
        batch: Mapping[str, Tensor],
        tokens: Tensor,
        near: Tensor | None,
    ) -> dict[str, tuple[Tensor, float]]:
        """The parts of the auxiliary heads' loss and their weights; none without such heads."""
        heads = self._recipe.auxiliary
        if not heads.active:
            return {}
        predicted = cast(AuxiliaryHead, network.get_submodule(AUXILIARY))(tokens)
        parts = auxiliary_losses(predicted, batch, grid=self._grid, kept=near)
        weights = {name: float(getattr(heads, name)) for name in parts}
        return {name: (part, weights[name]) for name, part in parts.items() if weights[name]}

    def _distillation_losses(
        self,
        network: nn.Module,
        clips: Tensor,
        logits: Tensor,
        tokens: Tensor,
        near: Tensor | None,
    ) -> dict[str, tuple[Tensor, float]]:
        """The parts of the teacher's loss and their weights; none without a teacher."""
        if self._teacher is None:
            return {}
        taught = self._teacher.taught(clips, self._transform)
        return self._teacher.losses(network, logits=logits, tokens=tokens, taught=taught, kept=near)

    def _cross_entropy(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Of logits and targets `(B, 28)`, with what `[long_tail]` does to it."""
        rare = self._recipe.long_tail
        return cross_entropy(adjusted(logits, self._log_shares, rare), targets, focal=rare.focal)

    def _tokens_near(self, batch: Mapping[str, Tensor]) -> Tensor | None:
        """The patches `(B, T, K)` that the network sees; None: all."""
        share = self._recipe.auxiliary.tokens
        if share == 1:
            return None
        joints = batch["joints"][:, :: self._view_frames // self._num_frames]
        return tokens_near(joints, grid=self._grid, share=share)

    def evaluate(self, model: nn.Module, context: EvaluationContext) -> dict[str, float]:
        """`top1`, `mean_class_accuracy` and `val_loss` on held-out clips, one view each."""
        mine = [self._held_out[index] for index in context.share(len(self._held_out))]
        rows = [
            torch.cat((model(video.to(context.device)).float().cpu(), labels[:, None]), dim=1)
            for video, labels in self._validation_batches(mine)
        ]
        table = torch.cat(rows) if rows else torch.empty(0, NUM_CLASSES + 1)
        table = context.gather(table.to(context.device)).cpu()
        logits, labels = table[:, :-1], table[:, -1].long()
        return {
            "top1": top1(logits.numpy(), labels.numpy()),
            "mean_class_accuracy": mean_class_accuracy(logits.numpy(), labels.numpy()),
            "val_loss": float(F.cross_entropy(logits, labels)),
        }

    @property
    def _statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return self._transform.mean, self._transform.std

    def _validation_batches(self, clips: Sequence[Stored]) -> Iterator[tuple[Tensor, Tensor]]:
        size = max(self._recipe.optim.batch_size // self._recipe.engine.accumulation, 1)
        views = _ValidationViews(self, clips)
        return held_out(views, size=size, workers=self._recipe.engine.workers)

    def validation_sample(self, stored: Stored) -> tuple[Tensor, int]:
        """The view of one held-out clip `(3, T, S, S)`, and its class."""
        label, path = stored
        view = validation_view(
            read_clip(path),
            num_frames=self._num_frames,
            side=self._side,
            transform=self._transform,
        )
        return torch.from_numpy(view), label


class _ValidationViews(Dataset[tuple[Tensor, int]]):
    def __init__(self, task: ClipTask, clips: Sequence[Stored]) -> None:
        self._task, self._clips = task, clips

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self._task.validation_sample(self._clips[index])


def _weights(name: str) -> Path:
    """A file, or a checkpoint of the manifest."""
    path = Path(name)
    with naming("start_from_pose"):
        return path if path.is_file() else find_checkpoint(name).path()


def unwrapped(model: nn.Module) -> nn.Module:
    """The network itself, whatever it is wrapped in for several processes."""
    inner = getattr(model, "module", model)
    return cast(nn.Module, inner)
