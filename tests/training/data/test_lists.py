"""Lists as people's tools write them (issue 15, point 23): understood, or refused by their line."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.elements import LABELS
from training.data.challenge import DataError, read_labels, read_mapping, read_test_list

LUTZ, CAMEL = LABELS.index("3Lutz"), LABELS.index("CamelSpin")
PLAIN = [("1_a", LUTZ), ("2_b", CAMEL)]


def labels(folder: Path, content: bytes) -> list[tuple[str, int]]:
    (folder / "train.txt").write_bytes(content)
    return [(clip.stem, clip.class_index) for clip in read_labels(folder, "train")]


@pytest.mark.parametrize(
    ("content", "clips"),
    [
        (b"1_a 11\n2_b 3\n", PLAIN),
        (codecs.BOM_UTF8 + b"1_a 11\n2_b 3\n", PLAIN),
        (b"1_a 11\r\n2_b 3\r\n", PLAIN),
        (b"1_a 11\r2_b 3\r", PLAIN),
        (b"1_a\t11\n2_b\t3", PLAIN),
        (b"  1_a 11 \t\n\n \t\n2_b   3  \n", PLAIN),
        (b"1_a.mp4 11\n2_b.MP4 3\n", PLAIN),
        (b"1_a.avi 11\n2_b.Mov 3\n", PLAIN),
        (b"1_a 3Lutz\n2_b camelspin\n", PLAIN),
        (b"1_a 11\n2_b CamelSpin\n", PLAIN),
        (b"1_a No Basic\n", [("1_a", LABELS.index("NoBasic"))]),
        (b"1_a\tNo Basic\n", [("1_a", LABELS.index("NoBasic"))]),
        (b"jump/1_a 011\n", [("jump/1_a", LUTZ)]),
        # mmaction2: stem, number of frames, class.
        (b"1_a 163 11\n2_b 90 3\n", PLAIN),
        (b"1_a.mp4 163 11\n2_b.mp4 90 3\n", PLAIN),
        (b"1_a\t163\t11\n2_b\t90\t3\n", PLAIN),
        (b"1_a 163 3Lutz\n2_b 90 CamelSpin\n", PLAIN),
        # Blanks in stems: not every line has a number, or the first words are alike.
        (b"1_a 163 11\n2_b 3\n", [("1_a 163", LUTZ), ("2_b", CAMEL)]),
        (b"clip 1 11\nclip 2 3\n", [("clip 1", LUTZ), ("clip 2", CAMEL)]),
        ("三周 11\n".encode(), [("三周", LUTZ)]),
    ],
)
def test_lists_that_are_understood(
    content: bytes, clips: list[tuple[str, int]], tmp_path: Path
) -> None:
    assert labels(tmp_path, content) == clips


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1_a 11\n".encode("utf-16"), "train.txt: is UTF-16, or not text at all"),
        ("1_a 11\n".encode("utf-16-le"), "train.txt: is UTF-16, or not text at all"),
        ("1_a 11\nü 3\n".encode("latin-1"), "train.txt, line 2: is not UTF-8"),
        ("1_a ²\n".encode(), "line 1: expected '<stem> <class index>', got '1_a ²'"),
        ("1_a ٣\n".encode(), "line 1: expected '<stem> <class index>'"),
        (b"1_a 1.0\n", "line 1: expected '<stem> <class index>', got '1_a 1.0'"),
        (b"1_a -1\n", "line 1: class -1 is not in 0..27"),
        (b"1_a 28\n", "line 1: class 28 is not in 0..27"),
        (b"1_a " + b"9" * 5000, "line 1: expected '<stem> <class index>'"),
        (b"1_a 5Axel\n", "line 1: expected '<stem> <class index>', got '1_a 5Axel'"),
        (b"1_a,11\n", "line 1: expected '<stem> <class index>', got '1_a,11'"),
        (b"11\n", "line 1: expected '<stem> <class index>', got '11'"),
        (b"2_b 3\njump\\1_a 11\n", "line 2: stem 'jump\\\\1_a' has a backslash"),
        (b"2_b 3\n/data/own/a 11\n", "line 2: stem '/data/own/a' is an absolute path"),
        (b"2_b 3\n../x 11\n", "line 2: stem '../x' has '..' in it"),
        (b"2_b 3\nC:\\a 11\n", "line 2: stem 'C:\\\\a' begins with a drive letter"),
        (b"1_a 3\n\n1_a 11\n", "line 3: 1_ais listed twice, with another class"),
        (b"1_a 3\n1_a.mp4 3\n", "line 2: 1_ais listed twice"),
        (b"1_a 3\n\xef\xbb\xbf2_b 3\n", "line 2: stem '\\ufeff2_b' holds the invisible character"),
        (b"1_a 3\n2\x0b_b 3\n3_c x\n", "line 2: stem '2\\x0b_b' holds the control character"),
    ],
)
def test_lists_that_are_refused(content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        labels(tmp_path, content)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_folders_of_frames_are_refused(tmp_path: Path) -> None:
    (tmp_path / "train_videos" / "1_a").mkdir(parents=True)
    with pytest.raises(DataError, match=r"line 1: '1_a' is a folder of single frames"):
        labels(tmp_path, b"1_a 163 11\n2_b 90 3\n")


def test_a_video_with_a_number_in_its_name_is_believed(tmp_path: Path) -> None:
    (tmp_path / "train_videos").mkdir()
    (tmp_path / "train_videos" / "clip 163.mp4").touch()
    assert labels(tmp_path, b"clip 163 11\n") == [("clip 163", LUTZ)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"3Lutz\n", "mapping.txt, line 1: expected '<class name> <index>', got '3Lutz'"),
        ("3Lutz ²\n".encode(), "line 1: expected '<class name> <index>'"),
        (b"3Lutz 1\n3Lutz 2\n", "line 2: its class or its indexis listed twice"),
        (b"3Lutz 1\n2Axel 1\n", "line 2: its class or its indexis listed twice"),
        (b"\n", "mapping.txt: lists no class"),
    ],
)
def test_mappings_that_are_refused(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "mapping.txt").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_mapping(tmp_path)
    assert words in str(caught.value)


def test_mapping_with_mark_tabs_and_carriage_returns(tmp_path: Path) -> None:
    (tmp_path / "mapping.txt").write_bytes(codecs.BOM_UTF8 + b"No Basic\t0\r\n3Lutz\t1\r\n")
    assert read_mapping(tmp_path) == {0: LABELS.index("NoBasic"), 1: LUTZ}


def test_list_of_clips_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "answer.txt").write_bytes(codecs.BOM_UTF8 + b"1_a.mp4\r\njump/2 b\r\n")
    assert list(read_test_list(tmp_path)) == ["1_a", "jump/2 b"]
    (tmp_path / "answer.txt").write_bytes(b"1_a\n../x\n")
    with pytest.raises(DataError, match=r"answer\.txt, line 2: stem '\.\./x' has '\.\.' in it"):
        read_test_list(tmp_path)


_PIECES = st.sampled_from(
    (*("1_a", "jump/2", "..", "/x", "\\", " ", "\t", "\n", "\r\n", "\ufeff", "3", "3Lutz", ".mp4"),
     *("²", "-1", "1.0", "\x00", "\x85", "\ud7ff", "No Basic", "x" * 300))
)  # fmt: skip
_CONTENTS = st.binary() | st.lists(_PIECES | st.text(max_size=3)).map(lambda x: "".join(x).encode())


def stems_or_error(folder: Path) -> tuple[list[str], str]:
    """What the three lists of a folder give, or the one sentence of the typed error."""
    try:
        clips = read_labels(folder, "train")
        assert all(0 <= clip.class_index < 28 for clip in clips)
        return [*(clip.stem for clip in clips), *read_test_list(folder)], ""
    except DataError as error:
        return [], str(error)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(content=_CONTENTS, name=st.sampled_from(["train", "answer", "mapping"]))
def test_any_file_gives_records_or_the_typed_error(
    tmp_path: Path, content: bytes, name: str
) -> None:
    good = {"train": b"1_a 3\n", "answer": b"1_b\n", "mapping": b"CamelSpin 3\n"}
    for other, text in {**good, name: content}.items():
        (tmp_path / f"{other}.txt").write_bytes(text)
    stems, error = stems_or_error(tmp_path)
    assert (not error) == bool(stems)
    assert error.startswith(str(tmp_path) if error else "")
    assert len(error.splitlines()) <= 1
    assert all(stem and ".." not in stem.split("/") for stem in stems)
