"""What every part of the project needs is there once (issue 16, section 1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("models", "pipeline", "training", "ui", "benchmarks")


def _sources() -> Iterator[tuple[str, str]]:
    for path in (ROOT / "app.py", *(p for room in ROOMS for p in (ROOT / room).rglob("*.py"))):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def _modules_with(*words: str) -> list[str]:
    return sorted(name for name, text in _sources() if any(word in text for word in words))


def test_one_module_writes_files_whole_or_not_at_all() -> None:
    # Besides it: a download keeps what came so far, a checkpoint and a result are whole folders.
    assert _modules_with('.part"', ".part`", "os.replace", "os.rename", "os.link") == [
        "models/atomic_files.py",
        "models/zoo/download.py",
        "pipeline/storage/output_folder.py",
        "training/engine/checkpoints.py",
    ]


def test_one_module_starts_processes() -> None:
    words = ("ProcessPoolExecutor(", ".Pool(", "ProcessPoolExecutor, mp_context")
    assert _modules_with(*words) == ["training/processes.py"]


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("Checkpoint", "models/zoo/manifest.py"),
        ("People", "pipeline/types.py"),
        ("PeopleSettings", "pipeline/tracking/people.py"),
        ("Metrics", "training/evaluation/voter_metrics.py"),
    ],
)
def test_a_name_means_one_thing(name: str, module: str) -> None:
    assert _modules_with(f"class {name}:", f"class {name}s:", f"class {name}(") == [module]
