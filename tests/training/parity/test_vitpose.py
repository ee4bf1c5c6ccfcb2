"""The ViTPose comparisons hold where they should and fail where they must, for both sources."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from tests.conftest import ROOT
from tests.training.parity.cases import (
    Move,
    assert_lines_covered,
    assert_move_fails,
    results,
    tensor_names,
)
from tests.training.parity.vitpose_folders import write_case
from training.parity import vitpose, vitpose_mmpose
from training.parity.report import Comparison

COMPARERS: dict[str, Callable[[Path], Iterator[Comparison]]] = {
    "vitpose": vitpose.compare_folder,
    "vitpose_mmpose": vitpose_mmpose.compare_folder,
}
MANIFESTS = ROOT / "tests" / "goldens" / "vitpose_mmpose"

# What else may fail when a stored tensor moves, because it is what those lines are fed.
SPREADS = {
    r"centers|scales|input_center|input_scale": r"warp|crops|kpts",
    r"warp": r"crops",
    r"crops_.*": r"pixel_values|heatmaps|end_to_end",
    r"pixel_values": r"features",
    r"features": r"heatmaps_from_features",
    r"heatmaps.*": r"heatmaps_from_features|kpts|kpt_scores",
    r"kpts.*": r"kpts",
}
SECOND_LINES = {
    "heatmaps": "heatmaps_from_features",
    "kpts": "kpts_end_to_end",
    "kpts_flip_avg": "kpts_flip_avg_end_to_end",
}


def moves(folder: Path) -> list[Move]:
    """A move for every line of a folder but the key maps', which hold no numbers."""
    found = []
    for file in sorted(folder.glob("*/expected.safetensors")):
        case = file.parent.name
        for key in tensor_names(file):
            spreads = next((s for pattern, s in SPREADS.items() if re.fullmatch(pattern, key)), "")
            spreads = spreads and f"{case}/.*({spreads})"
            name = f"{case}/{file.name}"
            found.append(Move(name, key, f"{case}/{key}", spreads))
            if key in SECOND_LINES:
                both = f"{case}/{key}$|{spreads}"
                found.append(Move(name, key, f"{case}/{SECOND_LINES[key]}", both))
    for file in sorted(folder.glob("manifest*.json")):
        if "plus" not in file.name:
            key = next(iter(json.loads(file.read_text())["tensors"]))
            found.append(Move(file.name, f"tensors/{key}/0", f"{file.stem}/shapes"))
    return found


@pytest.fixture(scope="module", params=["vitpose", "vitpose_mmpose"])
def folder(request, tmp_path_factory) -> Path:
    """A small folder of each source; mmpose's with some of its manifests."""
    path = write_case(
        tmp_path_factory.mktemp("goldens") / request.param,
        head="simple",
        image_size=(64, 48),
        seed=5,
    )
    if request.param == "vitpose_mmpose":
        for file in MANIFESTS.glob("*.json"):
            shutil.copy(file, path)
    return path


def test_every_line_holds_and_fails_when_moved(folder, tmp_path):
    comparer = COMPARERS[folder.name]
    assert_lines_covered(comparer, folder, moves(folder), exempt="keymap")
    for move in moves(folder):
        assert_move_fails(comparer, folder, move, tmp_path)


@pytest.mark.parametrize("family", COMPARERS)
@pytest.mark.parametrize("seed", range(3))
def test_other_sizes_and_seeds(family, seed, tmp_path):
    """Both heads in one folder, crops neither 3:4 nor of 192 patches."""
    path = tmp_path / family
    write_case(path, head="classic", image_size=(80, 48), seed=seed)
    write_case(path, head="simple", image_size=(96, 112), seed=seed)
    lines = results(COMPARERS[family], path)
    assert [str(line) for line in lines.values() if not line.ok] == []
    assert {name.split("/")[0] for name in lines} == {"classic", "simple"}


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / folder.name))


def failures(path: Path) -> list[str]:
    return [str(line) for line in COMPARERS[path.name](path) if not line.ok]


