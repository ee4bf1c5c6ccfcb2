"""`python -m pipeline analyze VIDEO --out DIR`: from a video file to a verdict."""

from __future__ import annotations

import argparse
import io
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

from models.command_line import Parser, StatusLine, print_error, run_command
from pipeline.analyser import Analyser
from pipeline.annotations.marked import SkaterBox, read_box
from pipeline.config import load_profile, profile_names
from pipeline.drawing.overlay import write_overlay
from pipeline.errors import InputError
from pipeline.moments import read_moment
from pipeline.progress import Listener, Progress
from pipeline.storage.analysis_files import write_files
from pipeline.storage.cache import AnalysisCache
from pipeline.storage.output_folder import check_place, new_folder
from pipeline.types import Analysis, ReaderName

LINE_EVERY_S = 3.0


def _shown_on(line: StatusLine) -> Listener:
    def show(progress: Progress) -> None:
        rest = "" if progress.remaining_s is None else f", about {progress.remaining_s:.0f} s left"
        line.show(f"{progress.stage}{rest}", progress.fraction)

    return show


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m pipeline", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    analyze = commands.add_parser("analyze", help="boxes, crop, skeleton, scores and verdict")
    analyze.add_argument("video", metavar="VIDEO")
    analyze.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder to write to"
    )
    analyze.add_argument(
        "--profile", default="demo", help=f"{', '.join(profile_names())}, or a TOML file"
    )
    times = "seconds since the file's first frame, or m:ss"
    analyze.add_argument("--start", type=_moment, metavar="S", help=f"in point: {times}")
    analyze.add_argument("--end", type=_moment, metavar="S", help=f"out point: {times}")
    analyze.add_argument(
        "--stream", type=int, metavar="N", help="number of the video, if the file contains several"
    )
    analyze.add_argument(
        "--reader",
        choices=get_args(ReaderName),
        help="library that decodes the video; the profile's by default",
    )
    analyze.add_argument("--overlay", action="store_true", help="also write overlay.mp4")
    skater = analyze.add_mutually_exclusive_group()
    skater.add_argument("--skater", type=int, metavar="N", help="person N is the skater")
    skater.add_argument(
        "--skater-box",
        type=_box,
        metavar="FRAME:x1,y1,x2,y2",
        help="the skater is in this box, in pixels of one frame of the file; "
        "frames count from 1, as on the page",
    )
    analyze.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    analyze.add_argument("--no-cache", action="store_true", help="ignore cached results")
    analyze.add_argument(
        "--untrained", action="store_true", help="seeded random weights, for timing only"
    )
    return parser


def _moment(text: str) -> float:
    try:
        return read_moment(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _box(text: str) -> SkaterBox:
    try:
        return read_box(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _analyze(
    arguments: argparse.Namespace, listener: Listener
) -> tuple[Analysis, InputError | None]:
    """The analysis, written to its folder, and why it has no overlay if that failed."""
    check_place(arguments.out)
    profile = load_profile(arguments.profile)
    if arguments.reader:
        profile = replace(profile, reader=arguments.reader)
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


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input or configuration (one line on stderr), 130 interrupted."""
    parsed = _parser().parse_args(arguments)
    # Warnings are part of the analysis, and so of the summary.
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files may hold any bytes
        sys.stdout.reconfigure(errors="backslashreplace")
    line = StatusLine(line_every_s=LINE_EVERY_S, first_after_s=LINE_EVERY_S)
    return run_command(
        lambda: _run(parsed, line), line, interrupted="interrupted; nothing was written"
    )


def _run(parsed: argparse.Namespace, line: StatusLine) -> int:
    analysis, failed = _analyze(parsed, _shown_on(line))
    line.close()
    print(_summary(analysis, parsed.out))
    if failed is not None:
        print_error(f"{failed}; all but overlay.mp4 is in {parsed.out}")
        return 2
    return 0
