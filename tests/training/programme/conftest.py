"""One short programme of the rink, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.command_line import StatusLine
from training.programme.stored import StoredProgramme, read_programme, store_programmes


@pytest.fixture(scope="session")
def programmes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one training programme of seed 1 and one for validation."""
    folder = tmp_path_factory.mktemp("programmes")
    for seed in (1, 100_000):
        store_programmes(
            folder, seed=seed, count=1, minutes=(1.0, 1.05), status=StatusLine(active=False)
        )
    return folder


@pytest.fixture(scope="session")
def programme(programmes: Path) -> StoredProgramme:
    """The training programme."""
    return read_programme(programmes / "1_00000.npz")
