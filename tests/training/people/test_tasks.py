"""The trainers of boxes and skeletons on a handful of drawn pictures, end to end."""

from __future__ import annotations

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models.checkpoint_files import read_state
from models.command_line import StatusLine
from models.weights import load_strict
from pipeline.errors import ConfigError
from training.export import main as export_main
from training.finetune import load_recipe, main
from training.network import NetworkSettings
from training.tasks import TASKS

RECIPES = Path("training/recipes")
SMOKE = ("smoke_vitpose", "smoke_dino")
JOINTS = np.array([(2 + 6 * (j % 3), 2 + 7 * (j // 3)) for j in range(17)], float)
"""In a figure of 16 x 40 pixels."""
EASY = [
    "canvases_per_epoch=2400", "validation_canvases=40", "optim.lr=1e-3",
    "network.arguments.width=8", "mixture.heights=[0.3, 0.9]", "mixture.side_by_side=0",
    "mixture.pasted=0",
]  # fmt: skip
UPRIGHT = [f"augmentation.{name}=0" for name in ("flip", "rotated", "upside_down", "half_body")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """40 pictures with a bright upright figure each, and 4 empty ones."""
    folder = tmp_path_factory.mktemp("people")
    (folder / "drawn").mkdir()
    rng = np.random.default_rng(0)
    images, people = [], []
    for index in range(44):
        picture = rng.integers(0, 60, (60, 80, 3), np.uint8)
        if index < 40:
            x, y = (int(v) for v in rng.integers((5, 5), (55, 15)))
            picture[y : y + 40, x : x + 16] = 220
            joints = np.array([x, y]) + JOINTS
            keypoints = np.column_stack((joints, np.full(17, 2))).ravel().tolist()
            people.append(
                {"id": index, "image_id": index, "bbox": [x, y, 16, 40], "keypoints": keypoints}
            )
        images.append({"id": index, "file_name": f"drawn/{index}.png"})
        cv2.imwrite(str(folder / f"drawn/{index}.png"), picture)
    (folder / "drawn.json").write_text(json.dumps({"images": images, "annotations": people}))
    (folder / "drawn_teacher.json").write_text(json.dumps({"annotations": []}))
    return folder


def overrides(folder):
    settings = [f"data.folder={folder}", 'data.sets=["drawn"]']
    return [word for setting in settings for word in ("--set", setting)]


def least_side(name):
    return ["--set", "least_side=10"] if name == "smoke_vitpose" else []


def make_task(name, settings):
    recipe = load_recipe(RECIPES / f"{name}.toml", settings)
    return TASKS[recipe.task].build(recipe, StatusLine(active=False))


@pytest.mark.parametrize("name", SMOKE)
def test_smoke_recipes_train_and_become_weights(name, folder, tmp_path, capsys):
    run = tmp_path / "run"
    arguments = [str(RECIPES / f"{name}.toml"), *overrides(folder), *least_side(name)]
    assert main([*arguments, "--out", str(run), "--device", "cpu"]) == 0
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["train", "eval"]
    assert math.isfinite(lines[0]["loss"])
    assert all(0 <= lines[1][key] <= 1 for key in lines[1].keys() & {"pck", "ap50", "recall"})

    out = tmp_path / f"{name}.safetensors"
    assert export_main([str(run), "--out", str(out)]) == 0
    assert 'sha256 = "' in capsys.readouterr().out
    recipe = json.loads((run / "recipe.json").read_text())
    state = read_state(out)
    assert {v.dtype for v in state.values()} <= {torch.float16, torch.int64}
    load_strict(NetworkSettings(**recipe["network"]).build(), state, source=str(out))


@pytest.mark.parametrize("name", SMOKE)
def test_samples_depend_on_seed_epoch_and_position_alone(name, folder):
    words = overrides(folder)[1::2] + least_side(name)[1::2]
    one, other = (make_task(name, words) for _ in range(2))
    one.batch(0, range(3))
    together, alone = one.batch(1, range(2, 4)), other.batch(1, range(3, 4))
    key = "crops" if name == "smoke_vitpose" else "pixels"
    torch.testing.assert_close(together[key][1:], alone[key], atol=0, rtol=0)
    again = other.batch(2, range(3, 4))
    assert not torch.equal(again[key], alone[key])


@pytest.mark.parametrize(
    ("name", "setting", "words"),
    [
        (
            "smoke_vitpose",
            "network.builder=dino_tiny",
            "family dino; choose one of the family vitpose",
        ),
        ("smoke_vitpose", "sigma=0", "sigma"),
        (
            "smoke_dino",
            "network.builder=vitpose_tiny",
            "family vitpose; choose one of the family dino",
        ),
        ("smoke_dino", "mixture.heights=[0.5, 0.1]", "heights"),
        ("smoke_dino", "canvases_hw=[[0, 5]]", "canvases_hw"),
        ("smoke_dino", "data.sets=['absent']", "absent"),
    ],
)
def test_bad_settings_are_named(name, setting, words, folder):
    overridden = [*overrides(folder)[1::2], setting]
    if "builder" in setting:
        overridden.append("network.arguments={}")
    with pytest.raises(ConfigError, match=words):
        make_task(name, overridden)


def test_a_folder_without_a_run_is_not_exported(tmp_path, capsys):
    assert export_main([str(tmp_path), "--out", str(tmp_path / "x.safetensors")]) == 2
    assert "contains no run" in capsys.readouterr().err


@pytest.mark.parametrize("name", SMOKE)
def test_an_interrupted_run_ends_with_the_same_weights(name, folder, tmp_path):
    arguments = [str(RECIPES / f"{name}.toml"), *overrides(folder), *least_side(name)]
    arguments += ["--device", "cpu", "--set", "optim.epochs=2"]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main([*arguments, "--out", str(whole)]) == 0
    stop = ["--set", "engine.max_minutes=1e-6"]
    assert main([*arguments, *stop, "--out", str(parts)]) == 0
    assert main([*arguments, "--resume", "--out", str(parts)]) == 0
    weights = [read_state(run / "best.safetensors") for run in (whole, parts)]
    for key, value in weights[0].items():
        torch.testing.assert_close(weights[1][key], value, atol=1e-6, rtol=1e-5, msg=key)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "figure", "reach", "settings"),
    [
        ("smoke_dino", "ap50", 0.8, EASY),
        (
            "smoke_vitpose",
            "pck",
            0.5,
            ["optim.epochs=60", "engine.evaluate_every_epochs=60", *UPRIGHT],
        ),
    ],
)
def test_simple_figures_are_learnt(folder, tmp_path, capsys, *, name, figure, reach, settings):
    settings = [*settings, "optim.batch_size=8"]
    words = [word for setting in settings for word in ("--set", setting)]
    arguments = [str(RECIPES / f"{name}.toml"), *overrides(folder), *least_side(name), *words]
    assert main([*arguments, "--out", str(tmp_path / "run"), "--device", "cpu"]) == 0
    figures = dict(line.split()[:2] for line in capsys.readouterr().out.splitlines()[:-1])
    assert float(figures[figure]) > reach


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_statistics_stay_while_the_network_learns(folder, frozen):
    words = [*overrides(folder)[1::2], f"frozen_statistics={str(frozen).lower()}"]
    task = make_task("smoke_dino", words)
    model = task.build_model().train()
    before = {key: value.clone() for key, value in model.state_dict().items() if "running" in key}
    losses = task.loss(model, task.batch(0, range(2)))
    losses["loss"].backward()
    after = model.state_dict()
    assert before
    assert all(torch.equal(after[key], value) for key, value in before.items()) == frozen
    scales = [p for name, p in model.named_parameters() if "bn" in name and name.endswith("weight")]
    assert any(p.grad is not None and bool(p.grad.any()) for p in scales)
