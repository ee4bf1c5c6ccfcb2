"""axe-core finds nothing on any page, light or dark; a phone needs no sideways scrolling."""

from __future__ import annotations

from importlib.resources import files

import pytest
from playwright.sync_api import TimeoutError as NotYet
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.e2e.conftest import becomes, passes
from tests.e2e.test_app import ANALYSIS_MS

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SCREENSHOTS = ROOT / "out" / "screenshots"
VIEWS = {
    "Picture": "#player .rp[data-state=done]",
    "Scores by network": "#score-table [role=gridcell]:visible",
    "Why this verdict": "#ensemble-table [role=gridcell]:visible",
    "What the networks saw": "#saw-film figure",
    "Measurements": "#measured-table td:visible",
    "Export": "#take-make",
    "Details": "#provenance [role=gridcell]:visible",
    "Two clips": "#compare-player-a .rp[data-state=done]",
    "Mistakes": "#confusion button",
    "About": "#classes [role=gridcell]:visible",
}
PHONE = 390
WIDER = """width => {
  if (document.documentElement.scrollWidth <= width + 1) return [];
  const scrolls = node => node && (/auto|scroll|hidden|clip/.test(getComputedStyle(node).overflowX)
    || scrolls(node.parentElement));
  const beyond = [...document.body.querySelectorAll('*')]
    .filter(node => node.getBoundingClientRect().right > width + 1 && !scrolls(node.parentElement))
    .map(node => node.outerHTML.slice(0, 120));
  return beyond.length ? beyond : ['the page'];
}"""
"""What reaches beyond the width of the window, if the page can be scrolled sideways."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def show(page, view: str) -> None:
    if view not in ("Two clips", "Mistakes", "About"):
        reach_tab(page, "Desk")
    reach_tab(page, view)
    page.wait_for_selector(VIEWS[view], timeout=ANALYSIS_MS)
    # Gradio's own placeholder, until a plot has come: it has a label where none is allowed.
    page.wait_for_function(
        "() => ![...document.querySelectorAll('[aria-label=\"Empty value\"]')]"
        ".some(shown => shown.offsetParent)",
        timeout=ANALYSIS_MS,
    )
    page.wait_for_timeout(500)


def reach_tab(page, name: str) -> None:
    """Open a tab; on a phone it may be among those behind the three dots, or go there just now."""

    def press() -> None:
        try:
            assert _reached(page, name), f"no tab {name}"
        except NotYet as late:
            raise AssertionError(f"the tab {name} cannot be pressed") from late

    passes(page, press)


def _reached(page, name: str) -> bool:
    soon_ms = 5_000
    if page.get_by_role("tab", name=name).count():
        page.get_by_role("tab", name=name).click(timeout=soon_ms)
        return True
    for dots in page.locator(".overflow-menu > button:visible").all():
        dots.click(timeout=soon_ms)
        behind = page.locator(".overflow-dropdown:visible button", has_text=name)
        if behind.count():
            behind.first.click(timeout=soon_ms)
            return True
        dots.click(timeout=soon_ms)
    return False


def violations(page) -> list[str]:
    script = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(script)
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules})"
        ".then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 160))]))",
        RULES,
    )
    return [f"{rule}: {nodes[:4]}" for rule, nodes in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit, scheme):
    page = visit(color_scheme=scheme)
    page.wait_for_selector("#verdict-label", timeout=ANALYSIS_MS)
    for view in VIEWS:
        show(page, view)
        name = view.lower().replace(" ", "_")
        page.screenshot(path=str(SCREENSHOTS / f"{scheme}_{name}.png"), full_page=True)
        becomes(page, lambda view=view: (view, violations(page)), (view, []))


def test_a_phone_needs_no_sideways_scrolling(visit):
    page = visit(viewport={"width": PHONE, "height": 844}, has_touch=True, is_mobile=True)
    page.wait_for_selector("#verdict-label", timeout=ANALYSIS_MS)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / "phone_desk.png"), full_page=True)
    expect(page.locator("#analyse")).to_be_visible()
    for view in VIEWS:
        show(page, view)
        name = view.lower().replace(" ", "_")
        page.screenshot(path=str(SCREENSHOTS / f"phone_{name}.png"), full_page=True)
        # Not innerWidth: a phone zooms out until what is too wide fits.
        becomes(page, lambda view=view: (view, page.evaluate(WIDER, PHONE)), (view, []))


def test_every_action_of_the_desk_is_reached_by_the_keyboard(visit):
    page = visit()
    page.wait_for_selector("#verdict-label", timeout=ANALYSIS_MS)
    wanted = {"analyse", "stop"}
    for _ in range(60):
        page.keyboard.press("Tab")
        wanted.discard(page.evaluate("() => document.activeElement.id"))
        if not wanted:
            break
    assert wanted == set()
