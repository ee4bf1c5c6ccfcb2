"""A default is never recorded as a choice (issue 15, point 3)."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import EXAMPLE_MS
from tests.e2e.test_accessibility import VIEWS

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def test_looking_at_every_control_changes_nothing_of_what_is_asked_for(visit):
    """Settings, once opened, asked for person 0, "chosen by the user"."""
    untouched, curious = visit(), visit()
    for page in (untouched, curious):
        page.wait_for_selector("#verdict-label", timeout=EXAMPLE_MS)
        page.wait_for_selector("#player .rp[data-state=done]", timeout=EXAMPLE_MS)
    assert look_at_everything(curious) > 25
    asked = [asked_for(page) for page in (untouched, curious)]
    assert asked[0] == asked[1]
    assert [asked[0][name] for name in ("start", "end", "skater", "stream")] == [""] * 4


def look_at_everything(page) -> int:
    """Open every page, tab and accordion, and put the focus into every field; how many fields."""
    fields = 0
    for name in ("Two clips", "Mistakes", "About", "Desk"):
        page.get_by_role("tab", name=name, exact=True).click()
        page.wait_for_selector(VIEWS["Picture" if name == "Desk" else name])
        page.wait_for_timeout(500)
        fields += visit_fields(page)
    for tab in page.locator("#results [role=tab]:visible").all():
        tab.click()
        page.wait_for_selector(VIEWS[tab.inner_text().strip()])
        page.wait_for_timeout(800)
        fields += visit_fields(page)
    return fields


def visit_fields(page) -> int:
    closed = page.locator("button.label-wrap:visible:not(.open)")
    while closed.count():
        closed.first.click()
    page.wait_for_timeout(500)
    fields = page.locator(
        ".gradio-container :is(input:not([type=file]), select, textarea):visible:enabled"
    ).element_handles()
    for field in fields:
        if field.is_visible():  # one that went meanwhile is no fault of theirs
            field.evaluate("(field) => { field.focus(); field.blur() }")
    return len(fields)


def asked_for(page) -> dict[str, object]:
    """What a click on Analyse asks the server for, as it leaves the browser."""
    with page.expect_request(lambda request: _of_analyse(request) is not None) as sent:
        page.click("#analyse")
    blind, path, profile, start, end, skater, stream = _of_analyse(sent.value)
    return {
        "clip": path["orig_name"],
        "profile": profile,
        "start": "" if start is None else start,
        "end": "" if end is None else end,
        "skater": "" if skater is None else skater,
        "stream": "" if stream is None else stream,
        "blind": blind,
    }


def _of_analyse(request) -> list | None:
    """The first event of a click on Analyse has the blind switch as its first input."""
    if not request.url.split("?")[0].endswith("/queue/join"):
        return None
    data = json.loads(request.post_data)["data"]
    fits = len(data) == 7 and isinstance(data[0], bool) and isinstance(data[1], dict)
    return data if fits else None
