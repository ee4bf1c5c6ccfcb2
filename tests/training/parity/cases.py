"""Proves that a parity comparison can fail: moves one stored expected value, asks what breaks.

In `tests/training/test_parity_<family>.py`:

    FOLDER = ROOT / "tests" / "goldens" / "umt"
    WITH = ("weights.safetensors",)          # files that a case needs besides its own

    def moves(folder: Path) -> list[Move]:   # one entry a comparison line; read from file headers
        return [
            Move(file.name, key, f"{file.stem}/{key}", spreads=r"block3|features")
            for file in sorted(folder.glob("forward_*.safetensors"))
            for key in tensor_names(file) if key != "input"
        ]

    @pytest.mark.parametrize("move", moves(FOLDER), ids=str)
    def test_a_moved_tensor_fails(move, tmp_path):
        assert_move_fails(compare_folder, FOLDER, move, tmp_path, companions=WITH)

    def test_every_line_has_a_move():
        assert_lines_covered(compare_folder, FOLDER, moves(FOLDER))

    @pytest.mark.slow
    def test_complete_set(shared_goldens, tmp_path):
        folder = shared_goldens / "umt"
        assert_lines_covered(compare_folder, folder, moves(folder))
        for move in moves(folder):
            assert_move_fails(compare_folder, folder, move, tmp_path, companions=WITH)

Only the moved file (with its folder, when the case is a folder) and `companions` are laid out in
the temporary folder, so that a move costs one case and not the whole family.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from training.parity.report import Comparison

Comparer = Callable[[Path], Iterator[Comparison]]


@dataclass(frozen=True)
class Move:
    """One stored expected value and the comparison line that must notice when it moves."""

    file: str
    """Path within the golden folder: `forward_8f_64px.safetensors`, `tiny/expected.safetensors`."""
    key: str
    """Tensor name; in a JSON file the path to a number or to lists of numbers: `0/indices`."""
    line: str
    """`<case>/<tensor>`, the printed line without the folder's name."""
    spreads: str = ""
    """Regular expression of other lines (searched in `<case>/<tensor>`) that may fail as well,
    because the moved tensor is what they are fed."""

    def __str__(self) -> str:
        return self.line


def tensor_names(path: Path) -> list[str]:
    """Names of the tensors in a safetensors file, from its header."""
    with safe_open(path, framework="pt") as file:
        return list(file.keys())


def results(comparer: Comparer, folder: Path) -> dict[str, Comparison]:
    """The comparisons of a folder by `<case>/<tensor>`, the folder's name left out."""
    found: dict[str, Comparison] = {}
    for comparison in comparer(folder):
        name = f"{comparison.case}/{comparison.tensor}".removeprefix(f"{folder.name}/")
        assert name not in found, f"two comparisons are called {name}"
        found[name] = comparison
    return found


def assert_lines_covered(
    comparer: Comparer, folder: Path, moves: Iterable[Move], *, exempt: str = r"(?!)"
) -> None:
    """Every comparison of the folder holds and is the `line` of a move, and the other way round.

    `exempt`: regular expression of lines that no stored value stands behind.
    """
    lines = results(comparer, folder)
    _assert_none([line for line in lines.values() if not line.ok], "do not hold as stored")
    tested = {move.line for move in moves}
    untested = [name for name in lines if name not in tested and not re.search(exempt, name)]
    _assert_none(untested, "have no move")
    _assert_none(tested - set(lines), "are moved but not printed")


def assert_move_fails(
    comparer: Comparer,
    folder: Path,
    move: Move,
    tmp_path: Path,
    *,
    companions: tuple[str, ...] = (),
) -> None:
    """Move the value by ten tolerances: its line must fail, unrelated lines must hold."""
    limit = _limits(comparer, folder, move.file, companions)[move.line]
    copy = _lay_out(folder, tmp_path / folder.name, move.file, companions)
    try:
        _move_on_disk(copy / move.file, move.key, 10 * limit)
        failed = {name for name, line in results(comparer, copy).items() if not line.ok}
    finally:
        shutil.rmtree(copy)
    assert move.line in failed, f"{move.line} held although {move.file}:{move.key} moved"
    related = re.compile(move.spreads or r"(?!)")
    unrelated = [name for name in failed - {move.line} if not related.search(name)]
    _assert_none(unrelated, f"failed too when {move.file}:{move.key} moved")


def _assert_none(lines: Iterable[object], complaint: str) -> None:
    found = sorted(map(str, lines))
    assert not found, f"{len(found)} lines {complaint}: {found[:5]}"


@cache
def _limits(
    comparer: Comparer, folder: Path, file: str, companions: tuple[str, ...]
) -> dict[str, float]:
    """Absolute tolerances of a case as it is stored, which must pass."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = _lay_out(folder, Path(scratch) / folder.name, file, companions)
        lines = results(comparer, copy)
    _assert_none([line for line in lines.values() if not line.ok], "do not hold as stored")
    return {name: line.limit for name, line in lines.items()}


def _lay_out(folder: Path, copy: Path, file: str, companions: tuple[str, ...]) -> Path:
    """Link a case's files into `copy`; the file to be moved is a real copy."""
    wanted = [folder / file]
    if Path(file).parent.name not in ("", "manifests"):  # the case is a folder: take all of it
        wanted = sorted((folder / Path(file).parts[0]).rglob("*"))
    for pattern in companions:
        wanted += sorted(folder.glob(pattern))
    for source in dict.fromkeys(path for path in wanted if path.is_file()):
        target = copy / source.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source == folder / file:
            shutil.copyfile(source, target)
        else:
            target.symlink_to(source)
    return copy


def _move_on_disk(path: Path, key: str, step: float) -> None:
    if path.suffix == ".json":
        content = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(_with_moved_entry(content, key.split("/"), step)))
        return
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    tensors[key] = _moved_tensor(tensors[key], step)
    save_file(tensors, path, metadata=metadata)


def _moved_tensor(values: Tensor, step: float) -> Tensor:
    """Every element up by `step`; by the smallest step there is where the tolerance is zero."""
    if values.dtype == torch.bool:
        return ~values
    if values.is_floating_point():
        values = values.float() if values.dtype == torch.float16 else values
        if step == 0:
            return torch.nextafter(values, torch.full_like(values, torch.inf))
        return values + step
    whole = max(1, math.ceil(step))
    top = torch.iinfo(values.dtype).max - whole
    wide = values.long()
    return torch.where(wide > top, wide - whole, wide + whole).to(values.dtype)


def _with_moved_entry(content: Any, path: list[str], step: float) -> Any:
    if not path:
        return _moved_numbers(content, step)
    if isinstance(content, list):
        index = int(path[0])
        return [
            _with_moved_entry(item, path[1:], step) if position == index else item
            for position, item in enumerate(content)
        ]
    assert path[0] in content, f"no {path[0]!r} among {list(content)[:5]}"
    return {
        name: _with_moved_entry(item, path[1:], step) if name == path[0] else item
        for name, item in content.items()
    }


def _moved_numbers(value: Any, step: float) -> Any:
    if isinstance(value, list):
        return [_moved_numbers(item, step) for item in value]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + max(1, math.ceil(step))
    assert isinstance(value, float), f"a number was expected, got {value!r}"
    return value + step if step else math.nextafter(value, math.inf)
