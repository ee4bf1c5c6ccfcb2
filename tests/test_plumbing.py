"""What every part of the project needs is there once (issue 16, section 1)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
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


def test_one_module_parses_arguments_and_draws_bars() -> None:
    words = ("(argparse.ArgumentParser)", "= argparse.ArgumentParser(", "tqdm import", "\\x1b[K")
    assert _modules_with(*words) == ["models/command_line.py"]


_PROVIDES = {"decord2": "decord", "opencv-python-headless": "cv2"}
_BROUGHT = {"httpx": "huggingface_hub", "starlette": "gradio", "spaces": "hosted Spaces"}
"""Modules that come with something else, which uses them as we do."""


def _requirements() -> set[str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    names = [re.split(r"[<>=\[ ]", line)[0] for line in lines if line and line[0] not in "#-"]
    return {_PROVIDES.get(name, name) for name in names}


def test_every_requirement_is_used_and_every_import_required() -> None:
    product = [(n, text) for n, text in _sources() if not n.startswith("benchmarks/")]
    imported = {
        match.split(".")[0]
        for _, text in product
        for match in re.findall(r"^ *(?:from|import) ([\w.]+)", text, re.MULTILINE)
        if match in sys.stdlib_module_names or find_spec(match.split(".")[0]) is not None
    }
    named = {name for name in _requirements() if any(f'"{name}"' in text for _, text in product)}
    assert _requirements() <= imported | named  # some are imported by their name
    ours = {*ROOMS, "app", "__future__"}
    assert imported - ours - set(sys.stdlib_module_names) - set(_BROUGHT) <= _requirements()
