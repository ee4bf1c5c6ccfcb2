"""A job that kills its process is one failure, not the end of the run (issue 15, point 24)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.data.jobs import square
from training.processes import ProcessKilled, each_done


@pytest.mark.parametrize("killed", [None, lambda number: -number])
def test_a_killed_process(killed: Callable[[int], int] | None) -> None:
    made = each_done(square, range(6), workers=2, killed=killed, start=int)
    if killed is None:
        with pytest.raises(ProcessKilled, match="a process was killed, perhaps for lack of memory"):
            list(made)
        return
    assert sorted(made) == [-2, 0, 1, 9, 16, 25]


LEFT = """
import sys
from tests.training.data.jobs import note_and_wait
from training.processes import each_done

if __name__ == "__main__":
    list(each_done(note_and_wait, [sys.argv[1]], workers=1, start=int))
"""


def test_a_worker_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Issue 16, 1: drawing had this and storing clips had not, each with a pool of its own."""
    script, folder = tmp_path / "left.py", tmp_path / "workers"
    script.write_text(LEFT)
    folder.mkdir()
    root = Path(__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, str(script), str(folder)], env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert _soon(lambda: any(folder.iterdir()), seconds=60)
    (worker,) = (int(path.name) for path in folder.iterdir())
    os.kill(worker, signal.SIGINT)  # Ctrl-C in a terminal reaches all processes: not the worker's
    time.sleep(0.1)
    assert _runs(worker)
    parent.kill()
    parent.wait()
    assert _soon(lambda: not _runs(worker), seconds=60)


def _soon(holds: Callable[[], bool], *, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def _runs(process: int) -> bool:
    """Whether a process is there and no zombie, which nobody here collects."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
