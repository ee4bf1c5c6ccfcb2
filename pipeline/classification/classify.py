"""Runs the classifiers: views or skeleton sequences in, scores with every view kept out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.classification.ensemble import score_views
from pipeline.classification.features import pooling
from pipeline.classification.sequence import flip_sequence
from pipeline.classification.views import ViewCollector
from pipeline.elements import NUM_CLASSES
from pipeline.errors import InputError
from pipeline.types import CancelCheck, FloatArray, ModelScores, Precision


class ScoreError(InputError):
    """A network whose answer makes no sense."""


@contextmanager
def interruptible(model: nn.Module, cancelled: CancelCheck | None) -> Iterator[None]:
    """Call `cancelled` before every layer of `model`, so that a long forward pass can be left."""
    if cancelled is None:
        yield
        return

    thread = threading.get_ident()

    def before(_module: nn.Module, _inputs: Any) -> None:
        if threading.get_ident() == thread:  # another thread may use the same network
            cancelled()

    handles = [module.register_forward_pre_hook(before) for module in model.modules()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@torch.inference_mode()
def forward_logits(
    model: nn.Module, inputs: Tensor, *, precision: Precision = "fp32"
) -> FloatArray:
    """Logits `(B, 28)` as float32 on the CPU, computed on the model's device.

    Raises:
        ScoreError: The network gives NaN, or not 28 classes.
    """
    device = next(model.parameters()).device
    dtype = torch.bfloat16 if precision == "bf16" else torch.float16
    with torch.autocast(device.type, dtype=dtype, enabled=precision != "fp32"):
        logits = model(inputs.to(device))
    result: FloatArray = logits.float().cpu().numpy()
    if result.shape != (len(inputs), NUM_CLASSES):
        raise ScoreError(
            f"{type(model).__name__} gives {result.shape[-1]} classes, expected {NUM_CLASSES}; "
            "its checkpoint was trained for something else"
        )
    if not np.isfinite(result).all():
        raise ScoreError(
            f"{type(model).__name__} gives numbers that are not finite; "
            "its weights are damaged or the precision is too low (try fp32)"
        )
    return result


def classify_views(
    model: nn.Module,
    collector: ViewCollector,
    *,
    precision: Precision = "fp32",
    cancelled: CancelCheck | None = None,
) -> ModelScores:
    """Ask a video network about every distinct view of a clip, one at a time."""
    with interruptible(model, cancelled), pooling(model) as pooled:
        logits = [forward_logits(model, x, precision=precision) for x in collector.tensors()]
    name, view_of = collector.settings.name, collector.plan.view_of
    return replace(score_views(name, np.concatenate(logits), view_of), features=pooled.mean())


def classify_skeleton(
    model: nn.Module,
    sequence: Tensor,
    *,
    name: str = "infogcn",
    flipped: bool = False,
    precision: Precision = "fp32",
    cancelled: CancelCheck | None = None,
) -> ModelScores:
    """Ask a skeleton network about one sequence `(C, T, J, M)`.

    Assumption: the paper's 5 temporal and 3 spatial samplings are of the video networks: a
    skeleton of a fixed 320 frames has one view; `flipped` adds the flipped one.
    """
    views = torch.stack([sequence, flip_sequence(sequence)] if flipped else [sequence])
    with interruptible(model, cancelled), pooling(model) as pooled:
        logits = forward_logits(model, views, precision=precision)
    return replace(score_views(name, logits), features=pooled.mean())
