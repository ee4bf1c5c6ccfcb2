"""`make bench` (`python -m benchmarks [NAME...]`): the figures of the README."""

from __future__ import annotations

import sys
from importlib import import_module

COSTS = tuple(f"cost.{name}" for name in ("umt", "uniformerv2", "infogcn", "vitpose", "dino"))
"""Every one compares with a plain written-out reference implementation in the same run."""
READERS = "cost.video_readers"


def main(names: list[str]) -> int:
    """Run the named benchmarks, all by default; 1 when one misses a target."""
    missed = []
    for name in names or [*COSTS, READERS]:
        print(f"== {name}", flush=True)
        if import_module(f"benchmarks.{name}").main([]):
            missed.append(name)
    if missed:
        print(f"missed a target: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
