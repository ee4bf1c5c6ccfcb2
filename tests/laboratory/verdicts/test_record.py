"""The researcher's decisions: kept, taken back, by two at once, and from a file edited by hand."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laboratory.verdicts.corrected import corrected_table, training_list
from laboratory.verdicts.record import FILE, Decision, as_rows, decide, read_record, take_back
from tests.laboratory.runs import INDEX, everyone, said, table

LUTZ, FLIP = INDEX["3Lutz"], INDEX["3Flip"]
letters = st.text(max_size=40)


def wrong_label(stem: str, label: int | None = FLIP, **more: object) -> Decision:
    return Decision(stem, "label_wrong", label, **more)  # type: ignore[arg-type]


@given(
    st.lists(
        st.builds(
            Decision,
            stem=st.text(min_size=1, max_size=20),
            kind=st.just("label_wrong"),
            label=st.none() | st.integers(0, 27),
            note=letters,
            tags=st.lists(st.text(min_size=1, max_size=40), max_size=10).map(tuple),
            by=letters,
        ),
        max_size=8,
        unique_by=lambda d: d.key,
    )
)
def test_what_is_decided_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, made: list[Decision]
) -> None:
    run = tmp_path_factory.mktemp("run")
    for decision in made:
        decide(run, decision)
    record = read_record(run)
    assert list(record.made) == made
    assert record.unreadable == ()
    assert record.decisions == {decision.stem: decision for decision in made}


def test_the_last_decision_counts_until_it_is_taken_back(tmp_path: Path) -> None:
    first, second = wrong_label("a", by="ann"), Decision("a", "unclear", by="ann")
    other = Decision("b", "model_wrong", note="leans", tags=("edge",), by="bob")
    for decision in (first, other, second):
        decide(tmp_path, decision)
    assert list(read_record(tmp_path).decisions.values()) == [other, second]
    assert take_back(tmp_path, "ann") == second
    assert read_record(tmp_path).decisions == {"a": first, "b": other}
    assert take_back(tmp_path, "ann") == first
    assert take_back(tmp_path, "ann") is None
    assert read_record(tmp_path).decisions == {"b": other}
    assert as_rows(read_record(tmp_path).made) == [
        {"stem": "b", "verdict": "model_wrong", "label": "", "note": "leans", "tags": "edge",
         "by": "bob", "at": other.at}
    ]  # fmt: skip


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    def work(by: str) -> None:
        for number in range(100):
            decide(tmp_path, wrong_label(f"{by}{number}", by=by, note="n" * 400))
            if number % 5 == 0:
                take_back(tmp_path, by)

    writers = [threading.Thread(target=work, args=(by,)) for by in ("ann", "bob")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    record = read_record(tmp_path)
    assert record.unreadable == ()
    expected = {f"{by}{n}" for by in ("ann", "bob") for n in range(100) if n % 5}
    assert set(record.decisions) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"not json", b"[1]", b"null", b'{"stem": "a"}', b'{"stem": "", "verdict": "unclear"}',
        b'{"stem": 3, "verdict": "unclear"}', b'{"stem": "a", "verdict": "wrong"}',
        b'{"stem": "a", "verdict": "label_wrong", "label": "5Lutz"}',
        b'{"stem": "a", "verdict": "label_wrong", "label": 28}',
        b'{"stem": "a", "verdict": "label_wrong", "label": true}',
        b'{"stem": "a", "verdict": "model_wrong", "label": "3Lutz"}',
        b'{"stem": "a", "verdict": "unclear", "tags": "edge"}',
        b'{"stem": "a", "verdict": "unclear", "tags": [1]}',
        b'{"stem": "a", "verdict": ["unclear"]}',
        b'{"stem": "a", "verdict": "unclear", "note": "' + b"x" * 501 + b'"}',
        b"\xff\xfe", b"[" * 100_000, b'{"stem": "a", "verdict": "unclear"',
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_told_and_spoils_nothing(tmp_path: Path, line: bytes) -> None:
    good = wrong_label("good")
    decide(tmp_path, good)
    with (tmp_path / FILE).open("ab") as file:
        file.write(line)  # without its end, as a crash leaves it
    decide(tmp_path, wrong_label("next"))
    record = read_record(tmp_path)
    assert record.unreadable == (2,)
    assert list(record.decisions) == ["good", "next"]


def test_a_file_written_by_hand(tmp_path: Path) -> None:
    lines = [
        "\ufeff" + json.dumps({"stem": "a", "verdict": "label_wrong", "label": "3 lutz"}),
        "",
        json.dumps({"stem": "ü", "verdict": "unclear"}, ensure_ascii=False) + "\r",
        json.dumps({"takes_back": "nothing"}),
    ]
    (tmp_path / FILE).write_text("\n".join(lines), encoding="utf-8", newline="")
    record = read_record(tmp_path)
    assert record.unreadable == ()
    assert {s: (d.kind, d.label) for s, d in record.decisions.items()} == {
        "a": ("label_wrong", LUTZ), "ü": ("unclear", None)
    }  # fmt: skip


def test_no_file_and_no_folder(tmp_path: Path) -> None:
    assert read_record(tmp_path / "gone").made == ()
    with pytest.raises(OSError, match="No such file"):
        decide(tmp_path / "gone", wrong_label("a"))
    assert take_back(tmp_path / "gone", "ann") is None


@pytest.mark.parametrize(
    "wrong",
    [{"stem": ""}, {"label": 28}, {"kind": "model_wrong"}, {"note": "x" * 501},
     {"tags": ("",)}, {"tags": ("x",) * 11}],
)  # fmt: skip
def test_what_is_no_decision(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"label|note|tags|clip"):
        Decision(**{"stem": "a", "kind": "label_wrong", "label": 1, **wrong})  # type: ignore[arg-type]


def test_corrected_labels_give_new_figures_and_a_list(tmp_path: Path) -> None:
    made = table([LUTZ, LUTZ, LUTZ, LUTZ, -1], everyone([said(FLIP)] * 5))
    for decision in (
        wrong_label("clip_a"), wrong_label("clip_b", None), Decision("clip_c", "unclear"),
        Decision("clip_d", "model_wrong"), wrong_label("clip_e"), wrong_label("strange"),
    ):  # fmt: skip
        decide(tmp_path, decision)
    record = read_record(tmp_path)
    after = corrected_table(made, record)
    assert after.labels.tolist() == [FLIP, -1, -1, LUTZ, FLIP]
    assert after.right("vote").tolist() == [True, False, False, False, True]
    assert training_list(made, record) == f"clip_a {FLIP}\nclip_d {LUTZ}\nclip_e {FLIP}\n"
