"""Steps, evaluation, selection, and what stops a run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedType
from torch import Tensor, nn

from models.checkpoint_files import read_metadata, read_state
from models.zoo import BUILDERS
from pipeline.errors import ConfigError
from tests.training.disks import largest_file
from tests.training.engine.tiny import ENGINE, OPTIM, TinyTask, make_engine
from tests.training.processes import run_in_two
from training.engine import EngineSettings, EvaluationContext, OptimSettings
from training.engine.checkpoints import newest_checkpoint
from training.engine.ema import ExponentialMovingAverage
from training.engine.engine import BEST
from training.engine.loader import BatchSharding, feed
from training.engine.records import read_records
from training.engine.schedule import Schedule
from training.engine.settings import quickest_precision
from training.engine.train_step import TrainStep, with_shared_statistics


def weights_after_training(folder: Path, **settings: Any) -> dict[str, Tensor]:
    engine = replace(ENGINE, ema_decay=0.0, select_by="", **settings)
    make_engine(folder, TinyTask(plain=True), settings=engine).run()
    return read_state(folder / BEST)


def assert_close(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("accumulation", [2, 8])
def test_accumulation_gives_the_same_weights(tmp_path: Path, accumulation: int) -> None:
    whole = weights_after_training(tmp_path / "whole")
    assert_close(weights_after_training(tmp_path / "parts", accumulation=accumulation), whole)


@pytest.mark.parametrize("numbers", [{"betas": (0.5, 0.999)}, {"betas": (0.9, 0.9)}, {"eps": 0.1}])
def test_the_recipe_s_numbers_reach_adamw(tmp_path: Path, numbers: dict[str, Any]) -> None:
    usual = weights_after_training(tmp_path / "usual")
    engine = replace(ENGINE, ema_decay=0.0, select_by="")
    optim = replace(OPTIM, **numbers)
    make_engine(tmp_path / "own", TinyTask(plain=True), optim=optim, settings=engine).run()
    own = read_state(tmp_path / "own" / BEST)
    assert any(not torch.allclose(own[name], value) for name, value in usual.items())


def test_workers_give_the_same_weights(tmp_path: Path) -> None:
    whole = weights_after_training(tmp_path / "whole")
    assert_close(weights_after_training(tmp_path / "fed", workers=2), whole)


def train_pair(folder: str) -> None:
    weights_after_training(Path(folder))


@pytest.mark.slow
def test_two_processes_give_the_same_weights_as_one(tmp_path: Path) -> None:
    whole = weights_after_training(tmp_path / "whole")
    run_in_two("tests.training.engine.test_engine:train_pair", str(tmp_path / "pair"))
    assert_close(read_state(tmp_path / "pair" / BEST), whole)
    steps = [r["step"] for r in read_records(tmp_path / "pair") if r["kind"] == "train"]
    assert steps == list(range(1, 31))


class Watched(TinyTask):
    """Notes the running statistics and the samples of every evaluation."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.notes = folder / f"evaluated_by_{os.environ.get('RANK', '0')}.jsonl"

    def evaluate(self, model: nn.Module, context: EvaluationContext) -> Mapping[str, float]:
        statistics = [buffer.tolist() for buffer in model.buffers()]
        with self.notes.open("a") as file:
            file.write(json.dumps([statistics, list(context.share(5))]) + "\n")
        return super().evaluate(model, context)


def watch_pair(folder: str, ema_decay: str) -> None:
    engine = replace(ENGINE, ema_decay=float(ema_decay))
    make_engine(Path(folder), Watched(Path(folder)), settings=engine).run()


def watch_sharded_pair(folder: str) -> None:
    accelerator, settings = Accelerator(cpu=True), replace(ENGINE, ema_decay=0.0)
    train_step = TrainStep(Watched(Path(folder)), OPTIM, settings, accelerator=accelerator, seed=3)
    # FSDP needs GPUs; how its evaluation is shared does not.
    PartialState().distributed_type = AcceleratorState().distributed_type = DistributedType.FSDP
    train_step.evaluate()


