"""Issue 17, section 2: an element opens on the desk as it was analysed, and there is a way back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import InputError
from pipeline.sheet.corrected import apply
from pipeline.sheet.corrections import Insert
from ui.desk.left import facts_of, left_of
from ui.programme.opening import beside, open_element, way_back
from ui.programme.rows import analyses
from ui.runs import RunStore


@pytest.fixture
def sheet(job):
    return apply(job.programme, [Insert("2S", 10.0, 11.5)])


def test_an_element_opens_as_a_run_of_its_saved_analysis(job, sheet):
    runs = RunStore()
    run = open_element(runs, "anna", job, sheet.rows[0])
    assert run.analysis is not None
    assert run.title == "free <skate>.mp4 1: 3Lz"
    assert run.element.key == "1"
    assert runs.on_screen("anna") is run
    again = open_element(runs, "anna", job, sheet.rows[0])
    assert again is run  # and no second one
    assert len(runs.history("anna")) == 1


def test_the_desk_takes_no_video_of_the_server_for_a_visitors_file(job_with_video):
    """With a cache in somebody's home gradio refused it, and the clip before stayed."""
    rows = apply(job_with_video.programme, ()).rows
    run = open_element(RunStore(), "anna", job_with_video, rows[0])
    left = left_of(run)
    assert run.analysis is not None
    assert run.analysis.video.path == job_with_video.request.path
    assert left.path is None
    assert "free &lt;skate&gt;.mp4 1: 3Lz" in facts_of(run, left)


def test_an_element_without_an_analysis_is_a_sentence(job, sheet):
    with pytest.raises(InputError, match=r"element 2 \(2S\) has no analysis of its own"):
        open_element(RunStore(), "anna", job, sheet.rows[1])
    with pytest.raises(InputError, match="no analysis"):
        open_element(RunStore(), "anna", job, sheet.rows[0], "../../etc")


def test_the_next_one_is_the_next_that_opens(sheet):
    keys = [row.key for row in sheet.rows if analyses(row)]
    assert beside(sheet, keys[0], 1).key == keys[1]
    assert beside(sheet, keys[1], -1).key == keys[0]
    assert beside(sheet, keys[-1], 1) is None
    assert beside(sheet, "gone", 1) is None


def test_the_bar_names_the_element_and_leads_back(job, sheet):
    run = open_element(RunStore(), "anna", job, sheet.rows[0])
    html = way_back(run.element)
    assert "Element 1, 3Lz, of free &lt;skate&gt;.mp4" in html
    assert 'aria-keyshortcuts="Escape"' in html
    assert "Jump 1" not in html
    both = way_back(replace(run.element, jumps=("elements/01", "elements/02")))
    assert 'data-folder="elements/02" aria-pressed="false">Jump 2' in both
    assert way_back(None) == ""
