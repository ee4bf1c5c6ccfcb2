"""Runs a function of a test module in two processes that train together over gloo."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_in_two(call: str, *arguments: str) -> None:
    """Run `call`, e.g. `"tests.module:function"`, with strings as arguments in both."""
    module, function = call.split(":")
    code = (
        f"import os, sys; from {module} import {function}; {function}(*sys.argv[1:])\n"
        # Threads of gloo that still run when Python is taken down would end it by abort().
        "sys.stdout.flush(); os._exit(0)"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "true",
        "OMP_NUM_THREADS": "1",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
