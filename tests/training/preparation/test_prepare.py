"""The command: a data set is found and cropped once, resumed, reported on, and trained from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.command_line import StatusLine
from pipeline.analyser import Analyser
from pipeline.messages import Message
from pipeline.types import PoseSequence
from tests.training.datasets import FRAMES, HEIGHT, WIDTH, make_data_set
from tests.training.disks import largest_file
from tests.training.evaluation.cases import write_profile
from training.data.build import ClipStore, StoreSettings
from training.data.challenge import DataError, read_labels
from training.data.skeletons import PreparedPoses
from training.data.store import read_clip
from training.prepare import main

STEMS = ["0_3Lutz", "0_CamelSpin", "0_NoBasic", "0_Sequence"]
QUIET = StatusLine(active=False)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_profile(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips, one of them broken; neither truth nor poses."""
    folder = make_data_set(tmp_path_factory.mktemp("data") / "set", per_class=1)
    (folder / "train_videos" / "0_NoBasic.mp4").write_bytes(b"no video")
    for name in ("truth", "poses"):
        shutil.rmtree(folder / name)
    return folder


def prepare(data: Path, out: Path, profile: Path, *more: str) -> int:
    given = ["--data", str(data), "--out", str(out), "--profile", str(profile), "--untrained"]
    return main([*given, "--workers", "1", *more])


