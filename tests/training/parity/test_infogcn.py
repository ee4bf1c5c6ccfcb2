"""The InfoGCN comparisons hold on the goldens, and each of them can fail."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.training.parity.cases import (
    Move,
    assert_lines_covered,
    assert_move_fails,
    results,
    tensor_names,
)
from training.parity.infogcn import compare_folder

FOLDER = ROOT / "tests" / "goldens" / "infogcn"
INPUTS = ("labels", "z_prior", "rot_angles", "loss_labels", "loss_logits", "loss_z", "loss_z_prior")
SPREADS = {
    "z": "/(logits|mmd|l2_z_mean)$",
    "logits": "/(end_to_end.logits|ce)$",
}


def moves(folder: Path) -> list[Move]:
    found = []
    for file in sorted(folder.glob("*/expected.safetensors")):
        case, name = file.parent.name, f"{file.parent.name}/{file.name}"
        for key in tensor_names(file):
            if key not in INPUTS:
                found.append(Move(name, key, f"{case}/{key}", SPREADS.get(key, "")))
        both = "/(logits|ce)$"
        found.append(Move(name, "logits", f"{case}/end_to_end.logits", both))
    for file in sorted(folder.glob("*/golden.safetensors")):
        case, name = file.parent.name, f"{file.parent.name}/{file.name}"
        for key in tensor_names(file):
            if key not in INPUTS and not key.startswith("raw"):
                spreads = key.replace("resized", "/vel") if key.startswith("resized") else ""
                found.append(Move(name, key, f"{case}/{key}", spreads))
    return found


@pytest.mark.parametrize("move", moves(FOLDER), ids=str)
def test_a_moved_tensor_fails(move, tmp_path):
    assert_move_fails(compare_folder, FOLDER, move, tmp_path)


def test_every_line_holds_and_has_a_move():
    assert_lines_covered(compare_folder, FOLDER, moves(FOLDER))


@pytest.mark.slow
def test_the_complete_set(shared_goldens, tmp_path):
    folder = shared_goldens / "infogcn"
    assert_lines_covered(compare_folder, folder, moves(folder))
    for move in moves(folder):
        assert_move_fails(compare_folder, folder, move, tmp_path)


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda f: (f / "notes.bin").touch(), "notes.bin/file"),
        (lambda f: (f / "tiny" / "extra.safetensors").touch(), "tiny/extra.safetensors"),
        (lambda f: (f / "tiny" / "input.safetensors").unlink(), "tiny/case"),
        (lambda f: (f / "tiny" / "weights.safetensors").write_bytes(b"half"), "tiny/case"),
    ],
)
def test_what_it_does_not_know_or_cannot_run_is_a_failure(spoil, line, tmp_path):
    folder = tmp_path / "infogcn"
    shutil.copytree(FOLDER, folder)
    spoil(folder)
    assert not results(compare_folder, folder)[line].ok


def test_a_folder_without_a_case_is_a_failure(tmp_path):
    (tmp_path / "infogcn").mkdir()
    lines = list(compare_folder(tmp_path / "infogcn"))
    assert [line.ok for line in lines] == [False]
