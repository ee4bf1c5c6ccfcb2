"""Runs a task: steps, schedule, evaluation, checkpoints, and what is said about it."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import torch
from accelerate import Accelerator

from models.checkpoint_writing import write_safetensors
from models.command_line import StatusLine, readable_time
from pipeline.errors import ConfigError
from training.engine.checkpoints import Position, RunStates, newest_checkpoint, writing
from training.engine.errors import TrainingError
from training.engine.loader import BatchSharding, feed, losing_workers
from training.engine.records import Records
from training.engine.schedule import Schedule
from training.engine.settings import EngineSettings, OptimSettings, quickest_precision
from training.engine.signals import stop_on_signals
from training.engine.task import Batch, Task
from training.engine.train_step import TrainStep

BEST = "best.safetensors"


@dataclass(frozen=True)
class Outcome:
    """How a call of `Engine.run` ended."""

    position: Position
    """How far the run is."""
    finished: bool
    """The schedule's end was reached; otherwise the run can be resumed."""
    interrupted: bool
    """A signal ended it."""
    metrics: Mapping[str, float]
    """Of the last evaluation of this call."""


@dataclass
class _Call:
    """What changes while `Engine.run` runs."""

    position: Position
    records: Records
    stop_asked: Callable[[], bool]
    began: float = field(default_factory=time.monotonic)
    saved: Position | None = None
    interrupted: bool = False
    metrics: dict[str, float] = field(default_factory=dict)
    window: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    window_began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.first = self.position


