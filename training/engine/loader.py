"""Batches in the order of the steps, prepared ahead by worker processes.

Step s of an epoch takes the positions [s * batch, (s + 1) * batch); micro-batches come first, then
processes, so that every sharding of a batch among them holds the same samples.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from pipeline.errors import ConfigError, InputError
from training.engine.errors import TrainingError
from training.engine.signals import STOP_SIGNALS
from training.engine.task import Batch, Task

Span = tuple[int, range]
"""Epoch, and positions in it."""
DEATH_NOTICE_S = 1.0
"""How long to wait for the system's word on a worker whose connection broke."""


@dataclass(frozen=True)
class BatchSharding:
    """How a batch is divided."""

    batch_size: int
    """Samples a step, all processes and micro-batches together."""
    accumulation: int
    """Micro-batches of a process."""
    num_processes: int = 1
    """That train together."""
    rank: int = 0
    """Of this process."""

    def __post_init__(self) -> None:
        if self.batch_size % (self.accumulation * self.num_processes):
            raise ConfigError(
                f"optim.batch_size: {self.batch_size} cannot be divided among "
                f"{self.num_processes} processes x {self.accumulation} micro-batches "
                "(engine.accumulation)"
            )

    def spans(self, step: int) -> Iterator[range]:
        """The positions of this process's micro-batches in one step of an epoch."""
        size = self.batch_size // (self.accumulation * self.num_processes)
        for micro in range(self.accumulation):
            start = step * self.batch_size + (micro * self.num_processes + self.rank) * size
            yield range(start, start + size)


class _Spans(Sampler[Span]):
    """The spans of all steps from `first` to `last`."""

    def __init__(
        self, sharding: BatchSharding, steps_per_epoch: int, first: int, last: int
    ) -> None:
        self._sharding = sharding
        self._steps_per_epoch = steps_per_epoch
        self._steps = range(first, last)

    def __iter__(self) -> Iterator[Span]:
        for step in self._steps:
            epoch, within = divmod(step, self._steps_per_epoch)
            for positions in self._sharding.spans(within):
                yield epoch, positions


class _Batches(Dataset[Batch]):
    def __init__(self, task: Task) -> None:
        self._task = task

    def __getitem__(self, span: Span) -> Batch:
        return self._task.batch(*span)


class _OrErrors(Dataset[Any]):
    """What a data set holds; in the place of what it cannot give, the user's error.

    An error that leaves a worker by itself arrives with a traceback in its message.
    """

    def __init__(self, samples: Dataset[Any]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)  # type: ignore[arg-type]

    def __getitem__(self, index: Any) -> Any:
        try:
            return self._samples[index]
        except InputError as error:
            return error


def feed(
    task: Task, sharding: BatchSharding, *, steps: range, steps_per_epoch: int, workers: int
) -> Iterator[list[Batch]]:
    """The micro-batches of every step in `steps`, as lists.

    Raises:
        InputError: As the task's `batch` raised it.
    """
    if workers:
        # Workers share the processor with each other; DataLoader gives torch one thread already.
        # OpenCV's threads must go before the fork: ending them in a child waits for ever.
        cv2.setNumThreads(0)
    # In-order delivery is DataLoader's rule, whichever worker is done first.
    loader: DataLoader[Batch] = DataLoader(
        _OrErrors(_Batches(task)),
        batch_size=None,
        sampler=_Spans(sharding, steps_per_epoch, steps.start, steps.stop),
        collate_fn=_as_it_is,
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=_ignore_signals,
    )
    batches = _sound(loader)
    for _ in steps:
        with broken_connections():
            micro_batches = [next(batches) for _ in range(sharding.accumulation)]
        yield micro_batches


def held_out(samples: Dataset[Any], *, size: int, workers: int) -> Iterator[Any]:
    """All samples in their order, collated to batches, for an evaluation.

    Raises:
        InputError: As the data set raised it.
    """
    return _sound(
        DataLoader(
            _OrErrors(samples),
            size,
            num_workers=workers,
            collate_fn=_collated,
            worker_init_fn=_ignore_signals,
        )
    )


def _sound(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Batches; raises the error that came in the place of one."""
    for batch in batches:
        if isinstance(batch, InputError):
            raise batch
        yield batch


def _collated(samples: list[Any]) -> Any:
    """A batch of samples, or the first error among them."""
    errors = (sample for sample in samples if isinstance(sample, InputError))
    return next(errors, None) or default_collate(list(samples))


def _as_it_is(batch: Batch) -> Batch:
    """What a task makes is a batch already."""
    return batch


def _ignore_signals(_worker: int) -> None:
    """Signals to the whole group are for the main process.

    A worker that ended at once would take the run down before its state is written; it ends with
    the main process.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def broken_connections() -> Iterator[None]:
    """Say of a worker that dies while it hands a batch over what torch says of one that dies alone.

    The main process may see the broken connection before it learns of the death.
    """
    try:
        yield
    except (ConnectionError, EOFError) as error:
        if _of_a_living_worker(error):
            raise
        time.sleep(DEATH_NOTICE_S)  # torch's signal handler raises here; later it would disturb
        raise RuntimeError(f"DataLoader worker broke its connection ({error!r})") from error


@contextmanager
def losing_workers(*, remedy: str) -> Iterator[None]:
    """Turn the death of a worker, which torch reports wherever the run is, into one sentence.

    Raises:
        TrainingError: Says what may have happened and the remedy.
    """
    try:
        yield
    except RuntimeError as error:
        if "DataLoader worker" not in str(error) or _of_a_living_worker(error):
            raise
        raise TrainingError(
            "a process that prepares batches was killed, perhaps for lack of memory "
            f"(engine.workers); {remedy}"
        ) from error


def _of_a_living_worker(error: Exception) -> bool:
    """Whether torch brought over what a worker raised, with `Caught ... in DataLoader worker`."""
    return str(error).startswith("Caught ")
