"""The helper that moves golden numbers notices a comparison that looks away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.training.parity.cases import Move, assert_lines_covered, assert_move_fails, results
from training.parity.report import Comparison, Tolerance, compare, failure

STORED = {
    "float": torch.tensor([1.0, -2.0]),
    "half": torch.tensor([100.0, 3.0], dtype=torch.float16),
    "byte": torch.tensor([0, 255], dtype=torch.uint8),
    "flag": torch.tensor([True, False]),
}
LIMITS = {"float": 1e-5, "half": 1e-3, "byte": 1.0, "flag": 0.0, "exact": 0.0, "indices": 0.0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "source" / "family"
    folder.mkdir(parents=True)
    save_file(STORED, folder / "case.safetensors")
    save_file({"exact": torch.tensor([0.5])}, folder / "other.safetensors")
    (folder / "rows.json").write_text(json.dumps([{"indices": [[0, 1], [2, 3]]}]))
    return folder


def attentive(folder: Path) -> Iterator[Comparison]:
    for file, stored in (("case", STORED), ("other", {"exact": torch.tensor([0.5])})):
        path = folder / f"{file}.safetensors"
        if path.exists():
            expected = load_file(path)
            for name, value in stored.items():
                yield compare(file, name, value, expected[name], Tolerance(LIMITS[name]))
    if (folder / "rows.json").exists():
        indices = json.loads((folder / "rows.json").read_text())[0]["indices"]
        yield compare("rows", "indices", [[0, 1], [2, 3]], indices, Tolerance(0.0))


def inattentive(folder: Path) -> Iterator[Comparison]:
    for comparison in attentive(folder):
        yield compare(comparison.case, comparison.tensor, 0, 0, Tolerance(1e-5))


def jumpy(folder: Path) -> Iterator[Comparison]:
    lines = list(attentive(folder))
    yield from lines
    if not all(line.ok for line in lines):
        yield failure("case", "unrelated", "everything breaks at once")


MOVES = [
    *(Move("case.safetensors", name, f"case/{name}") for name in STORED),
    Move("other.safetensors", "exact", "other/exact"),
    Move("rows.json", "0/indices", "rows/indices"),
]


@pytest.mark.parametrize("move", MOVES, ids=str)
def test_every_kind_of_number_is_moved_far_enough(folder, tmp_path, move):
    assert_move_fails(attentive, folder, move, tmp_path)


def test_the_source_stays_as_it_is(folder, tmp_path):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert_move_fails(attentive, folder, MOVES[0], tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_comparison_that_looks_away_is_caught(folder, tmp_path):
    with pytest.raises(AssertionError, match="case/float held"):
        assert_move_fails(inattentive, folder, MOVES[0], tmp_path)


def test_an_unrelated_failure_is_caught(folder, tmp_path):
    with pytest.raises(AssertionError, match="case/unrelated"):
        assert_move_fails(jumpy, folder, MOVES[0], tmp_path)
    related = Move(MOVES[0].file, MOVES[0].key, MOVES[0].line, spreads="unrelated$")
    assert_move_fails(jumpy, folder, related, tmp_path)


def test_lines_without_a_move_are_caught(folder):
    assert_lines_covered(attentive, folder, MOVES)
    with pytest.raises(AssertionError, match="rows/indices"):
        assert_lines_covered(attentive, folder, MOVES[:-1])
    assert_lines_covered(attentive, folder, MOVES[:-1], exempt="^rows/")
    with pytest.raises(AssertionError, match="case/none"):
        assert_lines_covered(attentive, folder, [*MOVES, Move("case", "none", "case/none")])


def test_two_lines_of_one_name_are_caught(folder):
    def twice(folder: Path) -> Iterator[Comparison]:
        yield from attentive(folder)
        yield from attentive(folder)

    with pytest.raises(AssertionError, match="two comparisons"):
        results(twice, folder)
