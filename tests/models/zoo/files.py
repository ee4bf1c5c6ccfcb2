"""What the tests of the zoo share: a small manifest, published-looking files, a moody server."""

from __future__ import annotations

import argparse
import http.server
import os
import resource
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from models.weights import materialise_untrained
from models.zoo import BUILDERS


def tiny_state(builder: str, seed: int = 0, **arguments) -> dict[str, Tensor]:
    """The state dict of a small network with seeded weights."""
    model = materialise_untrained(lambda: BUILDERS[builder](**arguments), seed)
    return {key: value.detach().clone() for key, value in model.state_dict().items()}


def publish(state: Mapping[str, Tensor], path: Path, *, wrapper: str, zipped: bool = True) -> Path:
    """Save a state dict as training scripts do: wrapped, beside epoch and arguments."""
    tree = {wrapper: dict(state), "epoch": 11, "args": argparse.Namespace(lr=1e-4)}
    torch.save(tree, path, _use_new_zipfile_serialization=zipped)
    return path


def clip_tower(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A CLIP file (visual and text tower) that fits the UniFormerV2 of this state."""
    tower = {
        f"visual.{key}": torch.randn_like(value)
        for key, value in state.items()
        if not key.startswith("transformer.") or key.startswith("transformer.resblocks.")
        if ".lmhra" not in key
    }
    tower["visual.conv1.weight"] = tower["visual.conv1.weight"][:, :, 0].clone()
    width = len(state["ln_pre.weight"])
    rest = {"visual.proj": torch.zeros(width, 8), "logit_scale": torch.zeros(())}
    norm = {f"visual.ln_post.{part}": torch.zeros(width) for part in ("weight", "bias")}
    return tower | rest | norm | {"transformer.resblocks.0.ln_1.weight": torch.zeros(width)}


def write_manifest(folder: Path, *entries: Mapping[str, object]) -> Path:
    """A manifest of checkpoints that need say only what matters to the test."""
    usual = {"status": "trained", "licence": "Apache-2.0", "source": "a test"}
    lines = ["schema_version = 1"]
    for entry in entries:
        lines.append("[[checkpoint]]")
        lines += [f"{key} = {_toml(value)}" for key, value in {**usual, **entry}.items()]
    path = folder / "manifest.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder that takes no file beyond 1 MiB: a mounted file system, else a limit on files."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() == 0 and not subprocess.call(command, stderr=subprocess.DEVNULL):
        try:
            yield folder
        finally:
            subprocess.check_call(["umount", str(folder)])
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        yield folder
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@dataclass
class Server:
    """What the loopback server does with the next requests, and what it was asked."""

    content: bytes = b""
    version: str | None = '"one"'
    """ETag; None: the server names no version."""
    ranges: bool = True
    """Whether it understands Range."""
    status: int = 200
    cut_after: int | None = None
    """Close the connection after so many bytes of the body."""
    pause_after: int | None = None
    """Send so many bytes of the body and, until `go_on` is set, no more."""
    go_on: threading.Event = field(default_factory=threading.Event)
    says_length: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range of every request."""
    address: str = ""

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"


@contextmanager
def serve() -> Iterator[Server]:
    """A server on the loopback interface, for as long as the `with` block lasts."""
    server = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, server)

        def log_message(self, *_: object) -> None:
            pass

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.address = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def answer(handler: http.server.BaseHTTPRequestHandler, server: Server) -> None:
    wanted = handler.headers.get("Range")
    server.asked.append((handler.path, wanted))
    if server.status != 200:
        handler.send_error(server.status)
        return
    start = 0
    if server.ranges and wanted and handler.headers.get("If-Range") == server.version:
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    if start and start >= len(server.content):
        handler.send_response(416)
        handler.send_header("Content-Range", f"bytes */{len(server.content)}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    body = server.content[start:]
    handler.send_response(206 if start else 200)
    if server.says_length:
        handler.send_header("Content-Length", str(len(body)))
    if server.version:
        handler.send_header("ETag", server.version)
    handler.end_headers()
    if server.pause_after is not None:
        handler.wfile.write(body[: server.pause_after])
        server.go_on.wait(60)
        return
    handler.wfile.write(body if server.cut_after is None else body[: server.cut_after])