@pytest.mark.slow
@pytest.mark.parametrize("ema_decay", ["0", "0.9"])
def test_two_processes_evaluate_the_weights_that_are_kept(tmp_path: Path, ema_decay: str) -> None:
    run_in_two("tests.training.engine.test_engine:watch_pair", str(tmp_path), ema_decay)
    first, second = _watched(tmp_path)
    assert [statistics for statistics, _ in first] == [statistics for statistics, _ in second]
    assert [samples for _, samples in (first[0], second[0])] == [[0, 2, 4], [1, 3]]
    model, best = TinyTask().build_model().eval(), read_metadata(tmp_path / BEST)
    model.load_state_dict(read_state(tmp_path / BEST))
    accuracy = TinyTask().evaluate(model, EvaluationContext())["accuracy"]
    assert accuracy == float(best["value"])
    kept = first[int(best["step"]) // 5 - 1][0]
    assert kept == [buffer.tolist() for buffer in model.buffers()]


@pytest.mark.slow
def test_processes_that_share_every_weight_have_as_many_batches(tmp_path: Path) -> None:
    run_in_two("tests.training.engine.test_engine:watch_sharded_pair", str(tmp_path))
    for ((_, samples),) in _watched(tmp_path):
        assert samples == [0, 1, 2, 3, 4]


def _watched(folder: Path) -> list[list[Any]]:
    files = [folder / f"evaluated_by_{rank}.jsonl" for rank in range(2)]
    return [[json.loads(line) for line in file.read_text().splitlines()] for file in files]


def test_loss_falls_and_the_best_evaluation_is_kept(tmp_path: Path) -> None:
    outcome = make_engine(tmp_path).run()
    records = read_records(tmp_path)
    losses = [r["loss"] for r in records if r["kind"] == "train"]
    accuracies = {r["step"]: r["accuracy"] for r in records if r["kind"] == "eval"}
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    assert list(accuracies) == [5, 10, 15, 20, 25, 30]
    assert outcome.position.best == max(accuracies.values())
    metadata = read_metadata(tmp_path / BEST)
    assert accuracies[int(metadata["step"])] == outcome.position.best


def test_kept_weights_give_the_metric_they_were_chosen_for(tmp_path: Path) -> None:
    outcome = make_engine(tmp_path).run()
    task = TinyTask()
    model = task.build_model().eval()
    model.load_state_dict(read_state(tmp_path / BEST))
    assert task.evaluate(model, EvaluationContext())["accuracy"] == outcome.position.best


def test_bf16_trains(tmp_path: Path) -> None:
    outcome = make_engine(tmp_path, settings=replace(ENGINE, precision="bf16")).run()
    losses = [r["loss"] for r in read_records(tmp_path) if r["kind"] == "train"]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    assert outcome.finished


@pytest.mark.parametrize(
    ("units", "precision"),
    [({"avx512_bf16": True}, "bf16"), ({"amx_bf16": True}, "bf16"), ({"avx2": True}, "fp32")],
)
def test_bf16_is_chosen_where_the_processor_computes_in_it(
    monkeypatch: pytest.MonkeyPatch, units: dict[str, bool], precision: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units)
    assert quickest_precision(cpu=True) == precision


def test_chosen_precision_trains(tmp_path: Path) -> None:
    assert make_engine(tmp_path, settings=replace(ENGINE, precision="auto")).run().finished


class Poisoned(TinyTask):
    """Its loss is not a number from the eighth step on."""

    calls = 0

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        self.calls += 1
        loss = super().loss(model, batch)["loss"]
        return {"loss": loss * float("nan") if self.calls == 8 else loss}


def test_nan_loss_names_the_step_and_leaves_the_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^step 8: .*loss nan.*newest checkpoint is .*step-7;"):
        make_engine(tmp_path, Poisoned()).run()
    state = read_state(newest_checkpoint(tmp_path) / "model.safetensors")
    assert all(value.isfinite().all() for value in state.values())
    assert make_engine(tmp_path).run().finished


@pytest.mark.parametrize("num_bytes", [2_000, 25_000])
def test_full_disk_is_said_and_leaves_the_older_checkpoint(tmp_path: Path, num_bytes: int) -> None:
    task = TinyTask(width=1000)  # its optimiser's state is larger than its weights
    make_engine(tmp_path, task, settings=replace(ENGINE, max_minutes=1e-9)).run()
    with (
        largest_file(num_bytes),
        pytest.raises(ValueError, match=r"cannot write .*step-1; free some space .*--resume"),
    ):
        make_engine(tmp_path, task).run()
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-1"]
    assert make_engine(tmp_path, task).run().finished


def test_unknown_metric_to_select_by_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"select_by: there is no metric 'top9'; choose accuracy"):
        make_engine(tmp_path, settings=replace(ENGINE, select_by="top9")).run()


