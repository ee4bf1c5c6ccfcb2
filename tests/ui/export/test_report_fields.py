"""Issue 15, point 12: skater, event and note on the page and in the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.annotations.report_fields import MOST, ReportFields
from pipeline.storage.cache import AnalysisCache
from tests.factories import make_analysis
from ui.export.report import report
from ui.export.report_fields import fields_of, keep_fields
from ui.export.takeaway import make_files, open_saved
from ui.language.tables import LANGUAGES, speaking
from ui.runs import RunStore

EVIL = '<script id="rinkside-analysis">alert("x")</script>'
TEXTS = ("Anna", "Cup, <b>free</b>", f"{EVIL}\nsecond line")


@pytest.fixture
def runs():
    return RunStore()


@pytest.fixture
def run(runs):
    return runs.adopt("anna", make_analysis())


@pytest.mark.parametrize("kind", ["report", "zip", "json"])
def test_they_travel_with_what_is_exported(runs, run, kind):
    assert keep_fields(runs, "anna", run.run_id, TEXTS) == ""
    files = make_files(run, [kind])
    _, opened = open_saved(files, runs, "boris")
    assert fields_of(runs.get(opened)) == [opened, *TEXTS]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_shows_them_as_plain_text(runs, run, language):
    keep_fields(runs, "anna", run.run_id, TEXTS)
    with speaking(language):
        page = report(run.analysis)
    assert "Cup, &lt;b&gt;free&lt;/b&gt;" in page
    assert "alert(&quot;x&quot;)&lt;/script&gt;\nsecond line" in page
    assert "<b>free" not in page
    assert page.count("<script") == 1  # the packed analysis


def test_empty_fields_leave_the_report_as_it_was(runs, run):
    before = report(run.analysis)
    assert keep_fields(runs, "anna", run.run_id, ("", "  ", "")) == ""
    assert "rs-written" not in before.partition("</style>")[2]
    assert report(run.analysis).partition("<script")[0] == before.partition("<script")[0]


def test_they_belong_to_the_run_that_they_were_written_for(runs, run):
    other = runs.adopt("anna", run.analysis, "other.mp4")  # on screen by now
    keep_fields(runs, "anna", run.run_id, TEXTS)
    assert fields_of(other) == [other.run_id, "", "", ""]
    assert fields_of(run) == [run.run_id, *TEXTS]
    assert "Anna" not in Path(make_files(other, ["report"])[0]).read_text()


def test_nobody_writes_into_the_run_of_another_visitor(runs, run):
    assert keep_fields(runs, "boris", run.run_id, TEXTS) == ""
    assert keep_fields(runs, "anna", "gone", TEXTS) == ""
    assert run.analysis.report_fields == ReportFields()


@pytest.mark.parametrize("name", MOST)
def test_too_long_a_text_is_refused_with_a_sentence(runs, run, name):
    kept = ("Anna", "Cup", "good")
    keep_fields(runs, "anna", run.run_id, kept)
    texts = ["x" * (most + 1) if n == name else "" for n, most in MOST.items()]
    told = keep_fields(runs, "anna", run.run_id, texts)
    assert f"at most {MOST[name]} characters" in told
    assert fields_of(run)[1:] == list(kept)


@pytest.mark.parametrize("texts", [(5, "", ""), ("\ud800", "", ""), (["x"], None, {})], ids=ascii)
def test_a_browser_s_nonsense_is_refused(runs, run, texts):
    assert "please type it again" in keep_fields(runs, "anna", run.run_id, texts)
    assert run.analysis.report_fields == ReportFields()


def test_they_stay_when_something_else_is_set_by_hand(runs, run):
    keep_fields(runs, "anna", run.run_id, TEXTS)
    run.analysis = replace(run.analysis, measured_as="spin")
    assert fields_of(run)[1:] == list(TEXTS)


def test_they_never_enter_the_shared_cache(runs, tmp_path):
    cache = AnalysisCache(tmp_path)
    cache.put("k", make_analysis())
    before = (cache.folder / "k" / "analysis.json").read_bytes()
    run = runs.adopt("anna", cache.get("k"), "known already.mp4")
    keep_fields(runs, "anna", run.run_id, TEXTS)
    make_files(run, ["json", "zip"])
    assert (cache.folder / "k" / "analysis.json").read_bytes() == before
    assert fields_of(runs.adopt("boris", cache.get("k")))[1:] == ["", "", ""]
