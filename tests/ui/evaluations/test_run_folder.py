"""Evaluations read back: figures, cells that lead to their clips, what is damaged or elsewhere."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipeline.elements import LABELS
from pipeline.errors import InputError
from tests.ui.evaluations.folders import CLIPS, accuracy_by_hand, write_evaluation
from ui.evaluations import choosing
from ui.evaluations.full_tables import full_tables
from ui.evaluations.opening import analysis_of
from ui.evaluations.run_folder import (
    EvaluationError,
    class_accuracies,
    evaluation_folders,
    read_evaluation,
)
from ui.evaluations.views import accuracy_bars, class_bars, comparison_note, figures_table
from ui.language.tables import speaking

LUTZ, FLIP = LABELS.index("3Lutz"), LABELS.index("3Flip")


def test_every_voter_s_scores_come_back(evaluation):
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


def test_figures_are_numbers_that_sort_and_stand_beside_the_paper_s(evaluation):
    """Issue 15, point 17: "100" sorts before "95" as a text."""
    table = figures_table(evaluation).set_index("model")
    assert all(table[column].dtype == float for column in table)
    paper = table["the paper's, challenge test set"]
    assert paper["weighted sum"] == 95.73
    assert paper["InfoGCN"] == 92.03
    assert np.isnan(paper["UMT 16x224"])
    assert np.isnan(table.loc["vote", "calibration error (ECE)"])
    assert len(accuracy_bars(evaluation).data[0].x) == 8
    assert len(class_bars(class_accuracies(evaluation, "umt"), "umt").data[0].x) == 3


def test_simulated_figures_say_so_beside_the_paper_s(tmp_path, evaluation):
    """Issue 15, point 17."""
    told = {"name": "rink20", "folder": "../rink20", "simulated": True}
    simulated = read_evaluation(write_evaluation(tmp_path / "run", data=told))
    assert list(figures_table(simulated))[1:3] == [
        "mean class accuracy, simulated clips",
        "the paper's, real clips (challenge)",
    ]
    assert [trace.name for trace in accuracy_bars(simulated).data] == [
        "mean class accuracy, simulated clips",
        "the paper's, real clips (challenge)",
    ]
    assert "4 simulated clips (rink20)" in comparison_note(simulated)
    assert "cannot be compared" in comparison_note(simulated)
    assert "simulated" not in comparison_note(evaluation)


def test_the_evaluation_that_ships_says_that_it_is_simulated():
    """Issue 15, point 17: in the app, and in the table that About shows."""
    shipped = read_evaluation(choosing.SHIPPED / "simulated_rink")
    assert shipped.data.simulated
    assert "These clips are simulated" in shipped.table
    assert "paper, on real clips" in shipped.table


def test_labels_may_be_names(tmp_path, evaluation):
    named = read_evaluation(write_evaluation(tmp_path / "named", named_labels=True))
    assert [c.label for c in named.clips] == [c.label for c in evaluation.clips]


def test_a_clip_leads_to_its_analysis_or_a_sentence(evaluation):
    assert analysis_of(evaluation, "b_flip").verdict.label == "3Flip"
    for stem in ("c_right", "", "../../../etc", "nobody"):
        with pytest.raises(InputError, match="was not saved with the evaluation"):
            analysis_of(evaluation, stem)


@pytest.mark.parametrize(
    "place",
    [
        "run/videos/c_right.mp4",
        "set/test_videos/c_right.mp4",
        "moved/train_videos/c_right.mp4",
        "named/c_right.MP4",
        "named/test_videos/c_right.mp4",
    ],
)
def test_a_clip_s_video_is_found_where_the_run_or_the_visitor_says(tmp_path, place):
    """Issue 15, point 15: in the run, in the data set seen from it or from `/`, or as named."""
    run = write_evaluation(tmp_path / "run", data={"name": "set", "folder": "../set"})
    (run / "run.json").write_text(json.dumps({"data": str(tmp_path / "moved")}))
    video = tmp_path / place
    video.parent.mkdir(parents=True)
    video.touch()
    named = tmp_path / "named" if place.startswith("named") else None
    found = read_evaluation(run).video("c_right", named)
    assert found is not None
    assert found.samefile(video)


def test_no_name_leads_out_of_the_places_of_videos(tmp_path):
    run = write_evaluation(tmp_path / "run")
    (tmp_path / "secret.mp4").touch()
    assert read_evaluation(run).video("../secret", run) is None
    assert read_evaluation(run).video("../../secret") is None


def test_evaluations_are_found_where_they_are_named(folder, tmp_path, monkeypatch):
    assert evaluation_folders(tmp_path / "none") == []
    assert evaluation_folders(folder.parent) == [folder]
    monkeypatch.setenv("RINKSIDE_RUNS", str(folder))
    assert evaluation_folders(tmp_path / "none") == [folder]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("summary.json", None, r"contains no evaluation \(summary\.json is missing\)"),
        ("predictions.parquet", None, r"predictions\.parquet is missing"),
        ("summary.json", b"{", "cannot be read"),
        ("summary.json", b"[]", "cannot be read"),
        ("summary.json", b'{"models": {"umt": 3}, "ensemble": {}, "per_class": {}}', "cannot be"),
        (
            "summary.json",
            b'{"models": {"umt": {"top1": "high"}}, "ensemble": {}, "per_class": {}}',
            "umt: top1 is not a number",
        ),
        ("summary.json", b'{"models": {}, "ensemble": {}, "per_class": {}, "data": 3}', "cannot"),
        ("predictions.parquet", b"PAR1 not", "cannot be read"),
    ],
)
def test_a_damaged_evaluation_is_told_in_a_sentence(tmp_path, name, content, words):
    broken = write_evaluation(tmp_path / "broken")
    (broken / name).unlink() if content is None else (broken / name).write_bytes(content)
    with pytest.raises(EvaluationError, match=words):
        read_evaluation(broken)


def test_a_label_beyond_the_classes_is_told(tmp_path):
    import pandas as pd

    broken = write_evaluation(tmp_path / "broken")
    table = pd.read_parquet(broken / "predictions.parquet")
    table["label"] = 28
    table.to_parquet(broken / "predictions.parquet")
    with pytest.raises(EvaluationError, match=r"label 28 is not in 0\.\.27"):
        read_evaluation(broken)


@pytest.mark.parametrize(
    ("language_", "said"),
    [("en", "Do they make the same mistakes?"), ("zh", "集成"), ("ja", "アンサンブル")],
)
def test_the_tables_in_full_speak_the_visitor_s_language(language_, said):
    """Issue 15's left-overs: the page showed the English `table.md` of the folder."""
    evaluation = read_evaluation(choosing.SHIPPED / "simulated_rink")
    with speaking(language_):
        page = full_tables(evaluation)
    assert said in page
    assert "**94.64** [92.7, 96.2]" in page  # the weighted sum, as in `table.md`
    assert "11 | 58 | 7.6e-09" in page
    assert "SkatingVerse" in page  # that the clips are simulated, the paper's are not
    assert ("temperature" in page) == (language_ == "en")
