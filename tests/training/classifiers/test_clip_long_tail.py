"""`[long_tail]` for the video networks: nothing when off, what it says when on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.command_line import StatusLine
from pipeline.elements import LABELS, NUM_CLASSES
from tests.training.datasets import make_data_set
from training.classifiers.clip_recipe import ClipRecipe
from training.classifiers.clips import ClipTask
from training.data.augment import soft_targets
from training.finetune import RECIPES, load_recipe

RARE, COMMON = LABELS.index("3Lutz"), LABELS.index("CamelSpin")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five clips of every class but one, which has one."""
    folder = make_data_set(tmp_path_factory.mktemp("data") / "set", per_class=5)
    rows = (folder / "train.txt").read_text().splitlines(keepends=True)
    rare = [row for row in rows if row.split()[1] == str(RARE)]
    (folder / "train.txt").write_text("".join(row for row in rows if row not in rare[1:]))
    return folder


@pytest.fixture
def task(
    data: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> ClipTask:
    cache = tmp_path_factory.getbasetemp() / "clips"
    given = [
        f"data.folder={data}", f"data.cache={cache}", "data.validation_share=0.2",
        "augment.mixup=0", "augment.cutmix=0", "optim.repeats=1", *request.param,
    ]  # fmt: skip
    recipe = load_recipe(RECIPES / "smoke_umt.toml", given)
    assert isinstance(recipe, ClipRecipe)
    return ClipTask(recipe, StatusLine(active=False))


class ConstantNetwork(nn.Module):
    """A network that predicts the same whatever it sees."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, clips: Tensor) -> Tensor:
        return self.logits[: len(clips)]


def loss_and_inputs(task: ClipTask) -> tuple[Tensor, Tensor, Tensor]:
    """The task's loss, with the logits and the soft targets `(4, 28)` that it is of."""
    batch = task.batch(0, range(4))
    logits = torch.randn(4, NUM_CLASSES, generator=torch.Generator().manual_seed(5))
    targets = soft_targets(batch["labels"], NUM_CLASSES, 0.05)
    return task.loss(ConstantNetwork(logits), batch)["loss"], logits, targets


def log_shares(task: ClipTask) -> Tensor:
    """By hand: an empty class counts half a clip."""
    counts = Counter(label for label, _ in task._train)
    total = sum(counts.values())
    return torch.tensor([max(counts[k], 0.5) / total for k in range(NUM_CLASSES)]).log()


@pytest.mark.parametrize("task", [()], indirect=True)
def test_off_changes_nothing(task: ClipTask) -> None:
    loss, logits, targets = loss_and_inputs(task)
    assert torch.equal(loss, F.cross_entropy(logits, targets))
    epoch = task.batch(0, range(task.samples_per_epoch))["labels"].tolist()
    assert Counter(epoch) == Counter(label for label, _ in task._train)


@pytest.mark.parametrize("task", [["long_tail.balance=1.0"]], indirect=True)
def test_balance_draws_rare_clips_more_often(task: ClipTask) -> None:
    epochs = [task.batch(e, range(task.samples_per_epoch))["labels"] for e in range(20)]
    drawn = Counter(torch.cat(epochs).tolist())
    classes = {label for label, _ in task._train}
    assert {RARE, COMMON} <= classes
    assert drawn[RARE] == pytest.approx(sum(drawn.values()) / len(classes), rel=0.3)
    loss, logits, targets = loss_and_inputs(task)  # the loss is the plain one
    assert torch.equal(loss, F.cross_entropy(logits, targets))


@pytest.mark.parametrize("task", [["long_tail.logit_adjustment=0.7"]], indirect=True)
def test_adjustment_adds_the_logarithm_of_the_shares(task: ClipTask) -> None:
    loss, logits, targets = loss_and_inputs(task)
    torch.testing.assert_close(loss, F.cross_entropy(logits + 0.7 * log_shares(task), targets))
    assert loss != F.cross_entropy(logits, targets)


@pytest.mark.parametrize(
    "task", [["long_tail.focal=2.0", "long_tail.logit_adjustment=1.0"]], indirect=True
)
def test_focal_weighs_by_what_is_missing_of_certainty(task: ClipTask) -> None:
    loss, logits, targets = loss_and_inputs(task)
    p = (logits + log_shares(task)).softmax(dim=1)
    by_hand = -(targets * (1 - p).square() * p.log()).sum(dim=1).mean()
    torch.testing.assert_close(loss, by_hand)
