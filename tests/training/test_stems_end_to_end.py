"""Stems from end to end (issue 15, point 18): folders work, and nobody's own files are touched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.training.datasets import make_data_set
from tests.training.evaluation.cases import write_profile
from training import evaluate, finetune, prepare
from training.data.build import ClipStore, StoreSettings
from training.data.challenge import read_labels
from training.data.skeletons import PreparedPoses
from ui.evaluations.run_folder import read_evaluation

UNTRAINED = ("--untrained", "--profile")


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_profile(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def nested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two clips whose videos lie in folders below `train_videos/`."""
    folder = make_data_set(tmp_path_factory.mktemp("data") / "set", per_class=1)
    for kind, name in (("jump", "0_3Lutz"), ("spin", "0_CamelSpin")):
        for place, ending in (("train_videos", "mp4"), ("truth", "npz")):
            (folder / place / kind).mkdir()
            (folder / place / f"{name}.{ending}").rename(folder / place / kind / f"{name}.{ending}")
    shutil.rmtree(folder / "poses")
    (folder / "train.txt").write_text("jump/0_3Lutz 11\nspin/0_CamelSpin.MP4 3\n")
    return folder


def test_folders_below_the_data_set_are_prepared_trained_on_and_evaluated(
    nested: Path, profile: Path, tmp_path: Path
) -> None:
    cache, run = tmp_path / "cache", tmp_path / "run"
    given = ["--data", str(nested), *UNTRAINED, str(profile)]
    assert prepare.main([*given, "--out", str(cache), "--workers", "1"]) == 0
    made = sorted(str(path.relative_to(cache)) for path in cache.rglob("*.npz"))
    assert made == [
        "clips/jump/0_3Lutz.npz", "clips/spin/0_CamelSpin.npz",
        "poses/jump/0_3Lutz.npz", "poses/spin/0_CamelSpin.npz",
    ]  # fmt: skip
    clips = read_labels(nested, "train")
    assert PreparedPoses(clips, cache / "poses").clip(0, 1).class_index == 3
    stores = StoreSettings(prepared=str(cache)), StoreSettings()
    for settings in stores:
        store = ClipStore(tmp_path / "store", settings)
        assert len(store.build(clips, workers=0, status=prepare.StatusLine(active=False))) == 2
    assert evaluate.main([*given, "--out", str(run), "--split", "train"]) == 0
    assert (run / "analyses" / "jump" / "0_3Lutz" / "analysis.json").is_file()
    stems = ["jump/0_3Lutz", "spin/0_CamelSpin"]
    assert sorted(pd.read_parquet(run / "predictions.parquet").stem.unique()) == stems
    named = [line.split()[0] for line in (run / "submission.txt").read_text().splitlines()]
    assert named == stems
    assert read_evaluation(run).analysis_folder("jump/0_3Lutz") is not None


@pytest.mark.parametrize("stem", ["{own}/a", "../../own/a", "../own/a"])
@pytest.mark.parametrize("command", ["prepare", "finetune", "evaluate"])
def test_nobodys_own_files_are_written_over(
    command: str, stem: str, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, data, out = tmp_path / "own", tmp_path / "set", tmp_path / "out"
    for folder in (own, data / "train_videos"):
        folder.mkdir(parents=True)
    (own / "a.npz").write_bytes(b"mine")
    (own / "a.mp4").write_bytes(b"mine, too")
    (data / "train.txt").write_text(f"1_b 3\n{stem.format(own=own)} 12\n")
    given = ["--data", str(data), "--out", str(out), *UNTRAINED, str(profile)]
    if command == "prepare":
        code = prepare.main([*given, "--workers", "1"])
    elif command == "evaluate":
        code = evaluate.main([*given, "--split", "train"])
    else:
        settings = [f"data.folder={data}", "data.store.region=whole_frame", f"data.cache={out}"]
        recipe = str(finetune.RECIPES / "smoke_umt.toml")
        sets = [word for setting in settings for word in ("--set", setting)]
        code = finetune.main([recipe, *sets, "--out", str(out)])
    assert code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"error: {data}/train.txt, line 2: stem ")
    assert sorted(path.name for path in own.iterdir()) == ["a.mp4", "a.npz"]
    assert (own / "a.npz").read_bytes() == b"mine"
    assert not list(tmp_path.glob("**/analyses"))
