"""The one-file sheet in a browser: no network, no script, no overflow, printed on A4."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.sheet.files import write_tables
from pipeline.sheet.words import LANGUAGES
from pipeline.storage.programme_files import save_programme
from tests.e2e.conftest import new_context
from tests.pipeline.sheet.programmes import make_programme
from tests.pipeline.sheet.test_files import EVERYTHING

pytestmark = pytest.mark.slow

# One white pixel.
GIF = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_opens_offline_at_desktop_and_phone_width(
    browser, tmp_path: Path, language: str
) -> None:
    programme = make_programme(name="<b onmouseover=alert(1)>free.mp4")
    save_programme(programme, tmp_path / "p")
    write_tables(programme, EVERYTHING, tmp_path / "p", pictures={"1": GIF}, language=language)
    for width in (1440, 390):
        context = new_context(browser, viewport={"width": width, "height": 844}, offline=True)
        page = context.new_page()
        faults: list[str] = []
        page.on("console", lambda message, faults=faults: faults.append(message.text))
        page.on("dialog", lambda dialog, faults=faults: faults.append(dialog.message))
        page.goto((tmp_path / "p" / "sheet.html").as_uri())
        assert page.locator(".rs-list tbody tr").count() == 4
        assert page.locator("svg.rs-timeline .b").count() == 4
        assert page.locator(".rs-list img").evaluate("image => image.naturalWidth") == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("h1").inner_text() == "<b onmouseover=alert(1)>free.mp4"
        assert faults == []
        if width == 1440:
            assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
        context.close()
