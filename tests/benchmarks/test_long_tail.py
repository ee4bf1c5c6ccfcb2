"""The study of the long-tail options, with next to nothing to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from accelerate.state import AcceleratorState

from benchmarks import long_tail
from training.classifiers.skeletons import SkeletonRecipe
from training.finetune import load_recipe


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The study in seconds; gives the folder of its runs."""
    recipe = tmp_path / "long_tail.toml"
    text = long_tail.RECIPE.read_text()
    for large, little in (
        ("clips = 2000\n", "clips = 40\n"),
        ("validation_clips = 560\n", "validation_clips = 28\n"),
        ("num_frames = 64\n", "num_frames = 16\n"),
        ("epochs = 6\n", "epochs = 1\n"),
    ):
        assert large in text
        text = text.replace(f"\n{large}", f"\n{little}")
    recipe.write_text(text)
    monkeypatch.setattr(long_tail, "RECIPE", recipe)
    yield tmp_path / "runs"
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.slow
def test_options_stand_in_a_table_and_finished_runs_are_kept(
    small: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["--seeds", "0,1", "--out", str(small)]
    chosen = {name: long_tail.OPTIONS[name] for name in ("none", "focal")}
    monkeypatch.setattr(long_tail, "OPTIONS", chosen)
    assert long_tail.main(given) == 0
    output = capsys.readouterr().out
    head, _, none, focal = output.splitlines()
    assert head == "| option | all classes | frequent half | rare half | added |"
    assert none.startswith("| none | 0.")
    assert focal.startswith("| focal | 0.")

    monkeypatch.setattr(long_tail, "train", lambda *_, **__: pytest.fail("trained again"))
    assert long_tail.main(given) == 0
    assert capsys.readouterr().out == output


def test_it_needs_nothing_but_the_project() -> None:
    recipe = load_recipe(long_tail.RECIPE, [])
    assert isinstance(recipe, SkeletonRecipe)
    assert (recipe.data.source, recipe.data.predicted, recipe.data.fresh) == ("rink", None, False)
    assert (recipe.data.frequencies, recipe.engine.precision) == ("challenge", "fp32")
    assert recipe.engine.evaluate_every_epochs == 0


def test_the_table_says_what_an_option_adds() -> None:
    found = {"none": [[0.2, 0.4, 0.0], [0.3, 0.6, 0.0]], "focal": [[0.4, 0.5, 0.3]] * 2}
    assert long_tail.table(found).splitlines()[2:] == [
        "| none | 0.250 ± 0.071 | 0.500 | 0.000 |  |",
        "| focal | 0.400 ± 0.000 | 0.500 | 0.300 | +0.150 |",
    ]
