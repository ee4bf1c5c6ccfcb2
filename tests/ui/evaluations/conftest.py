"""An evaluation on disk, and as the app reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.evaluations.folders import write_evaluation
from ui.evaluations.run_folder import Evaluation, read_evaluation


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_evaluation(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def evaluation(folder: Path) -> Evaluation:
    return read_evaluation(folder)
