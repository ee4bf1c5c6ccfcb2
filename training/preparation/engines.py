"""Runs the preparation of many clips: in processes of this machine, or on a Ray cluster.

Both engines call the same `Preparer` in processes that each hold the networks once, and both leave
the same files; only who hands out the work differs.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from pipeline.errors import ConfigError
from training.data.failures import KILLED
from training.engine.errors import TrainingError
from training.preparation.clip import Job, Outcome, Preparation, Preparer
from training.processes import each_done

EngineName = Literal["local", "ray"]
Engine = Callable[[Preparation, Sequence[Job], int], Iterator[Outcome]]
"""Settings, jobs and the number of processes -> outcomes, as they come."""

_ROOT = Path(__file__).resolve().parents[2]


def run_local(preparation: Preparation, jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    """In processes of this machine; with one worker in this process."""
    if workers == 1:
        yield from map(Preparer(preparation), jobs)
        return
    yield from each_done(
        _prepare, jobs, workers=workers, killed=_killed, start=partial(_start, preparation)
    )


def _killed(job: Job) -> Outcome:
    return Outcome(job.stem, "failed", (KILLED,))


_preparer: Preparer | None = None


def _start(preparation: Preparation) -> None:
    """Once in every process."""
    global _preparer
    _preparer = Preparer(preparation)


def _prepare(job: Job) -> Outcome:
    if _preparer is None:
        raise RuntimeError("the process was not started by run_local")
    return _preparer(job)


def run_ray(preparation: Preparation, jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    """On the Ray cluster at `RAY_ADDRESS`, on the one already joined, or on this machine alone.

    Videos and cache must have the same paths on all machines.

    Raises:
        ConfigError: Ray is not installed, or the cluster does not answer.
        TrainingError: A task failed.
    """
    try:
        import ray
        import ray.data
    except ImportError:
        raise ConfigError(
            "--engine ray: Ray is not installed; pip install -c constraints.txt 'ray[data]', "
            "or leave --engine out"
        ) from None
    if not ray.is_initialized():
        _join(ray)
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)  # the command shows its own progress
    rows = [asdict(job) for job in jobs]
    data = ray.data.from_items(rows, override_num_blocks=max(len(rows), 1))
    outcomes = data.map(
        cast(Any, _RayPreparer),  # Ray's stub knows functions only
        fn_constructor_args=(preparation,),
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_gpus=1 if preparation.device == "cuda" else 0,
        runtime_env={"env_vars": {"PYTHONPATH": str(_ROOT)}},
    )
    try:
        for row in outcomes.iter_rows():
            yield Outcome(row["stem"], row["state"], tuple(row["notes"]))
    except ray.exceptions.RayError as error:
        cause = str(error).strip().splitlines()[-1]
        raise TrainingError(f"a Ray task failed ({cause}); run the same command again") from error


def _join(ray: Any) -> None:
    address = os.environ.get("RAY_ADDRESS")
    try:
        ray.init(
            address=address,
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConfigError(f"RAY_ADDRESS={address}: no cluster answers there ({error})") from error


class _RayPreparer:
    """An actor of the pool: holds the networks, takes and gives plain rows."""

    def __init__(self, preparation: Preparation) -> None:
        self._prepare = Preparer(preparation)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        outcome = self._prepare(Job(row["stem"], row["video"]))
        return {"stem": outcome.stem, "state": outcome.state, "notes": list(outcome.notes)}


ENGINES: dict[EngineName, Engine] = {"local": run_local, "ray": run_ray}
