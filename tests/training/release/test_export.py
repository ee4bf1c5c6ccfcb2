"""A run becomes a checkpoint that the zoo accepts."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from models.checkpoint_files import read_state, sha256_of
from models.checkpoint_writing import write_safetensors
from models.zoo import MANIFEST, check_checkpoint, load_model, read_manifest
from models.zoo.builders import BUILDERS
from training.export import main, with_entry
from training.finetune import COMMAND, RECIPE, RECIPES, command_of

ARGUMENTS = ("--licence", "Apache-2.0", "--source", "the simulated rink, seed 11")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    torch.manual_seed(0)
    network = BUILDERS["infogcn_tiny"]()
    metadata = {"step": "40", "figure": "mean_class_accuracy", "value": "0.875"}
    write_safetensors(network.state_dict(), folder / "best.safetensors", metadata)
    recipe = {
        "name": "demo_infogcn",
        "seed": 3,
        "network": {"builder": "infogcn_tiny", "arguments": {"k": 5, "dropout": 0.2}},
        "data": {
            "source": "rink",
            "classes": ["3Lutz"],
            "seed": 11,
            "folder": "/home/me",
            "poses": "/home/me/poses",
            "validation": "held/out",
            "classes_of": "/mnt/lists",
            "store": {"prepared": "../cache", "cache": "/home/me", "short_side": 48},
            "found": {"validation": {"seed": 100_031}},
        },
    }
    (folder / RECIPE).write_text(json.dumps(recipe))
    return folder


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    return Path(shutil.copy(MANIFEST, folder / "manifest.toml"))


def export(run: Path, manifest: Path, *arguments: str) -> int:
    return main([str(run), "--name", "demo", "--manifest", str(manifest), *arguments])


def test_exported_run_is_a_checkpoint(run: Path, manifest: Path) -> None:
    known = read_manifest(manifest)
    assert export(run, manifest, *ARGUMENTS) == 0
    entries = read_manifest(manifest)
    assert list(entries) == [*known, "demo"]
    entry = entries["demo"]
    assert (entry.family, entry.builder, entry.status) == ("infogcn", "infogcn_tiny", "demo")
    assert dict(entry.arguments) == {"k": 5}
    assert entry.licence == "Apache-2.0"
    (figure,) = entry.figures
    assert (figure.name, figure.value) == ("validation mean class accuracy", 0.875)
    assert figure.command.endswith("training/recipes/demo_infogcn.toml")
    assert '"seed": 11' in entry.note
    told = json.loads(entry.note.removeprefix("data: "))
    assert [told[key] for key in ("folder", "poses", "validation", "classes_of")] == ["DIR"] * 4
    assert told["store"] == {"prepared": "DIR", "cache": "DIR", "short_side": 48}
    assert told["found"] == {"validation": {"seed": 100_031}}
    assert entry.source == (
        "made here: training/recipes/demo_infogcn.toml, seed 3; the simulated rink, seed 11"
    )
    assert check_checkpoint(entry, manifest) == sha256_of(manifest.parent / "demo.safetensors")

    model, _ = load_model("demo", manifest=manifest)
    trained = read_state(run / "best.safetensors")
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value.float(), trained[name].float(), atol=1e-3, rtol=1e-3)


def test_the_mean_with_earlier_stages_ships_as_such(run: Path, manifest: Path) -> None:
    last = read_state(run / "best.safetensors")
    earlier = {
        key: value + 1 if value.is_floating_point() else value + 7 for key, value in last.items()
    }
    stage = run.parent / "first" / "best.safetensors"
    stage.parent.mkdir()
    write_safetensors(earlier, stage, {})
    assert export(run, manifest, *ARGUMENTS, "--average", str(stage)) == 0
    shipped = read_state(manifest.parent / "demo.safetensors")
    assert shipped.keys() == last.keys()
    for key, value in last.items():
        mean = value + 0.5 if value.is_floating_point() else value
        torch.testing.assert_close(shipped[key].float(), mean.float(), atol=2e-3, rtol=1e-3)
    entry = read_manifest(manifest)["demo"]
    assert f"; mean with first ({sha256_of(stage)[:12]})" in entry.source
    assert [figure.name for figure in entry.figures] == [
        "validation mean class accuracy, the last stage alone"
    ]


def test_legs_of_another_network_are_refused(run: Path, manifest: Path, capsys: Any) -> None:
    other = run.parent / "other.safetensors"
    write_safetensors(BUILDERS["infogcn_small"]().state_dict(), other, {})
    before = manifest.read_text()
    assert export(run, manifest, *ARGUMENTS, "--average", str(other)) == 2
    assert "other.safetensors: holds weights of another network" in capsys.readouterr().err
    assert manifest.read_text() == before
    assert not (manifest.parent / "demo.safetensors").exists()


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("optim.lr=8e-4", "optim.lr=8e-4"),
        ("data.poses=/home/me/poses", "data.poses=DIR"),
        ("data.store.prepared = '../cache'", "data.store.prepared =DIR"),
        ("data.cache=cache", "data.cache=DIR"),
        ('data.validation="held out"', "data.validation=DIR"),
        ("data.validation_share=0.2", "data.validation_share=0.2"),
        ("network.start=/home/me/out/umt.safetensors", "network.start=umt.safetensors"),
        ("network.start=umt_l16_8x224_k710", "network.start=umt_l16_8x224_k710"),
        (
            'data.store={prepared="/home/me", region="truth"}',
            'data.store={ prepared = "DIR", region = "truth" }',
        ),
    ],
)
def test_a_command_tells_no_place(override: str, told: str, run: Path, manifest: Path) -> None:
    command = command_of(RECIPES / "demo_infogcn.toml", [override])
    assert shlex.split(command)[4:] == ["--set", told]
    older = shlex.join([*shlex.split(command)[:4], "--set", override])
    (run / COMMAND).write_text(f"{older}\n")
    assert export(run, manifest, *ARGUMENTS) == 0
    assert read_manifest(manifest)["demo"].figures[0].command == command


def test_a_changed_recipe_is_exported_with_its_changes(run: Path, manifest: Path) -> None:
    overrides = ["optim.lr=8e-4", "data.folder=/home/me"]
    command = command_of(RECIPES / "demo_umt_32x96.toml", overrides)
    (run / COMMAND).write_text(f"{command}\n")
    assert export(run, manifest, *ARGUMENTS) == 0
    entry = read_manifest(manifest)["demo"]
    (figure,) = entry.figures
    assert figure.command == (
        "python -m training.finetune training/recipes/demo_umt_32x96.toml "
        "--set optim.lr=8e-4 --set data.folder=DIR"
    )
    assert entry.source.startswith("made here: training/recipes/demo_umt_32x96.toml, seed 3; ")
    assert command_of(Path("/home/me/own.toml"), []) == "python -m training.finetune own.toml"


def test_figures_of_other_data_come_first(run: Path, manifest: Path) -> None:
    measured = ("--figure", "PCK on real clips", "0.75", "python -m benchmarks.real_clips")
    assert export(run, manifest, *ARGUMENTS, *measured) == 0
    first, second = read_manifest(manifest)["demo"].figures
    assert (first.name, first.value, first.command) == (
        "PCK on real clips", 0.75, "python -m benchmarks.real_clips",
    )  # fmt: skip
    assert second.name.startswith("validation")


def test_weights_are_stored_in_half_precision(run: Path, manifest: Path) -> None:
    export(run, manifest, *ARGUMENTS)
    kept = read_state(manifest.parent / "demo.safetensors")
    assert {v.dtype for v in kept.values() if v.is_floating_point()} == {torch.float16}


def test_second_export_takes_the_first_ones_place(run: Path, manifest: Path) -> None:
    export(run, manifest, *ARGUMENTS)
    before = manifest.read_text()
    manifest.write_text(f"{before}\n# the end\n")
    assert export(run, manifest, "--licence", "MIT") == 0
    after = manifest.read_text()
    assert after.count('name = "demo"') == 1
    assert after.endswith("\n# the end\n")
    assert read_manifest(manifest)["demo"].licence == "MIT"


def test_entries_around_the_replaced_one_stay() -> None:
    text = 'a = 1\n\n[[checkpoint]]\nname = "x"\nb = 2\n\n# between\n[[checkpoint]]\nname = "y"\n'
    assert with_entry(text, "x", "NEW\n") == text.replace(
        '[[checkpoint]]\nname = "x"\nb = 2\n', "NEW\n"
    )
    assert with_entry(text, "z", "NEW\n") == text + "\nNEW\n"


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        ("recipe", ARGUMENTS, "contains no run"),
        ("weights", ARGUMENTS, "best.safetensors: is not there; the run has not been evaluated"),
        ("overflow", ARGUMENTS, "fc.bias holds numbers that half precision does not"),
        ("name", ARGUMENTS, "--name Demo 1: use lower-case letters"),
        ("figure", (*ARGUMENTS, "--figure", "PCK", "much", "x"), "PCK: much is not a number"),
    ],
)
def test_what_cannot_be_exported_is_named(
    run: Path, manifest: Path, capsys: Any, *, change: str, arguments: tuple[str, ...], words: str
) -> None:
    before = manifest.read_text()
    weights = run / "best.safetensors"
    if change == "recipe":
        (run / RECIPE).unlink()
    elif change == "weights":
        weights.unlink()
    elif change == "overflow":
        state = {**read_state(weights), "fc.bias": torch.full((64,), 1e6)}
        write_safetensors(state, weights)
    name = "Demo 1" if change == "name" else "demo"
    assert main([str(run), "--name", name, "--manifest", str(manifest), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert words in line
    assert manifest.read_text() == before
    assert [path.name for path in manifest.parent.iterdir()] == ["manifest.toml"]


def test_licence_is_asked_for(run: Path, manifest: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit, match="2"):
        export(run, manifest)
    assert "--name needs --licence" in capsys.readouterr().err
