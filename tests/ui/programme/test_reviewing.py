"""Issue 17, section 2, corrections: undo and redo, kept beside the machine's list, saved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import InputError
from pipeline.messages import Message
from pipeline.storage.programme_files import load_programme
from ui.programme.page import correct, state_card
from ui.programme.reviewing import Reviews


def codes(reviews: Reviews, job) -> list[str]:
    return [row.code for row in reviews.sheet(job).rows]


def test_corrections_are_saved_beside_what_the_machine_said(job):
    reviews, machine = Reviews(), job.programme.elements
    correct(reviews, job, {"act": "relabel", "key": "1", "code": "3F"})
    made = correct(reviews, job, {"act": "insert", "code": "ChSq", "at": 46.0})
    assert codes(reviews, job) == ["3F", "3Lz+3T", "FCoSp", "StSq", "ChSq", "2A"]
    assert reviews.sheet(job).row(made).code == "ChSq"
    assert job.programme.elements == machine
    assert load_programme(job.programme_folder).elements[0].code == "3Lz"
    assert codes(Reviews(), job) == codes(reviews, job)  # as another server reads it


def test_undo_and_redo_step_through_the_corrections(job):
    reviews = Reviews()
    correct(reviews, job, {"act": "delete", "key": "1"})
    correct(reviews, job, {"act": "mark", "key": "2", "review": True})
    correct(reviews, job, {"act": "undo"})
    assert not reviews.sheet(job).rows[0].review
    correct(reviews, job, {"act": "undo"})
    assert len(codes(reviews, job)) == 5
    correct(reviews, job, {"act": "redo"})
    assert codes(reviews, job)[0] == "3Lz+3T"
    assert len(reviews.of(job).history.undone) == 1


def test_a_correction_that_fails_changes_nothing(job):
    reviews = Reviews()
    with pytest.raises(InputError, match="overlaps element 2"):
        correct(reviews, job, {"act": "span", "key": "1", "start": 4.8, "end": 15.0})
    assert reviews.of(job).history.done == ()


def test_nothing_is_corrected_while_the_video_is_being_read(job):
    job.turn_to("reading")
    with pytest.raises(InputError, match="still being read"):
        correct(Reviews(), job, {"act": "delete", "key": "1"})


def test_another_list_has_no_corrections_yet(job):
    reviews = Reviews()
    correct(reviews, job, {"act": "delete", "key": "1"})
    (job.programme_folder / "corrections.json").unlink()
    job.programme = replace(job.programme, elements=job.programme.elements[:2])
    assert codes(reviews, job) == ["3Lz", "3Lz+3T"]


def test_what_the_engine_warns_of_is_read_beside_the_result(job):
    job.programme = replace(job.programme, warnings=(Message("two <skaters> all along"),))
    assert "two &lt;skaters&gt; all along" in state_card(job)


def test_the_state_says_how_a_job_stands(job):
    assert "elements found: 5" in state_card(job)
    job.turn_to("failed", inside="KeyError")
    assert 'role="alert"' in state_card(job)
