"""A run that was killed goes on as if it had not been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from models.checkpoint_files import read_state
from tests.training.engine.tiny import ENGINE, TinyTask, make_engine
from training.engine.checkpoints import newest_checkpoint
from training.engine.engine import BEST
from training.engine.errors import TrainingError
from training.engine.loader import broken_connections, losing_workers
from training.engine.records import read_records

ROOT = Path(__file__).resolve().parents[3]
TIMES = ("samples_per_s", "elapsed_s")


def metrics(run: Path) -> list[dict[str, float]]:
    return [{k: v for k, v in r.items() if k not in TIMES} for r in read_records(run)]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    assert make_engine(folder).run().finished
    return folder


def kill_after(folder: Path, steps: int) -> int:
    """Run the tiny task in a process of its own and kill it after some steps."""
    command = [sys.executable, "-m", "tests.training.engine.tiny", str(folder), "0.05"]
    process = subprocess.Popen(command, cwd=ROOT)
    deadline = time.monotonic() + 60
    while len(read_records(folder)) < steps:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    return process.wait()


def test_run_killed_with_sigkill_has_the_same_next_losses(unbroken: Path, tmp_path: Path) -> None:
    assert kill_after(tmp_path, 9) == -signal.SIGKILL
    seen = len(read_records(tmp_path))
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "train", "st')  # a line that the kill cut short

    outcome = make_engine(tmp_path).run()

    assert outcome.finished
    assert seen < len(metrics(unbroken))
    assert metrics(tmp_path) == metrics(unbroken)
    for name in (BEST, f"checkpoints/{newest_checkpoint(unbroken).name}/model.safetensors"):
        ours, theirs = read_state(tmp_path / name), read_state(unbroken / name)
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


class Terminated(TinyTask):
    """Asks its own process to end in the third step."""

    calls = 0

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        self.calls += 1
        if self.calls == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().loss(model, batch)


def test_sigterm_ends_the_run_with_a_checkpoint(unbroken: Path, tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    outcome = make_engine(tmp_path, Terminated()).run()
    assert outcome.interrupted
    assert not outcome.finished
    assert newest_checkpoint(tmp_path).name == f"step-{outcome.position.step}"
    assert outcome.position.step in (3, 4)  # the signal is seen before the next step
    assert signal.getsignal(signal.SIGTERM) is handler
    assert make_engine(tmp_path).run().finished
    assert metrics(tmp_path) == metrics(unbroken)


class SignalledWorker(TinyTask):
    """A worker process gets a signal in the middle of the run."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__()
        self.number = number

    def batch(self, epoch: int, positions: range) -> dict[str, Tensor]:
        if (epoch, positions.start) == (2, 8):
            os.kill(os.getpid(), self.number)
            time.sleep(0.2)
        return super().batch(epoch, positions)


def test_killed_worker_is_said_and_the_run_resumable(unbroken: Path, tmp_path: Path) -> None:
    fed = replace(ENGINE, workers=1)
    with pytest.raises(ValueError, match=r"prepares batches was killed.*continue with --resume"):
        make_engine(tmp_path, SignalledWorker(signal.SIGKILL), settings=fed).run()
    assert make_engine(tmp_path).run().finished
    assert metrics(tmp_path) == metrics(unbroken)


@pytest.mark.parametrize("error", [ConnectionResetError(104, "reset by peer"), EOFError()])
def test_worker_killed_while_it_hands_a_batch_over(error: Exception) -> None:
    with (
        pytest.raises(TrainingError, match="prepares batches was killed"),
        losing_workers(remedy="continue"),
        broken_connections(),
    ):
        raise error


def test_connection_error_of_the_task_itself_stays_what_it_is() -> None:
    with (
        pytest.raises(ConnectionError, match="no route"),
        losing_workers(remedy="continue"),
        broken_connections(),
    ):
        raise ConnectionError("Caught ConnectionError in DataLoader worker process 0: no route")


class Broken(TinyTask):
    """Its batches cannot be made."""

    def batch(self, epoch: int, positions: range) -> dict[str, Tensor]:
        raise RuntimeError("stack expects each tensor to be equal size")


def test_error_of_the_task_itself_keeps_its_words(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
        make_engine(tmp_path, Broken(), settings=replace(ENGINE, workers=1)).run()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_workers_leave_stopping_to_the_main_process(
    number: signal.Signals, unbroken: Path, tmp_path: Path
) -> None:
    fed = replace(ENGINE, workers=1)
    assert make_engine(tmp_path, SignalledWorker(number), settings=fed).run().finished
    assert metrics(tmp_path) == metrics(unbroken)


def test_half_written_checkpoints_are_ignored_and_removed(unbroken: Path, tmp_path: Path) -> None:
    make_engine(tmp_path, settings=replace(ENGINE, max_minutes=1e-9)).run()
    newest = newest_checkpoint(tmp_path)
    half = newest.with_name(".step-999.part")
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")

    assert make_engine(tmp_path).run().finished

    assert [path.name for path in newest.parent.iterdir()] == ["step-30"]
    assert metrics(tmp_path) == metrics(unbroken)


def test_time_limit_stops_between_steps_and_is_resumable(unbroken: Path, tmp_path: Path) -> None:
    limited = replace(ENGINE, max_minutes=1e-9)
    steps = [make_engine(tmp_path, settings=limited).run().position.step for _ in range(3)]
    assert steps == [1, 2, 3]
    assert make_engine(tmp_path).run().finished
    assert metrics(tmp_path) == metrics(unbroken)


def test_fitted_schedule_reaches_its_end_in_time(tmp_path: Path) -> None:
    short = replace(ENGINE, max_minutes=0.4 / 60, fit_schedule=True)
    outcome = make_engine(tmp_path, TinyTask(pause_s=0.05), settings=short).run()
    records = [r for r in read_records(tmp_path) if r["kind"] == "train"]
    assert outcome.finished
    assert outcome.position.step < 15 < outcome.position.schedule
    assert outcome.position.elapsed_s < 1.0
    assert records[-1]["lr"] < 0.2 * max(r["lr"] for r in records)
    assert outcome.metrics


def test_finished_run_is_left_alone(unbroken: Path) -> None:
    before = metrics(unbroken)
    assert make_engine(unbroken).run().finished
    assert metrics(unbroken) == before


def test_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    make_engine(tmp_path, settings=replace(ENGINE, max_minutes=1e-9)).run()
    (newest_checkpoint(tmp_path) / "model.safetensors").write_bytes(b"\0" * 64)
    with pytest.raises(ValueError, match=r"step-1: cannot be continued from .* start again"):
        make_engine(tmp_path).run()


def test_checkpoint_of_another_network_is_named(tmp_path: Path) -> None:
    make_engine(tmp_path, settings=replace(ENGINE, max_minutes=1e-9)).run()
    with pytest.raises(ValueError, match=r"step-1: cannot be continued from"):
        make_engine(tmp_path, TinyTask(width=5)).run()
