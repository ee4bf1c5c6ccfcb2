"""`python -m benchmarks.programme` over folders that are there: tables, page, wrong arguments."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.programme.__main__ import BEGIN, END, main
from pipeline.programme.frame_classes import ENTRY_S, RUN_OUT_S
from pipeline.storage.programme_files import save_programme
from pipeline.types.programme import Programme
from tests.factories import make_programme


def element(label: str, number: int, **known: Any) -> dict[str, Any]:
    times = dict.fromkeys(("takeoff_s", "landing_s", "rotations", "spin_revolutions"))
    return {"label": label, "number": number, "flaws": [], "positions": [], **times, **known}


def found_rightly() -> Programme:
    """`make_programme` with the combination's ends where the rink's truth has them."""
    programme = make_programme()
    combination = replace(programme.elements[0], start_s=1.0 - ENTRY_S, end_s=2.4 + RUN_OUT_S)
    return replace(programme, elements=(combination, *programme.elements[1:]))


def rendered(folder: Path) -> Path:
    """A finished programme that holds what `make_programme` finds; there is no video."""
    elements = [
        element("3Lutz", 0, start_s=0.4, takeoff_s=1.0, landing_s=1.6, end_s=2.4),
        element("3Toeloop", 0, start_s=1.3, takeoff_s=1.9, landing_s=2.4, end_s=3.2),
        element(
            "CombinationSpin", 1, start_s=3.0, end_s=6.0,
            positions=[["CamelSpin", 3.2, 4.5], ["SitSpin", 4.6, 5.8]],
        ),
        element("Sequence", 2, start_s=6.5, end_s=9.5),
    ]  # fmt: skip
    shots = [{"start_s": 0.0}, {"start_s": 9.8, "kind": "black"}]
    content = {"frames": 250, "fps": 25.0, "elements": elements, "shots": shots}
    folder.mkdir(parents=True)
    (folder / "program.json").write_text(json.dumps(content))
    return folder


def test_a_programme_found_as_it_is_reaches_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = rendered(tmp_path / "rink" / "7")
    save_programme(found_rightly(), tmp_path / "found" / "7")
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{BEGIN}\nold\n{END}\n\nMore.\n")
    arguments = ["--programmes", str(folder), "--found", str(tmp_path / "found")]
    assert main([*arguments, "--out", str(tmp_path / "run"), "--docs", str(page)]) == 0
    table = (tmp_path / "run" / "table.md").read_text()
    assert table == capsys.readouterr().out
    assert "| segments with the right class, F1@50 | 1.000 | 0.85 | 0.93 |" in table
    assert "| cuts found, F1 | 1.000 | 0.95 | 0.99 |" in table
    assert "| with the right class | 1.000 | 1.000 | 1.000 | 1.000 | 1.000 |" in table
    told = page.read_text()
    assert table in told
    assert "old" not in told
    assert told.endswith("More.\n")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["rink"]["elements"] == 3
    assert summary["rink"]["programmes"][0]["name"] == "7"
    assert all(row["reached"] for row in summary["rows"])


def test_a_missed_figure_ends_with_one(tmp_path: Path) -> None:
    folder = rendered(tmp_path / "rink" / "7")
    save_programme(make_programme(elements=()), tmp_path / "found" / "7")
    arguments = ["--programmes", str(folder), "--found", str(tmp_path / "found")]
    assert main([*arguments, "--out", str(tmp_path / "run")]) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give --programmes"),
        (["--clips", "x"], "--clips and --seen go together"),
        (["--videos", "x"], "--labels and --videos go together"),
        (["--seeds", "many"], "expected FIRST-LAST"),
        (["--programmes", "nowhere"], "nowhere: holds no finished programme"),
    ],
)
def test_wrong_arguments_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main([*arguments, "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert told in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_page_without_marks_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = rendered(tmp_path / "rink" / "7")
    save_programme(make_programme(), tmp_path / "found" / "7")
    page = tmp_path / "page.md"
    page.write_text("# Page\n")
    arguments = ["--programmes", str(folder), "--found", str(tmp_path / "found")]
    assert main([*arguments, "--out", str(tmp_path / "run"), "--docs", str(page)]) == 2
    assert str(page) in capsys.readouterr().err


def test_labels_without_any_video_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "jumps.csv"
    labels.write_text(
        "video,num_frames,fps,kind,takeoff_frame,landing_frame\nworlds,250,25,lutz,25,40\n"
    )
    arguments = ["--labels", str(labels), "--videos", str(tmp_path), "--out", str(tmp_path / "run")]
    assert main(arguments) == 2
    assert "holds none of the 1 programmes" in capsys.readouterr().err


def test_real_labels_with_a_video_give_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "jumps.csv"
    labels.write_text(
        "video,num_frames,fps,kind,takeoff_frame,landing_frame\n"
        "worlds_1,250,25,lutz,25,40\nworlds_2,250,25,axel,25,40\n"
    )
    (tmp_path / "worlds_1.mp4").touch()
    save_programme(make_programme(), tmp_path / "found" / "worlds_1")
    arguments = ["--labels", str(labels), "--videos", str(tmp_path)]
    more = ["--found", str(tmp_path / "found"), "--out", str(tmp_path / "run")]
    assert main([*arguments, *more]) == 0
    captured = capsys.readouterr()
    assert "1 of 2 programmes have no video there: worlds_2" in captured.err
    assert "| 1 real programmes, 1 jumps | |" in captured.out
