"""Issue 15, point 4: a time is understood however people write it, wherever one is typed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.moments import moment_or_none, read_moment, written

CASES: dict[str, float | None] = {
    "12": 12.0, "12.5": 12.5, "12,5": 12.5, ".5": 0.5, "12.5 s": 12.5, " 12s ": 12.0,
    "1:15": 75.0, "1:15.250": 75.25, "01:15,25": 75.25, "0:05": 5.0, "0:01:15.5": 75.5,
    "1:02:03": 3723.0, "90:00": 5400.0, "\uff11\uff1a\uff11\uff15": 75.0, "-1": -1.0, "0": 0.0,
    "": None, "soon": None, "nan": None, "inf": None, "1:75": None, "1:99:00": None, "1:": None,
    ":": None, "1:2:3:4": None, "12.5.1": None, "1e3": None, "0x10": None, "--1": None,
}  # fmt: skip
CLOCK = Path(__file__).resolve().parents[2] / "ui" / "player" / "static" / "clock.js"


@pytest.mark.parametrize(("typed", "seconds"), CASES.items())
def test_a_time_is_read(typed, seconds):
    if seconds is None:
        with pytest.raises(InputError, match="is not a time"):
            read_moment(typed)
    else:
        assert read_moment(typed) == pytest.approx(seconds)


def test_a_number_is_one_and_nothing_is_none():
    assert (read_moment(2.5), moment_or_none(3)) == (2.5, 3.0)
    assert [moment_or_none(empty) for empty in (None, "", "  ")] == [None] * 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.000"), (75.25, "1:15.250"), (59.9996, "1:00.000"), (-1, "-0:01.000")],
)
def test_a_time_is_written_as_the_player_does(seconds, text):
    assert written(seconds) == text
    assert read_moment(text) == pytest.approx(seconds, abs=5e-4)


@pytest.mark.skipif(shutil.which("node") is None, reason="no JavaScript outside a browser here")
def test_the_player_reads_the_same_times():
    typed, address = json.dumps(list(CASES)), json.dumps(CLOCK.as_uri())
    script = (
        f"import {{ parseSeconds }} from {address};"
        f"console.log(JSON.stringify({typed}.map((text) => parseSeconds(text))))"
    )
    node = ["node", "--input-type=module", "-e", script]
    said = subprocess.run(node, capture_output=True, text=True, check=True, timeout=60).stdout
    assert json.loads(said) == list(CASES.values())
