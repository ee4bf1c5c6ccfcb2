"""The container (issue 19, section 2), as far as it can be tested without Docker.

What the `Dockerfile` copies is copied, what it sets is set and what it runs is run: as another
user, in folders that cannot be written, without a home, with a small disk for temporary files.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.ui.server.started import PATIENCE_S
from tests.ui.server.test_startup import STRANGER, free

SMALL_MIB = 320
"""Of the disk that is mounted for temporary files: more than what has to stay free."""
MOST_MIB = 1024
"""Of memory, before a network is loaded."""


def instructions() -> list[tuple[str, str]]:
    """Name and words of what the Dockerfile says, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, words.strip()) for name, words in (line.split(None, 1) for line in lines)]


def said(name: str) -> list[str]:
    return [words for instruction, words in instructions() if instruction == name]


def copies() -> list[tuple[str, str]]:
    return [(source, words.split()[-1]) for words in said("COPY") for source in words.split()[:-1]]


def settings() -> dict[str, str]:
    return dict(word.split("=", 1) for words in said("ENV") for word in shlex.split(words))


def command(words: str) -> list[str]:
    made: list[str] = json.loads(words[words.index("[") :])
    return made


def test_all_that_is_copied_exists_and_is_let_in() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert ignored[1] == "*"
    sources = {source for source, _ in copies()}
    assert sources == let_in
    for source in sources:
        assert (ROOT / source).exists(), source
    kept_out = [line for line in ignored[2:] if not line.startswith("!")]
    assert any(fnmatch("checkpoints/big.pth", pattern) for pattern in kept_out)


def test_torch_is_the_tested_version_from_the_index_without_cuda() -> None:
    [run] = said("RUN")
    first = run.split("&&")[0]
    [pinned] = re.findall(r"^(torch==\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert f"--index-url https://download.pytorch.org/whl/cpu {pinned}" in first
    assert "-c /tmp/constraints.txt" in run


def test_nobody_is_root_and_all_that_is_written_goes_to_tmp() -> None:
    assert said("USER") == ["1000:1000"]
    assert settings()["TMPDIR"] == "/tmp"
    assert settings()["RINKSIDE_CACHE"].startswith("/tmp/")


def copied(folder: Path) -> Path:
    """What the image holds of the project, with folders and files that nobody may write."""
    for source, target in copies():
        if target.startswith("/tmp"):
            continue
        leave_out = shutil.ignore_patterns("__pycache__", "*.pth", "fetched")
        place = folder / source
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=leave_out)
        else:
            shutil.copy(ROOT / source, place)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own at a folder."""
    folder.mkdir()
    options = f"size={SMALL_MIB}m,mode=1777"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.chmod(0o1777)  # this machine mounts nothing: the rest is still tested
        yield folder
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def memory_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    [peak] = re.findall(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(peak) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
def test_it_runs_as_another_user_where_nothing_else_can_be_written(tmp_path: Path) -> None:
    for path in (tmp_path, *list(tmp_path.parents)[:2]):
        path.chmod(0o755)
    (tmp_path / "app").mkdir()
    project, port = copied(tmp_path / "app"), free()
    with small_disk(tmp_path / "tmp") as temporary:
        environment = {
            name: value.replace("/tmp", str(temporary)) for name, value in settings().items()
        }
        who = ["setpriv", "--reuid", str(STRANGER), "--regid", str(STRANGER), "--clear-groups"]
        [run] = said("CMD")
        asked = [sys.executable if w == "python" else w for w in command(run)]
        log = tmp_path / "log"
        with log.open("w") as written:
            process = subprocess.Popen(
                [*who, *asked[:-1], port], cwd=project, stdout=written, stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"], **environment},
            )  # fmt: skip
        try:
            is_healthy(process, port, log)
            assert memory_mib(process.pid) < MOST_MIB
            names_a_clip(port, log)
        finally:
            process.terminate()
            process.wait(60)
        assert process.returncode == 0, log.read_text()
        left = sorted(path.name for path in temporary.iterdir())
        assert left in (["rinkside-cache"], []), left  # uploads and pictures went with the app
        assert "Traceback" not in log.read_text()


def is_healthy(process: subprocess.Popen[bytes], port: str, log: Path) -> None:
    """Wait for it as Docker does, by the image's own check."""
    [check] = said("HEALTHCHECK")
    asked = [w.replace(":7860", f":{port}") for w in command(check)]
    end = time.monotonic() + PATIENCE_S
    while subprocess.run([sys.executable, *asked[1:]], capture_output=True, check=False).returncode:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.2)


def names_a_clip(port: str, log: Path) -> None:
    clip = ROOT / "assets" / "examples" / "3Lutz.mp4"
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
        files = {"files": (clip.name, clip.read_bytes() + b"not known before")}
        answer = client.post("/gradio_api/upload", files=files)
        assert answer.status_code == 200, answer.text + log.read_text()
        file = {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}}
        asked = client.post("/gradio_api/call/v2/analyze", json={"video": file})
        event = asked.json()["event_id"]
        told = client.get(f"/gradio_api/call/analyze/{event}").text
    *_, (kind, data) = re.findall(r"^event: (\w+)\ndata: (.*)$", told, re.MULTILINE)
    assert kind == "complete", told[-2000:] + log.read_text()
    assert '"state": "done"' in data
