"""A task that trains in a moment: a small network learns to tell points apart.

`python -m tests.training.engine.tiny FOLDER PAUSE_S` runs it slowly, to be killed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.engine import Engine, EngineSettings, EvaluationContext, OptimSettings
from training.optim import parameter_groups

OPTIM = OptimSettings(lr=0.01, epochs=6, batch_size=8, warmup_epochs=1, clip_norm=5.0)
ENGINE = EngineSettings(
    log_every_steps=1, checkpoint_every_minutes=0.0, select_by="accuracy", ema_decay=0.9
)


class TinyTask:
    """Points in the plane, to be told apart by a line; some of them wrongly labelled.

    `plain` leaves out what depends on how a batch is divided: BatchNorm, dropout and noise.
    """

    samples_per_epoch = 43

    training_only = ()

    def __init__(self, *, pause_s: float = 0.0, plain: bool = False, width: int = 8) -> None:
        self.pause_s = pause_s
        self.plain = plain
        self.width = width

    def build_model(self) -> nn.Module:
        extra = [] if self.plain else [nn.BatchNorm1d(self.width), nn.Dropout(0.3)]
        return nn.Sequential(nn.Linear(2, self.width), nn.Tanh(), *extra, nn.Linear(self.width, 2))

    def parameter_groups(self, model: nn.Module) -> list[dict[str, Any]]:
        return parameter_groups(model, OPTIM.decay_rule)

    def batch(self, epoch: int, positions: range) -> dict[str, Tensor]:
        draws = [np.random.default_rng((7, epoch, position)) for position in positions]
        points = np.stack([draw.normal(size=2) for draw in draws]).astype(np.float32)
        labels = (points[:, 0] > points[:, 1]) ^ (np.array([d.random() for d in draws]) < 0.1)
        return {"points": torch.from_numpy(points), "labels": torch.from_numpy(labels).long()}

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        time.sleep(self.pause_s)
        noise = (not self.plain) * 0.1 * torch.randn_like(batch["points"])
        logits = model(batch["points"] + noise)
        return {"loss": nn.functional.cross_entropy(logits, batch["labels"])}

    def evaluate(self, model: nn.Module, context: EvaluationContext) -> Mapping[str, float]:
        points = torch.randn(100, 2, generator=torch.Generator().manual_seed(1))
        mine = torch.tensor(list(context.share(len(points))))
        torch.rand(3)  # an evaluation may draw, too
        right = model(points[mine]).argmax(1) == (points[mine, 0] > points[mine, 1])
        return {"accuracy": float(context.gather(right).float().mean())}


def make_engine(folder: Path, task: TinyTask | None = None, **changes: Any) -> Engine:
    """An engine of the tiny task; `optim` and `settings` can be given."""
    settings = {"optim": OPTIM, "settings": ENGINE, **changes}
    return Engine(task or TinyTask(), folder=folder, seed=3, device="cpu", **settings)


if __name__ == "__main__":
    torch.set_num_threads(1)
    make_engine(Path(sys.argv[1]), TinyTask(pause_s=float(sys.argv[2]))).run()
