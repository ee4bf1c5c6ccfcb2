"""Engines of different settings in one process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from accelerate.state import AcceleratorState


@pytest.fixture(autouse=True)
def forget_accelerator() -> Iterator[None]:
    """`accelerate` keeps its precision for a whole process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
