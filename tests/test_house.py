"""The house rules that no other tool holds: how long, how many, and no circle of imports.

The layers themselves are import-linter's, in `pyproject.toml`; line length, parameters and
statements are ruff's.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import PurePosixPath
from typing import Any

from tests.conftest import ROOT
from tests.project_files import project_files

MAX_FUNCTION_LINES = 50
MAX_FILE_LINES = 300
MAX_MODULES = 16
ROOMS = ("models", "pipeline", "laboratory", "training", "ui", "benchmarks")
FREE = "a network's __init__ may be longer: it lists the layers"


@cache
def sources() -> dict[PurePosixPath, str]:
    """Every Python file of the project, by its path from the root."""
    return {
        PurePosixPath(path.relative_to(ROOT).as_posix()): path.read_text(encoding="utf-8")
        for path in project_files(".py")
    }


@cache
def trees() -> dict[PurePosixPath, ast.Module]:
    return {path: ast.parse(text) for path, text in sources().items()}


def test_functions_are_short() -> None:
    long = [
        f"{path}:{node.lineno} {name} has {length} lines"
        for path, tree in trees().items()
        for name, node in functions(tree)
        if (length := node.end_lineno - node.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert not long, f"at most {MAX_FUNCTION_LINES} lines a function ({FREE}): {long}"


def functions(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, Any]]:
    """Functions and methods by name, but for the `__init__` of networks."""
    for node in statements(tree):
        name = f"{inside}{getattr(node, 'name', '')}"
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function and not (is_network(tree) and name.endswith(".__init__")):
            yield name, node
        yield from functions(node, f"{name}." if hasattr(node, "name") else inside)


def is_network(scope: ast.AST) -> bool:
    bases = scope.bases if isinstance(scope, ast.ClassDef) else []
    return any(ast.unparse(base) == "nn.Module" for base in bases)


def test_files_are_short() -> None:
    long = [
        f"{path} has {lines}"
        for path, text in sources().items()
        if path.parts[0] != "tests" and (lines := text.count("\n")) > MAX_FILE_LINES
    ]
    assert not long, f"at most {MAX_FILE_LINES} lines a file; split it along its ideas: {long}"


def test_folders_are_small() -> None:
    count = Counter(path.parent for path in sources() if path.name != "__init__.py")
    large = {str(folder): number for folder, number in count.items() if number > MAX_MODULES}
    assert not large, f"at most {MAX_MODULES} modules a folder: {large}"


def test_tests_mirror_the_rooms() -> None:
    """A folder of tests bears the name of a folder of what it tests."""
    folders = {path.parent for path in sources()}
    tested = {
        PurePosixPath(*folder.parts[1:])
        for folder in folders
        if folder.parts[:1] == ("tests",) and len(folder.parts) > 1 and folder.parts[1] in ROOMS
    }
    astray = sorted(str(folder) for folder in tested if folder not in folders)
    assert not astray, f"folders of tests without a room of the same name: {astray}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not (circles := circles_of(imports())), (
        "modules that import each other, if only inside a function; move what both need below "
        f"them: {circles}"
    )


def test_a_circle_is_found() -> None:
    row = {"a": {"b"}, "b": {"c"}, "c": set[str]()}
    assert circles_of(row) == []
    assert circles_of({**row, "c": {"a", "d"}, "d": {"d"}}) == [["a", "b", "c"], ["d"]]


def test_imports_inside_functions_count_and_those_for_types_do_not() -> None:
    text = """
from __future__ import annotations
from typing import TYPE_CHECKING
import a.b
if TYPE_CHECKING:
    from a import types
else:
    from a import otherwise
def late():
    from . import beside
    from a.c import thing
"""
    modules = {"a", "a.b", "a.c", "a.types", "a.otherwise", "p.me", "p.beside"}
    found = imported(ast.parse(text), package="p", modules=modules)
    assert found == {"a.b", "a.otherwise", "p.beside", "a.c"}


def imports() -> dict[str, set[str]]:
    """Which modules of the project each of them imports, anywhere in its text."""
    names = {path: module_name(path) for path in sources()}
    modules = set(names.values())
    graph = {}
    for path, tree in trees().items():
        name = names[path]
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        graph[name] = imported(tree, package=package, modules=modules) - {name}
    return graph


def module_name(path: PurePosixPath) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.Module, *, package: str, modules: set[str]) -> set[str]:
    found: set[str] = set()
    for node in executed(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(filter(None, (above, node.module)))
            names = {f"{source}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else source for name in names}
    return found & modules


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """All statements but those of `if TYPE_CHECKING:`."""
    yield node
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        children: Iterable[ast.AST] = node.orelse
    else:
        children = statements(node)
    for child in children:
        yield from executed(child)


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements right inside another one, also those of `except` and `case`."""
    blocks = ("body", "orelse", "finalbody", "handlers", "cases")
    return chain.from_iterable(getattr(node, block, ()) for block in blocks)


def circles_of(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules each of which reaches all others of its group."""
    reached = {name: reach(graph, name) for name in graph}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in graph
        if name in reached[name]
    }
    return sorted(list(group) for group in groups)


def reach(graph: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    todo = [*graph[start]]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += graph[name]
    return found
