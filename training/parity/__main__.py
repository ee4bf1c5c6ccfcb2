"""`python -m training.parity DIR...`: compare our networks with golden folders, a line a tensor."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from models.command_line import Parser, print_error
from training.parity.report import Comparer, Comparison, failure

FAMILIES = {
    "umt": "umt",
    "uniformerv2": "uniformerv2",
    "infogcn": "infogcn",
    "vitpose": "vitpose",
    "vitpose_mmpose": "vitpose_mmpose",
    "dino": "dino",
    "dino_mmdet": "dino_mmdet",
}
"""Folder name -> module of this package that knows its layout."""


def comparer(family: str) -> Comparer:
    """The comparison of one family: `compare_folder` of its module."""
    compare_folder: Comparer = import_module(f"training.parity.{FAMILIES[family]}").compare_folder
    return compare_folder


def compare_folders(folders: list[Path]) -> Iterator[Comparison]:
    """Compare every folder with the family that its name tells."""
    for folder in folders:
        if folder.name in FAMILIES:
            yield from comparer(folder.name)(folder)
        else:
            remark = f"not a family; expected one of {', '.join(FAMILIES)}"
            yield failure(folder.name, "folder", remark)


def main(arguments: list[str] | None = None) -> int:
    """Print a line a comparison and the total; 0 all held, 1 some failed, 2 bad input."""
    parser = Parser(prog="python -m training.parity", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    folders = [folder.resolve() for folder in parser.parse_args(arguments).folders]
    for folder in folders:
        if not folder.is_dir():
            print_error(f"{folder} is not a folder; give golden folders")
            return 2
    passed = failed = 0
    for comparison in compare_folders(folders):
        print(comparison, flush=True)
        passed, failed = passed + comparison.ok, failed + (not comparison.ok)
    print(f"{passed} ok, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
