from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from models.umt.network import UMT
from training.optim import (
    DecayRule,
    cosine_schedule,
    count_blocks,
    parameter_groups,
    parameter_settings,
    scaled_learning_rate,
    set_learning_rate,
)
from training.parity.report import read_json

RULE = DecayRule(weight_decay=0.05, layer_decay=0.85)


def network(depth: int = 4) -> UMT:
    return UMT(num_frames=2, image_size=16, dim=8, depth=depth, num_heads=2)


class NormsAndTokens(nn.Module):
    """The kinds of parameters that UniFormerV2 has."""

    def __init__(self) -> None:
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.zeros(5, 8))
        self.temporal_cls_token = nn.Parameter(torch.zeros(1, 1, 8))
        self.class_embedding = nn.Parameter(torch.zeros(8))
        self.lmhra1 = nn.Sequential(nn.BatchNorm3d(8), nn.Conv3d(8, 4, 1))
        self.frozen = nn.Parameter(torch.zeros(3, 3), requires_grad=False)


def adamw(model: nn.Module, *, lr: float) -> torch.optim.AdamW:
    optimiser = torch.optim.AdamW(parameter_groups(model, RULE))
    set_learning_rate(optimiser, lr)
    return optimiser


def test_published_groups(goldens):
    stated = read_json(goldens / "umt" / "param_groups_layer_decay_0.85_depth4.json")
    model = network()
    optimiser = adamw(model, lr=1.0)
    settings = {
        id(p): {"lr_scale": group["lr"], "weight_decay": group["weight_decay"]}
        for group in optimiser.param_groups
        for p in group["params"]
    }
    got = {name: settings[id(p)] for name, p in model.named_parameters()}
    stated.pop("pos_embed")  # a buffer here, never trained there
    assert got.keys() == stated.keys()
    for name, expected in stated.items():
        assert got[name] == pytest.approx(expected, abs=1e-12), name


def test_the_position_table_as_a_parameter():
    settings = parameter_settings("pos_embed", 3, RULE, depth=4)
    assert settings.lr_scale == pytest.approx(0.85**5)
    assert settings.weight_decay == 0


def test_every_trainable_parameter_is_in_one_group():
    model = NormsAndTokens()
    grouped = [p for group in parameter_groups(model, DecayRule()) for p in group["params"]]
    expected = {id(p) for p in model.parameters() if p.requires_grad}
    assert len(grouped) == len(expected)
    assert {id(p) for p in grouped} == expected


def test_what_uniformerv2_decays():
    model = NormsAndTokens()
    groups = parameter_groups(model, DecayRule(weight_decay=0.1))
    decayed = {id(p) for g in groups if g["weight_decay"] == 0.1 for p in g["params"]}
    names = {name for name, p in model.named_parameters() if id(p) in decayed}
    assert names == {"positional_embedding", "temporal_cls_token", "lmhra1.1.weight"}
    assert {group["lr_scale"] for group in groups} == {1.0}


def test_decay_of_everything():
    groups = parameter_groups(NormsAndTokens(), DecayRule(exempt_vectors=False))
    assert [group["weight_decay"] for group in groups] == [0.05]


def test_a_steps_rate_reaches_every_group_by_its_scale():
    optimiser = adamw(network(), lr=1.0)
    set_learning_rate(optimiser, 0.5)
    for group in optimiser.param_groups:
        assert group["lr"] == pytest.approx(0.5 * group["lr_scale"])


def test_layer_decay_needs_blocks():
    with pytest.raises(ValueError, match=r"^optim\.layer_decay: .* set it to 1 for NormsAndTokens"):
        parameter_groups(NormsAndTokens(), RULE)


@pytest.mark.parametrize(
    ("names", "depth"),
    [(["blocks.0.a", "blocks.11.b"], 12), (["layers.3.w", "my.blocks.1.w"], 0), ([], 0)],
)
def test_count_blocks(names, depth):
    assert count_blocks(names) == depth


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"layer_decay": 0.0}, "layer_decay"),
        ({"layer_decay": 1.1}, "layer_decay"),
        ({"weight_decay": -0.1}, "weight_decay"),
    ],
)
def test_rules_that_make_no_sense(values, words):
    with pytest.raises(ValueError, match=words):
        DecayRule(**values)


def test_published_schedule(goldens):
    stated = read_json(goldens / "umt" / "lr_schedule.json")
    got = cosine_schedule(
        base=stated["base"],
        minimum=stated["min"],
        warmup_start=stated["warmup_start"],
        epochs=stated["epochs"],
        steps_per_epoch=stated["iters_per_epoch"],
        warmup_epochs=stated["warmup_epochs"],
    )
    np.testing.assert_allclose(got, stated["values"], atol=1e-12, rtol=0)


def test_uniformerv2s_schedule_is_a_function_of_the_fractional_epoch():
    rates = {"base": 2e-5, "minimum": 1e-6, "warmup_start": 1e-6}
    got = cosine_schedule(
        **rates, epochs=10, steps_per_epoch=7, warmup_epochs=3, inclusive_warmup=False
    )
    epoch = np.arange(70) / 7
    warmup = 1e-6 + epoch * (2e-5 - 1e-6) / 3
    cosine = 1e-6 + (2e-5 - 1e-6) * (np.cos(np.pi * (epoch - 3) / 7) + 1) / 2
    np.testing.assert_allclose(got, np.where(epoch < 3, warmup, cosine), atol=1e-15)


@pytest.mark.parametrize(
    ("epochs", "steps", "warmup"), [(0, 10, 0), (5, 0, 0), (5, 10, 6), (5, 10, -1)]
)
def test_schedules_that_make_no_sense(epochs, steps, warmup):
    with pytest.raises(ValueError, match="learning rate"):
        cosine_schedule(
            base=1.0, minimum=0.0, warmup_start=0.0,
            epochs=epochs, steps_per_epoch=steps, warmup_epochs=warmup,
        )  # fmt: skip


def test_warm_up_alone():
    rates = cosine_schedule(
        base=1.0, minimum=0.0, warmup_start=0.0, epochs=1, steps_per_epoch=3, warmup_epochs=1
    )
    assert rates.tolist() == [0.0, 0.5, 1.0]


def test_the_papers_batch_leaves_the_rate_as_it_is():
    assert scaled_learning_rate(2e-4, total_batch=128, samples_per_clip=2) == 2e-4
    assert scaled_learning_rate(2e-4, total_batch=64) == 5e-5
