"""What the end of `.ci/run` tells of tests that were skipped or run twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import skips

LOG = """...R.s
=========================== short test summary info ============================
SKIPPED [2] tests/a.py:7: needs a CUDA device
{more}RERUN tests/e2e/test_app.py::test_cancel
3 passed, 2 skipped, 1 rerun in 60.00s
"""


@pytest.mark.parametrize(
    ("more", "code"), [("", 0), ("SKIPPED [1] tests/b.py:8: nobody knows why\n", 1)]
)
def test_skipped_tests_are_counted_and_those_that_ran_twice_named(tmp_path, capsys, more, code):
    log: Path = tmp_path / "log"
    log.write_text(LOG.format(more=more))
    assert skips.main([str(log)]) == code
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        f"skipped tests: {2 + code}",
        "run twice: tests/e2e/test_app.py::test_cancel",
    ]
    assert len(said) == 2 + code
