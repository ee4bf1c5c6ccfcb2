from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from models.uniformerv2 import UniFormerV2
from tests.conftest import ROOT
from tests.training.parity.cases import (
    Move,
    assert_lines_covered,
    assert_move_fails,
    results,
    tensor_names,
)
from training.parity.report import read_metadata, read_tensors
from training.parity.uniformerv2 import compare_folder

FOLDER = ROOT / "tests" / "goldens" / "uniformerv2"
COMPANIONS = ("*_weights.safetensors",)
NAMES_ONLY = r"_weights/keys$|clip_to_\w+/(keys|new_keys|initial_new_values_zero)$|/no_grad_params$"
"""Lines that compare names; `test_moved_names_fail` is theirs."""
NOT_EXPECTED = ("input", "target", "w.", "clip.")


def moves(folder: Path) -> list[Move]:
    """A move for every line that a stored number stands behind."""
    found = []
    for file in sorted(folder.glob("*.safetensors")):
        if file.stem.endswith("_weights"):
            continue
        keys = [key for key in tensor_names(file) if not key.startswith(NOT_EXPECTED)]
        staged = file.stem.endswith("_forward") or file.stem.startswith("lowvar")
        start = () if "input" in tensor_names(file) else ("ln_pre",)
        for key in keys:
            if key in start:
                continue
            # What is moved feeds the stages after it, and nothing of the end-to-end run.
            spreads = rf"end_to_end\.{key}$|/(?!end_to_end)" if staged else ""
            lines = [key, f"end_to_end.{key}"] if staged else [key]
            if staged:
                spreads += f"|/{key}$"
            found += [Move(file.name, key, f"{file.stem}/{line}", spreads) for line in lines]
    found += index_moves(folder) + manifest_moves(folder)
    return found


def index_moves(folder: Path) -> list[Move]:
    entries = json.loads((folder / "test_frame_indices.json").read_text())
    return [
        Move(
            "test_frame_indices.json",
            f"{i}/indices",
            "test_frame_indices/{num_frames}_of_{video_size}.clip_{clip}_of_{num_clips}".format(
                **entry
            ),
        )
        for i, entry in enumerate(entries)
    ]


def manifest_moves(folder: Path) -> list[Move]:
    return [
        Move(f"manifests/{file.name}", key, f"manifests/{file.stem}/{line}")
        for file in sorted((folder / "manifests").glob("*.json"))
        for key, line in (("keys/class_embedding/shape", "keys"), ("n_params", "n_params"))
    ]


MOVES = moves(FOLDER)
SAMPLE = [
    move
    for i, move in enumerate(MOVES)
    # All of the forward run; of the many gradients and index rows a few of every kind.
    if not re.search(r"/grad\.|frame_indices", move.line) or i % 15 == 0
]


def test_every_line_has_a_move():
    assert_lines_covered(compare_folder, FOLDER, MOVES, exempt=NAMES_ONLY)


@pytest.mark.parametrize("move", SAMPLE, ids=str)
def test_a_moved_number_fails(move, tmp_path):
    assert_move_fails(compare_folder, FOLDER, move, tmp_path, companions=COMPANIONS)


@pytest.mark.slow
def test_complete_set(shared_goldens, tmp_path):
    folder = shared_goldens / "uniformerv2"
    assert_lines_covered(compare_folder, folder, moves(folder), exempt=NAMES_ONLY)
    for move in moves(folder):
        assert_move_fails(compare_folder, folder, move, tmp_path, companions=COMPANIONS)


def rewrite(path: Path, *, tensors=None, metadata=None) -> None:
    """Write a golden file anew with changed tensors or metadata."""
    content = tensors or read_tensors(path)
    save_file(content, path, metadata={**read_metadata(path), **(metadata or {})})


@pytest.fixture
def copy(tmp_path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "uniformerv2"))


def failed(folder: Path) -> list[str]:
    return [str(line) for line in results(compare_folder, folder).values() if not line.ok]


def test_moved_names_fail(copy):
    weights = copy / "ssv2_weights.safetensors"
    tensors = read_tensors(weights)
    tensors["transformer.extra"] = tensors.pop("transformer.balance")
    rewrite(weights, tensors=tensors)
    gradients = copy / "ssv2_gradients.safetensors"
    rewrite(gradients, metadata={"no_grad_params": '["transformer.balance"]'})
    lines = failed(copy)
    assert any("ssv2_weights/keys FAIL" in line for line in lines)
    assert any("ssv2_forward/case FAIL" in line and "transformer.extra" in line for line in lines)


def test_parameters_without_gradients_are_compared(copy):
    path = copy / "ssv2_gradients.safetensors"
    rewrite(path, metadata={"no_grad_params": '["transformer.balance"]'})
    (line,) = failed(copy)
    assert "ssv2_gradients/no_grad_params FAIL max_abs=1.0e+00" in line


