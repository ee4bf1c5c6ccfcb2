"""The evaluation that ships: its files, and the surest mistakes beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.shipped_evaluation import MOST_BYTES, main
from pipeline.storage.analysis_files import load
from tests.ui.evaluations.folders import CLIPS, write_evaluation
from ui.evaluations.run_folder import read_evaluation


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    """DATA, RUN and a folder that holds an older evaluation."""
    told = {"name": "data", "folder": "../data", "simulated": True}
    write_evaluation(tmp_path / "run", data=told)
    (tmp_path / "run" / "submission.txt").write_text("a_right 11\n")
    videos = tmp_path / "data" / "test_videos"
    videos.mkdir(parents=True)
    for stem in CLIPS:
        (videos / f"{stem}.mp4").write_bytes(stem.encode())
    (tmp_path / "out" / "videos").mkdir(parents=True)
    (tmp_path / "out" / "videos" / "older.mp4").touch()
    return [str(tmp_path / "data"), str(tmp_path / "run"), "--out", str(tmp_path / "out")]


def test_mistakes_ship_with_their_analyses_and_nothing_older(places: list[str]) -> None:
    out = Path(places[-1])
    assert main(places) == 0
    assert sorted(path.name for path in (out / "videos").iterdir()) == ["b_flip.mp4", "d_axel.mp4"]
    assert (out / "videos" / "b_flip.mp4").read_bytes() == b"b_flip"
    assert load(out / "analyses" / "b_flip").video.path == "b_flip.mp4"
    shipped, whole = read_evaluation(out), read_evaluation(Path(places[1]))
    data = {"name": "data", "simulated": True}  # whose folder does not ship
    assert shipped.summary == {**whole.summary, "data": data}
    assert len(shipped.clips) == len(CLIPS)


def test_large_videos_stay_out(places: list[str]) -> None:
    (Path(places[0]) / "test_videos" / "d_axel.mp4").write_bytes(b"0" * (MOST_BYTES + 1))
    assert main(places) == 0
    assert [path.name for path in (Path(places[-1]) / "videos").iterdir()] == ["b_flip.mp4"]


@pytest.mark.parametrize(
    "gone", ["data/test_videos/b_flip.mp4", "run/summary.json", "run/table.md"]
)
def test_what_is_gone_is_said_and_the_older_one_stays(
    places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], gone: str
) -> None:
    (tmp_path / gone).unlink()
    assert main(places) == 2
    assert Path(gone).name in capsys.readouterr().err
    assert (tmp_path / "out" / "videos" / "older.mp4").exists()
