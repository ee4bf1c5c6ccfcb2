"""Frame N that is shown, measured or exported is frame N of the file, in whatever encoding.

Issue 15, point 21. Every file is read in order first: the numbers burnt into its frames must be
the right ones. Then decoding begins at in points all over the file, and each frame must be the very
one, pixel by pixel, that came in order: a half-renewed picture has a number too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import VideoError
from pipeline.types import ReaderName
from pipeline.video import FrameBuffer, Video, open_video
from pipeline.video.probing.probe import probe
from pipeline.video.probing.source import SourceFile
from pipeline.video.readers import Film, Frame, read_with_pyav
from tests.encodings import MADE, RECIPES, UNEVEN, Encodings
from tests.videos import read_number, write_video
from ui.player.playable import playable_copy
from ui.player.stills import Stills

NAMES = (*RECIPES, *MADE)
TELLING = 11
"""Frames from one in point to the next in the quick test."""

BEGUN_MIDWAY = tuple(name for name in MADE if name.startswith("begun_midway"))
"""Their first frames need others that are not in the file: truly lost, and said."""

SEEN = ("interlaced", "pixels", "deinterlaced")
"""What may be said of a picture's shape; of its frames there is nothing to say."""


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Encodings:
    return Encodings(tmp_path_factory.mktemp("encodings"))


def at(video: Video, position: int) -> Frame:
    """One frame, to which a seek leads."""
    with closing(video.frames([position])) as frames:
        return next(frames)[1]


def check_in_points(video: Video, in_order: list[Frame], positions: Iterator[int] | range) -> None:
    wrong = [n for n in positions if not np.array_equal(at(video, n), in_order[n])]
    assert wrong == []


def check_times(video: Video, fps: float) -> None:
    since_first_s = video.timeline.pts_s - video.origin_s
    assert video.info.fps == pytest.approx(fps, rel=1e-3)
    np.testing.assert_allclose(since_first_s, np.arange(len(video)) / fps, rtol=0, atol=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_frames_after_a_seek_are_those_in_order(files: Encodings, name: str) -> None:
    video = open_video(files[name])
    in_order = [frame for _, frame in video.frames()]
    assert [read_number(frame) for frame in in_order] == files.numbers(name)
    check_in_points(video, in_order, range(3, len(video), TELLING))
    if name not in UNEVEN:
        check_times(video, float(RECIPES[name].fps) if name in RECIPES else 25.0)
    said = [
        warning for warning in map(str, video.warnings) if not any(word in warning for word in SEEN)
    ]
    assert all("is damaged" in warning for warning in said)
    assert bool(said) == (name in BEGUN_MIDWAY)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_in_point_leads_to_its_frame(files: Encodings, name: str) -> None:
    video = open_video(files[name])
    in_order = [frame for _, frame in video.frames()]
    check_in_points(video, in_order, range(len(video)))


@pytest.mark.slow
@pytest.mark.parametrize("reader", ["decord", "opencv"])
@pytest.mark.parametrize("name", NAMES)
def test_the_other_readers_give_those_frames_or_none(
    files: Encodings, name: str, reader: ReaderName
) -> None:
    expected = files.numbers(name)
    video = open_video(files[name], reader=reader)
    for positions in (range(len(video)), range(5, len(video), 17), [len(video) // 2]):
        got, refusal = [], ""
        try:
            got = [read_number(frame) for _, frame in video.frames(positions)]
        except VideoError as error:
            refusal = str(error)
        right = got == [expected[position] for position in positions]
        assert right or refusal.endswith("(--reader pyav)")


def test_frames_that_are_no_pairs_with_packets_are_counted(files: Encodings) -> None:
    """As from a decoder that gives frames no packet of their own: only the start can be trusted."""
    facts = probe(SourceFile.of(files["mpeg2.mpg"]), decode=True)
    unpaired = replace(facts.index, places=np.full(len(facts.index.packets), -1), stamped=False)
    assert list(unpaired.starts(60)) == [0]
    film = Film(SourceFile.of(files["mpeg2.mpg"]), unpaired, facts.picture)
    got = [read_number(frame) for _, frame in read_with_pyav(film, np.array([49, 60]))]
    assert got == [49, 60]


def test_a_rate_that_no_stream_tells_is_an_assumption_and_said(files: Encodings) -> None:
    silent = replace(RECIPES["plain.hevc"], frames=5)
    silent = replace(silent, output=("-x265-params", "log-level=none:vui-timing-info=0"))
    video = open_video(write_video(files.folder / "silent.hevc", silent))
    assert len(video) == 5
    assert list(map(str, video.warnings)) == [
        "silent.hevc does not state its frame rate; times assume 25 frames per second"
    ]


@pytest.mark.parametrize("name", ["mpeg1.mpg", "intra_refresh.mp4", "telecine.mpg", "xvid.avi"])
def test_every_way_to_a_frame_leads_to_the_same(
    files: Encodings, name: str, tmp_path: Path
) -> None:
    """Span, chosen frames, buffer, stills, a single picture, and the copy that browsers play."""
    whole = open_video(files[name])
    start_s, first = float(whole.timeline.pts_s[31] - whole.origin_s), 31
    span = open_video(files[name], start_s=round(start_s, 3))
    assert span.timeline.frame_index[0] == first
    assert [read_number(frame) for _, frame in span.frames()] == list(range(first, 90))
    assert [read_number(frame) for _, frame in span.frames([0, 18, 40])] == [31, 49, 71]
    buffer = FrameBuffer(span)
    assert [read_number(frame) for _, frame in buffer.frames([18, 40])] == [49, 71]
    (tmp_path / "stills").mkdir()
    stills = Stills(span, tmp_path / "stills", positions=np.arange(4, len(span)))
    with closing(stills):
        assert read_number(_decoded(stills.single(14))) == 49
    copy = open_video(playable_copy(span, folder=tmp_path))
    assert [read_number(frame) for _, frame in copy.frames([18, 40])] == [49, 71]


def _decoded(jpeg: bytes) -> Frame:
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
