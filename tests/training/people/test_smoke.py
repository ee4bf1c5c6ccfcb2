"""The smoke recipes of detector and pose learn: a recorded loss, falling, higher if labels lie."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState

from tests.training.people.test_tasks import folder as drawn_folder
from tests.training.people.test_tasks import least_side, overrides
from training.engine.records import read_records
from training.engine.task import Batch
from training.finetune import RECIPES, main
from training.people.detection import DetectorTask
from training.people.pose import PoseTask
from training.tasks import TASKS

folder = drawn_folder

LONGER = {
    "smoke_vitpose": ("optim.epochs=4", "engine.log_every_steps=1", "optim.lr=2e-3"),
    "smoke_dino": (
        "optim.epochs=6", "canvases_per_epoch=24", "engine.log_every_steps=1", "optim.lr=1e-3",
    ),
}  # fmt: skip
"""Enough steps to see that they learn."""
RECORDED = {"smoke_vitpose": 8.433728, "smoke_dino": 35.82641}
"""Mean loss over the first ten steps."""


@pytest.fixture(autouse=True)
def forget_accelerator() -> Iterator[None]:
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


class WrongJoints(PoseTask):
    def batch(self, epoch: int, positions: range) -> Batch:
        batch = super().batch(epoch, positions)
        rng = np.random.default_rng((epoch, positions.start))
        order = torch.from_numpy(rng.permutation(17))
        return {**batch, "cells": batch["cells"][:, order], "weights": batch["weights"][:, order]}


class WrongBoxes(DetectorTask):
    def batch(self, epoch: int, positions: range) -> Batch:
        batch = super().batch(epoch, positions)
        return {**batch, "boxes": batch["boxes"][::-1], "ignored": batch["ignored"][::-1]}


WRONG = {"smoke_vitpose": ("pose", WrongJoints), "smoke_dino": ("detector", WrongBoxes)}


@pytest.mark.slow
@pytest.mark.parametrize("name", LONGER)
def test_smoke_recipe_learns(
    name: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = [part for setting in LONGER[name] for part in ("--set", setting)]

    def run(place: Path) -> list[float]:
        given = [str(RECIPES / f"{name}.toml"), *overrides(folder), *least_side(name), *settings]
        assert main([*given, "--out", str(place), "--device", "cpu"]) == 0
        AcceleratorState._reset_state(reset_partial_state=True)
        return [r["loss"] for r in read_records(place) if r["kind"] == "train"]

    learned = run(tmp_path / "true")
    third = len(learned) // 3
    assert np.mean(learned[:10]) == pytest.approx(RECORDED[name], rel=1e-3)
    assert np.mean(learned[-third:]) < np.mean(learned[:third])
    task, wrong = WRONG[name]
    changed = dataclasses.replace(TASKS[task], build=wrong)
    monkeypatch.setitem(TASKS, task, changed)  # type: ignore[arg-type]
    assert np.mean(run(tmp_path / "wrong")[-third:]) > np.mean(learned[-third:])
