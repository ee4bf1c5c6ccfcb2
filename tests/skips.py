"""`python -m tests.skips LOG...`: count the skipped tests of pytest logs; fail on unlisted reasons.

A reason is allowed when a line of `tests/SKIPS` is contained in it. Logs need `-rs` lines. Tests
that were run twice are named too, where there are `-rR` lines.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

LINE = re.compile(r"^SKIPPED \[(\d+)\] (.*)$", re.MULTILINE)
AGAIN = re.compile(r"^RERUN (.*)$", re.MULTILINE)
ALLOWED = Path(__file__).with_name("SKIPS")


def main(logs: list[str]) -> int:
    """Print the number of skipped tests; 1 when one has a reason that is not listed."""
    text = "\n".join(Path(log).read_text(encoding="utf-8", errors="replace") for log in logs)
    listed = [line for line in ALLOWED.read_text().splitlines() if line and line[0] != "#"]
    skipped = [(int(count), reason) for count, reason in LINE.findall(text)]
    unlisted = [reason for _, reason in skipped if not any(line in reason for line in listed)]
    print(f"skipped tests: {sum(count for count, _ in skipped)}")  # noqa: T201
    for test in AGAIN.findall(text):
        print(f"run twice: {test}")  # noqa: T201
    for reason in unlisted:
        print(f"not listed in tests/SKIPS: {reason}")  # noqa: T201
    return 1 if unlisted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
