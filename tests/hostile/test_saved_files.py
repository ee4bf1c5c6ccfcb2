"""What calls itself a saved analysis or programme and is an attack: a sentence, for little work."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.storage.export import unpack
from pipeline.storage.programme_files import load_programme
from pipeline.storage.programme_pack import holds_programme, unpack_programme
from tests.factories import make_analysis
from tests.hostile import saved_files
from tests.hostile.child import cost
from tests.hostile.saved_files import ANALYSES, contents, with_arrays, zipped

PAGES = (saved_files.markers, saved_files.page_of_nothing)
LARGE = (saved_files.bomb, saved_files.array_bomb)
"""Quickly refused, but not quickly made."""

EACH = [
    pytest.param(make, words, id=make.__name__, marks=[pytest.mark.slow] if make in LARGE else [])
    for make, words in ANALYSES.items()
]


def made(make: Callable[[Path], Path], folder: Path) -> Path:
    return make(folder / f"saved{'.html' if make in PAGES else '.zip'}")


@pytest.mark.parametrize(("make", "words"), EACH)
def test_each_gets_its_sentence(tmp_path: Path, make: Callable[[Path], Path], words: str) -> None:
    path = made(make, tmp_path)
    (tmp_path / "in").mkdir()
    opened = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    with pytest.raises(StoreError) as caught:
        unpack([path], tmp_path / "in")
    assert words in str(caught.value)
    assert str(tmp_path) not in str(caught.value), "a place on the server is nobody's business"
    if opened is not None:
        assert len(os.listdir("/proc/self/fd")) <= len(opened), "a file stays open"


@pytest.mark.slow
@pytest.mark.parametrize("make", ANALYSES, ids=lambda make: make.__name__)
def test_each_costs_little(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """Before: 14.6 s for the markers, 23 s and 1.4 GiB for wide JSON, 6.9 GiB for the crowd."""
    path = made(make, tmp_path)
    (tmp_path / "in").mkdir()
    found = cost(
        "from pathlib import Path; from pipeline.storage.export import unpack",
        "unpack([Path(sys.argv[1])], Path(sys.argv[2]))",
        *(path, tmp_path / "in"),
    )
    assert found.told
    assert found.mib < 400
    assert found.cpu_s < 3


def test_a_programme_of_wide_json_is_refused(tmp_path: Path) -> None:
    path = saved_files.wide_programme(tmp_path / "free.zip")
    assert holds_programme(path)
    (tmp_path / "in").mkdir()
    assert unpack_programme([path], tmp_path / "in") is None
    with pytest.raises(StoreError, match=r"cannot be read \(it is too large\)"):
        load_programme(tmp_path / "in")


@pytest.mark.slow
def test_a_programme_of_wide_json_costs_little(tmp_path: Path) -> None:
    path = saved_files.wide_programme(tmp_path / "free.zip")
    (tmp_path / "in").mkdir()
    unpack_programme([path], tmp_path / "in")
    setup = "from pathlib import Path; from pipeline.storage.programme_files import load_programme"
    found = cost(setup, "load_programme(Path(sys.argv[1]))", tmp_path / "in")
    assert "cannot be read (it is too large)" in found.told
    assert found.mib < 400
    assert found.cpu_s < 3


def test_a_full_rink_for_a_minute_still_opens(tmp_path: Path) -> None:
    """What an honest clip may hold: 150 people through a minute at 25 frames a second."""
    T, people = 1500, 150
    frames, ids = (grid.ravel() for grid in np.meshgrid(np.arange(T), np.arange(people)))
    path = with_arrays(
        tmp_path / "full.zip",
        frame_index=np.arange(T),
        pts_s=np.arange(T) / 25,
        boxes_xyxy=np.ones((T, 4), np.float32),
        box_scores=np.ones(T, np.float32),
        keypoints_xy=np.ones((T, 17, 2), np.float32),
        keypoint_scores=np.ones((T, 17), np.float32),
        people_frame=frames,
        people_id=ids,
        people_scores=np.ones(len(ids), np.float32),
        people_boxes_xyxy=np.tile(np.float32([0, 0, 9, 9]), (len(ids), 1)) + ids[:, None],
        people_detected=np.ones(len(ids), np.bool_),
        main_id=np.array(3),
    )
    (tmp_path / "in").mkdir()
    analysis = unpack([path], tmp_path / "in")
    assert [track.person_id for track in analysis.people.tracks] == list(range(people))
    assert analysis.people.tracks[7].boxes_xyxy[T - 1].tolist() == [7, 7, 16, 16]


@pytest.mark.parametrize("name", ["README.txt", "notes/readme.md", "LICENSE", "clip.srt"])
def test_a_readme_in_a_zip_is_no_video(tmp_path: Path, name: str) -> None:
    path = zipped({**contents(), name: b"how to open this"}, tmp_path / "a.zip")
    (tmp_path / "in").mkdir()
    assert unpack([path], tmp_path / "in").verdict.label == make_analysis().verdict.label


def test_a_link_in_a_zip_is_not_unpacked(tmp_path: Path) -> None:
    path = zipped(contents(), tmp_path / "a.zip")
    link = zipfile.ZipInfo("secret.mp4")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    (tmp_path / "in").mkdir()
    unpack([path], tmp_path / "in")
    assert not (tmp_path / "in" / "secret.mp4").exists()
