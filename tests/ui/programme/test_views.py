"""Issue 17, section 2: time line and list say all that was found, and escape what was typed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipeline.sheet.corrected import apply
from pipeline.sheet.corrections import Annotate, Mark, Relabel
from pipeline.sheet.rows import machine_rows
from pipeline.types.programme import Candidate, Shot
from tests.ui.programme.samples import make_programme, spin
from ui.language.tables import LANGUAGES, speaking
from ui.programme.rows import candidates, clock, machine_code
from ui.programme.views.editor import bar_html, editor_html, table_html
from ui.programme.views.element_list import element_list_html
from ui.programme.views.time_line import time_line_html


@pytest.fixture(scope="module")
def programme():
    return make_programme()


def test_the_list_tells_number_time_code_rivals_air_time_and_confidence(programme):
    html = element_list_html(machine_rows(programme), pictures="clip/small/")
    assert len(re.findall('role="option"', html)) == 5
    first = html.split('role="option"')[1]
    for told in ("0:04.8", "3Lz", "<b>3F</b> 21 %", "0.62 s", "97 %", 'src="clip/small/5.200"'):
        assert told in first, told
    assert "could be" not in first.lower()
    assert "3Lz, at 0:04.8, 0.62 s in the air, 97 % sure, or 3F, 1A, machine" in first


def test_a_combination_has_a_code_of_both_jumps_and_rivals_of_both(programme):
    row = machine_rows(programme)[1]
    assert row.code == "3Lz+3T"
    assert [code for code, _ in candidates(row)] == ["3Lz+3T", "3Lz+2Lz", "3F+3T"]
    assert candidates(row)[0][1] == pytest.approx(0.49)


def test_of_what_no_class_holds_nothing_is_said_to_be_possible(programme):
    """A layback's list had USp, which is none of what it could be."""
    made = spin(24.0, 6.0, "layback")
    layback = replace(made, candidates=(Candidate("UprightSpin", 0.6), Candidate("SitSpin", 0.3)))
    several = programme.elements[2]
    for element in (layback, several):
        (row,) = machine_rows(replace(programme, elements=(element,)))
        assert row.element.candidates
        assert candidates(row) == ()
    (row,) = machine_rows(replace(programme, elements=(spin(24.0, 6.0, "camel"),)))
    assert candidates(row)[0][0] == "CSp"


def test_every_jump_has_its_take_off_and_landing_in_the_form(programme):
    rows = apply(programme, [Relabel("1", "3Lz+2T")]).rows
    form = editor_html(rows[1], rows)
    assert 'data-jump="1" data-takeoff="14.600" data-landing="15.150"' in form
    assert 'name="takeoff2" value="0:15.300"' in form
    assert "0.55 s in the air" in form
    second = editor_html(rows[0], rows).split('data-jump="2"')[1]
    assert second.startswith("><b>2T</b>")  # nobody has said when it is
    assert 'name="landing2" value=""' in second
    assert "data-jump" not in editor_html(rows[2], rows)


def test_that_corrections_wait_for_the_end_is_said():
    told = bar_html(undo=0, redo=0, confirmed_by=None, count=3, going=True)
    assert "once the whole video has been read" in told
    assert told.count(" disabled") == 3  # undo, redo, insert
    assert 'data-act="confirm"' not in told
    assert "has been read" not in bar_html(undo=0, redo=0, confirmed_by=None, count=3)


def test_the_time_line_has_every_element_and_shot_at_its_place(programme):
    html = time_line_html(programme, machine_rows(programme), "2")
    places = re.findall(r'data-start="([\d.]+)" data-end="([\d.]+)"', html)
    assert [float(start) for start, _ in places] == [
        pytest.approx(element.start_s, abs=1e-3)
        for lane in (("jump", "combination"), ("spin",), ("sequence",))
        for element in programme.elements
        if element.family in lane
    ]
    assert html.count("data-kind=") == 3
    assert 'data-kind="replay" data-begins="fade"' in html
    assert "left:90.0000%;width:10.0000%" in html  # the replay, 54 to 60 s of 60
    assert 'aria-activedescendant="line-2"' in html
    assert html.count('aria-selected="true"') == 1
    assert "not read" not in html


def test_what_has_not_been_read_is_shown(programme):
    html = time_line_html(replace(programme, read_until_s=30.0), machine_rows(programme))
    assert "left:50.0000%;width:50.0000%" in html
    assert "not read" in html


def test_a_correction_shows_beside_what_the_machine_said(programme):
    rows = apply(programme, [Relabel("1", "3F"), Mark("1")]).rows
    assert machine_code(rows[0]) == "3Lz"
    html = element_list_html(rows)
    assert "3F<s>3Lz</s>" in html
    assert 'data-by="person">person' in html
    assert html.count('class="pg-flag"') == 1
    assert "The machine said 3Lz; changed by hand." in editor_html(rows[0], rows)


def test_what_was_typed_is_escaped(programme):
    nasty = '"><script>alert(1)</script>'
    rows = apply(programme, [Annotate("1", nasty)]).rows
    row = replace(rows[0], code=nasty)
    pages = [
        editor_html(row, rows),
        element_list_html([row], pictures=nasty),
        time_line_html(programme, [row], nasty, job_id=nasty),
        bar_html(undo=0, redo=0, confirmed_by=nasty, count=1),
    ]
    for html in pages:
        assert "<script" not in html
        assert "&lt;script" in html


def test_merging_is_offered_only_with_the_same_family(programme):
    rows = machine_rows(programme)
    assert 'data-act="merge">' in editor_html(rows[0], rows)  # jump and combination
    assert 'data-act="merge" disabled>' in editor_html(rows[1], rows)  # combination and spin
    assert 'data-act="merge" disabled>' in editor_html(rows[-1], rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_speaks_every_language(programme, language):
    black = replace(programme, shots=(Shot(0, 60, "black", "start"),))
    with speaking(language):
        rows = machine_rows(programme)
        html = time_line_html(black, rows) + element_list_html(rows) + editor_html(rows[0], rows)
    assert "programme_" not in html


@pytest.mark.parametrize(
    ("seconds", "digits", "told"),
    [(0, 1, "0:00.0"), (62.44, 1, "1:02.4"), (59.96, 1, "1:00.0"), (600, 0, "10:00")],
)
def test_a_moment_is_minutes_and_seconds(seconds, digits, told):
    assert clock(seconds, digits) == told


def test_the_element_table_completes_jumps_spins_and_levels():
    table = table_html()
    for code in ("3Lz", "CCoSp", "StSq", "CCoSp4", "3T"):
        assert f"&quot;{code}&quot;" in table
