"""Lists of a data set: read right, and wrong ones named by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from laboratory.table.sources import source_of
from pipeline.elements import LABELS
from training.data.challenge import (
    DataError,
    LabelledClip,
    absent_classes,
    read_labels,
    split_by_source,
)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def test_lists_are_read_in_order(tmp_path: Path) -> None:
    write(tmp_path, train="12_a 11\n\n7_b c 27\n", test_labels="9_x 0\n")
    train = read_labels(tmp_path, "train")
    assert [(c.stem, c.class_index, c.source) for c in train] == [
        ("12_a", 11, "12"),
        ("7_b c", 27, "7"),
    ]
    assert train[1].video == tmp_path / "train_videos" / "7_b c.mp4"
    (test,) = read_labels(tmp_path, "test")
    assert test.video == tmp_path / "test_videos" / "9_x.mp4"
    assert test.truth == tmp_path / "truth" / "9_x.npz"


def test_mapping_of_another_order_is_translated(tmp_path: Path) -> None:
    names = sorted(LABELS)
    mapping = "".join(f"{name} {index}\n" for index, name in enumerate(names))
    write(tmp_path, train=f"1_a {names.index('3Lutz')}\n", mapping=mapping.replace("NoB", "no B"))
    assert read_labels(tmp_path, "train")[0].class_index == LABELS.index("3Lutz")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, r"train\.txt: there is no such file"),
        ({"train": "\n"}, r"train\.txt: lists no clip"),
        ({"train": "1_a 3\n2_b\n"}, r"train\.txt, line 2: expected '<stem> <class index>'"),
        ({"train": "1_a three\n"}, r"line 1: expected '<stem> <class index>', got '1_a three'"),
        ({"train": "1_a 28\n"}, r"train\.txt, line 1: class 28 is not in 0\.\.27"),
        ({"train": "1_a -1\n"}, r"class -1 is not in 0\.\.27"),
        ({"train": "1_a 3\n1_a 4\n"}, r"train\.txt, line 2: 1_ais listed twice"),
        ({"train": "1_a 3\n", "mapping": "5Axel 0\n"}, r"mapping\.txt, line 1: '5Axel' is no"),
    ],
)  # fmt: skip
def test_wrong_list_is_named(tmp_path: Path, files: dict[str, str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_labels(write(tmp_path, **files), "train")


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: there is no such folder"):
        read_labels(tmp_path / "nowhere", "train")


def clips(*stems: str) -> list[LabelledClip]:
    return [LabelledClip(stem, Path(), i, Path()) for i, stem in enumerate(stems)]


@pytest.mark.parametrize("share", [0.01, 0.3, 0.99])
def test_split_keeps_sources_together(share: float) -> None:
    given = clips(*(f"{source}_{part}" for source in range(9) for part in range(4)))
    train, held_out = split_by_source(given, share=share)
    assert sorted(train + held_out, key=given.index) == given
    assert train
    assert held_out
    assert not {c.source for c in train} & {c.source for c in held_out}
    assert (train, held_out) == split_by_source(given, share=share)


def test_single_source_cannot_be_split() -> None:
    with pytest.raises(DataError, match=r"all 2 clips come from source 5"):
        split_by_source(clips("5_a", "5_b"), share=0.5)


def test_absent_classes_are_named() -> None:
    assert absent_classes(clips(*"abc")) == list(LABELS[3:])


def test_simulated_clips_of_two_seeds_share_no_source() -> None:
    first, second, other = (source_of(s) for s in ("000007_500300", "000007_500600", "000007_12"))
    assert len({first, second, other}) == 3
    assert other == source_of("000007_13")
