"""The player's events: what the page is told by is what the script takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ui.player import component


@pytest.mark.parametrize("choosable", [True, False])
def test_the_script_takes_every_event_by_its_name(choosable: bool) -> None:
    main = (Path(component.__file__).parent / "static" / "main.js").read_text(encoding="utf-8")
    taken = re.search(r"constructor\(root, base, \{ ([\w, ]+) \}\)", main)
    assert taken
    given = re.findall(r"(\w+): (?:message => trigger|null)", component._script(choosable))
    assert sorted(given) == sorted(taken[1].split(", "))
