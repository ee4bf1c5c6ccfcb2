"""The command: every family's smoke recipe learns, and bad input is one line and exit code 2."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import Tensor

from models.checkpoint_files import read_state
from models.checkpoint_writing import write_safetensors
from models.command_line import StatusLine
from pipeline.elements import LABELS
from tests.training.datasets import CLASSES, make_data_set
from tests.training.disks import largest_file
from tests.training.processes import run_in_two
from training import finetune
from training.classifiers.clip_recipe import ClipRecipe
from training.classifiers.clips import ClipTask
from training.classifiers.skeletons import SkeletonTask
from training.data.challenge import read_labels, split_by_source
from training.engine.checkpoints import write_json
from training.engine.records import read_records
from training.finetune import COMMAND, RECIPE, RECIPES, command_of, load_recipe, main, train
from training.tasks import TASKS

SMOKE = {"umt": 1.96585, "uniformerv2": 0.75754, "infogcn": 4.00686}
"""Family -> mean loss over the smoke run's steps."""


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """A cache of its own, and no memory of earlier runs in this process."""
    monkeypatch.setenv("RINKSIDE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data_set(tmp_path_factory.mktemp("data") / "set")


def losses(run: Path) -> list[float]:
    return [r["loss"] for r in read_records(run) if r["kind"] == "train"]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


class ShuffledClips(ClipTask):
    def batch(self, epoch: int, positions: range) -> dict[str, Tensor]:
        return _shuffled(super().batch(epoch, positions), epoch, positions)


class ShuffledSkeletons(SkeletonTask):
    def batch(self, epoch: int, positions: range) -> dict[str, Tensor]:
        return _shuffled(super().batch(epoch, positions), epoch, positions)


def _shuffled(batch: dict[str, Tensor], epoch: int, positions: range) -> dict[str, Tensor]:
    """Labels that have nothing to do with the samples."""
    generator = torch.Generator().manual_seed(1000 * epoch + positions.start)
    order = torch.randperm(len(batch["labels"]), generator=generator)
    return {**batch, "labels": batch["labels"][order]}


@pytest.mark.parametrize("family", SMOKE)
def test_smoke_recipe_learns(
    family: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = RECIPES / f"smoke_{family}.toml"
    settings = [f"data.folder={data}"]
    if family == "infogcn":  # the rink's motions may change; these poses do not
        settings += [
            "data.source=poses",
            f"data.poses={data / 'poses'}",
            "data.validation_share=0.25",
        ]

    def run(folder: Path) -> list[float]:
        given = [str(recipe), *_sets(settings), "--out", str(folder), "--device", "cpu"]
        assert main(given) == 0
        AcceleratorState._reset_state(reset_partial_state=True)
        return losses(folder)

    learned = run(tmp_path / "true")
    third = len(learned) // 3
    assert mean(learned) == pytest.approx(SMOKE[family], abs=1e-3)
    assert mean(learned[-third:]) < mean(learned[:third])
    state = read_state(tmp_path / "true" / "best.safetensors")
    assert all(value.isfinite().all() for value in state.values())

    for name, task in (("clips", ShuffledClips), ("skeletons", ShuffledSkeletons)):
        shuffled = dataclasses.replace(TASKS[name], build=task)
        monkeypatch.setitem(TASKS, name, shuffled)  # type: ignore[arg-type]
    assert mean(run(tmp_path / "shuffled")[-third:]) > mean(learned[-third:])


@pytest.mark.parametrize("path", sorted(RECIPES.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_is_sound(path: Path) -> None:
    recipe = load_recipe(path, [])
    assert recipe.name == path.stem
    if recipe.task not in ("clips", "skeletons"):
        return  # boxes and skeletons say what they need in their own words
    lines = path.read_text().splitlines()
    assert lines[0].startswith(f"# {command_of(path, [])}")
    head = " ".join(line for line in lines if line.startswith("#"))
    assert "Hardware: " in head
    assert "To reach: " in head
    assert len(lines) <= 75  # one screen


def command(capsys: pytest.CaptureFixture[str], *arguments: Any) -> str:
    """Run a command that must fail; returns its one line."""
    assert main([str(argument) for argument in arguments]) == 2
    output = capsys.readouterr()
    (line,) = output.err.splitlines()
    assert not output.out
    assert line.startswith("error: ")
    return line


UMT = RECIPES / "smoke_umt.toml"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("optim.learning_rate=1", "unknown key optim.learning_rate"),
        ("optim.lr=fast", "optim.lr: "),
        ("optim.epochs=2.5", "optim.epochs: "),
        ("optim.lr=-1", "optim.lr: must be above 0"),
        ("optim", "--set optim: expected KEY=VALUE"),
        ("name.x=1", "--set name.x=1: name is a value"),
        ("task=knitting", "task must be one of clips, skeletons"),
        ("network.builder=umt_huge", "network.builder: there is no 'umt_huge'"),
        (
            "network.builder=infogcn_tiny",
            "is a network of the family infogcn; choose one of the family umt",
        ),
        ("network.arguments.colour=1", "umt_tiny_16x112 takes no 'colour'"),
        ("network.arguments.image_size=30", "with image_size = 30 (image_size must be a multiple"),
        ("network.arguments.drop_path=high", "network.arguments: umt_tiny_16x112 cannot be built"),
        ("network.arguments.num_frames=0", "network.arguments: umt_tiny_16x112 cannot be built"),
        ("data.folder=nowhere", "nowhere: there is no such folder"),
        ("data.validation=out/smoke", "data.validation: is data.folder"),
        ("data.validation=out/../out/smoke/", "data.validation: is data.folder"),
    ],
)
def test_bad_setting_is_named(
    setting: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [UMT, "--set", "network.arguments={}", "--out", tmp_path / "run", "--set", setting]
    assert words in command(capsys, *given)
    assert not (tmp_path / "run").exists()


def test_the_train_split_is_not_validated_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "set")
    given = _sets(
        f"data.{name}" for name in (
            f"folder={tmp_path / 'set'}", f"validation={tmp_path / 'link'}",
            "validation_split=train",
        )
    )  # fmt: skip
    assert "data.validation: is data.folder" in command(capsys, UMT, *given)


@pytest.mark.parametrize(
    ("family", "setting", "words"),
    [
        ("umt", "network.start=umt_l16_8x224_k170", "network.start: no checkpoint or network is"),
        ("umt", "start_from_pose=vitpose_demmo", "start_from_pose: no checkpoint or network is"),
        ("uniformerv2", "optim.layer_decay=0.9", "optim.layer_decay: 0.9 needs a network with"),
        ("infogcn", "network.arguments.k=0", "network.arguments: infogcn_tiny cannot be built"),
    ],
)
def test_setting_that_the_network_refuses_is_named(
    family: str, setting: str, words: str,
    *, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    recipe, run = RECIPES / f"smoke_{family}.toml", tmp_path / "run"
    settings = _sets([f"data.folder={data}", setting])
    assert main([str(recipe), "--out", str(run), "--device", "cpu", *settings]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"error: {words}")
    assert not run.exists()


def test_missing_and_broken_recipes_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no.toml: there is no such recipe" in command(capsys, tmp_path / "no.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("name = 'a\n")
    assert "broken.toml: is not valid TOML" in command(capsys, broken)


def test_label_out_of_range_is_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "train.txt").write_text("1_a 0\n2_b 99\n")
    line = command(capsys, UMT, "--set", f"data.folder={tmp_path}", "--out", tmp_path / "run")
    assert "train.txt, line 2: class 99 is not in 0..27" in line


def test_missing_start_is_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = tmp_path / "best.safetensors"
    settings = (f"data.folder={data}", f"network.start={start}")
    assert main([str(UMT), "--out", str(tmp_path / "r"), *_sets(settings)]) == 2
    assert f"{start} does not exist" in capsys.readouterr().err


def test_start_of_another_size_is_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = load_recipe(UMT, [])
    assert isinstance(recipe, ClipRecipe)
    state = recipe.network.build(num_classes=28).state_dict()
    start = tmp_path / "wide.safetensors"
    write_safetensors({**state, "blocks.0.norm1.weight": torch.ones(7)}, start)
    settings = (f"data.folder={data}", f"network.start={start}")
    assert main([str(UMT), "--out", str(tmp_path / "r"), *_sets(settings)]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("error: ")
    assert "wide.safetensors" in line
    assert "blocks.0.norm1.weight (7,)" in line


def test_a_few_broken_clips_are_listed_and_the_others_learned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_data_set(tmp_path / "set", per_class=8)
    learned, _ = split_by_source(read_labels(data, "train"), share=0.25)
    broken = learned[3].video
    broken.write_bytes(b"not a video")
    settings = (f"data.folder={data}", f"data.cache={tmp_path / 'clips'}", "optim.epochs=1")
    given = [str(UMT), "--out", str(tmp_path / "run"), "--device", "cpu", *_sets(settings)]
    assert main(given) == 0
    said = capsys.readouterr()
    assert "finished" in said.out
    assert f"1 of 24 clips cannot be used; {broken.stem}: " in said.err
    (empty,) = (line for line in said.err.splitlines() if "no training clip of " in line)
    assert empty.startswith(f"{data}: ")
    assert set(empty.split(" of ")[1].split(", ")) == set(LABELS) - set(CLASSES)
    (listed,) = (tmp_path / "clips").rglob("broken_clips.txt")
    assert listed.read_text().startswith(f"{broken.stem}: ")


def _sets(settings: Iterable[str]) -> list[str]:
    return [part for setting in settings for part in ("--set", setting)]


def test_runs_are_continued_on_purpose_and_unchanged(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    base = (f"data.folder={data}", "engine.max_minutes=1e-9", "optim.epochs=1")
    given = [UMT, "--out", run, "--device", "cpu"]
    assert "contains no checkpoint to resume from" in command(capsys, *given, "--resume")
    assert main([str(g) for g in [*given, *_sets(base)]]) == 0
    assert "not finished; continue with --resume" in capsys.readouterr().out
    assert "already holds a run (at step-1)" in command(capsys, *given, *_sets(base))
    changed = _sets((*base, "optim.lr=1e-5", "augment.flip=0"))
    line = command(capsys, *given, *changed, "--resume")
    assert "begun with other settings (optim.lr, augment.flip)" in line
    AcceleratorState._reset_state(reset_partial_state=True)
    longer = _sets((*base, "engine.max_minutes=5"))
    assert main([str(g) for g in [*given, *longer, "--resume"]]) == 0
    assert "finished after 3 steps" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["learned", "held out"])
def test_damaged_clip_is_named_by_the_worker_that_meets_it(
    kind: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = [f"data.folder={data}", f"data.cache={tmp_path / 'clips'}", "optim.epochs=1"]
    given = [str(UMT), "--device", "cpu", *_sets([*settings, "engine.workers=1"])]
    assert (
        main([*given, "--out", str(tmp_path / "first"), *_sets(["engine.max_minutes=1e-9"])]) == 0
    )
    AcceleratorState._reset_state(reset_partial_state=True)
    sides = split_by_source(read_labels(data, "train"), share=0.25)
    chosen = sides[kind == "held out"][0].stem
    (stored,) = (tmp_path / "clips").rglob(f"{chosen}-*.npz")
    content = bytearray(stored.read_bytes())
    middle = slice(len(content) // 4, len(content) // 2)
    content[middle] = bytes(len(content[middle]))  # one that was cut off is made again
    stored.write_bytes(content)
    capsys.readouterr()
    assert main([*given, "--out", str(tmp_path / "run")]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"error: {stored}: is damaged (")
    assert line.endswith("delete it, it will be made again")


def train_as_one_of_two(run: str) -> None:
    """The command, as `accelerate launch` starts it; notes who writes the recipe."""

    def noted(content: dict[str, Any], path: Path) -> None:
        write_json(content, path)
        (path.parent / f"written_by_{os.environ['RANK']}").touch()

    finetune.write_json = noted  # type: ignore[assignment]
    given = [str(RECIPES / "smoke_infogcn.toml"), "--out", run, "--device", "cpu"]
    assert main([*given, *_sets(["optim.epochs=1"])]) == 0


@pytest.mark.slow
def test_of_two_processes_one_writes_and_speaks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run_in_two("tests.training.test_finetune:train_as_one_of_two", str(run))
    assert [path.name for path in run.glob("written_by_*")] == ["written_by_0"]
    assert json.loads((run / RECIPE).read_text())["name"] == "smoke_infogcn"
    assert (run / COMMAND).read_text().endswith(" --set optim.epochs=1\n")
    assert not list(run.rglob("*.part"))
    assert capfd.readouterr().out.count("finished after 6 steps") == 1


def test_full_disk_at_the_start_is_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(UMT), "--device", "cpu", *_sets([f"data.folder={data}", "optim.epochs=1"])]
    assert (
        main([*given, "--out", str(tmp_path / "first"), *_sets(["engine.max_minutes=1e-9"])]) == 0
    )
    AcceleratorState._reset_state(reset_partial_state=True)
    run = tmp_path / "run"
    with largest_file(100):
        assert main([*given, "--out", str(run)]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"error: cannot write {run}: ")
    assert line.endswith("free some space, or give another folder with --out")
    assert not list(run.iterdir())


def test_larger_variant_starts_from_the_smaller_ones_weights(data: Path, tmp_path: Path) -> None:
    def run(name: str, *settings: str) -> float:
        given = (f"data.folder={data}", "augment.operations=0", "augment.mixup=0", *settings)
        recipe = load_recipe(UMT, list(given))
        outcome = train(
            recipe, tmp_path / name, resume=False, device="cpu", status=StatusLine(active=False)
        )
        return outcome.metrics["val_loss"]

    short = run("short", "optim.epochs=8")
    long = run(
        "long",
        f"network.start={tmp_path / 'short' / 'best.safetensors'}",
        "network.arguments.num_frames=8",
        "network.arguments.image_size=48",
        "optim.epochs=1",
        "optim.lr=1e-6",
    )
    assert short < 2.0
    assert long < 2.2  # from scratch it would be ln 28 = 3.3
