"""The comparison with the official DINO can fail, line by line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from tests.training.parity.cases import (
    Move,
    assert_lines_covered,
    assert_move_fails,
    results,
    tensor_names,
)
from training.parity.dino import compare_folder

FOLDER = Path(__file__).resolve().parents[2] / "goldens" / "dino"
NAMES = r"/aliases$|/keys$"
"""Lines about names, which no number can move; they have tests of their own."""
RESULTS = ("scores", "labels", "boxes_xyxy_abs")
BOXES = r"scores$|labels$|boxes_xyxy_abs$"
FED = ("pred_logits", "pred_boxes", "orig_sizes_hw")
"""What the post-processing starts from."""


def moves(folder: Path) -> list[Move]:
    """One for each line of each case."""
    found = [
        Move(str(path.relative_to(folder)), "n_params", f"{path.stem}/n_params")
        for path in sorted(folder.glob("manifests/*.json"))
    ]
    for path in sorted(folder.glob("*/expected.safetensors")):
        file, case = str(path.relative_to(folder)), path.parent.name
        config = f"{case}/config.json"
        found += [Move(config, key, f"{case}/{key}") for key in ("n_params", "n_keys")]
        for key in tensor_names(path):
            spreads = BOXES if key in FED else ""
            if key in RESULTS:  # compared twice: from the stored prediction and end to end
                spreads = rf"{key}$"
                found.append(Move(file, key, f"{case}/end_to_end_{key}", spreads=spreads))
            found.append(Move(file, key, f"{case}/{key}", spreads=spreads))
    return found


@pytest.mark.parametrize("move", moves(FOLDER), ids=str)
def test_a_moved_value_fails(move, tmp_path):
    assert_move_fails(compare_folder, FOLDER, move, tmp_path)


def test_every_line_has_a_move():
    assert_lines_covered(compare_folder, FOLDER, moves(FOLDER), exempt=NAMES)


@pytest.mark.slow
@pytest.mark.needs_shared
def test_complete_set(shared_goldens, tmp_path):
    folder = shared_goldens / "dino"
    assert_lines_covered(compare_folder, folder, moves(folder), exempt=NAMES)
    for move in moves(folder):
        assert_move_fails(compare_folder, folder, move, tmp_path)


@pytest.fixture
def case(tmp_path) -> Path:
    """A copy of the golden folder that may be damaged."""
    return Path(shutil.copytree(FOLDER, tmp_path / "dino"))


def failures(folder: Path) -> dict[str, str]:
    return {
        name: line.remark for name, line in results(compare_folder, folder).items() if not line.ok
    }


def test_a_missing_alias_fails(case):
    path = case / "swin" / "aliases.json"
    aliases = json.loads(path.read_text())
    aliases.pop("class_embed.1.bias")
    path.write_text(json.dumps(aliases))
    assert list(failures(case)) == ["swin/aliases"]


def test_an_unknown_data_file_fails(case):
    (case / "swin" / "gradients.safetensors").write_bytes(b"")
    assert "belongs to no case" in failures(case)["gradients/file"]


def test_an_unknown_tensor_fails(case):
    path = case / "swin" / "expected.safetensors"
    tensors = load_file(path)
    save_file({**tensors, "surprise": tensors["scores"].clone()}, path)
    assert "no stage" in failures(case)["swin/surprise"]


def test_a_missing_file_fails_by_its_name(case):
    (case / "swin" / "input.safetensors").unlink()
    assert "input.safetensors" in failures(case)["swin/error"]


def test_a_folder_without_a_case_fails(tmp_path):
    (tmp_path / "dino").mkdir()
    assert failures(tmp_path / "dino") == {"folder": "no case of dino in it"}


def test_a_manifest_with_another_shape_fails(shared_goldens, tmp_path):
    folder = tmp_path / "dino"
    source = shared_goldens / "dino" / "manifests" / "manifest_dino_r50_4scale.json"
    manifest = json.loads(source.read_text())
    manifest["tensors"]["transformer.level_embed"][0] = [5, 256]
    (folder / "manifests").mkdir(parents=True)
    (folder / "manifests" / source.name).write_text(json.dumps(manifest))
    assert "transformer.level_embed (5, 256)" in failures(folder)["manifest_dino_r50_4scale/keys"]
