"""What the commands of `python -m pipeline` have in common: arguments, and progress on stderr."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from models.command_line import StatusLine
from pipeline.config import profile_names
from pipeline.errors import InputError
from pipeline.moments import read_moment
from pipeline.progress import Listener, Progress

Value = TypeVar("Value")


def add_video(command: argparse.ArgumentParser) -> None:
    """The video, the span of it, and the folder to write to."""
    command.add_argument("video", metavar="VIDEO")
    command.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder to write to"
    )
    command.add_argument(
        "--profile", default="demo", help=f"{', '.join(profile_names())}, or a TOML file"
    )
    times, moment = "seconds since the file's first frame, or m:ss", typed(read_moment)
    command.add_argument("--start", type=moment, metavar="S", help=f"in point: {times}")
    command.add_argument("--end", type=moment, metavar="S", help=f"out point: {times}")
    command.add_argument(
        "--stream", type=int, metavar="N", help="number of the video, if the file contains several"
    )


def add_device(command: argparse.ArgumentParser) -> None:
    """Where it computes, and with what."""
    command.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    command.add_argument("--no-cache", action="store_true", help="ignore cached results")
    command.add_argument(
        "--untrained", action="store_true", help="seeded random weights, for timing only"
    )


def typed(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """A reader of texts whose `InputError` argparse tells."""

    def value(text: str) -> Value:
        try:
            return read(text)
        except InputError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return value


def shown_on(line: StatusLine) -> Listener:
    """A listener that shows progress."""

    def show(progress: Progress) -> None:
        rest = "" if progress.remaining_s is None else f", about {progress.remaining_s:.0f} s left"
        line.show(f"{progress.stage}{rest}", progress.fraction)

    return show
