"""Keys that were renamed: refused in what people write, known in what programs wrote."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from pathlib import Path

import pytest

from models.umt.builders import umt_tiny
from pipeline.config import PROFILES, load_profile
from pipeline.errors import ConfigError
from pipeline.settings import RENAMED, with_stored_keys
from training.classifiers import auxiliary_heads, distillation
from training.finetune import RECIPE, RECIPES, _check_folder, load_recipe
from training.preparation.clip import _stages

IN_PROFILES = {
    "closer": ("[zoom]", "[closer]"),
    "detector.min_score": ("score_threshold", "min_score"),
    "track.certain_score": ("high_score_threshold", "certain_score"),
    "track.association.loyalty": ("[zoom]", "[track.association]\nloyalty = 1\n[zoom]"),
    "pose.settle_sides": ("resolve_left_right", "settle_sides"),
    "video_models.0.mirrored": ("test_time_flip", "mirrored"),
    "skeleton_model.mirrored": ('small"\ntest_time_flip', 'small"\nmirrored'),
}
IN_RECIPES = {
    "guide": ("demo_umt.toml", "[auxiliary]", "[guide]"),
    "teacher": ("demo/umt_32x96_stage7.toml", "[distillation]", "[teacher]"),
    "data.found": ("demo_infogcn.toml", "[data.predicted]", "[data.found]"),
}


def refusal_of(key: str) -> str:
    return re.escape(f"unknown key {key} (now called {RENAMED[key.split('.')[-1]]})")


def test_every_renamed_key_is_tried() -> None:
    assert {key.split(".")[-1] for key in (*IN_PROFILES, *IN_RECIPES)} == set(RENAMED)


@pytest.mark.parametrize("key", IN_PROFILES)
def test_an_old_key_of_a_profile_is_told_its_new_name(key: str, tmp_path: Path) -> None:
    today, old = IN_PROFILES[key]
    text = (PROFILES / "demo.toml").read_text(encoding="utf-8")
    assert today in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(today, old, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=refusal_of(key)):
        load_profile(str(path))


@pytest.mark.parametrize("key", IN_RECIPES)
def test_an_old_key_of_a_recipe_is_told_its_new_name(key: str, tmp_path: Path) -> None:
    name, today, old = IN_RECIPES[key]
    text = (RECIPES / name).read_text(encoding="utf-8")
    assert today in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(today, old), encoding="utf-8")
    with pytest.raises(ConfigError, match=refusal_of(key)):
        load_recipe(path, [])


@pytest.mark.parametrize("key", IN_RECIPES)
def test_an_old_key_behind_set_is_told_its_new_name(key: str) -> None:
    name, *_ = IN_RECIPES[key]
    with pytest.raises(ConfigError, match=refusal_of(key)):
        load_recipe(RECIPES / name, [f"{key}.anything=1"])


@pytest.mark.parametrize("name", ["demo_umt.toml", "demo_infogcn.toml"])
def test_a_run_that_was_begun_under_old_keys_goes_on(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(RECIPES / name, [])
    (tmp_path / "checkpoints" / "step-1").mkdir(parents=True)
    stored = with_stored_keys(dataclasses.asdict(recipe))
    assert not {"auxiliary", "distillation"} & set(stored)
    (tmp_path / RECIPE).write_text(json.dumps(stored), encoding="utf-8")
    _check_folder(recipe, tmp_path, resume=True)
    (tmp_path / RECIPE).write_text(json.dumps(stored | {"seed": 9}), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"other settings \(seed\)"):
        _check_folder(recipe, tmp_path, resume=True)


def test_prepared_clips_and_caches_are_known_by_the_first_keys() -> None:
    """`prepared.json` is compared with these, and a profile's hash names cached analyses."""
    stages = _stages(load_profile("demo"))
    assert stages["detector"]["min_score"] == 0.2
    assert stages["track"]["certain_score"] == 0.3
    assert stages["pose"]["settle_sides"] is True
    content = tomllib.loads((PROFILES / "demo.toml").read_text(encoding="utf-8"))
    assert {"closer", "detector", "pose"} < set(with_stored_keys(content))


def test_checkpoints_of_runs_keep_the_heads_names() -> None:
    """A run of before the renaming goes on: its state dict says `guide.*` and `teacher.*`."""
    assert (auxiliary_heads.NAME, distillation.NAME) == ("guide", "teacher")
    network = umt_tiny(num_frames=4, image_size=32)
    auxiliary_heads.attach(network)
    assert [name for name, _ in network.named_children()][-1] == "guide"
