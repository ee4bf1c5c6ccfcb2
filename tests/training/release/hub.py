"""A stand-in for a model hub on loopback: it answers what `huggingface_hub` asks when it pushes.

It keeps what was committed: repositories, plain files, and large files by their hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hf_of_the_test"


@dataclass
class Hub:
    """What the hub holds."""

    url: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: dict[str, bool] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    broken: bool = False
    """Answers 500 to every commit."""


class Handler(BaseHTTPRequestHandler):
    """Answers for one self.hub."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, code: int, content: Any = None) -> None:
        body = json.dumps(content).encode() if content is not None else b""
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        content = self._body()
        oid = self.path.rsplit("/", 1)[1]
        if hashlib.sha256(content).hexdigest() != oid:
            self._answer(400)
            return
        self.hub.large[oid] = content
        self._answer(200)

    def do_POST(self) -> None:
        body = self._body()
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401, {"error": "Invalid credentials"})
        elif self.path == "/api/repos/create":
            self._create(json.loads(body))
        elif self.path == "/api/validate-yaml":  # of the card
            self._answer(200, {"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            modes = [_mode(file["path"]) for file in files]
            self._answer(200, {"files": modes})
        elif self.path.endswith("/info/lfs/objects/batch"):
            self._answer(200, {"transfer": "basic", "objects": self._places(json.loads(body))})
        elif "/commit/" in self.path:
            self._commit(body)
        else:
            self._answer(404, {"error": self.path})

    def _create(self, wanted: dict[str, Any]) -> None:
        repo = f"{wanted['organization']}/{wanted['name']}"
        url = f"{self.hub.url}/{repo}"
        if repo in self.hub.repositories:
            self._answer(409, {"error": "You already created this repo", "url": url})
            return
        self.hub.repositories[repo] = {}
        self.hub.private[repo] = wanted.get("visibility") == "private" or bool(
            wanted.get("private")
        )
        self._answer(200, {"url": url})

    def _places(self, batch: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {**wanted, "actions": {"upload": {"href": f"{self.hub.url}/large/{wanted['oid']}"}}}
            for wanted in batch["objects"]
        ]

    def _commit(self, body: bytes) -> None:
        if self.hub.broken:
            self._answer(500, {"error": "out of order"})
            return
        repo = "/".join(self.path.split("/")[3:5])
        for line in body.splitlines():
            operation = json.loads(line)
            value = operation["value"]
            if operation["key"] == "header":
                self.hub.messages.append(value["summary"])
            elif operation["key"] == "file":
                self.hub.repositories[repo][value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                self.hub.repositories[repo][value["path"]] = self.hub.large[value["oid"]]
        url = f"{self.hub.url}/{repo}/commit/{'0' * 40}"
        self._answer(200, {"commitUrl": url, "commitOid": "0" * 40, "success": True})


def _mode(path: str) -> dict[str, Any]:
    mode = "lfs" if path.endswith(".safetensors") else "regular"
    return {"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": None}


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub that answers on a free port until the block ends."""
    hub = Hub()
    handler = type("BoundHandler", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
