"""The README's sequence goes from videos to the table without a hand, in a clone of its own."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from training.classifiers.clip_recipe import ClipRecipe
from training.classifiers.skeletons import SkeletonRecipe
from training.finetune import RECIPES, load_recipe

ROOT = Path(__file__).resolve().parents[2]
HEADING = "## From videos to the leaderboard table"


def commands(text: str) -> list[list[str]]:
    """The commands of the first block after the heading."""
    found = re.search(r"^```\n(.*?)^```", text.split(HEADING)[1], re.DOTALL | re.MULTILINE)
    assert found
    return [shlex.split(line) for line in found[1].splitlines()]


def test_documented_options_exist() -> None:
    """Every command line of the README and of docs/training.md is one that the parsers take."""
    text = (ROOT / "README.md").read_text() + (ROOT / "docs" / "training.md").read_text()
    named = set(re.findall(r"-m ((?:training|benchmarks)(?:\.\w+)+)", text))
    for module in named:
        path = ROOT / Path(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
    for recipe in re.findall(r"training/recipes/(\w+\.toml)", text):
        assert (ROOT / "training" / "recipes" / recipe).is_file(), recipe


def test_one_preparation_feeds_all_of_the_papers_recipes() -> None:
    """What docs/training.md has prepared is what the recipes read, and large enough for them."""
    text = (ROOT / "docs" / "training.md").read_text()
    (prepare,) = (
        shlex.split(line) for line in re.findall(r"^python -m training.prepare.*", text, re.M)
    )
    out, short_side = (prepare[prepare.index(key) + 1] for key in ("--out", "--short-side"))
    names = set(re.findall(r"training/recipes/((?:umt|uniformerv2|infogcn)\w+)\.toml", text))
    assert len(names) >= 5
    for name in names:
        recipe = load_recipe(RECIPES / f"{name}.toml", [])
        if isinstance(recipe, SkeletonRecipe):
            assert recipe.data.poses == f"{out}/poses"
            continue
        assert isinstance(recipe, ClipRecipe)
        assert recipe.data.store.prepared == out
        side = int(name.removesuffix("_kinetics").rsplit("x", 1)[1])
        assert side <= int(short_side)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program without any weights."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("models", "pipeline", "laboratory", "training"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "out")
        )
    (folder / "checkpoints").mkdir()
    shutil.copy(ROOT / "checkpoints" / "manifest.toml", folder / "checkpoints")
    return folder


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_sequence_of_the_readme(clone: Path) -> None:
    environment = {**os.environ, "RINKSIDE_CACHE": str(clone / "cache"), "OMP_NUM_THREADS": "1"}
    for python, *rest in commands((ROOT / "README.md").read_text()):
        assert python == "python"
        done = subprocess.run(
            [sys.executable, *rest],
            cwd=clone, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{shlex.join(rest)}\n{done.stderr[-2000:]}"
    data, run = clone / "out" / "lab", clone / "out" / "lab_test"
    labels = [int(line.split()[1]) for line in (data / "train.txt").read_text().splitlines()]
    assert labels.count(27) / len(labels) == pytest.approx(0.305, abs=0.02)
    counts = [labels.count(index) for index in range(28)]
    assert sum(0 < count < 12 for count in counts) > 5
    content = json.loads((run / "summary.json").read_text())
    assert (content["clips"], content["labelled"]) == (20, 20)
    assert set(content["models"]) == {"umt_4x32", "umt", "uniformerv2", "infogcn"}
    assert set(content["ensemble"]) == {"vote", "weighted"}
    assert content["fitted_on_validation"]["clips"] > 0
    assert content["views"]["umt_4x32"] == 15
    text = (run / "table.md").read_text()
    assert "| 95.73 |" in text
    assert "umt_4x32" not in text.split("**untrained")[1].split("**")[0]  # its weights are ours
    frame = pd.read_parquet(run / "predictions.parquet")
    assert frame.stem.nunique() == 20
