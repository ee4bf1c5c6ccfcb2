"""What keeps the app from starting is one line and exit code 2; real processes, other users too.

Issue 15, point 26: each of these was a traceback.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from tests.conftest import ROOT
from ui.server.startup import (
    TEMPORARY,
    Address,
    StartError,
    read_address,
    remove_abandoned,
    temporary_folder,
)

STRANGER = 54321
"""A user that no account is of."""


def start(
    *arguments: str,
    command: tuple[str, ...] = ("app.py",),
    stranger: bool = False,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own; an empty variable is not set at all."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GRADIO_")}
    environment = {**plain, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    number = str(STRANGER)
    who = ["setpriv", "--reuid", number, "--regid", number, "--clear-groups"] if stranger else []
    return subprocess.run(
        [*who, sys.executable, *command, *arguments],
        cwd=ROOT, env={name: value for name, value in environment.items() if value},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a command ended with."""
    assert done.returncode == 2, done.stderr[-2000:]
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr[-2000:]
    assert lines[0].startswith("error: ")
    return lines[0].removeprefix("error: ")


@pytest.fixture
def as_stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of a user without account and home, who may read the program."""
    if shutil.which("setpriv") is None or os.geteuid() != 0:
        pytest.skip("only root may start a process as another user")
    if start("-c", "import ui.server.startup", command=(), stranger=True).returncode:
        pytest.skip("another user cannot read this checkout")
    folder = Path("/tmp") / f"rinkside-stranger-{os.getpid()}"
    folder.mkdir()
    os.chown(folder, STRANGER, STRANGER)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        (["--port", "99999"], {}, "--port: expected a number from 1 to 65535, got '99999'"),
        (["--port", "0"], {}, "--port: expected a number from 1 to 65535, got '0'"),
        (["--port", "-1"], {}, "--port: expected a number from 1 to 65535, got '-1'"),
        (["--host", "no.such.invalid"], {}, "--host no.such.invalid: there is no such host"),
        (["--host", "a" * 300], {}, "there is no such host"),
        (["--host", "203.0.113.7"], {}, "--host 203.0.113.7: this machine cannot listen there"),
        (["--wrong"], {}, "unrecognized arguments: --wrong; see `python app.py --help`"),
        ([], {"GRADIO_SERVER_PORT": "80a"}, "GRADIO_SERVER_PORT: expected a number from 1"),
        ([], {"GRADIO_SERVER_NAME": "no.such.invalid"}, "there is no such host"),
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_said(arguments, variables, words) -> None:
    assert words in complaint(start(*arguments, **variables))


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):
            words = complaint(start("--port", port, "--host", host))
            assert (
                words == f"port {port} is taken by another program; choose another one with --port"
            )


def test_a_wrong_variable_does_not_matter_beside_an_argument() -> None:
    wrong = {"GRADIO_SERVER_PORT": "80a", "GRADIO_SERVER_NAME": "elsewhere"}
    address = Address("127.0.0.1", 7861)
    assert read_address(["--port", "7861", "--host", "127.0.0.1"], wrong) == address
    assert read_address([], {}) == Address("127.0.0.1", 7860)
    with pytest.raises(StartError, match="--port"):
        read_address(["--port", "²"], {})


def test_a_temporary_folder_of_somebody_else_is_said(as_stranger: Path, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "below"):
        done = start("--port", free(), stranger=True, **{TEMPORARY: str(folder)})
        words = (
            f"GRADIO_TEMP_DIR: {folder} cannot be written (Permission denied); name another folder"
        )
        assert complaint(done) == words


def test_no_place_for_temporary_files_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = start("--port", free(), **{TEMPORARY: str(tmp_path / "file" / "below")})
    assert "cannot be written (Not a directory); name another folder" in complaint(done)


def test_nobody_else_s_gradio_shares_our_temporary_folder(tmp_path, monkeypatch) -> None:
    """Point 11 too: other programs made with gradio clear the common folder as they stop."""
    monkeypatch.setenv(TEMPORARY, "to be restored")
    monkeypatch.delenv(TEMPORARY)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with temporary_folder():
        (own,) = tmp_path.iterdir()
        assert os.environ[TEMPORARY] == str(own)
        assert own.stat().st_mode & 0o777 == 0o700
        (own / "upload.mp4").touch()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_server_left_is_removed_at_the_next_start(tmp_path) -> None:
    """Issue 19, 0.6: nothing was swept at the start."""
    held = (
        "from ui.server.startup import temporary_folder\n"
        "import os, sys, tempfile, time\n"
        "with temporary_folder():\n"
        "    open(os.path.join(tempfile.mkdtemp(), 'a clip.mp4'), 'w').close()\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(600)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    environment.pop(TEMPORARY, None)
    started = []
    for _ in range(2):
        command = [sys.executable, "-c", held]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        started.append(process)
    assert len(list(tmp_path.rglob("a clip.mp4"))) == 2  # both are at work
    first, second = started
    first.kill()
    first.wait()
    remove_abandoned(tmp_path)
    assert len(list(tmp_path.rglob("a clip.mp4"))) == 1
    second.kill()
    second.wait()
    remove_abandoned(tmp_path)
    assert list(tmp_path.iterdir()) == []
    for process in started:
        process.stdout.close()


def test_what_is_temporary_lies_where_gradio_gives_it_from(tmp_path, monkeypatch) -> None:
    """A report is not copied to where it would outlive its visitor."""
    monkeypatch.setenv(TEMPORARY, str(tmp_path / "named"))
    before = tempfile.gettempdir()
    with temporary_folder():
        own = Path(os.environ[TEMPORARY])
        assert own.parent == tmp_path / "named"
        report = Path(tempfile.mkdtemp()) / "report.html"
        report.touch()
        assert report.parents[2] == own
        assert gr.File().move_resource_to_block_cache(report) == str(report)
    assert tempfile.gettempdir() == before
    assert list((tmp_path / "named").iterdir()) == []


def test_a_user_without_home_is_told_what_to_set(as_stranger: Path) -> None:
    done = start(
        "--port", free(), stranger=True, HOME="", RINKSIDE_CACHE="", TMPDIR=str(as_stranger)
    )
    words = "this user has no home folder to keep results in; choose a folder with RINKSIDE_CACHE"
    assert complaint(done) == words


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "pipeline", "analyze", "assets/examples/2Axel.mp4", "--out", "out"),
        ("-m", "training.finetune", "training/recipes/demo_infogcn.toml", "--out", "out"),
    ],
)
@pytest.mark.slow
def test_a_command_of_a_user_without_home_says_so_too(as_stranger: Path, command) -> None:
    *first, _ = command
    done = start(
        *first, str(as_stranger / "out"), command=(), stranger=True,
        HOME="", RINKSIDE_CACHE="", TMPDIR=str(as_stranger),
    )  # fmt: skip
    assert "no home folder" in complaint(done)


def test_a_cache_that_cannot_be_written_is_said(as_stranger: Path, tmp_path: Path) -> None:
    done = start(
        "--port",
        free(),
        stranger=True,
        TMPDIR=str(as_stranger),
        RINKSIDE_CACHE=str(tmp_path / "cache"),
    )
    assert complaint(done).endswith("choose another folder with RINKSIDE_CACHE")
    (tmp_path / "file").touch()
    done = start("--port", free(), RINKSIDE_CACHE=str(tmp_path / "file"))
    assert "is a file; choose another folder with RINKSIDE_CACHE" in complaint(done)


def free() -> str:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
