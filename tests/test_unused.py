"""Issue 16: what only tests use lives among the tests, and what nobody uses is gone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

ROOMS = ("pipeline", "models", "laboratory", "training", "ui", "benchmarks")


def sources() -> dict[Path, ast.Module]:
    files = [ROOT / "app.py", *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in files}


def defined(tree: ast.Module) -> Iterator[str]:
    """Public functions, classes and constants of a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def mentioned(tree: ast.Module) -> Iterator[str]:
    """Names that are read, and words of texts such as `package.module:Class`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and re.fullmatch(r"[\w.:]+", str(node.value)):
            yield from re.split(r"[.:]", str(node.value))


def test_every_public_name_is_used_outside_tests() -> None:
    trees = sources()
    used = {name for tree in trees.values() for name in mentioned(tree)}
    unused = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, tree in trees.items()
        for name in defined(tree)
        if name not in used and not name.startswith("__")
    ]
    assert unused == []