@pytest.mark.parametrize("field", ["new_keys", "initial_new_values_zero"])
@pytest.mark.parametrize("case", ["clip_to_ssv2", "clip_to_kinetics"])
def test_clip_names_are_compared(shared_goldens, tmp_path, case, field):
    folder = tmp_path / "uniformerv2"
    folder.mkdir()
    path = folder / f"{case}.safetensors"
    shutil.copyfile(shared_goldens / "uniformerv2" / path.name, path)
    assert failed(folder) == []
    names = json.loads(read_metadata(path)[field])
    rewrite(path, metadata={field: json.dumps([*names[1:], "transformer.another"])})
    assert any(f"{case}/{field} FAIL max_abs=2.0e+00" in line for line in failed(folder))


def test_clip_values_that_we_lack_fail(shared_goldens, tmp_path):
    folder = tmp_path / "uniformerv2"
    folder.mkdir()
    path = folder / "clip_to_ssv2.safetensors"
    shutil.copyfile(shared_goldens / "uniformerv2" / path.name, path)
    tensors = read_tensors(path)
    tensors["uniformerv2.another"] = tensors["uniformerv2.class_embedding"].clone()
    rewrite(path, tensors=tensors)
    assert any("clip_to_ssv2/keys FAIL" in line and "another" in line for line in failed(folder))


@pytest.mark.parametrize("name", ["ssv2_backward.safetensors", "extra.json", "more/x.safetensors"])
def test_an_unknown_file_fails(copy, name):
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text("{}")
    (line,) = failed(copy)
    assert f"{name} is not a data file of this family" in line


def test_an_unknown_tensor_fails(copy):
    path = copy / "ssv2_forward.safetensors"
    tensors = read_tensors(path)
    tensors["resblock9_LNC"] = tensors["ln_pre"].clone()
    rewrite(path, tensors=tensors)
    (line,) = failed(copy)
    assert "ssv2_forward/resblock9_LNC FAIL" in line
    assert "is not a stage" in line


def test_missing_weights_fail(copy):
    (copy / "ssv2_weights.safetensors").unlink()
    lines = failed(copy)
    assert len(lines) == 2
    assert all("cannot be compared" in line and "ssv2_weights" in line for line in lines)


@pytest.mark.parametrize("content", [b"", b"no tensors in here"])
def test_a_damaged_file_fails(copy, content):
    (copy / "ssv2_gradients.safetensors").write_bytes(content)
    (line,) = failed(copy)
    assert "ssv2_gradients/case FAIL" in line


def test_an_empty_folder_fails(tmp_path):
    folder = tmp_path / "uniformerv2"
    folder.mkdir()
    (folder / "README.md").write_text("nothing")
    (line,) = failed(folder)
    assert "contains no case" in line


def test_weights_may_lie_in_the_case_itself(tmp_path):
    folder = tmp_path / "uniformerv2"
    folder.mkdir()
    with safe_open(FOLDER / "ssv2_weights.safetensors", framework="pt") as file:
        weights = {f"w.{key}": file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    stored = read_tensors(FOLDER / "ssv2_forward.safetensors")
    path = folder / "lowvar_other.safetensors"
    save_file({**weights, **stored}, path, metadata=metadata)
    lines = results(compare_folder, folder)
    assert all(line.ok for line in lines.values())
    assert "lowvar_other/end_to_end.logits" in lines


@pytest.mark.parametrize(
    "options",
    [
        {"frozen": True, "double_lmhra": False},
        {"dw_reduction": 2.0, "temporal_kernel_size": 5, "num_classes": 3},
        {"no_lmhra": True, "temporal_downsample": False, "global_heads": 3, "mlp_factor": 2.5},
        {"patch_size": 10, "image_size": 35, "return_list": (0, 1), "act": "gelu"},
    ],
)
def test_sizes_and_options_come_from_the_files(tmp_path, options):
    settings = {"patch_size": 8, "image_size": 24, "num_frames": 6, "return_list": (1,), **options}
    torch.manual_seed(7)
    model = UniFormerV2(width=12, depth=2, heads=2, **settings).eval()
    with torch.no_grad():
        for value in model.parameters():
            value.normal_(std=0.3)
        clip = torch.randn(3, 3, 6, *model.image_size)
        logits = model(clip)
    folder = tmp_path / "uniformerv2"
    folder.mkdir()
    config = {"heads": 2, "frames": 6, "img": settings["image_size"], **settings}
    config["n_head"] = options.get("global_heads", 2)
    metadata = {"config": json.dumps(config)}
    save_file(model.state_dict(), folder / "other_weights.safetensors", metadata=metadata)
    save_file({"input": clip, "logits": logits}, folder / "other_forward.safetensors")
    lines = results(compare_folder, folder)
    assert [str(line) for line in lines.values() if not line.ok] == []
    assert lines.keys() == {
        "other_weights/keys",
        "other_forward/logits",
        "other_forward/end_to_end.logits",
    }
