"""Issue 15, point 12: skater, event and note belong to the analysis on screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.annotations.report_fields import ReportFields
from pipeline.storage.export import pack, unpack
from tests.e2e.test_app import open_tab
from tests.factories import make_analysis

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def test_each_analysis_shows_and_exports_its_own_fields(desk, tmp_path):
    page = desk
    theirs = ReportFields("Mei", "Winter Cup", "popped\nsecond try")
    (tmp_path / "saved.zip").write_bytes(pack(replace(make_analysis(), report_fields=theirs)))
    open_tab(page, "Export")
    page.locator("#report-fields button").first.click()
    page.locator("#report-skater textarea, #report-skater input").fill("Anna <b>")
    page.locator("#take-make").click()  # at once: the last letters are in it
    page.wait_for_selector("#take-note .rs-done", timeout=120_000)
    with page.expect_download() as download:
        page.locator("#files a[href$='.zip']").first.click()
    download.value.save_as(tmp_path / "mine.zip")
    assert read(tmp_path / "mine.zip", tmp_path) == ReportFields("Anna <b>")

    page.locator("#open button").first.click()
    page.set_input_files("#open-saved input[type=file]", str(tmp_path / "saved.zip"))
    shows(page, "Mei", "Winter Cup", "popped\nsecond try")
    page.locator("#history-list button, #history-list label").last.click()
    shows(page, "Anna <b>", "", "")


def read(packed: Path, folder: Path) -> ReportFields:
    (folder / "in").mkdir()
    return unpack([packed], folder / "in").report_fields


def shows(page, *texts: str) -> None:
    page.wait_for_function(
        """texts => ['skater', 'event', 'note'].every((name, place) => document.querySelector(
            `#report-${name} textarea, #report-${name} input`).value === texts[place])""",
        arg=list(texts),
        timeout=120_000,
    )
