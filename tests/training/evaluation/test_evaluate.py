"""The command: from a data set to the table, resumed after a kill, and from saved predictions."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from laboratory.table.clips import read_table
from pipeline.analyser import Analyser
from pipeline.elements import LABELS
from pipeline.storage.analysis_files import load
from tests.training.datasets import make_data_set
from tests.training.evaluation.cases import as_test_split, drawn, write_profile
from training.evaluate import main
from training.evaluation.clips import data_source
from training.evaluation.predictions import write_predictions
from training.evaluation.table import table

STEMS = ["0_3Lutz", "0_CamelSpin", "0_NoBasic", "0_Sequence"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips, one of them broken; neither truth nor poses."""
    folder = as_test_split(make_data_set(tmp_path_factory.mktemp("data") / "set", per_class=1))
    (folder / "test_videos" / "0_NoBasic.mp4").write_bytes(b"no video")
    # The challenge's own numbers need not be ours.
    mapping = "".join(f"{name} {27 - index}\n" for index, name in enumerate(LABELS))
    (folder / "mapping.txt").write_text(mapping)
    labels = [line.split() for line in (folder / "test_labels.txt").read_text().splitlines()]
    (folder / "test_labels.txt").write_text("".join(f"{s} {27 - int(i)}\n" for s, i in labels))
    return folder


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_profile(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def run(data: Path, profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "run"
    assert evaluate(data, profile, folder) == 0
    return folder


def evaluate(data: Path, profile: Path, out: Path, *more: str) -> int:
    given = ["--data", str(data), "--profile", str(profile), "--out", str(out), "--untrained"]
    return main([*given, *more])


def test_run_holds_what_the_contract_says(run: Path) -> None:
    frame = pd.read_parquet(run / "predictions.parquet")
    assert sorted(frame.stem.unique()) == STEMS
    views = frame.groupby(["stem", "model"]).view.count().loc["0_3Lutz"].to_dict()
    assert views == {"umt_16x112": 3, "umt": 1, "uniformerv2": 1, "infogcn": 1}
    labels = frame.groupby("stem").label.first().to_dict()
    assert labels == {stem: LABELS.index(stem[2:]) for stem in STEMS}
    content = json.loads((run / "summary.json").read_text())
    assert set(content["models"]) == {"umt_16x112", "umt", "uniformerv2", "infogcn"}
    assert set(content["ensemble"]) == {"vote", "weighted"}
    assert set(content["per_class"]) == {"3Lutz", "CamelSpin", "NoBasic", "Sequence"}
    assert content["missed"] == ["0_NoBasic"]
    text = (run / "table.md").read_text()
    assert "**untrained: the weights of" in text
    assert "1 that could not be analysed (counted as wrong)" in text
    assert "0_NoBasic: " in (run / "failed_clips.txt").read_text()
    assert not list(run.rglob("*.part"))


def test_facts_of_the_clips_lie_beside_their_answers(run: Path) -> None:
    table = read_table(run)
    for row, stem in enumerate(table.stems.tolist()):
        if stem == "0_NoBasic":
            assert np.isnan(table.facts["length_s"][row])
            continue
        video = load(run / "analyses" / stem).video
        assert table.facts["length_s"][row] == pytest.approx(video.duration_s)
        assert (table.facts["split"][row], table.facts["sha256"][row]) == ("test", video.sha256)


def test_the_summary_leads_back_to_the_videos(run: Path, data: Path) -> None:
    """Issue 15, point 15: so that a clip can be analysed again from the evaluation."""
    told = json.loads((run / "summary.json").read_text())["data"]
    assert told == {"name": data.name, "folder": told["folder"], "simulated": False}
    assert (run / told["folder"] / "test_videos" / "0_3Lutz.mp4").is_file()


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_clips_are_called_so_beside_the_paper_s(
    run: Path, tmp_path: Path, simulated: bool
) -> None:
    """Issue 15, point 17: in the data set's summary, and in the table made of it."""
    if simulated:
        (tmp_path / "rink.json").write_text("{}")
    told = data_source(tmp_path, run)
    assert told["simulated"] == simulated
    text = table({**json.loads((run / "summary.json").read_text()), "data": told})
    assert ("These clips are simulated" in text) == simulated
    assert ("| paper, on real clips |" in text) == simulated


def test_logits_are_those_of_the_analyses_by_stem(run: Path) -> None:
    frame = pd.read_parquet(run / "predictions.parquet").dropna(subset="model")
    for stem in sorted(set(STEMS) - {"0_NoBasic"}):
        analysis = load(run / "analyses" / stem)
        assert analysis.video.path.endswith(f"{stem}.mp4")
        for name, scores in analysis.scores.items():
            rows = frame[(frame.stem == stem) & (frame.model == name)].sort_values("view")
            np.testing.assert_array_equal(np.stack(rows.logits.tolist()), scores.logits)


def test_submission_is_in_the_data_sets_own_numbers(run: Path, data: Path) -> None:
    lines = dict(line.split() for line in (run / "submission.txt").read_text().splitlines())
    assert sorted(lines) == sorted(set(STEMS) - {"0_NoBasic"})
    for stem, number in lines.items():
        assert 27 - int(number) == load(run / "analyses" / stem).verdict.class_index


def test_second_run_makes_only_what_is_missing(
    data: Path, profile: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    shutil.rmtree(copy / "analyses" / "0_Sequence")
    (copy / "analyses" / "0_3Lutz" / "arrays.npz").write_bytes(b"damaged")
    analyse, made = Analyser.analyse, []

    def counted(self: Analyser, path: Any, **more: Any) -> Any:
        made.append(Path(path).stem)
        return analyse(self, path, **more)

    monkeypatch.setattr(Analyser, "analyse", counted)
    assert evaluate(data, profile, copy) == 0
    assert made == ["0_3Lutz", "0_NoBasic", "0_Sequence"]
    for name in ("predictions.parquet", "summary.json", "table.md", "submission.txt"):
        assert (copy / name).read_bytes() == (run / name).read_bytes(), name


def test_precision_is_asked_for_and_never_mixed(
    data: Path, profile: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bf16"
    assert evaluate(data, profile, out, "--precision", "bf16") == 0
    full, reduced = (
        np.concatenate(list(pd.read_parquet(folder / "predictions.parquet").logits.dropna()))
        for folder in (run, out)
    )
    assert 0 < np.abs(full - reduced).max() < 0.05
    capsys.readouterr()
    assert evaluate(data, profile, out) == 2
    assert "holds an evaluation with another profile" in capsys.readouterr().err


def test_another_reader_is_asked_for_and_never_mixed(
    data: Path, profile: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "opencv"
    assert evaluate(data, profile, out, "--reader", "opencv", "--shard", "0/4") == 0
    readers = [
        json.loads(path.read_text())["video"].get("reader")
        for path in out.glob("analyses/**/analysis.json")
    ]
    assert readers == ["opencv"]
    assert evaluate(data, profile, out) == 2
    assert "holds an evaluation with another profile" in capsys.readouterr().err


def test_shards_together_are_the_whole(
    data: Path, profile: Path, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    for shard in ("0/2", "1/2"):
        assert evaluate(data, profile, out, "--shard", shard) == 0
        assert not (out / "table.md").exists()
    assert evaluate(data, profile, out) == 0
    assert (out / "table.md").read_bytes() == (run / "table.md").read_bytes()


def test_saved_predictions_give_the_same_figures(
    run: Path, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Analyser, "__init__", None)  # no network is touched
    given = ["--predictions", str(run / "predictions.parquet"), "--profile", str(profile)]
    assert main([*given, "--out", str(tmp_path / "again")]) == 0
    was = json.loads((run / "summary.json").read_text())
    now = json.loads((tmp_path / "again" / "summary.json").read_text())
    for key in ("models", "ensemble", "per_class", "umt_fusions", "left_out", "missed"):
        assert now[key] == was[key], key


def test_without_labels_there_is_still_a_submission(
    data: Path, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unlabelled = tmp_path / "set"
    shutil.copytree(data, unlabelled)
    (unlabelled / "test_labels.txt").unlink()
    (unlabelled / "answer.txt").write_text("0_Sequence\n")
    assert evaluate(unlabelled, profile, tmp_path / "run") == 0
    assert "No class is known" in capsys.readouterr().out
    assert (tmp_path / "run" / "submission.txt").read_text().startswith("0_Sequence ")
    content = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert content["models"] == content["ensemble"] == {}


def test_mapping_of_some_classes_leaves_the_others_out_of_the_submission(
    data: Path, profile: Path, run: Path, tmp_path: Path
) -> None:
    """Issue 15, point 23: a class that the mapping lacks ended the evaluation at its end."""
    copy, out = tmp_path / "set", tmp_path / "run"
    shutil.copytree(data, copy)
    verdict = load(run / "analyses" / "0_3Lutz").verdict.class_index
    (copy / "mapping.txt").write_text(
        "".join(f"{name} {27 - i}\n" for i, name in enumerate(LABELS) if i != verdict)
    )
    (copy / "test_labels.txt").unlink()
    assert evaluate(copy, profile, out) == 0
    assert "0_3Lutz" not in (out / "submission.txt").read_text()


@pytest.mark.parametrize("stem", ["x" * 245, "跳" * 83])
def test_long_names_and_strange_clips_end_no_evaluation(
    stem: str, data: Path, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue 15, point 24: a long stem and a long --out ended it after all the work."""
    copy, out = tmp_path / "set", tmp_path / ("o" * 245)
    shutil.copytree(data, copy)
    (copy / "test_videos" / "0_3Lutz.mp4").rename(copy / "test_videos" / f"{stem}.mp4")
    (copy / "answer.txt").write_text(f"{stem}\n0_Sequence\n0_CamelSpin\n", encoding="utf-8")
    (copy / "test_labels.txt").unlink()
    analyse = Analyser.analyse

    def broken(self: Analyser, path: Any, **more: Any) -> Any:
        if "Camel" in str(path):
            raise KeyError("a bug that only this clip meets")
        return analyse(self, path, **more)

    monkeypatch.setattr(Analyser, "analyse", broken)
    assert evaluate(copy, profile, out) == 0
    assert (out / "analyses" / stem / "analysis.json").is_file()
    reason = "unexpected KeyError: 'a bug that only this clip meets'"
    assert (out / "failed_clips.txt").read_text() == f"0_CamelSpin: {reason}\n"
    assert f"| 0_CamelSpin | {reason} |" in (out / "table.md").read_text()
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["missed"], summary["failed"]) == (["0_CamelSpin"], {"0_CamelSpin": reason})


def test_fitted_on_validation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_predictions(drawn(40, seed=1, source=500), tmp_path / "val.parquet")
    write_predictions(drawn(40, seed=2), tmp_path / "test.parquet")
    given = ["--predictions", str(tmp_path / "test.parquet"), "--out", str(tmp_path / "run")]
    assert main([*given, "--validation", str(tmp_path / "val.parquet")]) == 0
    assert "fitted weights (" in capsys.readouterr().out
    assert main([*given, "--validation", str(tmp_path / "test.parquet")]) == 2
    assert "weights must be fitted on other sources" in capsys.readouterr().err


def line_of(capsys: pytest.CaptureFixture[str]) -> str:
    *progress, line = capsys.readouterr().err.splitlines()
    assert all(" % clip " in text for text in progress)
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--data", "nowhere"), "nowhere: there is no such folder"),
        (("--predictions", "none.parquet"), "none.parquet: there is no such file"),
        (("--data", "DATA", "--profile", "huge"), "there is no profile huge"),
        (("--data", "DATA", "--split", "train"), "train.txt: there is no such file"),
        (("--data", "DATA", "--shard", "2/2"), "--shard 2/2: expected I/N"),
        (("--data", "DATA", "--out", "new/" + "o" * 256), "too long a name for the file system"),
        (("--data", "DATA", "--out", "o/" * 1800), "too long a name for the file system"),
        (("--data", "d" * 300), "File name too long"),
        (("--predictions", "p" * 300), "File name too long"),
        (("--data", "DATA", "--out", "RUN"), "holds an evaluation with another data"),
    ],
)
def test_bad_input_is_one_line(
    given: tuple[str, ...], words: str,
    *, data: Path, run: Path, tmp_path: Path, profile: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    other = tmp_path / "other"
    other.mkdir()
    for name in ("answer.txt", "test_labels.txt"):
        shutil.copy(data / name, other)
    places = {"DATA": str(other), "RUN": str(run)}
    filled = [places.get(part, part) for part in given]
    base = ["--out", str(tmp_path / "run"), "--profile", str(profile), "--untrained"]
    assert main([*base, *filled]) == 2
    assert words in line_of(capsys)
    assert not (tmp_path / "run" / "table.md").exists()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("answer.txt", "a\na\n", "answer.txt, line 2: ais listed twice"),
        ("answer.txt", "0_3Lutz\nx\n", "in only one of it and answer.txt"),
        ("test_labels.txt", "0_3Lutz 28\n", "test_labels.txt, line 1: class 28 is not in 0..27"),
        ("mapping.txt", "5Axel 3\n", "mapping.txt, line 1: '5Axel' is not a class"),
    ],
)
def test_bad_lists_are_named(
    name: str, text: str, words: str,
    *, data: Path, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    copy = tmp_path / "set"
    shutil.copytree(data, copy)
    (copy / name).write_text(text)
    assert evaluate(copy, profile, tmp_path / "run") == 2
    assert words in line_of(capsys)


def test_all_clips_broken_is_an_error(
    profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "set"
    (data / "test_videos").mkdir(parents=True)
    (data / "test_labels.txt").write_text("1_a 0\n2_b 1\n")
    assert evaluate(data, profile, tmp_path / "run") == 2
    assert "none of the 2 clips can be analysed; 1_a: " in line_of(capsys)


@pytest.mark.slow
def test_killed_evaluation_goes_on(data: Path, profile: Path, run: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [
        sys.executable, "-m", "training.evaluate", "--data", str(data), "--profile", str(profile),
        "--out", str(out), "--untrained",
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(out.glob("analyses/*/analysis.json")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (out / "table.md").exists()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert (out / "table.md").read_bytes() == (run / "table.md").read_bytes()
