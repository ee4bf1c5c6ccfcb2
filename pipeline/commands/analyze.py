"""`python -m pipeline analyze VIDEO --out DIR`: from a clip of one element to a verdict."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import get_args

from models.command_line import StatusLine, print_error
from pipeline.analyser import Analyser
from pipeline.annotations.marked import read_box
from pipeline.classification.ensemble import Strategy
from pipeline.commands.arguments import add_device, add_video, shown_on, typed
from pipeline.config import load_profile
from pipeline.drawing.overlay import write_overlay
from pipeline.errors import InputError
from pipeline.progress import Listener
from pipeline.storage.analysis_files import write_files
from pipeline.storage.cache import AnalysisCache
from pipeline.storage.output_folder import check_place, new_folder
from pipeline.types import Analysis, ReaderName


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The arguments of `analyze`."""
    add_video(command)
    command.add_argument(
        "--reader",
        choices=get_args(ReaderName),
        help="library that decodes the video; the profile's by default",
    )
    command.add_argument(
        "--strategy",
        choices=get_args(Strategy),
        help="what decides: the weighted sum or the vote of the paper, or the weighted sum refined "
        "by the turns and the take-off of the skeleton; the profile's by default",
    )
    command.add_argument("--overlay", action="store_true", help="also write overlay.mp4")
    skater = command.add_mutually_exclusive_group()
    skater.add_argument("--skater", type=int, metavar="N", help="person N is the skater")
    skater.add_argument(
        "--skater-box",
        type=typed(read_box),
        metavar="FRAME:x1,y1,x2,y2",
        help="the skater is in this box, in pixels of one frame of the file; "
        "frames count from 1, as on the page",
    )
    add_device(command)


def run(arguments: argparse.Namespace, line: StatusLine) -> int:
    """Analyse, write and tell; 2 where the overlay alone failed."""
    analysis, failed = _analyze(arguments, shown_on(line))
    line.close()
    print(_summary(analysis, arguments.out))
    if failed is not None:
        print_error(f"{failed}; all but overlay.mp4 is in {arguments.out}")
        return 2
    return 0


def _analyze(
    arguments: argparse.Namespace, listener: Listener
) -> tuple[Analysis, InputError | None]:
    """The analysis, written to its folder, and why it has no overlay if that failed."""
    check_place(arguments.out)
    profile = load_profile(arguments.profile)
    if arguments.reader:
        profile = replace(profile, reader=arguments.reader)
    if arguments.strategy:
        ensemble = replace(profile.ensemble, strategy=arguments.strategy)
        profile = replace(profile, ensemble=ensemble)
    analyser = Analyser(
        profile,
        device=arguments.device,
        untrained=arguments.untrained,
        cache=None if arguments.no_cache else AnalysisCache(),
    )
    analysis = analyser.analyse(
        arguments.video,
        start_s=arguments.start,
        end_s=arguments.end,
        stream=arguments.stream,
        skater=arguments.skater,
        skater_box=arguments.skater_box,
        listener=listener,
    )
    with new_folder(arguments.out) as scratch:
        write_files(analysis, scratch)
        if arguments.overlay:
            try:
                write_overlay(analysis, scratch / "overlay.mp4", listener=listener)
            except InputError as error:  # the analysis is worth keeping all the same
                return analysis, error
    return analysis, None


def _summary(analysis: Analysis, folder: Path) -> str:
    verdict = analysis.verdict
    rows = [
        f"{name:<14} {scores.label:<11} {scores.probability:.3f}"
        for name, scores in analysis.scores.items()
    ]
    statuses = {entry.status for entry in analysis.provenance.values()}
    return "\n".join(
        [
            *(f"warning: {sentence}" for sentence in analysis.warnings),
            *rows,
            f"{'vote':<14} {verdict.vote.label}",
            f"{'verdict':<14} {verdict.label:<11} {verdict.probability:.3f} "
            f"({verdict.strategy}, margin {verdict.margin:.3f}; weights: {', '.join(statuses)})",
            f"written to {folder}",
        ]
    )
