"""What a person corrects, beside what the machine said (issue 17, section 2)."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from pipeline.errors import InputError
from pipeline.messages import ERRORS
from pipeline.sheet.corrected import apply
from pipeline.sheet.corrections import (
    MAX_CORRECTIONS,
    MAX_NAME,
    MAX_NOTE,
    Annotate,
    Confirm,
    Correction,
    Delete,
    Insert,
    Mark,
    Merge,
    MoveFlight,
    MoveSpan,
    Relabel,
    Split,
)
from pipeline.sheet.history import History
from pipeline.sheet.rows import Corrected, machine_rows
from tests.pipeline.sheet.programmes import make_elements, make_jump, make_programme

PROGRAMME = make_programme()


def codes(corrected: Corrected) -> list[str]:
    return [row.code for row in corrected.rows]


def corrected(*corrections: Correction) -> Corrected:
    return apply(PROGRAMME, corrections)


def test_without_corrections_the_list_is_the_machine_s() -> None:
    found = corrected()
    assert found.rows == machine_rows(PROGRAMME)
    assert codes(found) == ["3Lz+3T", "FCoSp", "2A", "StSq"]
    assert {row.said_by for row in found.rows} == {"machine"}
    assert found.confirmed_by is None
    assert found.deleted == ()


def test_a_relabelled_element_keeps_what_the_machine_said() -> None:
    row = corrected(Relabel("3", "3a")).rows[2]
    assert (row.code, row.family, row.said_by, row.changes) == ("3A", "jump", "person", ("code",))
    assert row.element == PROGRAMME.elements[2]
    assert row.confidence == 0.55
    assert row.jumps[0].machine == PROGRAMME.elements[2].jumps[0]


def test_a_jump_that_becomes_a_combination_has_a_jump_of_unknown_moments() -> None:
    row = corrected(Relabel("3", "2A+2T")).rows[2]
    assert row.family == "combination"
    assert [jump.air_s for jump in row.jumps] == [pytest.approx(0.6), None]
    assert corrected(Relabel("3", "2A+2T"), Relabel("3", "CSp")).rows[2].jumps == ()


def test_ends_and_flights_move() -> None:
    found = corrected(
        MoveSpan("3", 38.5, 43.0), MoveFlight("3", 1, 40.1, 40.64), MoveFlight("1", 2, 11.3, 11.9)
    )
    assert (found.rows[2].start_s, found.rows[2].end_s) == (38.5, 43.0)
    assert found.rows[2].jumps[0].air_s == pytest.approx(0.54)
    assert found.rows[2].changes == ("span", "flight")
    assert found.rows[0].jumps[1].takeoff_s == 11.3
    assert found.rows[0].jumps[1].machine == PROGRAMME.elements[0].jumps[1]


def test_an_element_is_inserted_in_order_of_time_and_numbered() -> None:
    found = corrected(Insert("CCSp3", 13.5, 19.0), Relabel("c1", "CSSp3"))
    assert codes(found) == ["3Lz+3T", "CSSp3", "FCoSp", "2A", "StSq"]
    assert [row.number for row in found.rows] == [1, 2, 3, 4, 5]
    row = found.rows[1]
    assert (row.key, row.element, row.confidence) == ("c1", None, None)
    assert row.changes == ("inserted", "code")


def test_a_deleted_element_is_told_as_deleted() -> None:
    found = corrected(Delete("2"))
    assert codes(found) == ["3Lz+3T", "2A", "StSq"]
    assert found.deleted == (PROGRAMME.elements[1],)
    assert corrected(Insert("2T", 1, 2), Delete("c1")).deleted == ()


def test_a_combination_is_split_into_its_jumps_and_merged_again() -> None:
    found = corrected(Split("1"))
    assert codes(found) == ["3Lz", "3T", "FCoSp", "2A", "StSq"]
    one, other = found.rows[:2]
    assert (one.start_s, one.end_s) == (9.0, pytest.approx(10.9))
    assert (other.start_s, other.end_s) == (pytest.approx(10.9), 13.0)
    assert (one.key, other.key) == ("c1.1", "c1.2")
    assert one.element == other.element == PROGRAMME.elements[0]
    again = corrected(Split("1"), Merge(("c1.2", "c1.1"))).rows[0]
    assert (again.code, again.start_s, again.end_s) == ("3Lz+3T", 9.0, 13.0)
    assert again.jumps == machine_rows(PROGRAMME)[0].jumps
    assert again.changes == ("split", "merged")


def test_an_element_is_split_at_a_time() -> None:
    spin = corrected(Split("2", 24.2))
    assert codes(spin) == ["3Lz+3T", "FCoSp", "FCoSp", "2A", "StSq"]
    assert spin.rows[1].end_s == spin.rows[2].start_s == 24.2
    jump = corrected(Split("3", 41.0))
    assert [len(row.jumps) for row in jump.rows[2:4]] == [1, 1]
    assert jump.rows[2].jumps[0].takeoff_s == 40.0
    assert jump.rows[3].jumps[0].takeoff_s is None
    assert codes(corrected(Split("1", 11.0)))[:2] == ["3Lz", "3T"]


def test_jumps_are_merged_into_a_combination_and_spins_into_one() -> None:
    elements = make_elements()
    near = replace(elements[2], number=3, start_s=33, end_s=34, jumps=(make_jump(33.2, "2Axel"),))
    next_ = replace(near, number=4, start_s=34, end_s=35, jumps=(make_jump(34.2, "2Axel"),))
    programme = make_programme((*elements[:2], near, next_))
    found = apply(programme, [Relabel("4", "3T<"), Merge(("3", "4"))])
    row = found.rows[2]
    assert (row.code, row.family) == ("2A+3T<", "combination")
    assert row.elements == (near, next_)
    assert row.element is None
    assert row.confidence is None
    assert [jump.machine for jump in row.jumps] == [near.jumps[0], next_.jumps[0]]
    spins = corrected(Split("2", 24), Relabel("c1.1", "FCSp4"), Relabel("c1.2", "CSSp3"))
    assert codes(spins)[1:3] == ["FCSp4", "CSSp3"]
    one = corrected(
        Split("2", 24), Relabel("c1.1", "FCSp4"), Relabel("c1.2", "CSSp3"), Merge(("c1.1", "c1.2"))
    )
    assert codes(one)[1] == "FCCoSp"


def test_marks_and_notes_change_nothing_of_what_is_said() -> None:
    found = corrected(Mark("1"), Annotate("1", " under-rotated? "), Mark("2"), Mark("2", False))
    assert [row.review for row in found.rows] == [True, False, False, False]
    assert found.rows[0].note == "under-rotated?"
    assert found.rows[0].said_by == "machine"


def test_a_confirmed_sheet_is_confirmed_until_something_is_corrected() -> None:
    assert corrected(Delete("2"), Confirm("A. Judge")).confirmed_by == "A. Judge"
    assert corrected(Confirm()).confirmed_by == ""
    assert corrected(Confirm("A. Judge"), Mark("1")).confirmed_by is None


NAN = float("nan")
WRONG: dict[str, tuple[Correction, ...]] = {
    "correction_no_element": (Relabel("9", "3Lz"), Delete("c7"), Mark("")),
    "correction_code": (Relabel("1", "4Zayak"), Insert("<b>", 1, 2), Relabel("1", "")),
    "correction_order": (MoveSpan("1", 12, 12), Insert("2T", 5, 4), MoveSpan("1", NAN, 12)),
    "correction_outside": (Insert("2T", -1, 2), Insert("2T", 58, 61)),
    "correction_overlap": (Insert("2T", 12, 14), MoveSpan("3", 31, 42), Insert("2T", 0, 60)),
    "correction_no_jump": (MoveFlight("1", 3, 10, 11), MoveFlight("2", 1, 21, 22)),
    "correction_landing": (MoveFlight("1", 1, 10.5, 10.5), MoveFlight("1", 1, NAN, 10.5)),
    "correction_flight_outside": (MoveFlight("3", 1, 41.8, 42.2), MoveSpan("3", 40.2, 42)),
    "correction_flights_meet": (MoveFlight("1", 1, 10.9, 11.4), MoveFlight("1", 2, 10.5, 11.8)),
    "correction_split_one": (Split("2"), Split("3"), Split("4")),
    "correction_split_outside": (Split("2", 33), Split("2", NAN), Split("1", 9.0)),
    "correction_split_air": (Split("1", 10.3), Split("3", 40.3)),
    "correction_split_between": (Split("1", 9.5), Split("1", 12.5)),
    "correction_merge_few": (Merge(("1",)), Merge(()), Merge(("1", "1"))),
    "correction_merge_apart": (Merge(("1", "3")),),
    "correction_merge_kinds": (Merge(("1", "2")), Merge(("2", "3", "4"))),
    "correction_note": (Annotate("1", "x" * (MAX_NOTE + 1)), Annotate("1", "\ud800")),
    "correction_name": (Confirm("x" * (MAX_NAME + 1)),),
}


@pytest.mark.parametrize(
    ("code", "correction"), [(code, one) for code, every in WRONG.items() for one in every]
)
def test_a_wrong_correction_has_its_own_sentence(code: str, correction: Correction) -> None:
    with pytest.raises(InputError) as error:
        corrected(correction)
    assert error.value.code == code
    assert "{" not in str(error.value)
    history = History((Mark("1"),), (Mark("2"),))
    with pytest.raises(InputError):
        history.added(PROGRAMME, correction)


def test_every_sentence_of_corrections_is_met() -> None:
    with pytest.raises(InputError) as unknown:
        corrected(Relabel("3", "2A+2T"), Split("3"))
    assert unknown.value.code == "correction_split_unknown"
    with pytest.raises(InputError) as many:
        apply(PROGRAMME, [Mark("1")] * (MAX_CORRECTIONS + 1))
    assert many.value.code == "corrections_many"
    # The page's own sentence: corrections begin when the reading ended.
    met = {*WRONG, "correction_split_unknown", "correction_reading"}
    assert met == {code for code in ERRORS if code.startswith("correction_")}


def test_elements_of_the_machine_that_overlap_by_their_margins_can_be_made_smaller() -> None:
    elements = make_elements()
    near = replace(elements[1], start_s=12.5)
    programme = make_programme((elements[0], near, *elements[2:]))
    assert apply(programme, [MoveSpan("2", 12.8, 32)]).rows[1].start_s == 12.8
    with pytest.raises(InputError):
        apply(programme, [MoveSpan("2", 12.2, 32)])


def random_correction(rng: random.Random, found: Corrected) -> Correction:
    row = rng.choice(found.rows) if found.rows else None
    code = rng.choice(
        ["3Lz", "3F+2T", "2A", "CCoSp4", "LSp", "StSq3", "ChSq1", "1Eu+3S", "nonsense"]
    )
    start = rng.uniform(-2, 60)
    end = start + rng.uniform(-0.5, 6)
    if row is None:
        return Insert(code, start, end)
    near = rng.choice(found.rows)
    return rng.choice(
        [
            Relabel(row.key, code),
            MoveSpan(row.key, row.start_s + rng.uniform(-1, 1), row.end_s + rng.uniform(-1, 1)),
            MoveFlight(row.key, rng.randint(0, 3), start, end),
            MoveFlight(row.key, 1, row.start_s + 0.1, row.start_s + 0.6),
            Insert(code, start, end),
            Delete(row.key),
            Split(row.key),
            Split(row.key, (row.start_s + row.end_s) / 2),
            Merge((row.key, near.key)),
            Mark(row.key, rng.random() < 0.5),
            Annotate(row.key, rng.choice(["", "see foot"])),
            Confirm("A. Judge"),
        ]
    )


@pytest.mark.parametrize("seed", range(20))
def test_undo_of_everything_is_the_machine_s_list_and_redo_leads_back(seed: int) -> None:
    rng = random.Random(seed)
    before = repr(PROGRAMME.elements)
    history, refused = History(), 0
    for _ in range(30):
        found = history.corrected(PROGRAMME)
        try:
            history = history.added(PROGRAMME, random_correction(rng, found))
        except InputError:
            refused += 1
    assert 5 < len(history.done) <= 30 - refused
    final = history.corrected(PROGRAMME)
    check(final)
    back = history
    for count in range(len(history.done), 0, -1):
        assert len(back.done) == count
        check(back.corrected(PROGRAMME))
        back = back.undo()
    assert back.corrected(PROGRAMME).rows == machine_rows(PROGRAMME)
    assert back.undo() == back
    for _ in history.done:
        back = back.redo()
    assert back == history == back.redo()
    assert back.corrected(PROGRAMME) == final
    assert repr(PROGRAMME.elements) == before


def check(found: Corrected) -> None:
    """What holds of every list, whatever was corrected."""
    assert [row.number for row in found.rows] == list(range(1, len(found.rows) + 1))
    assert len({row.key for row in found.rows}) == len(found.rows)
    starts = [row.start_s for row in found.rows]
    assert starts == sorted(starts)
    machine = {element.number: element for element in PROGRAMME.elements}
    for row in found.rows:
        assert row.start_s < row.end_s
        assert row.said_by == ("person" if row.changes else "machine")
        assert all(element is machine[element.number] for element in row.elements)
        assert row.parsed is not None
        assert len(row.jumps) == len(row.parsed.jumps)
        for jump in row.jumps:
            assert jump.air_s is None or jump.air_s > 0
    kept = {element.number for row in found.rows for element in row.elements}
    assert kept | {element.number for element in found.deleted} == set(machine)
