"""Names of scratch files (issue 15, point 24): file systems take 255 bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.scratch import scratch_beside, short_name


@pytest.mark.parametrize("name", ["clip.npz", "x" * 245, "x" * 255, "跳" * 80, "ä" + "跳" * 84])
def test_a_scratch_file_can_be_made_for_every_name_that_can_be_there(
    name: str, tmp_path: Path
) -> None:
    scratch = scratch_beside(tmp_path / name)
    scratch.write_text("new")
    scratch.replace(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len(os.fsencode(short_name(name))) <= 255 - 32


def test_two_long_names_have_two_scratch_files() -> None:
    names = ["x" * 250 + end for end in "ab"]
    assert short_name(names[0]) != short_name(names[1])
    assert short_name("short") == "short"
