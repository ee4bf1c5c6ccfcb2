"""A job that kills its process is one failure, not the end of the run (issue 15, point 24)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.training.data.jobs import square
from training.data.processes import each_done
from training.engine.errors import TrainingError


@pytest.mark.parametrize("killed", [None, lambda number: -number])
def test_a_killed_process(killed: Callable[[int], int] | None) -> None:
    made = each_done(square, range(6), workers=2, killed=killed, start=int)
    if killed is None:
        with pytest.raises(TrainingError, match="a process was killed, perhaps for want of memory"):
            list(made)
        return
    assert sorted(made) == [-2, 0, 1, 9, 16, 25]