class Engine:
    """Trains one task in one folder.

    Args:
        task: The network, its data and its loss.
        optim: How the weights move.
        settings: How the machine is used.
        folder: Of the run; made if need be. A checkpoint in it is continued from.
        seed: Of everything random.
        device: "cpu", or "" for the best there is.
        status: Where progress is shown.

    Raises:
        ConfigError: Settings that do not go together, or not with the machine or the data.
    """

    def __init__(
        self,
        task: Task,
        optim: OptimSettings,
        settings: EngineSettings,
        *,
        folder: Path,
        seed: int = 0,
        device: str = "",
        status: StatusLine | None = None,
    ) -> None:
        self._task, self._optim, self._settings, self._folder = task, optim, settings, folder
        self._accelerator = _accelerator(settings, device)
        main = self._accelerator.is_main_process
        self._status = status if status and main else StatusLine(active=False)
        self._sharding = BatchSharding(
            optim.batch_size,
            settings.accumulation,
            self._accelerator.num_processes,
            self._accelerator.process_index,
        )
        self._epoch = task.samples_per_epoch // optim.batch_size  # steps
        if not self._epoch:
            raise ConfigError(
                f"optim.batch_size: {optim.batch_size} is more than the "
                f"{task.samples_per_epoch} training samples; make it smaller"
            )
        self._limit_s = 60 * settings.max_minutes
        fit_s = self._limit_s if settings.fit_schedule else 0.0
        self._schedule = Schedule(optim, self._epoch, fit_s=fit_s)
        self._checkpoints = RunStates(folder, self._accelerator)
        self._train_step = TrainStep(
            task, optim, settings, accelerator=self._accelerator, seed=seed
        )

    def run(self) -> Outcome:
        """Train until the schedule, the time or the user ends it.

        Raises:
            TrainingError: The loss is not a number, or the disk is full.
        """
        newest = newest_checkpoint(self._folder)
        position = self._checkpoints.read(newest) if newest else Position()
        if newest:
            self._status.say(f"continuing after step {position.step} ({newest})")
        with self._writing():
            self._folder.mkdir(parents=True, exist_ok=True)
        records = Records(
            self._folder, step=position.step, active=self._accelerator.is_main_process
        )
        remedy = "continue with --resume from the newest checkpoint"
        with stop_on_signals() as stop_asked, losing_workers(remedy=remedy):
            call = _Call(position, records, stop_asked)
            self._train(call)
        self._accelerator.wait_for_everyone()
        self._status.close()
        finished = call.position.schedule >= self._schedule.length
        return Outcome(call.position, finished, call.interrupted, call.metrics)

    def _train(self, call: _Call) -> None:
        steps = range(call.position.step, self._schedule.length)
        if call.position.schedule >= self._schedule.length:
            return
        for batches in feed(
            self._task,
            self._sharding,
            steps=steps,
            steps_per_epoch=self._epoch,
            workers=self._settings.workers,
        ):
            self._step(call, batches)
            if self._after_step(call):
                return

    def _step(self, call: _Call, batches: Sequence[Batch]) -> None:
        position = call.position
        shared = {"elapsed": time.monotonic() - call.began, "stop": float(call.stop_asked())}
        values = self._train_step.step(
            batches, lr=self._schedule.rate(position.schedule), step=position.step, extra=shared
        )
        if not self._train_step.is_sound(values):
            raise TrainingError(self._unsound(position.step, values))
        # Agreed on by all processes, so that they end and save at the same step.
        elapsed_s = call.first.elapsed_s + values.pop("elapsed")
        call.interrupted = values.pop("stop") > 0
        for name, value in values.items():
            call.window[name].append(value)
        call.position = replace(
            position,
            step=position.step + 1,
            schedule=self._schedule.next(position.schedule, elapsed_s),
            elapsed_s=elapsed_s,
        )

    def _after_step(self, call: _Call) -> bool:
        """Write what is due; True when the call is over."""
        step = call.position.step
        self._show(call)
        finished = call.position.schedule >= self._schedule.length
        over = finished or call.interrupted or self._out_of_time(call)
        epoch, within = divmod(step, self._epoch)
        if not (over or not within or step % self._settings.log_every_steps == 0):
            return False
        self._write_window(call)
        every = self._settings.evaluate_every_epochs
        if every and (finished or (not within and epoch % every == 0)):
            self._evaluate(call)
        if over or self._checkpoint_due(call):
            call.saved = call.position
            self._checkpoints.write(call.position)
        if over and not self._settings.select_by:
            self._keep_weights(step, {})
        return over

    def _out_of_time(self, call: _Call) -> bool:
        if not self._limit_s or self._settings.fit_schedule:
            return False
        return call.position.elapsed_s - call.first.elapsed_s >= self._limit_s

    def _checkpoint_due(self, call: _Call) -> bool:
        since = (call.saved or call.first).elapsed_s
        return call.position.elapsed_s - since >= 60 * self._settings.checkpoint_every_minutes

    def _write_window(self, call: _Call) -> None:
        now = time.monotonic()
        count = len(call.window["loss"])
        samples = count * self._optim.batch_size * self._optim.repeats
        call.records.write(
            "train",
            {
                "step": call.position.step,
                "epoch": call.position.step / self._epoch,
                "lr": self._schedule.rate(call.position.schedule - 1),
                **{name: sum(values) / count for name, values in call.window.items()},
                "samples_per_s": round(samples / max(now - call.window_began, 1e-9), 2),
                "elapsed_s": round(call.position.elapsed_s, 1),
            },
        )
        call.window.clear()
        call.window_began = now

    def _evaluate(self, call: _Call) -> None:
        step = call.position.step
        call.metrics = self._train_step.evaluate()
        call.window_began = time.monotonic()
        call.records.write("eval", {"step": step, "epoch": step / self._epoch, **call.metrics})
        shown = "  ".join(f"{name} {value:.4g}" for name, value in call.metrics.items())
        self._status.say(f"step {step}: {shown}")
        name = self._settings.select_by
        if not name:
            return
        if name not in call.metrics:
            raise ConfigError(
                f"engine.select_by: there is no metric {name!r}; choose {', '.join(call.metrics)}"
            )
        value, best = call.metrics[name], call.position.best
        lowest = self._settings.select_lowest
        if best is None or (value < best if lowest else value > best):
            call.position = replace(call.position, best=value)
            self._keep_weights(step, {"figure": name, "value": repr(value)})

    def _keep_weights(self, step: int, metadata: Mapping[str, str]) -> None:
        weights = self._train_step.weights()
        if self._accelerator.is_main_process:
            with self._writing():
                write_safetensors(weights, self._folder / BEST, {"step": str(step), **metadata})

    def _show(self, call: _Call) -> None:
        position, length = call.position, self._schedule.length
        spent = time.monotonic() - call.began
        done = position.schedule - call.first.schedule
        left = spent / done * (length - position.schedule)
        loss = call.window["loss"]
        self._status.show(
            f"epoch {(position.step - 1) // self._epoch + 1}/{self._optim.epochs}  "
            f"step {position.step}/{length}  loss {sum(loss) / len(loss):.4f}  "
            f"about {readable_time(left)} left",
            position.schedule / length,
        )

    def _unsound(self, step: int, values: Mapping[str, float]) -> str:
        numbers = ", ".join(f"{name} {value:g}" for name, value in values.items())
        newest = newest_checkpoint(self._folder)
        rest = f"the newest checkpoint is {newest}" if newest else "there is no checkpoint yet"
        return (
            f"step {step + 1}: numbers that are not finite ({numbers}); {rest}; lower optim.lr, "
            "set optim.clip_norm or choose engine.precision = 'fp32'"
        )

    def _writing(self) -> AbstractContextManager[None]:
        return writing(self._folder, remedy="free some space and continue with --resume")


def use_machine(settings: EngineSettings) -> None:
    """Set the number of threads and the priority of this process, for good."""
    if settings.threads:
        torch.set_num_threads(settings.threads)
        # OpenCV's waiting threads never sleep for long, which costs a busy machine half a core.
        cv2.setNumThreads(settings.threads)
    if settings.niceness:
        os.nice(settings.niceness)


def _accelerator(settings: EngineSettings, device: str) -> Accelerator:
    cpu = device == "cpu" or not torch.cuda.is_available()
    if device == "cuda" and cpu:
        raise ConfigError("--device cuda: there is no CUDA device; leave the option out")
    if cpu and settings.precision == "fp16":
        raise ConfigError(
            "engine.precision: fp16 needs a GPU; use --set engine.precision=bf16 or fp32"
        )
    chosen = settings.precision
    precision = quickest_precision(cpu=cpu) if chosen == "auto" else chosen
    mixed = "no" if precision == "fp32" else precision
    return Accelerator(mixed_precision=mixed, cpu=cpu)
