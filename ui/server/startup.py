"""What has to be right before the page is built; each fault is one sentence."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.command_line import Parser

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PORT, HOST = "GRADIO_SERVER_PORT", "GRADIO_SERVER_NAME"
TEMPORARY = "GRADIO_TEMP_DIR"
KEYS = "RINKSIDE_API_KEYS"
"""Environment variable: keys with commas between; without it programs need none."""
_SHORTEST_KEY = 16
_LOCK = "lock"


class StartError(Exception):
    """Why the app cannot start, and what to do."""


@dataclass(frozen=True)
class Address:
    """Where the app listens."""

    host: str
    """A name or a number of this machine."""
    port: int
    """1..65535."""


def read_address(arguments: Sequence[str], environment: Mapping[str, str]) -> Address:
    """Host and port as they were asked for.

    Raises:
        StartError: A port that is none.
        SystemExit: An unknown argument, told on stderr.
    """
    parser = Parser(prog="python app.py", description="Rinkside's app, in the browser.")
    parser.add_argument("--port", help=f"port to listen on; default: {PORT}, else 7860")
    parser.add_argument("--host", help=f"address to listen on; default: {HOST}, else 127.0.0.1")
    asked = parser.parse_args(arguments)
    host = asked.host or environment.get(HOST) or "127.0.0.1"
    if asked.port is not None:
        return Address(host, _port(asked.port, "--port"))
    return Address(host, _port(environment.get(PORT) or "7860", PORT))


def _port(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise StartError(f"{where}: expected a number from 1 to 65535, got {text!r}")
    return int(text)


def keys_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The keys that are taken; none where none is asked for.

    Raises:
        StartError: A key that is easily guessed, or the variable names none.
    """
    named = environment.get(KEYS, "")
    if not named:
        return ()
    keys = tuple(key.strip() for key in named.split(","))
    if any(len(key) < _SHORTEST_KEY or not key.isascii() for key in keys):
        raise StartError(
            f"{KEYS}: each key needs {_SHORTEST_KEY} plain letters or digits at least; "
            "separate several with commas"
        )
    return keys


def check_address(address: Address) -> None:
    """Make sure that the address can be listened on.

    Raises:
        StartError: No such host, or the port is taken or forbidden.
    """
    host, port = address.host.strip("[]"), address.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise StartError(f"--host {host}: there is no such host; use 127.0.0.1") from None
    for family, kind, protocol, _, place in found:
        try:
            with socket.socket(family, kind, protocol) as probe:
                if os.name == "posix":  # elsewhere it would let two programs listen
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(place)
        except OSError as error:
            raise StartError(_refused(host, port, error)) from error


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program; choose another one with --port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} may not be used by this user; choose one above 1023 with --port"
    return f"--host {host}: this machine cannot listen there ({error.strerror}); use 127.0.0.1"


@contextmanager
def temporary_folder() -> Iterator[None]:
    """A folder of our own for uploads and everything else that is temporary.

    It lies in the one that `GRADIO_TEMP_DIR` names, else in the system's; those of servers that
    were killed are removed there. By default all programs made with gradio share one folder.

    Raises:
        StartError: It cannot be written.
    """
    named = os.environ.get(TEMPORARY)
    if named:
        _check_writable(named)
    try:
        base = named or tempfile.gettempdir()
        remove_abandoned(Path(base))
        own, lock = _locked_folder(Path(base))
    except OSError as error:
        reason = error.strerror or error
        raise StartError(
            f"there is no place for temporary files ({reason}); name a folder with TMPDIR"
        ) from error
    before = tempfile.tempdir
    # Gradio gives a file inside its folder where it lies, so that it goes with its visitor.
    os.environ[TEMPORARY], tempfile.tempdir = str(own), str(own / "work")
    try:
        yield
    finally:
        tempfile.tempdir = before
        os.close(lock)
        shutil.rmtree(own, ignore_errors=True)


def _locked_folder(base: Path) -> tuple[Path, int]:
    """A folder in which a file is locked for as long as this process lives."""
    made = Path(tempfile.mkdtemp(prefix="rinkside-new-", dir=base))
    lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    (made / "work").mkdir(mode=0o700)
    if fcntl is None:  # an open file keeps its folder from being renamed
        return made, lock
    fcntl.flock(lock, fcntl.LOCK_EX)
    own = made.with_name(made.name.replace("-new-", "-app-"))
    made.rename(own)
    return own, lock


def remove_abandoned(base: Path) -> None:
    """Remove the folders of servers that ended without doing so."""
    for lock in base.glob(f"rinkside-app-*/{_LOCK}") if fcntl is not None else ():
        try:
            file = os.open(lock, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        except OSError:  # somebody else's
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:  # its server is at work
            continue
        finally:
            os.close(file)


def _check_writable(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StartError(
            f"{TEMPORARY}: {folder} cannot be written ({error.strerror}); name another folder"
        ) from error