@pytest.mark.parametrize("place", ["heatmaps_2.safetensors", "simple/more.npz"])
def test_unknown_files_fail(copy, place):
    (copy / place).write_bytes(b"?")
    (line,) = failures(copy)
    assert re.search(rf"file FAIL .*{Path(place).name} is no", line)


def test_unknown_tensors_fail(copy):
    path = copy / "simple" / "expected.safetensors"
    tensors = load_file(path)
    save_file({**tensors, "heatmaps_2": tensors["heatmaps"].clone()}, path)
    (line,) = failures(copy)
    assert "simple/heatmaps_2 FAIL" in line


@pytest.mark.parametrize(
    ("file", "remark"),
    [
        ("config.json", "FileNotFoundError"),
        ("weights.safetensors", "FileNotFoundError"),
        ("expected.safetensors", "FileNotFoundError"),
    ],
)
def test_missing_files_fail(copy, file, remark):
    (copy / "simple" / file).unlink()
    (line,) = failures(copy)
    assert "simple/error FAIL" in line
    assert remark in line


def test_folder_without_a_case_fails(tmp_path):
    for name in COMPARERS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "README.md").write_text("nothing here")
        (line,) = failures(tmp_path / name)
        assert "no case of ViTPose" in line


def test_foreign_weights_fail(copy):
    """A renamed tensor is a broken case, not a random one."""
    path = copy / "simple" / "weights.safetensors"
    weights = load_file(path)
    name = next(key for key in weights if key.endswith("final_layer.bias"))
    weights["head.other.bias"] = weights.pop(name)
    save_file(weights, path)
    (line,) = failures(copy)
    assert "simple/error FAIL" in line


def test_joints_that_rounding_moves_are_no_proof(copy):
    """Flat heat maps decode to nothing in particular, so the line fails rather than be empty."""
    path = copy / "simple" / "expected.safetensors"
    tensors = load_file(path)
    tensors["heatmaps"] = tensors["heatmaps"] * 0 + 0.5
    save_file(tensors, path)
    assert any(re.search(r"/kpts FAIL .*rounding moves 34 of 34", line) for line in failures(copy))


@pytest.mark.parametrize("change", ["another name", "a missing pair"])
def test_key_map_fails(change, tmp_path):
    path = tmp_path / "vitpose_mmpose"
    path.mkdir()
    name = "keymap_mmpose_to_hf_ViTPose-base.json"
    content = json.loads((MANIFESTS / name).read_text())
    if change == "another name":
        content["pairs"][7][1] += "x"
    else:
        qkv = next(i for i, pair in enumerate(content["pairs"]) if "qkv" in pair[0])
        del content["pairs"][qkv]
    (path / name).write_text(json.dumps(content))
    (line,) = failures(path)
    assert re.search(r"keymap_mmpose_to_hf_ViTPose-base/pairs FAIL .*\d differ", line)


def test_plus_manifests_are_left_out(tmp_path):
    path = tmp_path / "vitpose_mmpose"
    path.mkdir()
    (path / "manifest_hf_vitpose-plus-base.json").write_text('{"tensors": {}}')
    assert list(COMPARERS[path.name](path)) == []


def test_manifest_of_no_size_fails(tmp_path):
    path = tmp_path / "vitpose_mmpose"
    path.mkdir()
    (path / "manifest_hf_vitpose-giant.json").write_text('{"tensors": {}}')
    (line,) = failures(path)
    assert "names no size; expected one of small, base, large, huge" in line


@pytest.mark.parametrize("family", COMPARERS)
def test_complete_set(family, shared_goldens):
    assert_lines_covered(
        COMPARERS[family], shared_goldens / family, moves(shared_goldens / family), exempt="keymap"
    )


@pytest.mark.slow
@pytest.mark.parametrize("family", COMPARERS)
def test_every_move_of_the_complete_set(family, shared_goldens, tmp_path):
    path = shared_goldens / family
    for move in moves(path):
        assert_move_fails(COMPARERS[family], path, move, tmp_path)
