"""What every part of the project needs is there once (issue 16, section 1)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from itertools import chain
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
    # Besides it: a download keeps what came so far, a checkpoint and a result are whole folders;
    # a job keeps an upload under a second name without a copy.
    assert _modules_with('.part"', ".part`", "os.replace", "os.rename", "os.link") == [
        "models/atomic_files.py",
        "models/zoo/download.py",
        "pipeline/storage/output_folder.py",
        "training/engine/checkpoints.py",
        "ui/programme/job_files.py",
    ]


def test_one_module_starts_processes() -> None:
    words = ("ProcessPoolExecutor(", ".Pool(", "ProcessPoolExecutor, mp_context")
    assert _modules_with(*words) == ["training/processes.py"]


@pytest.mark.parametrize("name", ["Checkpoint", "People", "PeopleSettings", "Metrics", "Progress"])
def test_a_name_means_one_thing(name: str) -> None:
    words = (f"class {name}:", f"class {name}s:", f"class {name}(")
    assert len(_modules_with(*words)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("app", ("transformers", "torchvision")),  # the first takes three seconds (issue 18)
        ("pipeline.cli", ("gradio", "pandas", "plotly", "sympy", "torch._dynamo", "transformers")),
    ],
)
def test_a_start_imports_nothing_that_it_does_not_need(
    module: str, absent: tuple[str, ...]
) -> None:
    code = f"import sys, {module}; print([m for m in {absent} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert found.stdout.splitlines()[-1] == "[]"


def test_one_module_parses_arguments_and_draws_bars() -> None:
    words = ("(argparse.ArgumentParser)", "= argparse.ArgumentParser(", "tqdm import", "\\x1b[K")
    assert _modules_with(*words) == ["models/command_line.py"]


_MODULES = {
    "decord2": "decord", "opencv-python-headless": "cv2", "flash-attn": "flash_attn",
    "mmcv-lite": "mmcv",
}  # fmt: skip
"""Where a package's module is not called as the package is."""
_BROUGHT = {"httpx", "starlette", "spaces"}
"""Modules of packages that come with huggingface_hub, gradio and a hosted Space."""


_IMPORT = re.compile(
    r"^ *(?:from (?=[\w.]+ import )|import (?=[\w.]+(?: as \w+)?(?:  #.*)?$))(\w+)", re.MULTILINE
)


def _modules_of(requirements: Iterable[str]) -> set[str]:
    names = [re.split(r"[<>=\[ ]", line)[0] for line in requirements]
    return {_MODULES.get(name, name) for name in names}


def test_every_requirement_is_used_and_every_import_required() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    required = _modules_of(line for line in lines if line and line[0] not in "#-")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = _modules_of(chain.from_iterable(project["optional-dependencies"].values()))
    product = [text for name, text in _sources() if not name.startswith("benchmarks/")]
    imported = {
        found
        for text in product
        for found in _IMPORT.findall(text)
        if found not in sys.stdlib_module_names
    }
    by_name = {name for name in required if any(f'"{name}"' in text for text in product)}
    assert required <= imported | by_name
    assert imported <= required | optional | _BROUGHT | {*ROOMS, "app"}


_AS_TORCH_COMES = """
import os, sys
class Finder:
    def find_spec(self, name, *_):
        if name == "torch":
            print(os.environ.get("GOMP_SPINCOUNT"))
            sys.stdout.flush()
            os._exit(0)
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize(
    ("module", "own", "expected"),
    [
        ("pipeline.cli", {}, "30000"),
        ("pipeline.analyser", {}, "30000"),
        pytest.param("ui.desk.controls", {}, "30000", marks=pytest.mark.slow),  # with gradio
        ("pipeline.cli", {"GOMP_SPINCOUNT": "7"}, "7"),
        ("pipeline.cli", {"OMP_WAIT_POLICY": "active"}, "None"),
    ],
)
def test_threads_of_torch_do_not_wait_for_long(
    module: str, own: dict[str, str], expected: str
) -> None:
    """Or they keep the cores from the decoder; libgomp reads it as torch is imported."""
    told = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    environment = {name: value for name, value in os.environ.items() if name not in told} | own
    code = f"{_AS_TORCH_COMES}import {module}"
    command = [sys.executable, "-c", code]
    found = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    assert found.stdout == f"{expected}\n"
