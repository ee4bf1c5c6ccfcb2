"""The page of the mistakes: what opens, what a message leaves, the matrix, the list, the desk."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import gradio as gr
import numpy as np
import pandas as pd
import pytest

from pipeline.classification.ensemble import EnsembleSettings
from pipeline.elements import BY_FAMILY, LABELS
from tests.factories import make_analysis
from tests.ui.evaluations.folders import write_evaluation
from tests.ui.test_callbacks import Known
from ui import callbacks
from ui.evaluations import choosing
from ui.evaluations.clip_list import clip_list_html, clip_rows
from ui.evaluations.confusion import confusion_html, confusion_table
from ui.evaluations.opened import opened_bar
from ui.language.names import class_name, element_name
from ui.language.tables import speaking
from ui.runs import MAX_RUNS_OF_A_VISITOR, Opened, RunStore
from ui.views.tables import (
    arithmetic_table,
    contribution_lines,
    score_lines,
    score_table,
    view_probabilities,
)

LUTZ, FLIP = LABELS.index("3Lutz"), LABELS.index("3Flip")
NOTE, CHOSEN, TYPED, BODY, FOLDER, CLIP_NOTE, CLIPS = 0, 1, 2, 3, 4, 13, 14
GIVEN: tuple[str, str] = ("count", "")
"""The unit of the matrix, and no folder with videos."""


def click(**data: Any) -> gr.EventData:
    return gr.EventData(None, data)


def skips(*values: Any) -> bool:
    """Whether all of them leave the page as it is."""
    return all(value == gr.skip() for value in values)


# Point 14 of issue 15.


def test_open_with_nothing_typed_opens_what_is_chosen():
    chosen = str(choosing.SHIPPED / "simulated_rink")
    answer = choosing.open_typed("", chosen, chosen, *GIVEN)
    assert answer[FOLDER] == chosen
    assert "560 clips" in answer[NOTE]
    assert answer[BODY].visible


@pytest.mark.parametrize("opened", ["", "the one that is open"])
@pytest.mark.parametrize(
    "wrong", ["gone", "broken", "unlabelled", "a/b\0c", "x" * 300, "~nobody/x"]
)
def test_a_message_leaves_the_page_as_it_is(tmp_path, wrong, opened):
    write_evaluation(tmp_path / "broken")
    (tmp_path / "broken" / "summary.json").write_text("{")
    write_evaluation(tmp_path / "unlabelled")
    empty = {"models": {}, "ensemble": {}, "per_class": {}}
    (tmp_path / "unlabelled" / "summary.json").write_text(json.dumps(empty))
    typed = wrong if wrong.startswith("~") else str(tmp_path / wrong)
    answer = choosing.open_typed(typed, None, opened, *GIVEN)
    assert "rs-error" in answer[NOTE]
    assert answer[CHOSEN].value == (opened or None)  # the list names what is on the page
    assert skips(*answer[2:])


def test_nothing_chosen_and_nothing_typed_is_a_sentence(folder):
    answer = choosing.open_typed("", None, str(folder), *GIVEN)
    assert "Choose an evaluation from the list" in answer[NOTE]
    assert skips(*answer[2:])


def test_what_was_typed_joins_the_list_and_opens_again_from_it(folder):
    answer = choosing.open_typed(f" {folder} ", None, "", *GIVEN)
    assert (answer[FOLDER], answer[TYPED], answer[CHOSEN].value) == (str(folder), "", str(folder))
    assert ("run", str(folder)) in answer[CHOSEN].choices
    again = choosing.open_listed(str(folder), str(folder), *GIVEN)
    assert again[FOLDER] == str(folder)


def test_an_evaluation_that_vanishes_while_it_is_open_leaves_its_list(tmp_path):
    gone = str(tmp_path / "gone")
    for answer in (
        choosing.of_voter(gone, "vote", *GIVEN)[2:],
        choosing.of_cell(gone, "vote", "", click(true_class=1, said=2)),
        choosing.all_mistakes(gone, "vote", ""),
        choosing.named_videos(gone, "vote", None, str(tmp_path)),
    ):
        assert "gone: contains no evaluation" in answer[2]
        assert skips(answer[0], answer[1], answer[3])
    unit, matrix, note = choosing.in_unit(gone, "vote", click(unit="share"))
    assert skips(unit, matrix)
    assert "gone: contains no evaluation" in note


def test_strangers_type_no_paths(folder, tmp_path, monkeypatch):
    (tmp_path / "c_right.mp4").touch()
    monkeypatch.setenv("RINKSIDE_HOSTED", "1")
    assert skips(*choosing.open_typed(str(folder), None, "", *GIVEN)[2:])
    assert skips(*choosing.open_listed(str(folder), "", *GIVEN)[2:])  # not on the list
    cell = (LABELS.index("CamelSpin"),) * 2
    assert "data-analyse" not in choosing._list_of(str(folder), "umt", cell, str(tmp_path))[3]
    monkeypatch.delenv("RINKSIDE_HOSTED")
    assert "data-analyse" in choosing._list_of(str(folder), "umt", cell, str(tmp_path))[3]


# Point 15.


def test_rows_say_what_opens(evaluation):
    kinds = {"a_right": "kept", "b_flip": "video", "c_right": "nothing", "d_axel": "kept"}
    rows = clip_rows(evaluation.clips, "weighted", lambda stem: kinds[stem])
    page = clip_list_html(rows, "weighted")
    marks = dict(re.findall(r'data-stem="(\w+)" data-opens="(\w+)"', page))
    assert marks == kinds
    assert page.count("data-analyse") == 1
    assert ">saved<" in page
    assert ">no video<" in page


def test_every_row_without_an_analysis_is_marked_in_the_evaluation_that_ships():
    shipped = str(choosing.SHIPPED / "simulated_rink")
    page = choosing.all_mistakes(shipped, "weighted", "")[3]
    assert page.count('data-opens="kept"') == 9
    assert page.count('data-opens="nothing"') == 30 - 9


def test_a_typed_folder_of_videos_says_what_it_holds(folder, tmp_path):
    (tmp_path / "c_right.mp4").touch()
    answer = choosing.named_videos(str(folder), "umt", None, str(tmp_path))
    assert "has the videos of 1 of the 4 clips" in answer[2]
    answer = choosing.named_videos(str(folder), "umt", None, str(tmp_path / "none"))
    assert "rs-error" in answer[2]


def pick(runs: RunStore, folder: Path, videos: Path | None = None, **data: Any) -> list[Any]:
    return choosing.pick_clip(runs, "anna", (str(folder), "weighted", videos), click(**data))


def test_a_row_without_analysis_and_video_answers_beside_the_list(folder):
    note, *rest = pick(RunStore(), folder, stem="c_right")
    assert "neither its analysis nor its video is here" in note
    assert skips(*rest)
    note, *rest = pick(RunStore(), folder, stem="../../etc")
    assert "not in the open evaluation" in note
    assert skips(*rest)


def test_analyse_now_asks_the_ordinary_queue_and_opens(folder, tmp_path, monkeypatch):
    (tmp_path / "c_right.mp4").write_bytes(b"a video")
    monkeypatch.setattr(callbacks, "analyser", lambda profile: Known(None))
    runs = RunStore()
    note, *rest = pick(runs, folder, tmp_path, stem="c_right")
    assert "Press “Analyse now”" in note
    assert skips(*rest)
    note, _, shown, begun, pages = pick(runs, folder, tmp_path, stem="c_right", analyse=True)
    run = runs.get(begun)
    assert (note, shown, pages.selected) == ("", (begun, 0), "desk")
    assert run.asked == callbacks.Request(str(tmp_path / "c_right.mp4"), "demo", whole=True)
    assert run.opened.label == LABELS.index("CamelSpin")
    run.complete(make_analysis())
    assert pick(runs, folder, tmp_path, stem="c_right")[2] == (begun, 1)  # known by now


def test_an_analysis_that_cannot_begin_is_told_beside_the_list(tmp_path, monkeypatch):
    run = write_evaluation(tmp_path / "run")
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps({**summary, "profile": "mine"}))
    (tmp_path / "c_right.mp4").touch()
    note, *rest = pick(RunStore(), run, tmp_path, stem="c_right", analyse=True)
    assert "there is no profile mine here" in note
    assert skips(*rest)


# Point 16.


def test_an_opened_clip_has_its_true_class_above_the_views(folder):
    runs = RunStore()
    _, _, shown, _, pages = pick(runs, folder, stem="b_flip", place=1, of=2)
    bar = opened_bar(runs.get(shown[0]).opened)
    assert pages.selected == "desk"
    assert "Ground truth: 3Lutz (3Lz)" in bar
    assert "weighted sum predicted 3Flip" in bar
    assert "1 / 2" in bar
    assert re.search(r'data-step="-1"[^>]*disabled', bar)
    assert not re.search(r'data-step="1"[^>]*disabled', bar)
    assert 'aria-keyshortcuts="Alt+ArrowDown"' in bar
    assert "data-back" in bar
    assert opened_bar(None) == ""


def test_the_true_class_is_marked_among_the_scores_and_in_the_sum():
    """However little is thought of it: it is the last of those shown, if not among the first."""
    analysis = make_analysis(umt="3Lutz", uniformerv2="3Lutz", infogcn="3Lutz")
    weights, settings = analysis.verdict.weights, EnsembleSettings()
    least = int(analysis.verdict.weighted.argmin())
    for truth in (LUTZ, least):
        named = f"{class_name(truth)}, ground truth"
        lines = score_lines(analysis.scores, "probability", classes=3, truth=truth)
        sums = contribution_lines(analysis, classes=3, truth=truth)
        _, views = view_probabilities(analysis.scores["umt"], 3, truth)
        table = arithmetic_table(analysis, weights, settings, classes=3, truth=truth)
        for names in (lines["class"], sums["class"], views, table["class"]):
            assert named in list(names)
            assert len(set(names)) == (3 if truth == LUTZ else 4)
        assert f"{LABELS[truth]}, ground truth" in list(
            score_table(analysis.scores, truth)["class"]
        )


def test_a_clip_opened_again_is_no_second_entry_of_the_visit(folder):
    runs = RunStore()
    first, other, again = (pick(runs, folder, stem=s)[2] for s in ("b_flip", "d_axel", "b_flip"))
    assert first == again != other
    assert len(runs.history("anna")) == 2


def test_a_walk_through_the_mistakes_leaves_the_visitor_s_own_analyses():
    runs = RunStore()
    own = runs.adopt("anna", make_analysis(), "own.mp4")
    for number in range(2 * MAX_RUNS_OF_A_VISITOR):
        run = runs.adopt("anna", make_analysis(), f"{number}.mp4")
        run.opened = Opened(Path("run"), str(number), LUTZ, "")
    assert runs.get(own.run_id) is own
    assert runs.get(run.run_id) is run
    assert len(runs.history("anna")) == MAX_RUNS_OF_A_VISITOR


@pytest.mark.parametrize("value", ["3", -1, 28, 1.5, None, True, [1], {"a": 1}])
def test_nonsense_from_the_browser_is_no_class(value):
    assert choosing._class_of(SimpleNamespace(said=value), "said") is None


# Point 17.


def test_the_matrix_is_in_the_order_of_the_families():
    names = list(confusion_table(np.ones((28, 28), dtype=np.int64)).columns[1:])
    jumps = [f"{turns}{kind}" for kind in ("Toeloop", "Salchow", "Loop", "Flip", "Lutz")
             for turns in (1, 2, 3, 4)]  # fmt: skip
    axels = ["1Axel", "2Axel", "3Axel"]  # the challenge has no quadruple one
    rest = ["CamelSpin", "SitSpin", "UprightSpin", "Sequence", "NoBasic"]
    assert names == [*jumps, *axels, *rest]
    assert sorted(BY_FAMILY) == list(range(28))


def test_the_matrix_is_a_table_of_buttons(evaluation):
    page = confusion_html(evaluation.confusion("weighted"))
    cells = re.findall(r'data-true="(\d+)" data-said="(\d+)"', page)
    assert (str(LUTZ), str(FLIP)) in cells
    assert page.count("<td><button") + page.count('<td class="rs-group"><button') == len(cells) == 4
    assert 'aria-label="1 clips of 3Lutz predicted as 3Flip"' in page


def test_the_matrix_counts_or_shares_its_rows(folder):
    unit, page, _ = choosing.in_unit(str(folder), "weighted", click(unit="share"))
    assert unit == "share"
    assert re.findall(r'predicted as 3Flip">(\d+)<', page) == ["50"]  # one of two Lutzes
    _, page, _ = choosing.in_unit(str(folder), "weighted", click(unit="count"))
    assert re.findall(r'predicted as 3Flip">(\d+)<', page) == ["1"]
    assert skips(*choosing.in_unit(str(folder), "weighted", click(true_class=1, said=2)))


def test_nobasic_is_explained():
    counts = np.eye(28, dtype=np.int64)
    assert "none of the other 27 elements" in confusion_html(counts)
    assert "none of the other 27 elements" not in confusion_html(counts * (np.arange(28) != 12))


def saved(page: str) -> pd.DataFrame:
    """The CSV behind the link of a page."""
    content = re.search(r'href="data:text/csv;charset=utf-8,([^"]*)"', page)
    return pd.read_csv(io.StringIO(unquote(content[1])))


def test_confidences_are_numbers_in_the_list_and_in_its_file(evaluation):
    wrong = evaluation.mistakes("weighted")
    page = clip_list_html(clip_rows(wrong, "weighted", lambda _: "kept"), "weighted")
    table = saved(page)
    assert list(table["clip"]) == [clip.stem for clip in wrong]
    assert table["weighted_confidence"].dtype == float
    shown = [float(v) for v in re.findall(r'data-value="([\d.]+)"', page)][::4]
    assert shown == pytest.approx([clip.probability("weighted") for clip in wrong], abs=1e-6)
    assert shown == pytest.approx(list(table["weighted_confidence"]), abs=1e-6)


def test_a_vote_has_no_confidence_and_says_none(evaluation):
    rows = clip_rows(evaluation.clips, "vote", lambda _: "kept")
    assert rows["vote_confidence"].isna().all()
    assert "nan" not in clip_list_html(rows, "vote")


def test_the_matrix_is_saved_as_numbers(evaluation):
    page = confusion_html(evaluation.confusion("weighted"), title="run weighted sum", share=True)
    table = saved(page).set_index("true_class")
    assert table.loc["3Lutz", "3Flip"] == 1
    assert 'download="run weighted sum confusion.csv"' in page
    assert 'data-png="run weighted sum"' in page


def test_matrix_and_list_call_elements_as_their_readers_do_and_files_keep_the_labels(evaluation):
    """Issue 15, 13: element names and evaluation lines are translated."""
    rows = clip_rows(evaluation.mistakes("weighted"), "weighted", lambda _: "nothing")
    with speaking("ja"):
        matrix = confusion_html(evaluation.confusion("weighted"))
        clips = clip_list_html(rows, "weighted")
        name = element_name(LABELS[LUTZ])
    assert name != LABELS[LUTZ]
    for page in (matrix, clips):
        assert name in page
        assert LABELS[LUTZ] in unquote(page)  # the file to take away has the data set's labels
