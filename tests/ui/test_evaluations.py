"""Evaluations read back: figures, cells that lead to their clips, what is damaged or elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.elements import LABELS
from pipeline.errors import InputError
from tests.ui.evaluation_folders import CLIPS, accuracy_by_hand, write_evaluation
from ui.evaluation_views import (
    accuracy_bars,
    class_bars,
    clip_table,
    confusion_html,
    figures_table,
)
from ui.evaluations import (
    Evaluation,
    EvaluationError,
    class_accuracies,
    evaluation_folders,
    read_evaluation,
)
from ui.tabs import mistakes

LUTZ, FLIP = LABELS.index("3Lutz"), LABELS.index("3Flip")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_evaluation(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def evaluation(folder: Path) -> Evaluation:
    return read_evaluation(folder)


def test_every_voter_s_opinions_come_back(evaluation):
    said = {clip.stem: clip for clip in evaluation.clips}
    assert said["b_flip"].says("weighted") == FLIP
    assert said["b_flip"].says("vote") == FLIP
    assert said["b_flip"].says("infogcn") == LUTZ
    assert said["d_axel"].says("weighted") == LABELS.index("3Axel")
    assert said["d_axel"].says("vote") == LABELS.index("2Axel")
    assert evaluation.voters[:2] == ("vote", "weighted")


@pytest.mark.parametrize("voter", ["weighted", "vote", "umt", "infogcn", "umt_16x448"])
def test_cells_hold_the_clips_that_they_count(evaluation, voter):
    counts = evaluation.confusion(voter)
    assert counts.sum() == len(CLIPS)
    for true, said in np.argwhere(counts):
        cell = evaluation.of_cell(voter, int(true), int(said))
        assert len(cell) == counts[true, said]
        assert all((c.label, c.says(voter)) == (true, said) for c in cell)
    wrong = {clip.stem for clip in evaluation.mistakes(voter)}
    assert len(wrong) == counts.sum() - np.trace(counts)
    table = class_accuracies(evaluation, voter)
    true = np.array([clip.label for clip in evaluation.clips])
    said = np.array([clip.says(voter) for clip in evaluation.clips])
    assert table["accuracy"].mean() == pytest.approx(accuracy_by_hand(said, true))


def test_the_matrix_is_a_table_of_buttons(evaluation):
    page = confusion_html(evaluation.confusion("weighted"))
    cells = re.findall(r'data-true="(\d+)" data-said="(\d+)"', page)
    assert (str(LUTZ), str(FLIP)) in cells
    assert page.count("<button") == len(cells) == 4
    assert 'aria-label="1 clips of 3Lutz called 3Flip"' in page


def test_figures_stand_beside_the_paper_s(evaluation):
    table = figures_table(evaluation).set_index("model")
    assert table.loc["weighted sum", "paper's"] == "95.73"
    assert table.loc["InfoGCN", "paper's"] == "92.03"
    assert table.loc["UMT 16x224", "paper's"] == ""
    assert table.loc["vote", "calibration error"] == ""
    assert len(accuracy_bars(evaluation).data[0].x) == 8
    assert len(class_bars(class_accuracies(evaluation, "umt"), "umt").data[0].x) == 3
    assert list(clip_table(evaluation.mistakes("weighted"), "weighted")["clip"]) == [
        clip.stem for clip in evaluation.mistakes("weighted")
    ]


def test_labels_may_be_names(tmp_path, evaluation):
    named = read_evaluation(write_evaluation(tmp_path / "named", named_labels=True))
    assert [c.label for c in named.clips] == [c.label for c in evaluation.clips]


def test_a_clip_leads_to_its_analysis_or_a_sentence(evaluation):
    assert mistakes.analysis_of(evaluation, "b_flip").verdict.label == "3Flip"
    for stem in ("c_right", "", "../../../etc", "nobody"):
        with pytest.raises(InputError, match="was not kept with the evaluation"):
            mistakes.analysis_of(evaluation, stem)


def test_evaluations_are_found_where_they_are_named(folder, tmp_path, monkeypatch):
    assert evaluation_folders(tmp_path / "none") == []
    assert evaluation_folders(folder.parent) == [folder]
    monkeypatch.setenv("RINKSIDE_RUNS", str(folder))
    assert evaluation_folders(tmp_path / "none") == [folder]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("summary.json", None, r"holds no evaluation \(summary\.json is missing\)"),
        ("predictions.parquet", None, r"predictions\.parquet is missing"),
        ("summary.json", b"{", "cannot be read"),
        ("summary.json", b"[]", "cannot be read"),
        ("predictions.parquet", b"PAR1 not", "cannot be read"),
    ],
)
def test_a_damaged_evaluation_is_told_in_a_sentence(tmp_path, name, content, words):
    broken = write_evaluation(tmp_path / "broken")
    (broken / name).unlink() if content is None else (broken / name).write_bytes(content)
    with pytest.raises(EvaluationError, match=words):
        read_evaluation(broken)
    card = mistakes._open(broken)[0]
    assert "rs-error" in card


def test_a_label_beyond_the_classes_is_told(tmp_path):
    import pandas as pd

    broken = write_evaluation(tmp_path / "broken")
    table = pd.read_parquet(broken / "predictions.parquet")
    table["label"] = 28
    table.to_parquet(broken / "predictions.parquet")
    with pytest.raises(EvaluationError, match=r"label 28 is none of 0\.\.27"):
        read_evaluation(broken)


def test_an_evaluation_without_classes_says_so(tmp_path):
    unlabelled = write_evaluation(tmp_path / "unlabelled")
    empty = {"models": {}, "ensemble": {}, "per_class": {}}
    (unlabelled / "summary.json").write_text(json.dumps(empty))
    assert "no clip&#x27;s class is known" in mistakes._open(unlabelled)[0]


@pytest.mark.parametrize("value", ["3", -1, 28, 1.5, None, True, [1], {"a": 1}])
def test_nonsense_from_the_browser_is_no_class(value):
    assert mistakes._class_of(SimpleNamespace(said=value), "said") is None


def test_strangers_cannot_type_paths(folder, monkeypatch):
    monkeypatch.setenv("RINKSIDE_HOSTED", "1")
    assert mistakes._open_typed(str(folder))[2] == ""
    monkeypatch.delenv("RINKSIDE_HOSTED")
    assert mistakes._open_typed(f" {folder} ")[2] == str(folder)
    assert mistakes._open_listed(str(folder))[2] == ""  # only what is on the list
