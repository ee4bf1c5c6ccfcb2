"""The network in training: one optimiser step, one evaluation, its weights; all processes alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import (
    DistributedType,
    broadcast,
    broadcast_object_list,
    send_to_device,
    set_seed,
)
from torch import Tensor, nn

from models.activation_checkpointing import activations_kept
from models.layers import attention_kernel
from pipeline.errors import ConfigError
from training.engine.ema import ExponentialMovingAverage
from training.engine.settings import EngineSettings, OptimSettings
from training.engine.task import Batch, EvaluationContext, Task
from training.optim import set_learning_rate


class TrainStep:
    """A task's network, prepared for the devices at hand.

    Args:
        task: Builds it and knows its loss.
        optim: For AdamW.
        settings: Average of the weights, BatchNorm over processes.
        accelerator: Where it runs.
        seed: Of its first weights and of every step.
    """

    def __init__(
        self,
        task: Task,
        optim: OptimSettings,
        settings: EngineSettings,
        *,
        accelerator: Accelerator,
        seed: int,
    ) -> None:
        self._task, self._settings = task, settings
        self._accelerator, self._seed = accelerator, seed
        self._clip_norm = optim.clip_norm or float("inf")
        set_seed(seed)
        model = task.build_model()
        self._average = self._averaged(model, settings.ema_decay)
        if settings.sync_batchnorm and accelerator.num_processes > 1:
            model = with_shared_statistics(model, accelerator.device)
        optimiser = torch.optim.AdamW(
            task.parameter_groups(model), lr=optim.lr, betas=optim.betas, eps=optim.eps
        )
        self._plain = model
        self._model, self._optimiser = accelerator.prepare(model, optimiser)

    def step(
        self, batches: Sequence[Batch], *, lr: float, step: int, extra: Mapping[str, float]
    ) -> dict[str, float]:
        """One optimiser step over micro-batches.

        Args:
            batches: Of this process.
            lr: Learning rate, before each group's own scale.
            step: Number of the step, from 0; with the seed it decides all that is random.
            extra: Further numbers to average over the processes.

        Returns:
            Losses, the gradient's norm and `extra`, as means over micro-batches and processes. When
            one of them is not finite, the weights were left alone.
        """
        set_learning_rate(self._optimiser, lr)
        self._model.train()
        losses = [
            self._backward(batch, part=part, parts=len(batches), step=step)
            for part, batch in enumerate(batches)
        ]
        values = self._means(losses, extra)
        # Without a limit the norm is only measured.
        norm = self._accelerator.clip_grad_norm_(self._model.parameters(), self._clip_norm)
        values["grad_norm"] = float(norm)
        if self.is_sound(values):
            self._optimiser.step()
            if self._average is not None:
                self._average.update(self._plain, step + 1)
        self._optimiser.zero_grad(set_to_none=True)
        return values

    def is_sound(self, values: Mapping[str, float]) -> bool:
        """Whether a step's numbers are finite; in fp16 the loss scaler sees to large gradients."""
        scaled = self._accelerator.mixed_precision == "fp16"
        return all(
            np.isfinite(value)
            for name, value in values.items()
            if name != "grad_norm" or not scaled
        )

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """The task's metrics, with the averaged weights if there are any."""
        model = self._plain if self._average is None else self._average.model
        if self._fully_sharded:
            model = self._model  # the plain one holds a part of its weights only
        if self._accelerator.num_processes > 1:
            # Running statistics differ between processes; those of the first are kept.
            for buffer in model.buffers():
                broadcast(buffer, from_process=0)
        model.eval()
        with self._kernels(), self._accelerator.autocast():
            metrics = [dict(self._task.evaluate(model, self._context()))]
        broadcast_object_list(metrics)  # all choose by the same
        return metrics[0]

    def weights(self) -> dict[str, Tensor]:
        """The state dict to keep: averaged if there is an average, without `Task.training_only`."""
        state: dict[str, Tensor] = (
            self._accelerator.get_state_dict(self._model)
            if self._average is None
            else self._average.state_dict()
        )
        dropped = tuple(f"{name}." for name in self._task.training_only)
        return {key: value for key, value in state.items() if not key.startswith(dropped)}

    @property
    def _fully_sharded(self) -> bool:
        """Whether each process holds a part of every weight only."""
        return bool(self._accelerator.distributed_type == DistributedType.FSDP)

    def _context(self) -> EvaluationContext:
        device = self._accelerator.device
        if self._fully_sharded:
            # A forward pass needs all processes, so each must have as many as the others: all.
            return EvaluationContext(device=device)
        return EvaluationContext(
            device=device,
            rank=self._accelerator.process_index,
            num_processes=self._accelerator.num_processes,
            gather=self._gather,
        )

    @contextmanager
    def _kernels(self) -> Iterator[None]:
        kept = activations_kept() if self._settings.keep_activations else nullcontext()
        with attention_kernel(self._settings.attention), kept:
            yield

    def _averaged(self, model: nn.Module, decay: float) -> ExponentialMovingAverage | None:
        if not decay:
            return None
        if self._fully_sharded:
            raise ConfigError("engine.ema_decay: cannot average weights split by FSDP; set it to 0")
        average = ExponentialMovingAverage(model, decay)
        average.model.to(self._accelerator.device)
        self._accelerator.register_for_checkpointing(average)
        return average

    def _backward(self, batch: Batch, *, part: int, parts: int, step: int) -> dict[str, Tensor]:
        rank = self._accelerator.process_index
        sequence = np.random.SeedSequence((self._seed, step, part, rank))
        set_seed(int(sequence.generate_state(1)[0]))
        last = part == parts - 1
        with self._kernels(), nullcontext() if last else self._accelerator.no_sync(self._model):
            losses = self._task.loss(self._model, send_to_device(batch, self._accelerator.device))
            self._accelerator.backward(losses["loss"] / parts)
        return {name: value.detach().float() for name, value in losses.items()}

    def _means(
        self, losses: Sequence[Mapping[str, Tensor]], extra: Mapping[str, float]
    ) -> dict[str, float]:
        names = [*losses[0], *extra]
        means = torch.stack([torch.stack([x[name] for x in losses]).mean() for name in losses[0]])
        others = torch.tensor(list(extra.values()), device=means.device)
        reduced = self._accelerator.reduce(torch.cat((means, others)), "mean")
        return dict(zip(names, reduced.tolist(), strict=True))

    def _gather(self, rows: Tensor) -> Tensor:
        if self._accelerator.num_processes == 1:
            return rows
        counts = self._accelerator.gather(torch.tensor([len(rows)], device=rows.device))
        padded = rows.new_zeros((int(counts.max()), *rows.shape[1:]))
        padded[: len(rows)] = rows
        parts = self._accelerator.gather(padded).split(int(counts.max()))
        return torch.cat([part[:n] for part, n in zip(parts, counts.tolist(), strict=True)])


def with_shared_statistics(model: nn.Module, device: torch.device) -> nn.Module:
    """The network with BatchNorm statistics over all GPUs; its state dict stays what it is.

    Raises:
        ConfigError: torch does this between GPUs only.
    """
    if device.type != "cuda":
        raise ConfigError("engine.sync_batchnorm: works between GPUs only; set it to false")
    shared: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    return shared
