"""Which recording a clip was cut from, as far as its name tells: clips of one look alike."""

from __future__ import annotations

import re

_LEADING_NUMBER = re.compile(r"^(\d+)")
_SIMULATED = re.compile(r"^\d{6}_[5-9]\d{5}$")
"""Number and seed of the rink (`training.rink`), whose seeds begin at 500,000."""


def source_of(stem: str) -> str:
    """The broadcast that a clip was cut from: the leading number of its folder or name, else all.

    Simulated clips have no broadcast: each is its own source, and those of two seeds have none in
    common though they are numbered alike.
    """
    name = stem.rpartition("/")[2]
    if _SIMULATED.match(name):
        return name
    found = _LEADING_NUMBER.match(stem) or _LEADING_NUMBER.match(name)
    return found[1] if found else stem
