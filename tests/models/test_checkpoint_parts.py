"""Which state dict of a file is meant, and what its numbers are (issue 15, point 27)."""

from __future__ import annotations

import sys
import types
from pathlib import Path, PosixPath

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

from models.checkpoint_files import WeightsError, read_part, read_state
from models.zoo import convert_file
from models.zoo.__main__ import main
from tests.models.zoo.files import tiny_state

MODEL = {"a.weight": torch.ones(2, 3), "a.bias": torch.ones(2)}
MEAN = {key: value / 2 for key, value in MODEL.items()}


def behind(prefix: str, state: dict) -> dict:
    return {f"{prefix}{key}": value for key, value in state.items()}


def saved(tree: object, folder: Path) -> Path:
    torch.save(tree, folder / "a.pth")
    return folder / "a.pth"


@pytest.mark.parametrize(
    ("tree", "key", "expected", "said"),
    [
        ({"state_dict_ema": MEAN}, None, MEAN, "took state_dict_ema, usually a running mean"),
        ({"model_ema": behind("module.", MEAN), "epoch": 3}, None, MEAN, "took model_ema"),
        ({"ema": {"module": MEAN, "updates": 7}}, None, MEAN, "took ema"),
        ({"teacher": behind("backbone.", MEAN)}, None, behind("backbone.", MEAN), "took teacher"),
        ({"model": MODEL, "model_ema": MEAN}, None, MODEL, "beside it lies model_ema"),
        ({"model": MODEL, "model_ema": MEAN}, None, MODEL, "--key model_ema takes it"),
        ({"model": MODEL, "model_ema": MEAN}, "model_ema", MEAN, ""),
        ({"model": {"name": "x"}, "ema": {"module": MEAN}}, None, MEAN, "took ema"),
        ({"ema": {"module": MEAN, "updates": 7}}, "ema.module", MEAN, ""),
        ({"net_g": MODEL, "net_d": MEAN}, "net_d", MEAN, ""),
        ({"student": MODEL, "teacher": MEAN}, "student", MODEL, ""),
        ({"state_dict": behind("net.", MODEL) | behind("ema.", MEAN)}, "ema", MEAN, ""),
        ({"n_averaged": torch.tensor(5)} | behind("module.", MODEL), None, MODEL, ""),
        ({"state_dict": {"state_dict": MODEL}}, None, MODEL, ""),
        ({"model": MODEL, "optimizer": {"state": {}}}, None, MODEL, ""),
    ],
)  # fmt: skip
def test_which_state_dict_is_taken(tree, key, expected, said, tmp_path):
    part = read_part(saved(tree, tmp_path), key)
    torch.testing.assert_close(part.state, expected, rtol=0, atol=0)
    assert said in " ".join(part.notes)
    assert len(part.notes) == bool(said)


@pytest.mark.parametrize(
    ("tree", "key", "words"),
    [
        ({"net_g": MODEL, "net_d": MEAN}, None, "holds state dicts under net_g, net_d; choose one"),
        ({"model": MODEL, "model_ema": MEAN}, "ema", "called ema; there are model, model_ema, a"),
        ({"epoch": 3}, None, "found epoch; expected tensors, at the top or under one of state_d"),
        ({"epoch": 3}, "model", "contains no state dict called model; there are none"),
        ({"state_dict": {"a": torch.zeros(0)}}, None, "a is empty, as in one shard of a DeepSpeed"),
    ],
)
def test_what_is_not_taken_is_said(tree, key, words, tmp_path):
    with pytest.raises(WeightsError) as caught:
        read_part(saved(tree, tmp_path), key)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_tree_inside_itself_is_no_state_dict(tmp_path):
    tree: dict = {"epoch": 3}
    tree["model"] = tree
    with pytest.raises(WeightsError, match="contains no state dict"):
        read_state(saved(tree, tmp_path))


def test_torchs_averaged_model(tmp_path):
    average = AveragedModel(nn.Linear(3, 2))
    assert list(read_state(saved(average.state_dict(), tmp_path))) == ["weight", "bias"]


ZERO = {
    "model_states": {
        "module": {"blocks.0.weight": torch.zeros(0), "blocks.0.bias": torch.zeros(0)},
        "param_shapes": [{"blocks.0.weight": torch.Size([3, 3])}],
        "ds_config": {"zero_optimization": {"stage": 3}},
        "ds_version": "0.16.4",
    },
    "optim_states": {
        "optimizer_state_dict": {"zero_stage": 3, "fp32_flat_groups": [torch.ones(9)]},
        "ds_version": "0.16.4",
    },
}


@pytest.mark.parametrize("kind", ZERO)
def test_a_shard_of_zero_3_is_named_with_its_remedy(kind, tmp_path):
    with pytest.raises(WeightsError, match=r"DeepSpeed.*python zero_to_fp32\.py FOLDER"):
        read_state(saved(ZERO[kind], tmp_path))


def test_a_class_of_deepspeed_is_named_with_its_remedy(tmp_path, monkeypatch):
    module = types.ModuleType("deepspeed")
    module.LossScaler = type("LossScaler", (), {"__module__": "deepspeed"})
    monkeypatch.setitem(sys.modules, "deepspeed", module)
    path = saved({"module": MODEL, "loss_scaler": module.LossScaler()}, tmp_path)
    monkeypatch.delitem(sys.modules, "deepspeed")
    with pytest.raises(WeightsError, match=r"asks for deepspeed\.LossScaler.*zero_to_fp32\.py"):
        read_state(path)


