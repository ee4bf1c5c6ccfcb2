"""`python -m training.programme`: it learns, and a killed run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from accelerate.state import AcceleratorState

from models.checkpoint_files import read_state
from models.families import recognise
from training.engine.records import read_records
from training.programme.__main__ import main
from training.recipe import read_toml

ROOT = Path(__file__).resolve().parents[3]
SMOKE = ROOT / "training" / "recipes" / "smoke_temporal.toml"


@pytest.fixture(autouse=True)
def alone():
    """No memory of earlier runs in this process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def arguments(programmes: Path, run: Path, *more: str) -> list[str]:
    data = ("--set", f"data.folder={programmes}", "--set", "data.minutes=[1.0, 1.05]")
    held_out = ("--set", "data.validation_minutes=[1.0, 1.05]")
    return [str(SMOKE), *data, *held_out, "--out", str(run), "--device", "cpu", *more]


@pytest.fixture(scope="module")
def whole(programmes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody broke off."""
    run = tmp_path_factory.mktemp("whole") / "run"
    assert main(arguments(programmes, run)) == 0
    return run


def test_a_few_steps_lower_the_loss(whole: Path) -> None:
    losses = [r["loss"] for r in read_records(whole) if r["kind"] == "train"]
    assert losses[-1] < 0.8 * losses[0]
    family = recognise(read_state(whole / "best.safetensors"))
    assert family is not None
    assert family[0].name == "temporal"
    (told,) = [r for r in read_records(whole) if r["kind"] == "eval"]
    assert {"f1_50", "f1_90", "edit", "moments", "map_1", "map_2", "map_4"} <= set(told)


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_same_losses(
    whole: Path, programmes: Path, tmp_path: Path
) -> None:
    killed = tmp_path / "killed"
    often = ("--set", "engine.checkpoint_every_minutes=0.0001")
    command = [sys.executable, "-m", "training.programme", *arguments(programmes, killed, *often)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})
    deadline = time.monotonic() + 120
    while len(read_records(killed)) < 2:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert main(arguments(programmes, killed, *often, "--resume")) == 0
    told = [
        {r["step"]: r["loss"] for r in read_records(run) if r["kind"] == "train"}
        for run in (whole, killed)
    ]
    assert told[0] == pytest.approx(told[1], rel=1e-5)


def test_the_demos_recipe_is_the_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "file").write_text("")
    data = ["--set", f"data.folder={folder / 'file'}", "--out", str(tmp_path / "run")]
    assert main(data) == 2
    assert "cannot write" in capsys.readouterr().err
    assert read_toml(ROOT / "training" / "recipes" / "demo_temporal.toml")["task"] == "programmes"


def test_a_seed_of_the_tests_is_refused(
    programmes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(programmes, tmp_path, "--set", "data.seed=500000")) == 2
    assert "seed must be below 100000" in capsys.readouterr().err
