"""A teacher: what is compared with what, and that it leaves no trace in the student."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.command_line import StatusLine
from models.zoo import BUILDERS, load_model
from pipeline.classification.transforms import INPUT_TRANSFORMS
from pipeline.errors import ConfigError
from training.classifiers.auxiliary_heads import kept_tokens, tokens_near
from training.classifiers.clip_recipe import ClipRecipe
from training.classifiers.clips import ClipTask
from training.classifiers.distillation import (
    NAME,
    DistillationHead,
    DistillationSettings,
    Teacher,
    thinned,
)
from training.finetune import RECIPES, load_recipe

UNIFORMERV2 = "uniformerv2_demo_32x96"
UMT = "umt_demo_32x96"


def clips(count: int = 2, *, frames: int = 32, side: int = 96) -> torch.Tensor:
    return torch.randn(count, 3, frames, side, side, generator=torch.Generator().manual_seed(0))


class Copied(DistillationHead):
    """A head that changes nothing."""

    def __init__(self) -> None:
        super().__init__(192, 192)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(tokens, dim=-1)


def test_who_equals_the_teacher_loses_nothing() -> None:
    teacher = Teacher(DistillationSettings(checkpoint=UMT))
    student, _ = load_model(UMT)
    student.add_module(NAME, Copied())
    with torch.no_grad(), kept_tokens(student) as kept:
        logits = student(clips())
    taught = teacher.taught(clips(), INPUT_TRANSFORMS["umt"])
    near = tokens_near(torch.rand(2, 32, 17, 2), grid=(6, 6), share=0.4)
    index = near[..., None].expand(-1, -1, -1, 192)
    for patches, tokens in ((None, kept[0]), (near, kept[0].gather(2, index))):
        losses = teacher.losses(student, logits=logits, tokens=tokens, taught=taught, kept=patches)
        assert all(float(part) == pytest.approx(0, abs=1e-4) for part, _ in losses.values())
    moved = teacher.losses(
        student, logits=logits.roll(1, 1), tokens=kept[0].roll(1, 3), taught=taught
    )
    assert all(float(part) > 1e-2 for part, _ in moved.values())


def test_each_sees_the_pictures_in_its_own_colours() -> None:
    """UniFormerV2's statistics are not those of the Unmasked Teacher whom it teaches."""
    teacher = Teacher(DistillationSettings(checkpoint=UNIFORMERV2))
    network, _ = load_model(UNIFORMERV2)
    pixels = torch.rand(1, 3, 32, 96, 96)
    ours, theirs = INPUT_TRANSFORMS["umt"], INPUT_TRANSFORMS["uniformerv2"]

    def normalised(transform: object) -> torch.Tensor:
        mean, std = (torch.tensor(getattr(transform, n)).view(3, 1, 1, 1) for n in ("mean", "std"))
        return (pixels - mean) / std

    logits, _ = teacher.taught(normalised(ours), ours)
    with torch.no_grad():
        torch.testing.assert_close(logits, network(normalised(theirs)), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("builder", ["umt_stem_16x96", "umt_stem_16x128", "umt_stem_32x96"])
def test_students_of_other_sizes_can_learn_from_it(builder: str) -> None:
    teacher = Teacher(DistillationSettings(checkpoint=UNIFORMERV2))
    torch.manual_seed(0)
    student = BUILDERS[builder]()
    teacher.attach_head(student)
    side = max(96, student.image_size)
    view = clips(side=side)
    seen = thinned(view, num_frames=student.num_frames, side=student.image_size)
    with kept_tokens(student) as kept:
        logits = student(seen)
    taught = teacher.taught(view, INPUT_TRANSFORMS["umt"])
    assert taught[1].shape == (2, 16, 6, 6, 192)
    losses = teacher.losses(student, logits=logits, tokens=kept[0], taught=taught)
    sum(part * weight for part, weight in losses.values()).backward()
    grads = {name: p.grad for name, p in student.named_parameters()}
    assert all(grad is not None for grad in grads.values())
    assert float(grads["blocks.0.attn.qkv.weight"].norm()) > 0


def test_every_frame_is_compared_with_the_token_of_its_time() -> None:
    """Tokens that tell the time: frame t of 32 belongs to token t // 2 of 16."""
    teacher = Teacher(DistillationSettings(checkpoint=UNIFORMERV2))
    student, _ = load_model(UMT)
    student.add_module(NAME, Copied())
    of_time = torch.randn(16, 192)
    seen = of_time[None, :, None, None].expand(1, 16, 6, 6, 192)
    tokens = of_time.repeat_interleave(2, dim=0)[None, :, None].expand(1, 32, 36, 192)
    logits = torch.zeros(1, 28)
    right = teacher.losses(student, logits=logits, tokens=tokens, taught=(logits, seen))
    assert float(right["teacher_tokens"][0]) == pytest.approx(0, abs=1e-5)
    late = teacher.losses(student, logits=logits, tokens=tokens.roll(2, 1), taught=(logits, seen))
    assert float(late["teacher_tokens"][0]) > 0.5


def test_settings_that_cannot_be_are_named() -> None:
    with pytest.raises(ConfigError, match=r"distillation.checkpoint: infogcn_demo does not look"):
        DistillationSettings(checkpoint="infogcn_demo")
    with pytest.raises(ConfigError, match=r"distillation.checkpoint: no checkpoint"):
        DistillationSettings(checkpoint="nobody")
    with pytest.raises(ConfigError, match=r"^temperature: must be above 0, got 0"):
        DistillationSettings(temperature=0)
    with pytest.raises(ConfigError, match=r"^tokens: must be at least 0, got -1"):
        DistillationSettings(tokens=-1)


@pytest.mark.parametrize("builder", ["umt_stem_16x96", "umt_stem_32x96"])
def test_a_step_with_a_teacher_and_few_tokens(builder: str, tmp_path: Path) -> None:
    given = [
        f"network.builder={builder}", f"distillation.checkpoint={UNIFORMERV2}",
        "auxiliary.tokens=0.45",
        "network.start=umt_demo_32x96", f"data.cache={tmp_path}",
        "data.rink.training.count=2", "data.rink.validation.count=1", "optim.batch_size=2",
    ]  # fmt: skip
    recipe = load_recipe(RECIPES / "demo_umt_32x96.toml", given)
    assert isinstance(recipe, ClipRecipe)
    task = ClipTask(recipe, StatusLine(active=False))
    model = task.build_model()
    batch = task.batch(0, range(2))
    assert batch["video"].shape == (2, 32, 96, 96, 3)  # what the teacher looks at
    losses = task.loss(model, batch)
    assert {"ce", "joints", "turn", "teacher", "teacher_tokens"} <= set(losses)
    losses["loss"].backward()
    assert task._teacher is not None
    assert all(p.grad is None for p in task._teacher._network.parameters())


def test_frames_that_do_not_divide_are_refused(tmp_path: Path) -> None:
    given = [
        f"distillation.checkpoint={UNIFORMERV2}", "network.start=", f"data.cache={tmp_path}",
        "network.arguments={num_frames=12}",
    ]  # fmt: skip
    recipe = load_recipe(RECIPES / "demo_umt_32x96.toml", given)
    with pytest.raises(ConfigError, match="one must be a multiple of the other"):
        ClipTask(recipe, StatusLine(active=False))  # type: ignore[arg-type]