@pytest.mark.parametrize(
    ("optim", "settings", "words"),
    [
        ({"batch_size": 100}, {}, "optim.batch_size: 100 is more than the 43 training samples"),
        ({}, {"accumulation": 3}, "8 cannot be divided among 1 processes x 3 micro-batches"),
        ({}, {"precision": "fp16"}, "fp16 needs a GPU"),
    ],
)
def test_impossible_combination_is_named(
    tmp_path: Path, optim: dict[str, Any], settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        make_engine(tmp_path, optim=replace(OPTIM, **optim), settings=replace(ENGINE, **settings))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        (OptimSettings, {"lr": 0.0}, "lr: must be above 0, got 0"),
        (OptimSettings, {"betas": (0.9, 1.0)}, "betas.1: must be below 1, got 1"),
        (OptimSettings, {"layer_decay": 1.2}, "layer_decay: must be at most 1, got 1.2"),
        (OptimSettings, {"warmup_epochs": 9}, "optim.warmup_epochs: 9.0 is more than epochs = 5"),
        (EngineSettings, {"accumulation": 0}, "accumulation: must be at least 1, got 0"),
        (EngineSettings, {"fit_schedule": True}, "needs max_minutes"),
        (EngineSettings, {"select_by": "a", "evaluate_every_epochs": 0}, "needs evaluations"),
        (EngineSettings, {"ema_decay": 1.0}, "ema_decay: must be below 1, got 1"),
    ],
)
def test_senseless_setting_is_named(kind: type, values: dict[str, Any], words: str) -> None:
    given = {"lr": 0.1, "epochs": 5, "batch_size": 4} if kind is OptimSettings else {}
    with pytest.raises(ValueError, match=words):
        kind(**{**given, **values})


@pytest.mark.parametrize(("accumulation", "processes"), [(1, 1), (4, 1), (1, 3), (2, 3)])
def test_every_sharding_of_a_step_holds_the_same_samples(accumulation: int, processes: int) -> None:
    parts = [
        list(BatchSharding(24, accumulation, processes, rank).spans(2)) for rank in range(processes)
    ]
    # The first micro-batches of all processes come first.
    in_order = [i for part in zip(*parts, strict=True) for span in part for i in span]
    assert in_order == list(range(48, 72))


def test_feed_starts_in_mid_epoch() -> None:
    class Positions(TinyTask):
        def batch(self, epoch: int, positions: range) -> Any:
            return epoch, positions

    batches = feed(
        Positions(), BatchSharding(8, 2), steps=range(4, 7), steps_per_epoch=5, workers=0
    )
    assert list(batches) == [
        [(0, range(32, 36)), (0, range(36, 40))],
        [(1, range(4)), (1, range(4, 8))],
        [(1, range(8, 12)), (1, range(12, 16))],
    ]


@pytest.mark.parametrize(
    ("position", "elapsed_s", "expected"),
    [(0, 0.5, 1), (3, 1.0, 4), (3, 5.0, 5), (3, 8.0, 8), (8, 50.0, 10), (10, 3.0, 10)],
)
def test_schedule_runs_ahead_with_the_time(position: int, elapsed_s: float, expected: int) -> None:
    optim = OptimSettings(lr=1.0, epochs=2, batch_size=1)
    assert Schedule(optim, 5, fit_s=10.0).next(position, elapsed_s) == expected
    assert Schedule(optim, 5).next(position, elapsed_s) == min(position + 1, 10)


def test_learning_rates_follow_unmasked_teachers_rule() -> None:
    optim = OptimSettings(
        lr=2e-4, epochs=2, batch_size=64, repeats=2, warmup_epochs=1, warmup_lr=1e-6,
        lr_scaling="per_256_samples",
    )  # fmt: skip
    schedule = Schedule(optim, 10)
    assert schedule.rate(0) == pytest.approx(0.5e-6)
    assert schedule.rate(9) == pytest.approx(1e-4)


def test_average_follows_weights_and_takes_over_counters() -> None:
    model = nn.BatchNorm1d(2)
    average = ExponentialMovingAverage(model, 0.9)
    with torch.no_grad():
        model.weight.fill_(3.0)
        model.num_batches_tracked.fill_(5)
    average.update(model, step=1)  # decay 1 / 10 in the first step
    assert average.model.weight.tolist() == pytest.approx([2.8, 2.8])
    average.update(model, step=1000)
    assert average.model.weight.tolist() == pytest.approx([2.82, 2.82])
    assert average.model.num_batches_tracked == 5


def test_shared_statistics_keep_the_state_dict_and_need_gpus() -> None:
    network = BUILDERS["uniformerv2_tiny_16x112"](num_frames=4, image_size=32)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    plain = sum(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules())
    with pytest.raises(ConfigError, match=r"engine\.sync_batchnorm: works between GPUs only"):
        with_shared_statistics(network, torch.device("cpu"))
    shared = with_shared_statistics(network, torch.device("cuda"))
    assert sum(isinstance(m, nn.SyncBatchNorm) for m in shared.modules()) == plain > 0
    after = shared.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], value) for name, value in before.items())
