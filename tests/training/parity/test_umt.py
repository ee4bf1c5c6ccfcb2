"""The comparisons hold on the stored numbers, on any sizes, and fail when a number moves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from models.umt.network import UMT
from tests.conftest import ROOT
from tests.training.parity.cases import (
    Move,
    assert_lines_covered,
    assert_move_fails,
    results,
    tensor_names,
)
from training.parity.report import read_json, read_metadata, read_tensors
from training.parity.umt import compare_folder

FOLDER = ROOT / "tests" / "goldens" / "umt"
# What a case reads besides its own file.
COMPANIONS = ("weights.safetensors", "forward_*.safetensors", "lowvar_*.safetensors")
# Files of the folder that the tests write themselves.
WEIGHTS = "weights.safetensors"
FORWARD = "forward_2f_8px"
GROUPS = "param_groups_layer_decay_0.5_depth1"
# Lines about names: no number stands behind them; they have tests of their own below.
NAMES = r"/names$|/no_grad_params$"


def moves(folder: Path) -> list[Move]:
    """One move a comparison line of a golden folder."""
    return [
        move
        for pattern, moves_of in MOVES.items()
        for file in sorted(folder.glob(pattern))
        for move in moves_of(file)
    ]


def network_moves(file: Path) -> list[Move]:
    case = file.stem
    names = [name for name in tensor_names(file) if name != "input" and not name.startswith("w.")]
    # A moved activation is fed to the next stage; the sensitivity case reads the stored logits.
    spreads = r"block\d+$|features$|logits|sensitivity/"
    return [
        *(Move(file.name, name, f"{case}/{name}", spreads) for name in names),
        Move(file.name, "logits", f"{case}/logits_end_to_end", spreads),
    ]


def gradient_moves(file: Path) -> list[Move]:
    names = [name for name in tensor_names(file) if name == "loss" or name.startswith("grad.")]
    return [Move(file.name, name, f"{file.stem}/{name}") for name in names]


def table_moves(file: Path) -> list[Move]:
    names = [name for name in tensor_names(file) if not name.startswith("before")]
    return [Move(file.name, name, f"{file.stem}/{name}") for name in names]


def group_moves(file: Path) -> list[Move]:
    name = next(iter(read_json(file)))
    fields = ("lr_scale", "weight_decay")
    return [Move(file.name, f"{name}/{field}", f"{file.stem}/{field}") for field in fields]


def index_moves(file: Path) -> list[Move]:
    found: dict[str, Move] = {}
    for position, row in enumerate(read_json(file)):
        protocol = row.get("mode") or f"{row['num_segments']}_segments"
        line = f"{row['video_size']}_frames_{row['num_frames']}_sampled_{protocol}"
        found[line] = Move(file.name, f"{position}/indices", f"{file.stem}/{line}")
    return list(found.values())


def sensitivity_moves(file: Path) -> list[Move]:
    effects = {
        f"{shape}/{name}": f"{shape}/{name}"
        for shape, entry in read_json(file).items()
        if isinstance(entry, dict)
        for name in entry
        if name.startswith(("drop_", "tanh", "ln_"))
    }
    effects["lowvar: effect of eps=1e-5"] = "lowvar/ln_eps_1e5"
    return [Move(file.name, key, f"{file.stem}/{line}") for key, line in effects.items()]


def manifest_moves(file: Path) -> list[Move]:
    return [Move(f"manifests/{file.name}", "keys/head.bias/shape", f"manifests/{file.stem}/keys")]


MOVES = {
    "forward_*.safetensors": network_moves,
    "lowvar_*.safetensors": network_moves,
    "gradients.safetensors": gradient_moves,
    "sincos_tables.safetensors": table_moves,
    "pos_embed_checkpoint_interpolation.safetensors": table_moves,
    "param_groups_*.json": group_moves,
    "lr_schedule.json": lambda file: [Move(file.name, "values", "lr_schedule/values")],
    "test_frame_indices.json": index_moves,
    "sensitivity.json": sensitivity_moves,
    "manifests/*.json": manifest_moves,
}


@pytest.mark.parametrize("move", moves(FOLDER), ids=str)
def test_a_moved_number_fails(move, tmp_path):
    assert_move_fails(compare_folder, FOLDER, move, tmp_path, companions=COMPANIONS)


def test_every_line_has_a_move():
    assert_lines_covered(compare_folder, FOLDER, moves(FOLDER), exempt=NAMES)


def test_a_folder_of_other_sizes(tmp_path):
    folder = write_golden_folder(tmp_path / "source" / "umt")
    assert_lines_covered(compare_folder, folder, moves(folder), exempt=NAMES)
    for move in moves(folder):
        assert_move_fails(compare_folder, folder, move, tmp_path / "moved", companions=COMPANIONS)


@pytest.mark.slow
def test_complete_set(shared_goldens, tmp_path):
    folder = shared_goldens / "umt"
    assert_lines_covered(compare_folder, folder, moves(folder), exempt=NAMES)
    for move in moves(folder):
        assert_move_fails(compare_folder, folder, move, tmp_path, companions=COMPANIONS)


def test_a_block_that_is_not_stored_is_passed_through(tmp_path):
    folder = write_golden_folder(tmp_path / "umt", stored_blocks=(1,))
    lines = results(compare_folder, folder)
    assert f"{FORWARD}/block1" in lines
    assert f"{FORWARD}/block0" not in lines
    assert all(line.ok for line in lines.values())


@pytest.mark.parametrize(
    ("file", "spoil", "line", "remark"),
    [
        ("new.safetensors", lambda file: file.write_bytes(b""), "new/file", "is not a case of"),
        ("lr_schedule.json", lambda file: file.write_text("{"), "lr_schedule/error", "JSON"),
        ("lr_schedule.json", lambda file: file.write_text("{}"), "lr_schedule/error", "base"),
        (WEIGHTS, lambda file: file.unlink(), f"{FORWARD}/error", WEIGHTS),
        (WEIGHTS, lambda file: add_copy(file, "head.bias", "neck"), f"{FORWARD}/error", "neck"),
        (
            f"{FORWARD}.safetensors",
            lambda file: add_copy(file, "logits", "block9"),
            f"{FORWARD}/block9",
            "no such stage",
        ),
        (f"{GROUPS}.json", lambda file: rename_entry(file, "stem"), f"{GROUPS}/names", "stem"),
    ],
)
def test_what_is_wrong_is_a_line(tmp_path, file, spoil, line, remark):
    folder = write_golden_folder(tmp_path / "umt")
    spoil(folder / file)
    comparison = results(compare_folder, folder)[line]
    assert not comparison.ok
    assert remark in comparison.remark


def test_a_parameter_that_must_not_learn_fails(tmp_path):
    folder = write_golden_folder(tmp_path / "umt", no_grad_params=["pos_embed", "head.bias"])
    assert not results(compare_folder, folder)["gradients/no_grad_params"].ok


def test_a_folder_without_a_case_fails(tmp_path):
    (tmp_path / "README.md").write_text("nothing here")
    lines = [str(line) for line in compare_folder(tmp_path)]
    assert len(lines) == 1
    assert "FAIL" in lines[0]


def write_golden_folder(
    folder: Path,
    *,
    stored_blocks: tuple[int, ...] = (0, 2),
    no_grad_params: list[str] | None = None,
) -> Path:
    """A golden folder in the published layout with other sizes, from our own network."""
    torch.manual_seed(3)
    folder.mkdir(parents=True)
    model = noisy_network(depth=3)
    video = torch.randn(2, 3, 2, 8, 8)
    target = torch.rand(2, 5).softmax(-1)
    loss = F.cross_entropy(model(video), target)
    loss.backward()
    gradients = {f"grad.{name}": p.grad.clone() for name, p in model.named_parameters()}
    stored = activations(model, video, stored_blocks)
    logits = stored["logits"]
    save_file(stored, folder / f"{FORWARD}.safetensors", {"config": json.dumps({"heads": 2})})
    weights = {k: v for k, v in model.state_dict().items() if k != "pos_embed"}
    save_file(weights, folder / WEIGHTS)
    metadata = {"no_grad_params": json.dumps(no_grad_params or ["pos_embed"])}
    gradients |= {"input": video, "target": target, "loss": loss.detach()[None]}
    save_file(gradients, folder / "gradients.safetensors", metadata)
    effects = mistake_effects(model, video, logits)
    lowvar = noisy_network(depth=2, size=1e-3)
    lowvar.pos_embed.normal_(std=1e-4)
    low = activations(lowvar, video[:1], ())
    own = {f"w.{key}": value for key, value in lowvar.state_dict().items()}
    kept = {key: low[key] for key in ("input", "features", "logits")}
    save_file(own | kept, folder / "lowvar_layernorm_eps.safetensors")
    lowvar_effect = mistake_effects(lowvar, video[:1], low["logits"])["ln_eps_1e5"]
    sensitivity = {"2f_8px": effects | {"rerun": 0.0}, "lowvar: effect of eps=1e-5": lowvar_effect}
    (folder / "sensitivity.json").write_text(json.dumps(sensitivity))
    (folder / f"{GROUPS}.json").write_text(json.dumps(groups_of_one_block()))
    return folder


def noisy_network(*, depth: int, size: float = 0.3) -> UMT:
    model = UMT(
        num_frames=2, image_size=8, patch_size=4, dim=16, depth=depth, num_heads=2, num_classes=5
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * size)
    return model


@torch.no_grad()
def activations(model: UMT, video: Tensor, blocks: tuple[int, ...]) -> dict[str, Tensor]:
    stored = {"input": video, "pos_embed": model.pos_embed.clone()}
    tokens = model.patch_embed(video)
    stored["patch_embed"] = tokens
    tokens = tokens + model.pos_embed
    for index, block in enumerate(model.blocks):
        tokens = block(tokens)
        if index in blocks:
            stored[f"block{index}"] = tokens
    stored["features"] = model.fc_norm(tokens.mean(1))
    stored["logits"] = model.head(stored["features"])
    return stored


@torch.no_grad()
def mistake_effects(model: UMT, video: Tensor, logits: Tensor) -> dict[str, float]:
    state = {key: value.clone() for key, value in model.state_dict().items()}
    effects = {}
    for name, ending in (("drop_q_bias", "q_bias"), ("drop_v_bias", "v_bias")):
        dropped = {k: v * 0 if k.endswith(ending) else v for k, v in state.items()}
        model.load_state_dict(dropped)
        effects[name] = float((model(video) - logits).abs().max())
    model.load_state_dict(state)
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-5
    effects["ln_eps_1e5"] = float((model(video) - logits).abs().max())
    return effects


def groups_of_one_block() -> dict[str, dict[str, float]]:
    names = list(UMT(depth=1, dim=16, num_heads=1, image_size=16, num_frames=1).state_dict())
    scales = {"pos_embed": 0.25, "patch_embed": 0.25, "blocks": 0.5, "fc_norm": 1.0, "head": 1.0}
    free = ("bias", "norm1.weight", "norm2.weight", "fc_norm.weight", "pos_embed")
    return {
        name: {
            "lr_scale": scales[name.split(".")[0]],
            "weight_decay": 0.0 if name.endswith(free) else 0.1,
        }
        for name in names
    }


def rename_entry(file: Path, name: str) -> None:
    entries = read_json(file)
    entries[name] = entries.pop(next(iter(entries)))
    file.write_text(json.dumps(entries))


def add_copy(file: Path, old: str, new: str) -> None:
    tensors, metadata = read_tensors(file), read_metadata(file)
    save_file(tensors | {new: tensors[old].clone()}, file, metadata)
