"""The laboratory's page from a disk: the program's own filter, a cell, keys, no axe finding."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from benchmarks.laboratory.made_run import make_run
from laboratory.table.clips import read_table
from laboratory.table.filters import Filter
from tests.conftest import ROOT
from tests.e2e.conftest import becomes, new_context
from training.report import main

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SHIPPED = ROOT / "assets" / "evaluations" / "simulated_rink"
ADDRESSES = [
    "", "true=3Lutz", "true=no%20basic&right=no", "voter=infogcn&right=no",
    "voter=umt&said=3Flip&said=none", "confidence=0.5..0.67", "voter=weighted&margin=..0.1",
    "voter=weighted&entropy=0.5..", "agreement=0.5..0.9", "text=5003+0003", "fps=25..",
    "source==000349_500300", "split==test", "true=none", "voter=nobody", "right=yes&text=9",
]  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of the page of the run that ships."""
    folder = tmp_path_factory.mktemp("report")
    assert main([str(SHIPPED), "--out", str(folder)]) == 0
    return (folder / "index.html").as_uri()


@pytest.fixture
def opened(browser, address: str):
    """Opens the page at an address; what goes wrong in it fails the test."""
    contexts, wrong = [], []

    def opener(query: str = "", **options):
        context = new_context(browser, **{"viewport": {"width": 1400, "height": 1000}, **options})
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("request", lambda request: wrong.append(request.url)
               if not request.url.startswith(("file:", "data:", "blob:")) else None)  # fmt: skip
        tab.goto(f"{address}#{query}")
        expect(tab.locator(".matrix")).to_be_visible()
        return tab

    yield opener
    for context in contexts:
        context.close()
    assert wrong == []


def test_an_address_shows_what_the_program_shows(opened) -> None:
    table = read_table(SHIPPED)
    tab = opened()
    for query in ADDRESSES:
        wanted = int(Filter.of_query(query)[0].rows(table).sum())
        if query == "voter=nobody":
            wanted = len(table)  # the page falls back to the first voter, and says so
        tab.evaluate("query => { location.hash = query; }", query)
        expect(tab.locator("#shown")).to_have_text(f"{wanted} of {len(table)} clips")
        told = tab.locator("[role=alert]")
        expect(told).to_have_count(1 if query == "voter=nobody" else 0)


def test_facts_are_filtered_alike(opened, tmp_path: Path) -> None:
    """On a run with facts; the shipped one has none."""
    run = make_run(tmp_path / "run", clips=300, views=1)
    assert main([str(run), "--out", str(tmp_path)]) == 0
    table = read_table(run)
    tab = opened()
    edge = repr(float(table.facts["blur"][7]))
    for query in ("fps=25..30", f"blur={edge}..{edge}", "box_source==drawn&skater_px=..150",
                  "split==test&voter=weighted&right=no", "source==000003"):  # fmt: skip
        tab.goto(f"{(tmp_path / 'index.html').as_uri()}#{query}")
        wanted = int(Filter.of_query(query)[0].rows(table).sum())
        assert 0 < wanted < 300
        expect(tab.locator("#shown")).to_have_text(f"{wanted} of 300 clips")


def test_a_cell_shows_its_clips_and_a_chip_takes_it_back(opened) -> None:
    table = read_table(SHIPPED)
    tab = opened()
    cell = tab.get_by_label("4Lutz taken for 4Flip: 3")
    cell.click()
    wanted, _ = Filter.of_query("true=4Lutz&said=4Flip")
    stems = table.stems[wanted.rows(table)].tolist()
    becomes(tab, tab.locator(".clips tbody th").all_inner_texts, stems)
    assert "true=4Lutz&said=4Flip" in tab.url
    expect(tab.get_by_label("4Lutz taken for 4Flip: 3")).to_have_attribute("aria-pressed", "true")
    again = opened(tab.url.partition("#")[2])
    becomes(again, again.locator(".clips tbody th").all_inner_texts, stems)
    tab.locator("[data-chip=true]").click()
    tab.locator("[data-chip=said]").click()
    expect(tab.locator("#shown")).to_have_text("560 of 560 clips")
    tab.go_back()
    expect(tab.locator("#shown")).not_to_have_text("560 of 560 clips")


def test_the_matrix_is_walked_by_keys(opened) -> None:
    tab = opened()
    tab.get_by_label("1Toeloop taken for 1Toeloop: 19").focus()
    for key in ("ArrowDown", "ArrowRight", "End", "Home", "ArrowUp", "ArrowUp"):
        tab.keyboard.press(key)
    expect(tab.locator(":focus")).to_have_attribute("aria-label", "1Toeloop taken for 1Toeloop: 19")
    tab.keyboard.press("End")
    tab.keyboard.press("Enter")
    expect(tab.locator("#shown")).to_have_text("1 of 560 clips")
    expect(tab.locator(":focus")).to_have_attribute("aria-label", "1Toeloop taken for NoBasic: 1")
    expect(tab.locator(".matrix [tabindex='0']")).to_have_count(1)


def test_groups_shares_and_the_difference_of_two(opened) -> None:
    tab = opened()
    tab.select_option("#view-by", "turns")
    expect(tab.get_by_label("1 taken for no element: 4")).to_be_visible()
    tab.select_option("#view-unit", "shares")
    expect(tab.get_by_label("1 taken for no element: 3 %")).to_be_visible()
    tab.select_option("#view-less", "infogcn")
    expect(tab.locator(".matrix .bad, .matrix .good").first).to_be_visible()
    again = opened(tab.url.partition("#")[2])
    assert again.locator("#view-less").input_value() == "infogcn"


def test_a_slice_and_a_condition_of_the_form(opened) -> None:
    tab = opened()
    tab.locator(".slices button").first.click()
    expect(tab.locator("#shown")).not_to_have_text("560 of 560 clips")
    tab.select_option("#condition", "confidence")
    tab.fill("#high", "0.5")
    tab.get_by_role("button", name="Add", exact=True).click()
    expect(tab.locator("[data-chip=confidence]")).to_be_visible()
    tab.locator(".clear").click()
    expect(tab.locator("#shown")).to_have_text("560 of 560 clips")


@pytest.mark.parametrize("width", [390, 1400])
def test_axe_finds_nothing_and_nothing_reaches_beyond(opened, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    tab = opened("true=4Lutz&right=no&view.by=kind", viewport={"width": width, "height": 844})
    found = Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_a_stem_is_a_text(opened, browser, tmp_path: Path) -> None:
    from tests.laboratory.runs import logits, write_rows

    evil = "<img src=x onerror=alert(1)>"
    run = write_rows(
        tmp_path / "run", [(evil, 1, "net", 0, logits(2)), ("b", 2, "net", 0, logits(2))]
    )
    assert main([str(run), "--out", str(tmp_path)]) == 0
    tab = opened()
    tab.goto((tmp_path / "index.html").as_uri())
    expect(tab.locator(".clips tbody th").first).to_have_text(evil)
    expect(tab.locator("img")).to_have_count(0)
