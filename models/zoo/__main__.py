"""`python -m models.zoo list|verify|fetch|convert`: the weights on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from models.checkpoint_files import sha256_of
from models.command_line import Parser, readable_size, run_command
from models.errors import UserError
from models.families import FAMILIES
from models.weights import WeightsError
from models.zoo.calibrations import FittedNumbers, read_calibrations
from models.zoo.convert import convert_file
from models.zoo.fetch import fetch
from models.zoo.load import check_checkpoint
from models.zoo.manifest import MANIFEST, Checkpoint, known_builder, read_manifest

LARGE_FILE_BYTES = 100_000_000
HEADINGS = ("name", "family", "status", "present", "size", "licence")


def list_checkpoints(options: argparse.Namespace) -> int:
    """Print a table of all checkpoints."""
    rows = [HEADINGS]
    for checkpoint in read_manifest(options.manifest).values():
        path = checkpoint.path(options.manifest)
        here = path.is_file()
        size = readable_size(path.stat().st_size) if here else "-"
        rows.append(
            (
                checkpoint.name,
                checkpoint.family,
                checkpoint.status,
                "yes" if here else "no",
                size,
                checkpoint.licence,
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    return 0


def verify(options: argparse.Namespace) -> int:
    """Check every file that is here, a line each; 1 when one fails."""
    counts = {"ok": 0, "FAIL": 0, "absent": 0}
    for checkpoint in read_manifest(options.manifest).values():
        verdict, remark = _verdict(checkpoint, options.manifest)
        counts[verdict] += 1
        print(f"{checkpoint.name} {verdict} {remark}".rstrip(), flush=True)
    for numbers in read_calibrations(options.manifest):
        verdict, remark = _numbers_verdict(numbers, options.manifest)
        counts[verdict] += 1
        print(f"{numbers.name} {verdict} {remark}", flush=True)
    print(f"{counts['ok']} ok, {counts['FAIL']} failed, {counts['absent']} absent")
    return 1 if counts["FAIL"] else 0


def _verdict(checkpoint: Checkpoint, manifest: Path) -> tuple[str, str]:
    _announce("checking", checkpoint.path(manifest))
    if not checkpoint.path(manifest).exists() and not checkpoint.file:
        return "absent", ""
    try:
        return "ok", f"sha256 {check_checkpoint(checkpoint, manifest)}"
    except WeightsError as error:
        return "FAIL", str(error)


def _numbers_verdict(numbers: FittedNumbers, manifest: Path) -> tuple[str, str]:
    path = numbers.path(manifest)
    if not path.is_file():
        return "FAIL", f"{path}: there is no such file"
    if (found := sha256_of(path)) != numbers.sha256:
        return "FAIL", f"{path}: sha256 is {found}, the manifest says {numbers.sha256}"
    return "ok", f"sha256 {found}"


def fetch_one(options: argparse.Namespace) -> int:
    """Download and convert one checkpoint."""
    checkpoints = read_manifest(options.manifest)
    if options.name not in checkpoints:
        asked = (
            f"no checkpoint is called {options.name!r}" if options.name else "fetch needs a name"
        )
        raise UserError(f"{asked}; `python -m models.zoo list` shows all checkpoints")
    for line in fetch(checkpoints[options.name], options.manifest):
        print(line, flush=True)
    return 0


def convert(options: argparse.Namespace) -> int:
    """Convert a published file and report what became of its tensors."""
    _announce("converting", options.file)
    builder = options.builder or known_builder(options.file, options.family, options.manifest)
    conversion = convert_file(
        options.file,
        options.out,
        family=options.family,
        builder=builder,
        from_8_frames=options.from_8_frames,
        eight_bits=options.eight_bits,
        key=options.key,
    )
    for line in conversion.lines():
        print(line)
    return 0


def _announce(doing: str, path: Path) -> None:
    """Say on stderr what takes seconds."""
    size = path.stat().st_size if path.is_file() else 0
    if size > LARGE_FILE_BYTES:
        print(f"{doing} {path} ({readable_size(size)})", file=sys.stderr, flush=True)


def _parser() -> Parser:
    parser = Parser(prog="python -m models.zoo", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="list|verify|fetch|convert")

    def add(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        command.add_argument("--manifest", type=Path, default=MANIFEST, help="another list")
        command.set_defaults(run=run)
        return command

    add("list", list_checkpoints)
    add("verify", verify)
    add("fetch", fetch_one).add_argument("name", nargs="?", metavar="NAME")
    command = add("convert", convert)
    command.add_argument("file", type=Path, metavar="FILE", help=".pth, .pt, .pyth, .safetensors")
    command.add_argument("--family", required=True, choices=FAMILIES)
    command.add_argument("--builder", help="the network it is for; detected where possible")
    command.add_argument("--out", required=True, type=Path, metavar="FILE.safetensors")
    command.add_argument(
        "--key", metavar="NAME", help="of several state dicts in FILE the one of this name"
    )
    command.add_argument(
        "--from-8-frames",
        action="store_true",
        help="UMT: take the published 8-frame position table, not the file's own",
    )
    command.add_argument(
        "--eight-bits",
        action="store_true",
        help="a quarter of the size of fp32: matrices as eight-bit numbers, a scale for each row",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """0 done, 1 a check failed, 2 bad input, 130 interrupted."""
    options = _parser().parse_args(arguments)
    return run_command(lambda: int(options.run(options)))


if __name__ == "__main__":
    sys.exit(main())
