"""The fit of the evidence: its command writes what the verdict reads, and it learns."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.verdict.evidence_numbers import ROTATIONS, TURNS_READ, read_numbers
from training.measure.evidence import VALIDATION_SEED, jumps, main
from training.measure.evidence_fit import TakeoffExample, fit_takeoff, wrong_takeoffs


def test_the_network_learns_what_sets_take_offs_apart():
    rng = np.random.default_rng(0)
    examples = []
    for number in range(90):
        joints = 0.1 * rng.standard_normal((18, 17, 2))
        joints[:, :, 1] += number % 3
        examples.append(TakeoffExample(joints, number % 3))
    assert wrong_takeoffs(fit_takeoff(examples, epochs=300), examples) < 0.05


def test_seeds_of_fit_and_tables_are_of_their_ranges():
    from training.measure import evidence

    assert evidence.TRAINING_SEED < 100_000 <= evidence.VALIDATION_SEED < 200_000


@pytest.mark.slow
def test_the_command_writes_what_the_verdict_reads(tmp_path, capsys):
    out = tmp_path / "evidence.safetensors"
    assert main(["--out", str(out), "--training", "2", "--validation", "4"]) == 0
    assert "sha256" in capsys.readouterr().out
    numbers = read_numbers(out)
    assert set(numbers.turns) == set(TURNS_READ)
    table = numbers.turns["turned_in_all"]
    assert table.middle == pytest.approx(np.array(ROTATIONS), abs=0.35)
    assert len(list(jumps(VALIDATION_SEED, 1))) == 23
