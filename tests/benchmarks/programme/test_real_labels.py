"""Labels of real programmes: rows, videos that are there in part, figures by hand (issue 17)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.programme.clips import SeenJump, judge_clip, read_seen
from benchmarks.programme.real import real_scores
from benchmarks.programme.real_labels import FoundVideo, find_videos, read_labels
from pipeline.errors import InputError
from pipeline.types.programme import Candidate, FoundElement, FoundJump
from tests.factories import make_programme

ONE, TWO = "worlds_2031_01_00000100_00000350", "worlds_2031_02_00000500_00000750"
ROWS = f"""video,num_frames,fps,kind,takeoff_frame,landing_frame
{ONE},250,25,lutz,25,40
{ONE},250,25,toe_loop,48,60
{ONE},250,25,flying_camel - other,80,90
{TWO},250,25,,25,40
"""


def labels(folder: Path, text: str = ROWS) -> Path:
    path = folder / "jumps.csv"
    path.write_text(text)
    return path


def test_rows_become_programmes(tmp_path: Path) -> None:
    one, two = read_labels(labels(tmp_path))
    assert (one.name, one.seconds) == (ONE, 10.0)
    assert [(m.kind, m.takeoff_s, m.landing_s) for m in one.jumps] == [
        ("Lutz", 1.0, 1.6),
        ("Toeloop", 1.92, 2.4),
    ]
    assert [m.kind for m in one.flying_spins] == ["flying_camel"]
    assert [m.kind for m in two.jumps] == [""], "a jump whose kind nobody wrote down"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("video,fps\n", "has no column num_frames"),
        (ROWS.replace("25,40", "40,25", 1), "line 2"),
        (ROWS.replace("48,60", "48,", 1), "line 3"),
        (ROWS.replace("toe_loop", "somersault"), "line 3"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_labels(labels(tmp_path, text))


def test_videos_are_programmes_or_whole_broadcasts_and_absent_ones_are_named(
    tmp_path: Path,
) -> None:
    programmes = read_labels(labels(tmp_path))
    assert find_videos(programmes, tmp_path) == ([], [ONE, TWO])
    (tmp_path / f"{TWO}.MKV").touch()
    (video,), absent = find_videos(programmes, tmp_path)
    assert (video.path.name, video.options(), absent) == (f"{TWO}.MKV", [], [ONE])
    (tmp_path / "worlds_2031.mp4").touch()
    (one, two), absent = find_videos(programmes, tmp_path)
    assert (one.path.name, one.options()) == (
        "worlds_2031.mp4",
        ["--start", "4", "--end", "14"],
    )
    assert (two.whole, absent) == (True, [])


def test_figures_of_a_real_programme(tmp_path: Path) -> None:
    """`make_programme` finds 3Lz+3T at 1.0-1.6 and 1.9-2.4, and a flying spin from 3.0 s on."""
    programme, other = read_labels(labels(tmp_path))
    found = make_programme()
    figures = real_scores([(FoundVideo(programme, Path("x.mp4"), 0.0, whole=True), found)])
    assert (figures.programmes, figures.jumps) == (1, 2)
    assert (figures.found, figures.kind, figures.flying) == (1.0, 1.0, 1.0)
    assert figures.false_per_minute == 0.0
    assert figures.moments == {1: 1.0, 2: 1.0, 4: 1.0}
    both = real_scores(
        [
            (FoundVideo(programme, Path("x.mp4"), 0.0, whole=True), found),
            (FoundVideo(other, Path("x.mp4"), 20.0, whole=False), found),
        ]
    )
    # In the second the jump is at 21 s of the file, so that both found are false.
    assert both.found == pytest.approx(2 / 3)
    assert both.kind == 1.0
    assert both.false_per_minute == pytest.approx(60 * 2 / 20)


def test_a_clip_with_the_jump_and_nothing_else(tmp_path: Path) -> None:
    axel = FoundJump(1.0, 1.6, (Candidate("2Lutz", 0.5), Candidate("2Axel", 0.4)))
    element = FoundElement(1, "jump", 0.4, 2.2, "2Lz", 0.9, jumps=(axel,))
    programme = make_programme(elements=(element,))
    programme = replace(programme, video=replace(programme.video, fps=25.0))
    outcome = judge_clip("a.mp4", programme, SeenJump(1.16, 1.44, "Axel"))
    assert (outcome.found, outcome.false) == (True, 0)
    assert (outcome.kind_first, outcome.kind_in_two) == (False, True)
    late = judge_clip("a.mp4", programme, SeenJump(1.17, 1.6, "Axel"))
    assert (late.found, late.false) == (False, 1)
    assert judge_clip("b.mp4", programme, None).false == 1


def test_what_a_person_saw_is_read_and_wrong_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "seen.csv"
    path.write_text("file,takeoff_s,landing_s,kind\na.mp4,3.5,3.95,Axel\n")
    assert read_seen(path) == {"a.mp4": SeenJump(3.5, 3.95, "Axel")}
    path.write_text("file,takeoff_s,landing_s,kind\na.mp4,soon,3.95,Axel\n")
    with pytest.raises(InputError, match="line 2"):
        read_seen(path)
    path.write_text("file,kind\n")
    with pytest.raises(InputError, match="takeoff_s"):
        read_seen(path)
