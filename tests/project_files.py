"""The project's own files, with or without git at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

FOLDERS = (
    *("models", "pipeline", "laboratory", "training", "ui", "benchmarks", "tests"),
    *("assets", "checkpoints", "docs"),
)


def project_files(*endings: str) -> Iterator[Path]:
    """Files in the root and in the project's folders whose names end so, caches left out."""
    places = [*ROOT.iterdir(), *(path for name in FOLDERS for path in (ROOT / name).rglob("*"))]
    for path in places:
        if path.suffix in endings and path.is_file() and "__pycache__" not in path.parts:
            yield path
