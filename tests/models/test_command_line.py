"""What every command says on stderr, and with which code it ends (issue 16, section 1)."""

from __future__ import annotations

import errno
import importlib
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from models.command_line import StatusLine, readable_size, readable_time, run_command
from models.errors import WeightsError
from pipeline.errors import ConfigError

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "pipeline.__main__", "models.zoo.__main__", "training.parity.__main__",
    "training.measure.__main__", "training.rink.__main__", "training.people.rink_pictures",
    "training.prepare", "training.finetune", "training.evaluate", "training.export",
    "training.publish", "benchmarks.main_skater", "benchmarks.real_jumps",
    "benchmarks.shipped_evaluation", "benchmarks.rink.clips", "benchmarks.cost.umt_training",
)  # fmt: skip


@pytest.mark.parametrize("module", COMMANDS)
def test_an_unknown_argument_is_one_line_and_code_2(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Parity, measure and the benchmarks printed a usage text, and named the program first."""
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(module).main(["--bogus"])
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert told.err.endswith(" --help`\n")
    assert told.err.count("\n") == 1


def _raises(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (ConfigError("profile.toml: no\nsuch key"), 2, "error: profile.toml: no such key\n"),
        (WeightsError("a.pth is empty"), 2, "error: a.pth is empty\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "run/a"),
            2,
            "error: run/a: No space left on device\n",
        ),
        (OSError("the disk went away"), 2, "error: the disk went away\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_what_goes_wrong_is_one_line(
    error: BaseException, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(_raises(error)) == code
    assert capsys.readouterr().err == says


@pytest.mark.parametrize("code", [0, 1])
def test_a_command_says_nothing_of_itself(code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(lambda: code) == code
    assert capsys.readouterr() == ("", "")


def test_a_fault_of_ours_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        run_command(_raises(ValueError("shapes differ")))


def test_lines_elsewhere_come_seldom(capsys: pytest.CaptureFixture[str]) -> None:
    status = StatusLine()
    for done in range(100):
        status.show(f"{done} of 100 clips", done / 100)
    status.say("one that stays")
    status.close()
    told = capsys.readouterr()
    assert told.err == "  0 % 0 of 100 clips\none that stays\n"
    assert told.out == ""


def test_what_is_quick_needs_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    StatusLine(first_after_s=60).show("decode", 0.5)
    StatusLine(active=False).show("decode", 0.5)
    assert capsys.readouterr().err == ""


ON_A_TERMINAL = """
import sys, time
from models.command_line import StatusLine, run_command
from models.errors import UserError
def command():
    status.show("clips", 0.5)
    time.sleep(0.15)
    status.show("more clips", 0.75)
    raise UserError("it broke off")
status = StatusLine()
sys.exit(run_command(command, status))
"""


def test_a_bar_on_a_terminal_goes_before_an_error() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", ON_A_TERMINAL]
    done = subprocess.run(command, cwd=ROOT, stderr=theirs, stdout=subprocess.PIPE, check=False)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.returncode == 2
    assert done.stdout == b""
    assert " 50 % |" in shown
    assert "| more clips" in shown
    *_, last = shown.rpartition(" \r")
    assert last == "error: it broke off\r\n"  # where the bar was, nothing is left of it


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999, "999 B"), (191_124_286, "191 MB"), (1.2152e9, "1.2 GB")]
)
def test_readable_size(count: float, words: str) -> None:
    assert readable_size(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(40, "40 s"), (720, "12 min"), (11100, "3 h 05 min")]
)
def test_readable_time(seconds: float, words: str) -> None:
    assert readable_time(seconds) == words
