"""What is taken away, and that it opens again (issue 17, section 2)."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest

from pipeline.sheet.corrections import (
    Annotate,
    Confirm,
    Delete,
    Insert,
    Mark,
    MoveFlight,
    Relabel,
    Split,
)
from pipeline.sheet.files import write_tables
from pipeline.sheet.history import History
from pipeline.sheet.html.page import sheet_html
from pipeline.sheet.review_files import Review, load_review
from pipeline.sheet.sheet import Sheet, make_sheet
from pipeline.sheet.tables import COLUMNS, elements_csv, elements_vtt
from pipeline.sheet.words import LANGUAGES, speaker
from pipeline.storage.programme_files import load_programme, save_programme
from pipeline.storage.programme_pack import unpack_programme
from pipeline.types import Measured, Programme
from tests.pipeline.sheet.programmes import make_elements, make_programme

HOSTILE = "<script>alert('x')</script>\"&\u202e--> =1+1"
PLAN = f"1 3Lz+3T 10.30 x 1.20\nFCCoSp4\n2A\n{HOSTILE}\nStSq3\n3F"
PIXEL = "data:image/jpeg;base64,AAAA"


def review(*corrections: object, plan: str = PLAN, confirmed: bool = False) -> Review:
    done = (*corrections, Confirm("A. Judge")) if confirmed else corrections
    return Review(History(done), plan=plan, season="2016-17", segment="women_short")  # type: ignore[arg-type]


EVERYTHING = review(
    Relabel("1", "3Lz+3T<"),
    Mark("1"),
    Annotate("1", HOSTILE),
    Delete("4"),
    Insert("CCSp4", 14, 18),
    MoveFlight("3", 1, 40.1, 40.7),
    confirmed=True,
)


def sheet_of(content: Review = EVERYTHING, programme: Programme | None = None) -> Sheet:
    return make_sheet(programme or make_programme(), content)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_a_row_an_element_with_what_machine_and_person_said() -> None:
    rows = rows_of(elements_csv(sheet_of()))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["code"] for row in rows] == ["3Lz+3T<", "CCSp4", "FCoSp", "2A"]
    first = rows[0]
    assert first["takeoff_s"] == "10.000 | 11.200"
    assert first["landing_s"] == "10.600 | 11.800"
    assert first["candidates"] == "3Lutz 0.700 3Flip 0.200 | 3Toeloop 0.700 2Toeloop 0.200"
    assert (first["machine_code"], first["said_by"], first["changed"]) == (
        "3Lz+3T", "person", "code",
    )  # fmt: skip
    assert (first["review"], first["confidence"], first["base_value"]) == ("yes", "0.920", "9.00")
    assert first["base_value_season"] == "2016-17"
    assert [row["planned"] for row in rows] == ["3Lz+3T", "", "FCCoSp4", "2A"]
    assert [row["plan_result"] for row in rows] == [
        "as planned",
        "extra",
        "different",
        "as planned",
    ]
    assert (rows[1]["machine_number"], rows[1]["confidence"]) == ("", "")


def test_air_time_has_its_interval_as_measured_or_as_a_person_s_moments_are_known() -> None:
    elements = make_elements()
    measured = {"air_time": Measured(0.6, 0.55, 0.66, "s")}
    jump = replace(elements[2].jumps[0], measurements=measured)
    programme = make_programme((*elements[:2], replace(elements[2], jumps=(jump,)), elements[3]))
    plain, moved = (
        rows_of(elements_csv(sheet_of(review(*corrections), programme)))[2]
        for corrections in ((), (MoveFlight("3", 1, 40.0, 40.64),))
    )
    assert (plain["air_time_s"], plain["air_time_interval_s"]) == ("0.600", "0.550 to 0.660")
    assert (moved["air_time_s"], moved["air_time_interval_s"]) == ("0.640", "0.600 to 0.680")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_no_cell_is_a_formula(start: str) -> None:
    rows = rows_of(elements_csv(sheet_of(review(Annotate("1", f"{start}cmd|' /C calc'!A0")))))
    for row in rows:
        for value in row.values():
            assert not value.startswith(("=", "+", "-", "@", "\t", "\r")), value


def test_captions_are_whole_and_in_order_whatever_stands_in_them() -> None:
    text = elements_vtt(sheet_of())
    blocks = text.strip().split("\n\n")
    assert blocks[0].startswith("WEBVTT")
    assert len(blocks) == 5
    assert blocks[1] == (
        "1\n00:00:09.000 --> 00:00:13.000\n1. 3Lz+3T&lt; (review)\nmachine: 3Lz+3T"
    )
    assert blocks[2].endswith("2. CCSp4\nnot found by the machine")
    times = re.findall(r"^(\S+) --> (\S+)$", text, re.MULTILINE)
    assert times == sorted(times)
    assert text.count("-->") == 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_captions_speak_the_language_of_the_page(language: str) -> None:
    say, blocks = speaker(language), elements_vtt(sheet_of(), language).split("\n\n")
    assert blocks[0] == f"WEBVTT - {say('vtt_head')}"
    assert f"({say('review')})" in blocks[1]
    assert blocks[2].endswith(say("machine_nothing"))


def test_no_rival_is_named_for_what_no_class_holds() -> None:
    combination, several, jump, steps = make_elements()
    assert [len(of) for of in combination.rivals] == [2, 2]
    assert several.candidates
    assert several.rivals == ()
    assert jump.rivals == (jump.jumps[0].candidates,)
    assert steps.rivals == (steps.candidates,)


def test_the_sheet_names_no_class_for_a_spin_that_none_of_them_is() -> None:
    html = sheet_html(sheet_of(Review()))
    assert "FCoSp" in html
    assert "CSp" not in html.replace("FCoSp", "")


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.sources: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name in ("src", "href"):
                self.sources.append(str(value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_holds_everything_escaped_and_asks_the_network_for_nothing(language: str) -> None:
    programme = make_programme(name=f"<img src=x onerror=alert(1)>{HOSTILE.replace('/', '')}.mp4")
    sheet = sheet_of(programme=programme)
    reader = read(sheet_html(sheet, pictures={"1": PIXEL, "c5": PIXEL}, language=language))
    assert "script" not in reader.tags
    assert reader.sources == [PIXEL, PIXEL]
    for text in (
        "3Lz+3T<",
        HOSTILE,
        "A. Judge",
        "2016-17",
        "detector_demo",
        programme.video.sha256,
    ):
        assert text in reader.text, text
    assert reader.tags.count("svg") == 1


def test_the_page_tells_machine_and_person_apart_and_the_weights_first() -> None:
    text = read(sheet_html(sheet_of())).text
    assert "demo weights: not fit for judging" in text
    assert "machine: 3Lz+3T (code)" in text
    assert "not found by the machine (inserted)" in text
    assert "Taken out by a person" in text
    assert "Confirmed by A. Judge" in text
    assert "Spin: camel, sit, flying entry, change of foot unclear" in text
    assert "spins: 2 (required 3)" in text
    assert "line 4:" in text


def test_a_programme_without_elements_and_without_a_person_has_a_page_too() -> None:
    empty = make_programme(())
    reader = read(sheet_html(make_sheet(replace(empty, provenance={}, shots=()), Review())))
    assert "No element was found." in reader.text
    assert "Rules of the season" not in reader.text
    text = elements_csv(make_sheet(empty, Review()))
    assert rows_of(text) == []


def test_what_was_taken_away_opens_again_without_loss(tmp_path: Path) -> None:
    saved, opened = tmp_path / "saved", tmp_path / "opened"
    opened.mkdir()
    content = replace(
        EVERYTHING, history=History(EVERYTHING.history.done, (Split("2", 25.0), Mark("3")))
    )
    save_programme(make_programme(), saved)
    write_tables(load_programme(saved), content, saved, pictures={"1": PIXEL})
    assert {path.name for path in saved.iterdir()} >= {
        "elements.csv", "elements.vtt", "sheet.html", "corrections.json", "programme.json",
    }  # fmt: skip
    assert unpack_programme([saved / "sheet.html"], opened) is None
    programme = load_programme(opened)
    again = load_review(programme, opened)
    assert again == content
    assert programme.elements == make_programme().elements
    assert programme.shots == make_programme().shots
    assert make_sheet(programme, again).corrected == sheet_of(content).corrected


def test_a_sheet_without_corrections_leaves_no_file_of_them(tmp_path: Path) -> None:
    save_programme(make_programme(), tmp_path / "p")
    write_tables(make_programme(), Review(), tmp_path / "p")
    assert not (tmp_path / "p" / "corrections.json").exists()
    assert load_review(make_programme(), tmp_path / "p") == Review()
