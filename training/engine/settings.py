"""The settings of a run: how the weights move, and how the machine is used."""

from __future__ import annotations

from typing import Literal

import torch

from models.layers import AttentionKernel
from pipeline.errors import ConfigError
from pipeline.settings import (
    Count,
    NotNegative,
    Positive,
    ShareAbove0,
    ShareBelow1,
    WholeNumber,
    settings,
)
from pipeline.types import Precision
from training.optim import DecayRule, scaled_learning_rate


def quickest_precision(*, cpu: bool) -> Precision:
    """The arithmetic that the device is made for.

    A processor without bf16 units emulates them, at an eighth of the speed of fp32; a GPU without
    them has fp16.
    """
    if not cpu:
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    units = torch.cpu.get_capabilities()
    return "bf16" if units.get("avx512_bf16") or units.get("amx_bf16") else "fp32"


@settings(kw_only=True)
class OptimSettings:
    """AdamW, its schedule, and the size of the batch (paper, Table I)."""

    lr: Positive
    """Highest learning rate."""
    epochs: Count
    """Of the whole run."""
    batch_size: Count
    """Samples a step, over all devices and accumulation."""
    warmup_epochs: NotNegative = 0
    """Of linear warm-up; parts of an epoch are allowed."""
    warmup_lr: NotNegative = 0.0
    """Learning rate of the first step."""
    min_lr: NotNegative = 0.0
    """What the cosine falls to."""
    inclusive_warmup: bool = True
    """The last warm-up step has the full rate (Unmasked Teacher), or the first after it."""
    lr_scaling: Literal["none", "per_256_samples"] = "none"
    """`per_256_samples`: Unmasked Teacher's rule, all three rates times batch_size x repeats / 256.
    """
    repeats: Count = 1
    """Differently augmented copies of every sample in a batch (repeated augmentation)."""
    betas: tuple[ShareBelow1, ShareBelow1] = (0.9, 0.999)
    """Of AdamW."""
    eps: Positive = 1e-8
    """Of AdamW."""
    weight_decay: NotNegative = 0.05
    """Decoupled; biases, norms and vectors are exempt."""
    layer_decay: ShareAbove0 = 1.0
    """Factor on the learning rate from one block to the one before it; 1: none."""
    clip_norm: NotNegative = 0.0
    """Gradients are scaled down to this norm; 0: never."""

    def __post_init__(self) -> None:
        if self.warmup_epochs > self.epochs:
            raise ConfigError(
                f"optim.warmup_epochs: {self.warmup_epochs} is more than epochs = {self.epochs}"
            )

    @property
    def decay_rule(self) -> DecayRule:
        """For `training.optim.parameter_groups`."""
        return DecayRule(weight_decay=self.weight_decay, layer_decay=self.layer_decay)

    @property
    def lr_factor(self) -> float:
        """What all three learning rates are multiplied with."""
        if self.lr_scaling == "none":
            return 1.0
        return scaled_learning_rate(1.0, total_batch=self.batch_size, samples_per_clip=self.repeats)


@settings(kw_only=True)
class EngineSettings:
    """How the machine is used and what is written down; none of it belongs to the experiment."""

    precision: Precision | Literal["auto"] = "fp32"
    """Arithmetic of the network's forward pass; `auto`: `quickest_precision` of the device."""
    accumulation: Count = 1
    """Micro-batches a step and process; more of them need less memory."""
    workers: WholeNumber = 0
    """Processes that prepare batches; 0: none but the training one."""
    threads: WholeNumber = 0
    """Of the processor, for arithmetic; 0: as torch finds them."""
    niceness: WholeNumber = 0
    """Added to the process's niceness; 19 leaves the machine to everybody else."""
    log_every_steps: Count = 20
    """A line of `metrics.jsonl` averages so many steps."""
    evaluate_every_epochs: WholeNumber = 1
    """Validation; the last epoch is always evaluated. 0: never."""
    checkpoint_every_minutes: float = 10.0
    """The full state is written so often, and at the end."""
    select_by: str = ""
    """Figure of the evaluation by which `best.safetensors` is chosen; empty: the last weights."""
    select_lowest: bool = False
    """The metric is an error, not an accuracy."""
    max_minutes: NotNegative = 0.0
    """The run ends, resumable, after so much time; 0: no limit."""
    fit_schedule: bool = False
    """Reach the schedule's end in `max_minutes` (over all resumptions) by leaving steps out where
    time is short; such a run depends on the machine's speed and repeats only roughly."""
    ema_decay: ShareBelow1 = 0.0
    """Evaluate and keep an exponential average of the weights; 0: none. 0.999 is common."""
    sync_batchnorm: bool = False
    """BatchNorm statistics over all GPUs, where one holds few samples."""
    gradient_checkpointing: int = 0
    """So many blocks are computed again in the backward pass, which saves their activations."""
    keep_activations: bool = False
    """InfoGCN stores what its backward pass needs instead of computing it again: a third quicker,
    for three times the memory."""
    attention: AttentionKernel = "auto"
    """Kernel behind the video networks' attention."""

    def __post_init__(self) -> None:
        if self.fit_schedule and not self.max_minutes:
            raise ConfigError("engine.fit_schedule: needs max_minutes, the time to fit into")
        if self.select_by and not self.evaluate_every_epochs:
            raise ConfigError("engine.select_by: needs evaluations; set evaluate_every_epochs")
