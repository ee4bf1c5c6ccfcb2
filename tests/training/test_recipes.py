"""Every weight that ships is made by recipes in the tree; commands parse and chains have an end.

Issue 16, section 3: one experiment is one TOML, and the manifest names commands that run.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from models.zoo import MANIFEST, Checkpoint, read_manifest
from training.finetune import RECIPES, load_recipe
from training.release.redaction import without_places

ROOT = RECIPES.parents[1]
FILES = {path.stem: path for path in sorted(RECIPES.rglob("*.toml"))}
SHIPPED = {name: c for name, c in read_manifest(MANIFEST).items() if c.file}
RUN = re.compile(r"out/runs/(\w+)(?:/best\.safetensors)?")


def head(path: Path) -> str:
    """A recipe's opening comment, continued lines joined."""
    lines = path.read_text(encoding="utf-8").splitlines()
    end = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join(line.removeprefix("#").strip() for line in lines[:end]).replace("\\\n", "")


def commands_of(path: Path) -> list[list[str]]:
    """Commands in a recipe's opening comment, as words."""
    found = re.findall(r"^(?:[\w ]+: )?python (-m .*)$", head(path), re.MULTILINE)
    return [shlex.split(text) for text in found]


def parsed(words: list[str]) -> Any:
    """What a command's own parser makes of its arguments."""
    assert words[0] == "-m"
    name = words[1]
    if (ROOT / Path(*name.split(".")) / "__main__.py").is_file():
        name += ".__main__"
    return importlib.import_module(name)._parser().parse_args(words[2:])


def exports() -> Iterator[tuple[Path, Any]]:
    """Every export that a recipe says comes after it."""
    for path in FILES.values():
        for words in commands_of(path):
            if words[1] == "training.export":
                yield path, parsed(words)


SOUPS = {str(e.out): [e.run, *e.average] for _, e in exports() if e.out}


def runs_behind(weights: str) -> set[str]:
    """Recipes whose runs go into weights: a run's, a soup's, or a checkpoint's of the manifest."""
    if weights in SOUPS:
        return {name for part in SOUPS[weights] for name in runs_behind(str(part))}
    run = RUN.fullmatch(weights)
    if run:
        assert run[1] in FILES, f"{weights}: no recipe has this run"
        return {run[1]}
    assert weights in read_manifest(MANIFEST), weights
    return set()


@cache
def starts_of(name: str) -> set[str]:
    """Recipes that a recipe goes on from."""
    recipe: Any = load_recipe(FILES[name], [])
    given = [recipe.network.start, getattr(recipe, "start_from_pose", "")]
    return {run for weights in given if weights for run in runs_behind(weights)}


@pytest.mark.parametrize("path", FILES.values(), ids=FILES)
def test_what_a_recipe_is_headed_by_can_be_typed(path: Path) -> None:
    for words in commands_of(path):
        if "..." in words or words[1] == "training.prepare":  # "as above", in the paper's recipes
            continue
        options = parsed(words)
        if words[1] == "training.finetune":
            assert load_recipe(ROOT / options.recipe, options.set).name == path.stem
        if words[1] == "training.export":
            for weights in (options.run, *options.average):
                runs_behind(str(weights))


@pytest.mark.parametrize("name", FILES)
def test_stages_lead_back_to_a_beginning(name: str) -> None:
    before, seen = starts_of(name), set()
    while before:
        assert name not in before
        seen |= before
        before = {run for stage in before for run in starts_of(stage)} - seen


@pytest.mark.parametrize("checkpoint", SHIPPED.values(), ids=SHIPPED)
def test_commands_of_the_manifest_run(checkpoint: Checkpoint) -> None:
    """Until issue 16 two of them held words in brackets, and five started from lost files."""
    for figure in checkpoint.figures:
        if figure.command.startswith("published: "):
            continue
        for command in figure.command.split(" && "):
            python, *words = shlex.split(command)
            assert python == "python"
            options = parsed(words)
            for file in (getattr(options, "recipe", None), getattr(options, "profile", None)):
                assert file is None or (ROOT / file).is_file()
            if words[1] == "training.finetune":
                assert options.set in ([], ["data.folder=DIR"])
                load_recipe(ROOT / options.recipe, options.set)


@pytest.mark.parametrize("checkpoint", SHIPPED.values(), ids=SHIPPED)
def test_what_ships_is_made_by_recipes_of_the_tree(checkpoint: Checkpoint) -> None:
    made = re.match(r"made here: (training/recipes/\S+\.toml), seed (\d+)", checkpoint.source)
    assert made
    path = ROOT / made[1]
    recipe: Any = load_recipe(path, [])
    assert recipe.seed == int(made[2])
    assert recipe.network.builder == checkpoint.builder
    last = [words for words in commands_of(path) if words[1] in ("training.export", "models.zoo")]
    options = parsed(last[-1])
    if last[-1][1] == "models.zoo":
        assert Path(options.out) == Path("checkpoints") / f"{checkpoint.name}.safetensors"
    else:
        assert (options.name, options.licence) == (checkpoint.name, checkpoint.licence)
        assert options.people == checkpoint.people
        for weights in options.average:
            assert f"{RUN.fullmatch(str(weights))[1]} (" in checkpoint.source  # type: ignore[index]


@pytest.mark.parametrize("checkpoint", SHIPPED.values(), ids=SHIPPED)
def test_what_ships_has_seen_the_data_of_its_recipe(checkpoint: Checkpoint) -> None:
    """The data was noted when the weights were made; their recipe came after, and must agree."""
    noted = json.loads(checkpoint.note.removeprefix("data: "))
    path = re.findall(r"training/recipes/\S+\.toml", checkpoint.source)[0]
    recipe: Any = load_recipe(ROOT / path, [])
    told = json.loads(json.dumps(without_places(dataclasses.asdict(recipe.data))))
    # What is younger than the notes was off: clips were cut tight, by the book, with fewer faults.
    for group in ("rink", "predicted"):
        for clips in (noted.get(group) or {}).values():
            if isinstance(clips, dict) and "surroundings" in clips:
                clips.setdefault("margins_s", 0.0)
                clips.setdefault("wide", False)
    if isinstance(noted.get("noise"), dict):
        faults = ("limbs_lost", "swapped_for_s", "quick_jitter", "lag_s")
        noted["noise"] = dict.fromkeys(faults, 0.0) | noted["noise"]
    for key, value in noted.items():
        if key not in ("folder", "rink_folder"):
            assert told[key] == value, key
    assert told.get("margins_s", 0.0) == told.get("wide", 0.0) == 0.0


def test_the_profile_without_real_people_differs_from_the_demo_in_nothing_else() -> None:
    from pipeline.config import load_profile

    demo = dataclasses.asdict(load_profile("demo"))
    rink = dataclasses.asdict(load_profile(str(ROOT / "benchmarks" / "rink" / "rink_only.toml")))
    rink["detector"] |= {
        key: demo["detector"][key] for key in ("checkpoint", "short_side", "long_side")
    }
    rink["track"]["high_score_threshold"] = demo["track"]["high_score_threshold"]
    rink["pose"]["checkpoint"] = demo["pose"]["checkpoint"]
    assert rink | {"name": "", "summary": ""} == demo | {"name": "", "summary": ""}
