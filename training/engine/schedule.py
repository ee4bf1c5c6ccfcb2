"""The learning rate of the next step, and when the run is over."""

from __future__ import annotations

from training.engine.settings import OptimSettings
from training.optim import cosine_schedule


class Schedule:
    """Linear warm-up and cosine, by steps or, where the time is short, by time.

    Args:
        settings: Rates and epochs.
        steps_per_epoch: Optimiser steps.
        fit_s: Reach the end in so many seconds; 0: by steps alone.
    """

    def __init__(
        self, settings: OptimSettings, steps_per_epoch: int, *, fit_s: float = 0.0
    ) -> None:
        factor = settings.lr_factor
        self._rates = cosine_schedule(
            base=settings.lr * factor,
            minimum=settings.min_lr * factor,
            warmup_start=settings.warmup_lr * factor,
            epochs=settings.epochs,
            steps_per_epoch=steps_per_epoch,
            warmup_epochs=settings.warmup_epochs,
            inclusive_warmup=settings.inclusive_warmup,
        )
        self._fit_s = fit_s

    @property
    def length(self) -> int:
        """Steps from beginning to end."""
        return len(self._rates)

    def rate(self, position: int) -> float:
        """The learning rate at a position before the end."""
        return float(self._rates[position])

    def next(self, position: int, elapsed_s: float) -> int:
        """The position after one step: the next, or farther where the time runs ahead."""
        by_time = int(self.length * elapsed_s / self._fit_s) if self._fit_s else 0
        return min(max(position + 1, by_time), self.length)
