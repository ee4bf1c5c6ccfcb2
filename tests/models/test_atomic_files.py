"""Files that are whole or not there, under every name that a file system takes (issue 16, 1)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread

import pytest

from models.atomic_files import clear_unfinished, short_name, write_text, written

ROOT = Path(__file__).parents[2]


# Issue 15, point 24: file systems take names of 255 bytes.
@pytest.mark.parametrize("name", ["clip.npz", "x" * 245, "x" * 255, "跳" * 80, "ä" + "跳" * 84])
def test_every_name_that_can_be_there_can_be_written(name: str, tmp_path: Path) -> None:
    write_text(tmp_path / name, "new")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len(os.fsencode(short_name(name))) <= 255 - 32


def test_two_long_names_have_two_short_ones() -> None:
    names = ["x" * 250 + end for end in "ab"]
    assert short_name(names[0]) != short_name(names[1])
    assert short_name("short") == "short"


@pytest.mark.parametrize("durable", [False, True])
def test_the_old_file_is_there_until_the_new_one_is_whole(durable: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with written(path, durable=durable) as scratch:
        scratch.write_text("new")
        assert scratch.parent == tmp_path
        assert scratch.name.startswith(".")  # who lists the folder does not take it for a result
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt()])
def test_after_an_error_the_old_file_stays_and_nothing_else(
    error: BaseException, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def fail() -> None:
        with written(path) as scratch:
            scratch.write_text("half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_threads_that_write_the_same_file_do_not_meet(tmp_path: Path) -> None:
    path, together = tmp_path / "a.txt", Barrier(2)

    def write(text: str) -> None:
        with written(path) as scratch:
            scratch.write_text(text)
            together.wait(timeout=60)

    threads = [Thread(target=write, args=(text,)) for text in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in ("one", "other")
    assert list(tmp_path.iterdir()) == [path]


KILLED = """
import os, signal, sys
from pathlib import Path
from models.atomic_files import written
with written(Path(sys.argv[1])) as scratch:
    scratch.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    command = [sys.executable, "-c", KILLED, str(path)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2  # what it had written so far, hidden
    clear_unfinished(tmp_path)
    write_text(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]
