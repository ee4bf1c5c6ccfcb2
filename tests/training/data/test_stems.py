"""Stems (issue 15, point 18): names below the data set, and nothing is ever written elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.build import ClipStore, StoreSettings
from training.data.challenge import LabelledClip
from training.data.skeletons import PreparedPoses
from training.data.stems import StemError, stem_of, stem_path, video_of
from training.data.store import StoredClip, write_clip


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("000000_1", "000000_1"),
        ("jump/000000_1", "jump/000000_1"),
        ("a/b/c d", "a/b/c d"),
        ("000000_1.mp4", "000000_1"),
        ("jump/000000_1.MP4", "jump/000000_1"),
        ("clip.MOV", "clip"),
        ("clip.mxf", "clip"),
        ("clip_12.264", "clip_12.264"),
        ("clip.v2", "clip.v2"),
        ("..clip", "..clip"),
        ("三周跳", "三周跳"),
        ("x" * 251, "x" * 251),
    ],
)
def test_what_a_stem_may_be(text: str, stem: str) -> None:
    assert stem_of(text) == stem


HOSTILE = [
    ("", "is empty"),
    (".mp4/", "has an empty part"),
    ("/data/own/a", "is an absolute path"),
    ("../x", "has '..' in it"),
    ("jump/../../x", "has '..' in it"),
    ("..", "has '..' in it"),
    ("./x", "has an empty part"),
    ("a//b", "has an empty part"),
    ("C:/own/a", "begins with a drive letter"),
    ("c:a", "begins with a drive letter"),
    ("jump\\000000_1", "has a backslash, write / between folder and name"),
    ("a\x00b", "holds the control character U+0000"),
    ("a\tb", "holds the control character U+0009"),
    ("\ufeffa", "holds the invisible character U+FEFF"),
    ("a\u2028b", "holds the control character U+2028"),
    ("x" * 252, "is longer than file systems allow"),
    ("ä" * 126, "is longer than file systems allow"),
    ("/".join(["x" * 200] * 6), "is longer than file systems allow"),
]


@pytest.mark.parametrize(("text", "words"), HOSTILE)
def test_what_no_stem_is(text: str, words: str) -> None:
    with pytest.raises(StemError) as caught:
        stem_of(text)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 260


@given(st.text())
def test_a_stem_never_leads_out_of_its_folder(text: str) -> None:
    try:
        stem = stem_of(text)
    except StemError:
        return
    assert (Path("/set") / f"{stem}.mp4").resolve().is_relative_to("/set")
    assert stem_of(stem + ".mp4") == stem


def clip_of(stem: str, video: Path) -> LabelledClip:
    return LabelledClip(stem, video, 3, Path("none"))


@pytest.mark.parametrize("stem", ["../beside", "/tmp/own", "link/a", "a\\b"])
def test_no_store_takes_a_clip_from_outside(stem: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (store / "link").symlink_to(tmp_path)
    video = tmp_path / "a.mp4"
    video.write_bytes(b"")
    clip = clip_of(stem, video)
    clips = ClipStore(store, StoreSettings())
    clips.folder.mkdir()
    (clips.folder / "link").symlink_to(tmp_path)
    with pytest.raises(StemError):
        clips.path(clip)
    for ending in ("", ".npz"):
        with pytest.raises(StemError):
            stem_path(store, stem, ending)
    if not stem.startswith("link"):  # what is only read may be a link
        with pytest.raises(StemError):
            PreparedPoses([clip], store)


def test_a_link_is_read_and_replaced_but_no_folder_is_written_through_it(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    np.savez(own / "a.npz", keypoints_xy=np.zeros((2, 17, 2)), keypoint_scores=np.zeros((2, 17)))
    before = (own / "a.npz").read_bytes()
    store = tmp_path / "store"
    store.mkdir()
    (store / "a.npz").symlink_to(own / "a.npz")
    (store / "a").symlink_to(own)
    assert len(PreparedPoses([clip_of("a", own)], store)) == 1
    picture = StoredClip(*(np.zeros(1) for _ in range(3)), num_frames=1, region=np.zeros(4))
    write_clip(picture, stem_path(store, "a", ".npz"))
    assert (own / "a.npz").read_bytes() == before
    with pytest.raises(StemError, match=r"leads out of .* through a link"):
        stem_path(store, "a")


def test_a_store_may_itself_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "disk")
    path = stem_path(tmp_path / "store", "jump/1", ".npz")
    assert path == tmp_path / "store" / "jump" / "1.npz"


@pytest.mark.parametrize(
    ("listed", "there", "found"),
    [
        ("jump/1", "jump/1.mp4", "jump/1.mp4"),
        ("jump/1", "jump/1.MP4", "jump/1.MP4"),
        ("jump/1.MP4", "jump/1.mp4", "jump/1.mp4"),
        ("jump/1.MOV", "jump/1.MOV", "jump/1.MOV"),
        ("jump/1", "other", "jump/1.mp4"),
    ],
)
def test_the_video_of_a_stem(listed: str, there: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "jump").mkdir()
    (tmp_path / there).touch()
    assert video_of(tmp_path, listed) == tmp_path / found
