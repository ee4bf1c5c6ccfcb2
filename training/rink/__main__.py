"""`python -m training.rink render|program`: labelled skating video from simulation.

python -m training.rink render --out DIR --seed 500000 --per-class 20
python -m training.rink render --out DIR --seed 7 --clips 3000 --frequencies challenge
python -m training.rink program --out DIR --seed 500000 --minutes 4
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from fractions import Fraction
from functools import partial
from pathlib import Path

import cv2

from models.command_line import Parser, StatusLine, readable_time, run_command
from pipeline.elements import LABELS, class_index
from training.processes import Job, ProcessKilled, each_done
from training.rink.files.dataset import Recipe, missing_clips, plan_clips, render_clip, write_lists
from training.rink.files.folder import DataSetError, opened
from training.rink.files.frequencies import shared_out
from training.rink.program import (
    SHOTS_FOLDER,
    ProgramRecipe,
    finish_program,
    is_finished,
    plan_shots,
    remove_shots,
    render_shot,
)

_NTSC = {"29.97": "30000/1001", "59.94": "60000/1001", "23.976": "24000/1001"}


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m training.rink", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    render = commands.add_parser("render", help="a data set in the challenge's layout")
    _add_common(render)
    amount = render.add_mutually_exclusive_group(required=True)
    amount.add_argument("--per-class", type=int, metavar="N", help="clips of each class")
    amount.add_argument("--clips", type=int, metavar="N", help="clips in all; needs --frequencies")
    render.add_argument(
        "--frequencies", choices=["challenge"], help="class frequencies for --clips"
    )
    render.add_argument("--split", choices=["test", "train"], default="test")
    render.add_argument("--classes", metavar="A,B", help="only these, e.g. 3Lutz,CamelSpin")
    render.add_argument(
        "--margins", type=float, default=0.0, metavar="S",
        help="looser cuts: up to S seconds more before and after each element",
    )  # fmt: skip
    program = commands.add_parser("program", help="one programme with its list of elements")
    _add_common(program)
    program.add_argument(
        "--minutes", type=float, default=4.0, help="of skating; a broadcast adds some"
    )
    program.add_argument(
        "--plain", action="store_true", help="skating alone: no replays, close-ups or graphics"
    )
    return parser


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", required=True, type=Path, metavar="DIR")
    command.add_argument(
        "--seed", required=True, type=int, help="random seed; from 500000 on, not used in training"
    )
    command.add_argument("--size", metavar="WxH", help="default: random for each clip")
    command.add_argument("--fps", metavar="F", help="default: random for each clip")
    command.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise DataSetError(f"--size {text}: expected WxH, such as 640x360")
    size = int(width), int(height)
    if any(side % 2 or not 64 <= side <= 4096 for side in size):
        raise DataSetError(f"--size {text}: both sides must be even, from 64 to 4096")
    return size


def _fps(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        fps = Fraction(_NTSC.get(text, text)).limit_denominator(1001)
    except (ValueError, ZeroDivisionError):
        raise DataSetError(f"--fps {text}: expected a number, such as 25 or 29.97") from None
    if not 5 <= fps <= 240:
        raise DataSetError(f"--fps {text}: must be from 5 to 240")
    return str(fps)


def _classes(text: str | None) -> list[str]:
    if text is None:
        return list(LABELS)
    try:
        indices = sorted({class_index(name) for name in text.split(",")})
    except ValueError as error:
        raise DataSetError(f"--classes: {error}") from error
    return [LABELS[index] for index in indices]


def _counts(arguments: argparse.Namespace) -> dict[str, int]:
    labels = _classes(arguments.classes)
    for name, number in (("--per-class", arguments.per_class), ("--clips", arguments.clips)):
        if number is not None and number < 1:
            raise DataSetError(f"{name} {number}: ask for at least one clip")
    if arguments.clips is None:
        if arguments.frequencies:
            raise DataSetError("--frequencies goes with --clips, not with --per-class")
        return dict.fromkeys(labels, arguments.per_class)
    if arguments.frequencies is None:
        raise DataSetError("--clips needs --frequencies challenge")
    return shared_out(arguments.clips, labels)


def _render(arguments: argparse.Namespace, status: StatusLine) -> int:
    recipe = Recipe(
        seed=arguments.seed,
        counts=_counts(arguments),
        size=_size(arguments.size),
        fps=_fps(arguments.fps),
        margins_s=arguments.margins,
    )
    folder, split = arguments.out, arguments.split
    clips = plan_clips(recipe, split)
    told = asdict(recipe)
    if not recipe.margins_s:
        del told["margins_s"]  # folders of before go on
    with opened(folder, split, told, ("truth", f"{split}_videos")):
        wanted = missing_clips(clips, folder)
        _work(partial(render_clip, folder=folder), wanted, "clips", arguments.workers, status)
        write_lists(clips, folder, split)
    status.close()
    print(f"{len(clips)} clips in {folder}, {len(clips) - len(wanted)} of them from before")
    return 0


def _program(arguments: argparse.Namespace, status: StatusLine) -> int:
    recipe = ProgramRecipe(
        seed=arguments.seed,
        minutes=arguments.minutes,
        size=_size(arguments.size),
        fps=_fps(arguments.fps),
        plain=arguments.plain,
    )
    folder = arguments.out
    try:
        shots = plan_shots(recipe, folder)
    except ValueError as error:
        raise DataSetError(f"--{error}") from error
    with opened(folder, "program", asdict(recipe), ("truth", SHOTS_FOLDER)):
        if not is_finished(folder):
            wanted = [shot for shot in shots if not shot.done]
            _work(render_shot, wanted, "shots", arguments.workers, status)
            finish_program(shots)
        remove_shots(folder)
    status.close()
    print(f"{folder / 'program.mp4'}, its elements in program.json")
    return 0


def _work(
    function: Callable[[Job], None], jobs: Sequence[Job], what: str, workers: int,
    status: StatusLine,
) -> None:  # fmt: skip
    """Render what is missing, saying how far it is."""
    began = time.monotonic()
    workers = min(workers, max(1, len(jobs)))
    if workers == 1:
        cv2.setNumThreads(1)  # as in every process of several
    try:
        rendered = each_done(function, jobs, workers=workers if workers > 1 else 0)
        for done, _ in enumerate(rendered, start=1):
            rest = (time.monotonic() - began) * (len(jobs) - done) / done
            text = f"{done} of {len(jobs)} {what}, about {readable_time(rest)} left"
            status.show(text, done / len(jobs))
    except ProcessKilled:
        raise DataSetError(
            "a process that rendered was killed, perhaps for lack of memory; "
            "run the same command again, with --workers 1 if need be"
        ) from None


def _run(arguments: argparse.Namespace, status: StatusLine) -> int:
    if arguments.workers < 1:
        raise DataSetError(f"--workers {arguments.workers}: needs at least one")
    if arguments.seed < 0:
        raise DataSetError(f"--seed {arguments.seed}: must not be negative")
    try:
        return {"render": _render, "program": _program}[arguments.command](arguments, status)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DataSetError(
                f"{arguments.out}: the disk is full; free some space and run the same command again"
            ) from error
        reason = error.strerror or error
        raise DataSetError(f"{arguments.out}: cannot be written ({reason})") from error


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input (one line on stderr), 130 interrupted."""
    parsed = _parser().parse_args(arguments)
    status = StatusLine()
    return run_command(lambda: _run(parsed, status), status)


if __name__ == "__main__":
    sys.exit(main())