FLOAT8 = ["float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz"]


@pytest.mark.parametrize("kind", FLOAT8)
@pytest.mark.parametrize("saver", [torch.save, save_file])
def test_float8_is_read_as_float32(kind, saver, tmp_path):
    exact = torch.tensor([[1.0, -0.5], [0.0, 2.0]])
    saver({"a.weight": exact.to(getattr(torch, kind))}, tmp_path / "a.bin")
    part = read_part(tmp_path / "a.bin")
    assert part.notes == (f"numbers stored as {kind} were read as float32",)
    torch.testing.assert_close(part.state["a.weight"], exact, rtol=0, atol=0)


@pytest.mark.parametrize("scale", ["a.weight_scale", "a.weight_scale_inv", "a.scale"])
def test_float8_with_a_scale_of_its_own_is_refused(scale, tmp_path):
    eight = torch.ones(2, 2).to(torch.float8_e4m3fn)
    path = saved({"a.weight": eight, scale: torch.tensor(0.1)}, tmp_path)
    with pytest.raises(WeightsError, match=f"a.weight holds float8_e4m3fn .* by {scale}; save the"):
        read_state(path)


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (
            torch.zeros(4, dtype=torch.uint8).view(torch.float4_e2m1fn_x2),
            "a holds float4_e2m1fn_x2 numbers, which PyTorch does not convert",
        ),
        (torch.eye(2).to_sparse(), r"a is sparse \(torch.sparse_coo\); save it with plain numbers"),
    ],
)
def test_numbers_that_no_network_computes_with_are_named(tensor, words, tmp_path):
    with pytest.raises(WeightsError, match=words):
        read_state(saved({"a": tensor}, tmp_path))


class AttributeDict(dict):
    """As Lightning's."""


def test_lightning_files_are_converted(tmp_path, monkeypatch, capsys):
    for name in ("lightning_fabric", "lightning_fabric.utilities"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    module = types.ModuleType("lightning_fabric.utilities.data")
    module.AttributeDict = AttributeDict
    monkeypatch.setattr(AttributeDict, "__module__", module.__name__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    state = tiny_state("infogcn_tiny", seed=3)
    mean = {key: value / 2 for key, value in state.items() if value.is_floating_point()}
    mean = state | mean
    extra = {"criterion.weight": torch.ones(28), "ema_model.n_averaged": torch.tensor(7)}
    tree = {
        "epoch": 9, "pytorch-lightning_version": "2.5.0",
        "hyper_parameters": AttributeDict(lr=1e-4), "callbacks": {"best": PosixPath("/runs/a")},
        "state_dict": behind("model.", state) | extra | behind("ema_model.module.", mean),
    }  # fmt: skip
    path, out = saved(tree, tmp_path), tmp_path / "out.safetensors"
    for name in ("lightning_fabric", "lightning_fabric.utilities", module.__name__):
        monkeypatch.delitem(sys.modules, name)
    command = ["convert", str(path), "--family", "infogcn", "--out", str(out)]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert f"note: took the {len(state)} tensors whose keys begin with model.;" in told
    assert "--key ema_model takes them" in told
    assert "dropped: criterion.weight, ema_model.n_averaged, ema_model.module." in told
    torch.testing.assert_close(read_state(out), state, rtol=0, atol=0)
    assert main([*command, "--key", "ema_model"]) == 0
    torch.testing.assert_close(read_state(out), mean, rtol=0, atol=0)


def test_the_command_chooses_by_key(tmp_path, capsys):
    state = tiny_state("infogcn_tiny", seed=3)
    zeros = {key: torch.zeros_like(value) for key, value in state.items()}
    path = saved({"model": state, "model_ema": behind("module.", zeros)}, tmp_path)
    out = tmp_path / "out.safetensors"
    command = ["convert", str(path), "--family", "infogcn", "--out", str(out)]
    assert main(command) == 0
    assert "note: took model; beside it lies model_ema" in capsys.readouterr().out
    torch.testing.assert_close(read_state(out), state, rtol=0, atol=0)
    assert main([*command, "--key", "model_ema"]) == 0
    torch.testing.assert_close(read_state(out), zeros, rtol=0, atol=0)
    assert main([*command, "--key", "student"]) == 2
    assert "contains no state dict called student" in capsys.readouterr().err


def test_a_file_of_float8_is_converted(tmp_path, capsys):
    """It was a traceback: PyTorch compares no such numbers."""
    state = tiny_state("infogcn_tiny", seed=3)
    eight = {k: v.to(torch.float8_e4m3fn) if v.is_floating_point() else v for k, v in state.items()}
    out = tmp_path / "out.safetensors"
    command = ["convert", str(saved(eight, tmp_path)), "--family", "infogcn", "--out", str(out)]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "note: numbers stored as float8_e4m3fn were read as float32" in told
    expected = {k: v.float() if v.is_floating_point() else v for k, v in eight.items()}
    torch.testing.assert_close(read_state(out), expected, rtol=0, atol=0)


def test_what_is_said_of_float16_is_so(tmp_path):
    """It said that the numbers "were converted"; the file keeps them, loading converts them."""
    state = tiny_state("infogcn_tiny", seed=3)
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    out = tmp_path / "out.safetensors"
    conversion = convert_file(saved(half, tmp_path), out, family="infogcn")
    assert conversion.notes == ("stored as float16; the network computes with float32",)
    stored = read_state(out)
    assert {v.dtype for v in stored.values() if v.is_floating_point()} == {torch.float16}
