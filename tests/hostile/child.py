"""Runs code of the project in a process of its own, which may take only so much memory and time."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

_PEAK = """
import json, re, sys, time
def peak_kib():  # of this program alone; ru_maxrss would count the parent's too
    with open("/proc/self/status") as status:
        return int(re.search("VmHWM: *\\t* *([0-9]+)", status.read())[1])
{setup}
before = peak_kib()
began = time.process_time()
try:
    {code}
    told = ""
except {errors} as error:
    told = str(error)
took = time.process_time() - began
print(json.dumps([told, (peak_kib() - before) / 1024, took]))
"""


@dataclass(frozen=True)
class Cost:
    """What a piece of code took."""

    told: str
    """The sentence of the error that it ended with; empty without one."""
    mib: float
    """By which the process grew at most."""
    cpu_s: float
    """Of its processors; does not depend on what else the machine does."""


def cost(
    setup: str, code: str, *arguments: Path | str, errors: str = "ValueError", most_gib: float = 4
) -> Cost:
    """Run a line of code after others, and measure it alone.

    Args:
        setup: Imports and preparations, which are not measured.
        code: What is measured; `sys.argv[1:]` are the arguments.
        arguments: For the code.
        errors: The only exceptions that it may end with.
        most_gib: Of address space; more fails the test.
    """
    script = _PEAK.format(setup=setup, code=code, errors=errors)
    limit = int(most_gib * 2**30)
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=600,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Cost(*json.loads(done.stdout.splitlines()[-1]))
