"""The report: what came from outside is text in it, and no script may run (the sheet has the same
test in `tests/pipeline/sheet/test_files.py`)."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pipeline.annotations.notes import Note
from pipeline.annotations.report_fields import ReportFields
from pipeline.messages import Message
from pipeline.sheet.html.page import POLICY
from pipeline.types import Analysis
from tests.factories import make_analysis
from ui.export.report import report

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"' style=x"


class Elements(HTMLParser):
    """Names and attributes of a page's elements, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def evil_analysis() -> Analysis:
    plain = make_analysis()
    provenance = {
        name: replace(entry, checkpoint=EVIL, stored=True)
        for name, entry in plain.provenance.items()
    }
    return replace(
        plain,
        profile=EVIL,
        video=replace(plain.video, path=f"/x/{EVIL.replace('/', '')}.mp4", codec=EVIL, sha256=EVIL),
        region=replace(plain.region, rule=EVIL),
        people=replace(plain.people, rule=Message(EVIL)),
        provenance=provenance,
        warnings=(Message(EVIL),),
        notes=(Note("text", 3, 0.12, text=EVIL),),
        report_fields=ReportFields(EVIL, EVIL, EVIL),
    )


@pytest.fixture(scope="module")
def elements() -> list[tuple[str, dict[str, str | None]]]:
    return Elements(report(evil_analysis())).found


def test_no_text_becomes_an_element(elements: list[tuple[str, dict[str, str | None]]]) -> None:
    scripts = [attributes.get("type") for tag, attributes in elements if tag == "script"]
    assert scripts == ["application/zip"]  # the packed analysis, which no browser runs
    assert not [name for _, attributes in elements for name in attributes if name.startswith("on")]
    assert not [a for tag, a in elements if tag == "img" and a.get("src") == "x"]


def test_the_policy_comes_before_everything_that_it_holds_for(
    elements: list[tuple[str, dict[str, str | None]]],
) -> None:
    head = [attributes for tag, attributes in elements if tag in ("meta", "style", "img", "script")]
    assert head[1] == {"http-equiv": "Content-Security-Policy", "content": POLICY}
    assert "default-src 'none'" in POLICY
    assert "script-src" not in POLICY
