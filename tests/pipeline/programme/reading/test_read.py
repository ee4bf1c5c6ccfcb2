"""The pass over a whole video, with the shipped detector and pose network, on joined clips."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.config import Profile, load_profile
from pipeline.errors import Cancelled, InputError, NoPersonFound
from pipeline.networks import Networks
from pipeline.programme.reading import KeptReading, ReadingCache, ReadShot, read_shots
from pipeline.progress import Monitor, Progress
from pipeline.video import Video, open_video
from tests.conftest import ROOT

EXAMPLES = ROOT / "assets" / "examples"
SIZE = (480, 270)
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def profile() -> Profile:
    """The shipped one, with fewer looks and no flip test: what is tested is how pieces join."""
    demo = load_profile("demo")
    sparing = replace(demo.programme, flip_test=False, detector_hz=2.5)
    coarse = replace(demo.detector, short_side=192, long_side=336)
    return replace(demo, programme=sparing, detector=coarse, zoom=replace(demo.zoom, below=0.0))


@pytest.fixture(scope="module")
def networks(profile: Profile) -> Networks:
    return Networks(profile, stages=("detector", "pose"))


def pictures(name: str, first: int = 0, count: int = 10_000) -> list[Picture]:
    """Frames of an example, made small."""
    video = open_video(EXAMPLES / f"{name}.mp4")
    wanted = range(first, min(first + count, len(video)))
    return [np.asarray(cv2.resize(frame, SIZE)) for _, frame in video.frames(wanted)]


def film(path: Path, frames: list[Picture], fps: int = 25) -> Video:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps))
        stream.width, stream.height = frames[0].shape[1], frames[0].shape[0]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "20", "preset": "ultrafast"}
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return open_video(path)


def read(video: Video, networks: Networks, profile: Profile, **settings: object) -> list[ReadShot]:
    monitor = Monitor(None, None)
    return list(read_shots(video, networks, profile, monitor, **settings))  # type: ignore[arg-type]


def complete(shots: list[ReadShot]) -> list[ReadShot]:
    return [shot for shot in shots if shot.complete]


def small_pieces(profile: Profile) -> Profile:
    """So little memory that a piece has about a second."""
    return replace(profile, buffer_mib=16)


@pytest.fixture(scope="module")
def spin(tmp_path_factory: pytest.TempPathFactory) -> Video:
    return film(tmp_path_factory.mktemp("spin") / "spin.mp4", pictures("CamelSpin", count=70))


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Video:
    """Two shots of one skater, black between them, and graphics at the end."""
    black = [np.zeros((SIZE[1], SIZE[0], 3), np.uint8)] * 20
    card = np.full((SIZE[1], SIZE[0], 3), (20, 40, 120), np.uint8)
    cv2.putText(card, "TOTAL 198.77", (60, 140), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255,) * 3, 3)
    one, other = (pictures("CamelSpin", first, 30) for first in (0, 100))
    frames = one + black + other + [card] * 25
    return film(tmp_path_factory.mktemp("programme") / "programme.mp4", frames)


def test_shots_cover_the_video_and_say_what_they_show(
    programme: Video, networks: Networks, profile: Profile
) -> None:
    shots = complete(read(programme, networks, profile))
    assert [(s.first, s.stop) for s in shots] == [(0, 30), (30, 50), (50, 80), (80, 105)]
    assert [s.shot.kind for s in shots] == ["skating", "black", "skating", "graphics"]
    assert [s.shot.begins for s in shots] == ["start", "cut", "cut", "cut"]
    assert [s.shot.start_s for s in shots] == pytest.approx([0, 1.2, 2.0, 3.2])
    assert shots[-1].shot.end_s == pytest.approx(4.2)
    first, _, again, _ = shots
    assert first.people.main_id == again.people.main_id is not None
    assert np.isfinite(first.pose.keypoints_xy).all(axis=(1, 2)).mean() > 0.9


def test_a_shot_read_in_pieces_is_the_shot_read_at_once(
    spin: Video, networks: Networks, profile: Profile
) -> None:
    [whole] = read(spin, networks, profile)
    shots = read(spin, networks, small_pieces(profile))
    assert [s.complete for s in shots] == [False] * (len(shots) - 1) + [True]
    assert len(shots) >= 3
    assert {s.first for s in shots} == {0}
    parts = shots[-1]
    assert parts.people.main is not None
    assert whole.people.main is not None
    assert parts.people.main_id == whole.people.main_id
    off = np.abs(parts.people.main.boxes_xyxy - whole.people.main.boxes_xyxy)
    assert np.nanmedian(off) < 5
    apart = np.linalg.norm(parts.pose.keypoints_xy - whole.pose.keypoints_xy, axis=-1)
    assert np.nanmean(apart < 0.05 * SIZE[1]) > 0.85  # with left and right the same way round


def test_a_run_goes_on_from_what_is_kept(
    spin: Video, networks: Networks, profile: Profile, tmp_path: Path
) -> None:
    sparing = small_pieces(profile)
    whole = read(spin, networks, sparing)[-1]
    kept = ReadingCache(tmp_path).of("k")
    shots = read_shots(spin, networks, sparing, Monitor(None, None), kept=kept)
    early = next(shots)
    del shots  # as after a kill
    looked: list[str] = []
    monitor = Monitor(lambda p: looked.append(p.stage), None)
    again = list(read_shots(spin, networks, sparing, monitor, kept=ReadingCache(tmp_path).of("k")))
    assert again[0].stop == early.stop  # what is known comes at once
    assert_same(again[-1], whole)
    looked.clear()
    monitor = Monitor(lambda p: looked.append(p.stage), None)
    third = list(read_shots(spin, networks, sparing, monitor, kept=ReadingCache(tmp_path).of("k")))
    assert looked == []  # nothing is decoded or looked at a second time
    assert_same(third[-1], whole)


def assert_same(one: ReadShot, other: ReadShot) -> None:
    assert one.shot == other.shot
    np.testing.assert_allclose(one.pose.keypoints_xy, other.pose.keypoints_xy, atol=1e-3)
    assert one.people.main is not None
    assert other.people.main is not None
    np.testing.assert_allclose(one.people.main.boxes_xyxy, other.people.main.boxes_xyxy, atol=1e-3)


def test_a_damaged_piece_is_read_again(
    spin: Video, networks: Networks, profile: Profile, tmp_path: Path
) -> None:
    sparing = small_pieces(profile)
    kept = ReadingCache(tmp_path).of("k")
    whole = read(spin, networks, sparing, kept=kept)[-1]
    first, second, *_ = sorted(kept.folder.iterdir())
    second.write_bytes(first.read_bytes()[:900])
    assert_same(read(spin, networks, sparing, kept=ReadingCache(tmp_path).of("k"))[-1], whole)


def test_a_full_disk_is_said_and_the_reading_goes_on(
    spin: Video, networks: Networks, profile: Profile, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    shots = read(spin, networks, profile, kept=KeptReading(tmp_path / "file" / "k"))
    assert [m.code for m in shots[-1].warnings] == ["not_cached"]
    assert shots[-1].people.main is not None


def test_only_so_many_readings_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.programme.reading.kept.MAX_READINGS", 3)
    cache = ReadingCache(tmp_path)
    for number in range(5):
        entry = cache.folder / str(number)
        entry.mkdir(parents=True)
        (entry / "000000.npz").write_bytes(b"x")
        os.utime(entry, (number, number))
    cache.of("new")
    assert sorted(e.name for e in cache.folder.iterdir()) == ["3", "4"]


def test_nobody_anywhere_is_an_error_of_its_own(
    networks: Networks, profile: Profile, tmp_path: Path
) -> None:
    card = np.full((SIZE[1], SIZE[0], 3), (20, 40, 120), np.uint8)
    with pytest.raises(NoPersonFound, match="no person detected in 30 frames"):
        read(film(tmp_path / "card.mp4", [card] * 30), networks, profile)


def test_a_programme_over_a_quarter_of_an_hour_is_refused_before_it_is_read(
    spin: Video, networks: Networks, profile: Profile
) -> None:
    long = spin.part(0, len(spin))
    long.info = replace(long.info, end_s=36_000.0)
    with pytest.raises(InputError, match=r"600\.0 min .*at most 15 min.*--start, --end"):
        read_shots(long, networks, profile, Monitor(None, None))


def test_a_stop_is_heard_at_once(spin: Video, networks: Networks, profile: Profile) -> None:
    asked = iter(range(10_000))
    monitor = Monitor(None, lambda: next(asked) > 20)
    with pytest.raises(Cancelled):
        list(read_shots(spin, networks, profile, monitor))


def test_progress_is_the_time_read(spin: Video, networks: Networks, profile: Profile) -> None:
    told: list[Progress] = []
    monitor = Monitor(told.append, None)
    monitor.expect({"read": 1.0})
    list(read_shots(spin, networks, small_pieces(profile), monitor))
    fractions = [p.fraction for p in told if p.stage == "read"]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == 1


@pytest.mark.parametrize(
    ("frames", "fps", "codes"),
    [(1, 25, ["too_short"]), (30, 15, ["slow_rate"]), (120, 120, [])],
)
def test_odd_videos_are_read_and_remarked_upon(
    networks: Networks, profile: Profile, tmp_path: Path, *, frames: int, fps: int, codes: list[str]
) -> None:
    repeat = max(1, fps // 25)
    shown = [p for p in pictures("CamelSpin", count=30) for _ in range(repeat)][:frames]
    [shot] = complete(read(film(tmp_path / "odd.mp4", shown, fps), networks, profile))
    assert [m.code for m in shot.warnings] == codes
    assert shot.stop == frames
    assert shot.pose.stride == max(1, round(fps / 30))
    assert shot.people.main is not None


def test_cuts_every_second_are_followed_and_remarked_upon(
    networks: Networks, profile: Profile, tmp_path: Path
) -> None:
    clips = ("CamelSpin", "3Lutz", "SitSpin", "3Loop")
    frames = [frame for name in clips for frame in pictures(name, count=25)]
    shots = complete(read(film(tmp_path / "cuts.mp4", frames), networks, profile))
    assert [s.first for s in shots] == [0, 25, 50, 75]
    assert "cuts_often" in [m.code for m in shots[-1].warnings]


def test_two_who_skate_together_are_remarked_upon(
    networks: Networks, profile: Profile, tmp_path: Path
) -> None:
    both = [beside(p, p[:, ::-1]) for p in pictures("CamelSpin", count=30)]
    shots = complete(read(film(tmp_path / "pair.mp4", both), networks, profile))
    assert [m.code for m in shots[-1].warnings] == ["pair"]
    assert len(shots[-1].people.tracks) >= 2


def beside(left: Picture, right: Picture) -> Picture:
    """Two pictures' middles side by side."""
    quarter = SIZE[0] // 4
    return np.concatenate([left[:, quarter:-quarter], right[:, quarter:-quarter]], axis=1)


def test_a_user_names_the_skater(networks: Networks, profile: Profile, tmp_path: Path) -> None:
    both = [beside(p, q) for p, q in zip(*some_two(), strict=True)]
    video = film(tmp_path / "two.mp4", both)
    [shot] = complete(read(video, networks, profile))
    numbers = {t.person_id for t in shot.people.tracks}
    other = next(n for n in sorted(numbers) if n != shot.people.main_id)
    [named] = complete(read(video, networks, profile, skater=other))
    assert named.people.main_id == other
    assert {t.person_id for t in named.people.tracks} == numbers
    with pytest.raises(InputError, match="no such person"):
        read(video, networks, profile, skater=77)


def some_two() -> Iterator[list[Picture]]:
    yield pictures("CamelSpin", count=30)
    yield pictures("SitSpin", count=30)