@pytest.fixture(scope="module")
def cache(data: Path, profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "cache"
    assert prepare(data, out, profile) == 0
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_cache_holds_clips_poses_and_a_report(cache: Path) -> None:
    good = [f"{stem}.npz" for stem in STEMS if stem != "0_NoBasic"]
    names = [f"{kind}/{name}" for kind in ("clips", "poses") for name in good]
    assert sorted(contents(cache)) == sorted([*names, "prepared.json", "report.txt"])
    lines = (cache / "report.txt").read_text().splitlines()
    assert lines[0] == "4 clips, 1 failed, 0 odd"
    assert lines[1].startswith("untrained: the weights of detector, pose")
    assert lines[2].startswith("no clip of 3Toeloop, 3Loop, ")
    assert "0_NoBasic: " in lines[-1]


def test_poses_are_read_by_the_trainer(cache: Path, data: Path) -> None:
    clips = [clip for clip in read_labels(data, "train") if clip.stem != "0_NoBasic"]
    poses = PreparedPoses(clips, cache / "poses")
    pose, label = poses.clip(0, 0)
    assert pose.keypoints_xy.shape == (FRAMES, 17, 2)
    assert np.isfinite(pose.keypoints_xy).any()
    assert label == clips[0].class_index
    with np.load(cache / "poses" / "0_3Lutz.npz") as arrays:
        assert arrays["region_xyxy"].tolist() == [0, 0, WIDTH, HEIGHT]
        assert arrays["size"].tolist() == [WIDTH, HEIGHT]
        assert len(arrays["frame_index"]) == len(arrays["pts_s"]) == FRAMES


def test_clips_are_read_by_the_trainer(cache: Path, data: Path) -> None:
    store = ClipStore(cache / "own", StoreSettings(prepared=str(cache), max_broken=0.3))
    stored = store.build(read_labels(data, "train"), workers=0, status=QUIET)
    assert [clip.stem for clip, _ in stored] == [s for s in STEMS if s != "0_NoBasic"]
    clip = read_clip(stored[0][1])
    assert (len(clip), clip.num_frames) == (FRAMES, FRAMES)
    assert clip.region.tolist() == [0, 0, WIDTH, HEIGHT]
    assert clip.pictures([0])[0].shape == (HEIGHT, WIDTH, 3)
    listed = (store.folder / "broken_clips.txt").read_text()
    assert listed.startswith("0_NoBasic: was not prepared; run python -m training.prepare")
    strict = ClipStore(cache / "own", StoreSettings(prepared=str(cache)))
    with pytest.raises(DataError, match="1 of 4 clips cannot be used"):
        strict.build(read_labels(data, "train"), workers=0, status=QUIET)


def test_second_run_makes_only_what_is_missing_or_changed(
    data: Path, profile: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, videos = tmp_path / "cache", tmp_path / "set"
    shutil.copytree(cache, copy)
    shutil.copytree(data, videos)
    (copy / "clips" / "0_Sequence.npz").unlink()
    (copy / "poses" / ".half.npz.1.part").write_bytes(b"left by a kill")
    train = videos / "train_videos"
    shutil.copy(train / "0_3Lutz.mp4", train / "0_CamelSpin.mp4")
    find, made = Analyser.find, []

    def counted(self: Analyser, path, collector):  # type: ignore[no-untyped-def]
        made.append(Path(path).stem)
        return find(self, path, collector)

    monkeypatch.setattr(Analyser, "find", counted)
    assert prepare(videos, copy, profile) == 0
    assert made == ["0_CamelSpin", "0_NoBasic", "0_Sequence"]
    before, after = contents(cache), contents(copy)
    changed = [name for name in after if after[name] != before.get(name)]
    assert changed == ["clips/0_CamelSpin.npz", "poses/0_CamelSpin.npz"]


def test_another_reader_makes_another_cache(
    data: Path, profile: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue 16: and none may be filled by two of them."""
    one = tmp_path / "set"
    shutil.copytree(data, one)
    (one / "train.txt").write_text("0_3Lutz 11\n")
    assert prepare(one, tmp_path / "cache", profile, "--reader", "opencv") == 0
    ours, usual = (
        json.loads((out / "prepared.json").read_text())["stages"]
        for out in (tmp_path / "cache", cache)
    )
    assert ours == {**usual, "reader": "opencv"}
    capsys.readouterr()
    assert prepare(one, tmp_path / "cache", profile) == 2
    assert "was prepared with another stages" in capsys.readouterr().err


def test_clip_whose_video_broke_is_forgotten(
    data: Path, profile: Path, cache: Path, tmp_path: Path
) -> None:
    copy, videos = tmp_path / "cache", tmp_path / "set"
    shutil.copytree(cache, copy)
    shutil.copytree(data, videos)
    (videos / "train_videos" / "0_3Lutz.mp4").write_bytes(b"rubbish")
    assert prepare(videos, copy, profile) == 0
    assert not list(copy.rglob("0_3Lutz.npz"))
    assert "0_3Lutz: " in (copy / "report.txt").read_text()
    assert len(list(copy.rglob("0_CamelSpin.npz"))) == 2


def test_a_long_name_is_prepared_and_a_damaged_file_made_again(
    data: Path, profile: Path, tmp_path: Path
) -> None:
    """Issue 15, point 24."""
    videos, out, stem = tmp_path / "set", tmp_path / "cache", "x" * 250
    shutil.copytree(data, videos)
    (videos / "train_videos" / "0_3Lutz.mp4").rename(videos / "train_videos" / f"{stem}.mp4")
    (videos / "train.txt").write_text(f"{stem} 11\n")
    assert prepare(videos, out, profile) == 0
    made = contents(out)
    assert set(made) >= {f"clips/{stem}.npz", f"poses/{stem}.npz"}
    (out / "clips" / f"{stem}.npz").write_bytes(made[f"clips/{stem}.npz"][:-50])
    store = ClipStore(tmp_path, StoreSettings(prepared=str(out)))
    with pytest.raises(DataError, match=f"{stem}: is damaged; run python -m training.prepare"):
        store.build(read_labels(videos, "train"), workers=0, status=QUIET)
    assert prepare(videos, out, profile) == 0
    assert contents(out) == made
    own = ClipStore(tmp_path, StoreSettings(region="whole_frame"))
    ((_, path),) = own.build(read_labels(videos, "train"), workers=0, status=QUIET)
    assert len(read_clip(path)) == FRAMES


def test_region_is_cut_out_and_scaled(
    data: Path, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.tracking.region import whole_frame
    from pipeline.types import RegionOfInterest

    region = RegionOfInterest(np.array([20, 10, 60, 70], np.float32), "union")
    assert whole_frame((WIDTH, HEIGHT)).xyxy.tolist() != region.xyxy.tolist()
    monkeypatch.setattr("pipeline.clip_run.whole_frame", lambda *_a, **_k: region)
    assert prepare(data, tmp_path / "c", profile, "--short-side", "20", "--max-frames", "5") == 0
    clip = read_clip(tmp_path / "c" / "clips" / "0_CamelSpin.npz")
    assert clip.frame_index.tolist() == [0, 4, 8, 12]
    (picture,) = clip.pictures([1])
    assert picture.shape == (30, 20, 3)
    capture = cv2.VideoCapture(str(data / "train_videos" / "0_CamelSpin.mp4"))
    frames = [capture.read()[1][:, :, ::-1] for _ in range(5)]
    expected = cv2.resize(frames[4][10:70, 20:60], (20, 30), interpolation=cv2.INTER_LINEAR)
    assert np.abs(picture.astype(int) - expected).mean() < 6  # JPEG


def test_odd_clips_are_listed(
    data: Path, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = Analyser.find

    def uncertain(self: Analyser, path, collector):  # type: ignore[no-untyped-def]
        found, collected = find(self, path, collector)
        nobody = PoseSequence(np.full((FRAMES, 17, 2), np.nan, "f4"), np.zeros((FRAMES, 17), "f4"))
        changed = {"warnings": (Message("two people are equally likely"),), "pose": nobody}
        return type(found)(**{**vars(found), **changed}), collected

    monkeypatch.setattr(Analyser, "find", uncertain)
    assert prepare(data, tmp_path / "c", profile) == 0
    report = (tmp_path / "c" / "report.txt").read_text()
    assert "0_3Lutz: two people are equally likely; a skeleton in 0% of the frames only" in report
    monkeypatch.setattr(Analyser, "find", None)
    (data / "train_videos" / "0_NoBasic.mp4").rename(data / "away")
    try:
        assert prepare(data, tmp_path / "c", profile) == 0  # all known: nothing is looked for
        again = (tmp_path / "c" / "report.txt").read_text()
    finally:
        (data / "away").rename(data / "train_videos" / "0_NoBasic.mp4")
    assert "0_3Lutz: two people are equally likely; a skeleton" in again
    assert "0_NoBasic.mp4: is missing or cannot be read" in again


def test_a_bug_on_one_clip_does_not_end_the_night(
    data: Path, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = Analyser.find

    def broken(self: Analyser, path, collector):  # type: ignore[no-untyped-def]
        if "Lutz" in str(path):
            raise RuntimeError("shapes do not fit")
        return find(self, path, collector)

    monkeypatch.setattr(Analyser, "find", broken)
    assert prepare(data, tmp_path / "c", profile) == 0
    report = (tmp_path / "c" / "report.txt").read_text()
    assert "0_3Lutz: unexpected RuntimeError: shapes do not fit" in report


@pytest.mark.parametrize(
    ("change", "given", "words"),
    [
        ("", ("--data", "nowhere"), "nowhere: there is no such folder"),
        ("", ("--workers", "0"), "--workers 0: needs at least one"),
        ("", ("--short-side", "0"), "--short-side: must be at least 1"),
        ("", ("--profile", "huge"), "there is no profile huge"),
        ("", ("--out", "CACHE", "--short-side", "64"), "was prepared with another pictures"),
        ("", ("--split", "test"), "test_labels.txt: there is no such file"),
        ("twice", (), "clip 0_3Lutz is in both train.txt and answer.txt"),
        ("all", (), "none of the 4 clips can be prepared; 0_3Lutz: "),
    ],
)
def test_bad_input_is_one_line(
    change: str, given: tuple[str, ...], words: str,
    *, data: Path, cache: Path, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    copy = tmp_path / "set"
    shutil.copytree(data, copy)
    if change == "twice":
        (copy / "answer.txt").write_text("0_3Lutz\n")
    if change == "all":
        shutil.rmtree(copy / "train_videos")
    filled = [str(cache) if part == "CACHE" else part for part in given]
    assert prepare(copy, tmp_path / "c", profile, *filled) == 2
    *progress, line = capsys.readouterr().err.splitlines()
    assert all(" of 4 clips" in text for text in progress)
    assert line.startswith("error: ")
    assert words in line


def test_full_disk_is_one_line_and_leaves_nothing_half_written(
    data: Path, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "cache"
    assert prepare(data, out, profile) == 0
    whole = contents(out / "clips")
    victim = out / "clips" / "0_3Lutz.npz"
    victim.unlink()
    capsys.readouterr()
    with largest_file(800):
        assert prepare(data, out, profile) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"error: cannot write {out}: ")
    assert line.endswith("free some space and run the command again")
    assert not victim.exists()
    assert prepare(data, out, profile) == 0
    assert contents(out / "clips") == whole
