"""`python -m pipeline analyze|programme VIDEO --out DIR`: the command line."""

from __future__ import annotations

import argparse
import io
import logging
import sys

from models.command_line import Parser, StatusLine, run_command
from pipeline.commands import analyze, programme

LINE_EVERY_S = 3.0
_COMMANDS = {
    "analyze": (analyze, "boxes, crop, skeleton, scores and verdict of one element"),
    "programme": (programme, "the elements of a whole programme or an uncut clip"),
}


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m pipeline", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (command, words) in _COMMANDS.items():
        command.add_arguments(commands.add_parser(name, help=words))
    return parser


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input or configuration (one line on stderr), 130 interrupted."""
    parsed = _parser().parse_args(arguments)
    # Warnings are part of the result, and so of the summary.
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files may hold any bytes
        sys.stdout.reconfigure(errors="backslashreplace")
    line = StatusLine(line_every_s=LINE_EVERY_S, first_after_s=LINE_EVERY_S)
    command, _ = _COMMANDS[parsed.command]
    return run_command(
        lambda: command.run(parsed, line), line, interrupted="interrupted; nothing was written"
    )
