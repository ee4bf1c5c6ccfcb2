"""Two processes give the gradients of one with the doubled batch.

Nothing random, and BatchNorm with its kept statistics: both depend on how a batch is divided.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.distributed import destroy_process_group, get_rank, init_process_group, is_initialized
from torch.nn.parallel import DistributedDataParallel

from tests.training.processes import run_in_two
from training.classifiers.clips import ClipTask
from training.classifiers.skeletons import SkeletonTask
from training.finetune import RECIPES, load_recipe

pytestmark = pytest.mark.slow

BATCH = 8


class RandomClips(ClipTask):
    """Random pixels in place of clips, and no augmentation."""

    def __init__(self, recipe: Any) -> None:
        self._recipe = recipe
        self._teacher = None

    def batch(self, epoch: int, positions: range) -> dict[str, Tensor]:
        return {"video": noise(positions, (3, 4, 32, 32)), "labels": classes(positions)}

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"loss": nn.functional.cross_entropy(model(batch["video"]), batch["labels"])}


class RandomSkeletons(SkeletonTask):
    """Random sequences, several of one class; the loss is the task's own."""

    def __init__(self, recipe: Any) -> None:
        self._recipe = recipe
        self._log_shares = torch.zeros(28)  # all classes alike

    def batch(self, epoch: int, positions: range) -> dict[str, Tensor]:
        return {"sequences": noise(positions, (3, 32, 17, 1)), "labels": classes(positions) % 3}


def noise(positions: range, shape: tuple[int, ...]) -> Tensor:
    draws = [np.random.default_rng(position).normal(size=shape) for position in positions]
    return torch.from_numpy(np.stack(draws)).float()


def classes(positions: range) -> Tensor:
    return torch.tensor([int(np.random.default_rng((1, p)).integers(28)) for p in positions])


def make_task(family: str) -> ClipTask | SkeletonTask:
    recipe: Any = load_recipe(RECIPES / f"smoke_{family}.toml", [])
    return RandomSkeletons(recipe) if family == "infogcn" else RandomClips(recipe)


def write_gradients(family: str, path: str) -> None:
    """Gradients of the whole batch: in one process, or as one of two."""
    torch.manual_seed(0)
    task = make_task(family)
    model = task.build_model()
    with torch.no_grad():  # zero-initialised layers would hide what is behind them
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    model.eval()
    positions = range(BATCH)
    if is_initialized():
        # InfoGCN does not ask for its latent variance in eval mode.
        model = DistributedDataParallel(model, find_unused_parameters=family == "infogcn")
        positions = range(BATCH // 2 * get_rank(), BATCH // 2 * (get_rank() + 1))
    task.loss(model, task.batch(0, positions))["loss"].backward()
    if not is_initialized() or get_rank() == 0:
        gradients = {
            name.removeprefix("module."): parameter.grad
            for name, parameter in model.named_parameters()
            if parameter.grad is not None
        }
        save_file(gradients, path)


def write_as_one_of_two(family: str, path: str) -> None:
    init_process_group("gloo")
    write_gradients(family, path)
    destroy_process_group()


@pytest.mark.parametrize("family", ["umt", "uniformerv2", "infogcn"])
def test_gradients_of_two_processes_are_those_of_the_doubled_batch(
    family: str, tmp_path: Path
) -> None:
    write_gradients(family, str(tmp_path / "one"))
    call = "tests.training.test_two_processes:write_as_one_of_two"
    run_in_two(call, family, str(tmp_path / "two"))
    one, two = load_file(tmp_path / "one"), load_file(tmp_path / "two")
    assert one.keys() == two.keys()
    assert len(one) > 20
    for name, gradient in one.items():
        assert (two[name] - gradient).norm() <= 1e-5 * gradient.norm() + 1e-9, name
