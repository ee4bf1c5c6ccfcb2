"""`python -m pipeline programme VIDEO --out DIR`: the elements of a whole programme."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.command_line import StatusLine
from pipeline.analyser import Analyser
from pipeline.commands.arguments import add_device, add_video, shown_on
from pipeline.config import load_profile
from pipeline.errors import InputError
from pipeline.programme.finder import ProgrammeFinder
from pipeline.sheet.files import write_tables
from pipeline.sheet.review_files import FILE as REVIEW
from pipeline.sheet.review_files import Review, load_review
from pipeline.storage.cache import AnalysisCache
from pipeline.storage.output_folder import check_place, new_folder
from pipeline.types import Candidate, FoundElement, Programme

_ASIDE = "corrections.before.json"
"""Where corrections go that were made for another list of elements."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The arguments of `programme`."""
    add_video(command)
    command.add_argument("--skater", type=int, metavar="N", help="person N is the skater")
    add_device(command)


def run(arguments: argparse.Namespace, line: StatusLine) -> int:
    """Find the elements, write and tell them."""
    check_place(arguments.out)
    analyser = Analyser(
        load_profile(arguments.profile),
        device=arguments.device,
        untrained=arguments.untrained,
        cache=None if arguments.no_cache else AnalysisCache(),
    )
    with new_folder(arguments.out) as scratch:
        programme = ProgrammeFinder(analyser).find(
            arguments.video,
            start_s=arguments.start,
            end_s=arguments.end,
            stream=arguments.stream,
            skater=arguments.skater,
            listener=shown_on(line),
            folder=scratch,
        )
        review = _review_of(arguments.out, programme)
        write_tables(programme, review or Review(), scratch)
    line.close()
    print(_summary(programme, arguments.out))
    if review is None:
        aside = (arguments.out / REVIEW).replace(arguments.out / _ASIDE)
        print(f"corrections of another list of elements are kept in {aside}")
    return 0


def _review_of(folder: Path, programme: Programme) -> Review | None:
    """What a person added to this programme before; None: to another one, or it is damaged."""
    try:
        return load_review(programme, folder)
    except InputError:
        return None


def _summary(programme: Programme, folder: Path) -> str:
    found = [_row(element) for element in programme.elements]
    count = "1 element" if len(found) == 1 else f"{len(found)} elements"
    return "\n".join(
        [
            *(f"warning: {sentence}" for sentence in programme.warnings),
            _line("no", "start", "end", "code", "sure", "air", "it may also be"),
            *(_line(*row) for row in found),
            f"{count} in {_clock(programme.read_until_s - programme.video.start_s)}",
            f"written to {folder}",
        ]
    )


def _row(element: FoundElement) -> tuple[str, ...]:
    air = "+".join(f"{jump.air_s:.2f}" for jump in element.jumps)
    return (
        str(element.number),
        _clock(element.start_s),
        _clock(element.end_s),
        element.code or element.family,
        f"{element.confidence:.2f}",
        air,
        "; ".join(filter(None, map(_others, element.rivals))),
    )


def _others(candidates: tuple[Candidate, ...]) -> str:
    return ", ".join(f"{c.label} {c.probability:.2f}" for c in candidates[1:3])


def _line(number: str, start: str, end: str, code: str, *rest: str) -> str:
    sure, air, others = rest
    return f"{number:>3} {start:>8} {end:>8}  {code:<14} {sure:>4}  {air:<14} {others}".rstrip()


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:05.2f}"
