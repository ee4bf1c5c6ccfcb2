"""`python -m benchmarks.verdicts --evaluation RUN --out DIR`: what verdicts are worth, measured.

RUN is the folder of `python -m training.evaluate` over clips that nothing was fitted on, with the
weights that the shipped numbers are for. `--known` and `--unlike` name folders of analyses: of new
clips of the rink, and of clips without skating. Writes `verdicts.md`, `reliability.png`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.verdicts.figures import Judged, auroc, calibration_errors, judge, set_metrics
from benchmarks.verdicts.plot import draw_reliability
from models.atomic_files import write_text
from models.command_line import Parser, StatusLine, run_command
from pipeline.config import load_profile
from pipeline.errors import InputError
from pipeline.storage.analysis_files import load
from pipeline.types import CalibratedVerdict
from pipeline.verdict.calibrated import KnownCalibration, calibrated_verdict, known_calibrations
from training.evaluation.predictions import FILE, read_predictions

Told = Mapping[str, CalibratedVerdict]
"""By the folder of the analysis."""


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input (one line on stderr)."""
    parser = Parser(prog="python -m benchmarks.verdicts", description=__doc__)
    parser.add_argument("--evaluation", required=True, type=Path, metavar="RUN")
    for name, which in (
        ("--known", "new clips of the rink"),
        ("--unlike", "clips without skating"),
    ):
        parser.add_argument(
            name, type=Path, nargs="+", default=[], metavar="DIR", help=f"analyses of {which}"
        )
    parser.add_argument("--profile", default="demo", help="whose numbers are measured")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    parsed = parser.parse_args(arguments)
    return run_command(lambda: _run(parsed), StatusLine())


def _run(parsed: argparse.Namespace) -> int:
    known = _numbers_of(parsed.profile)
    profile = load_profile(parsed.profile)
    predictions = read_predictions(parsed.evaluation / FILE)
    judged = judge(predictions, known.numbers, profile.ensemble)
    parsed.out.mkdir(parents=True, exist_ok=True)
    draw_reliability(judged, parsed.out / "reliability.png")
    groups = (_told(parsed.known), _told(parsed.unlike))
    text = "\n".join(_lines(judged, known, *groups)) + "\n"
    write_text(parsed.out / "verdicts.md", text)
    sys.stdout.write(text)
    return 0


def _numbers_of(profile: str) -> KnownCalibration:
    for known in known_calibrations():
        if known.numbers.meant_for.profile == profile:
            return known
    raise InputError(f"--profile {profile}: no numbers are fitted for it")


def _told(folders: Sequence[Path]) -> Told:
    """Every analysis in some folders; one that is not calibrated is refused."""
    found = {}
    for path in sorted(
        file.parent for folder in folders for file in folder.glob("*/analysis.json")
    ):
        told = calibrated_verdict(load(path))
        if told is None:
            raise InputError(f"{path}: was made with weights that the numbers are not for")
        found[str(path)] = told
    if folders and not found:
        raise InputError(f"{folders[0]}: holds no analysis")
    return found


def _lines(judged: Judged, known: KnownCalibration, seen: Told, unlike: Told) -> Iterator[str]:
    N = len(judged.labels)
    yield f"Numbers `{known.name}`, fitted on {known.numbers.fitted_on}; {N} other clips."
    yield from ("", "| | temperature | ECE, the paper's | ECE, calibrated |", "|---|---|---|---|")
    for name, (before, after) in calibration_errors(judged).items():
        yield f"| {name} | {known.numbers.temperatures[name]:.2f} | {before:.3f} | {after:.3f} |"
    yield from ("", "| set of | true class | clips | holds it | mean size |")
    yield "|---|---|---|---|---|"
    for coverage in judged.sets:
        for family, figures in set_metrics(judged, coverage).items():
            yield (
                f"| {coverage:.0%} | {family} | {figures.clips} | {figures.covered:.3f} "
                f"| {figures.size:.2f} |"
            )
    if seen:
        yield from _novelty_lines(seen, unlike)


def _novelty_lines(seen: Told, unlike: Told) -> Iterator[str]:
    known, others = _scores(seen), _scores(unlike)
    alarms = sum(score > threshold for score, threshold in known.values())
    yield f"Of {len(known)} known clips {alarms} are called unlike: false alarms."
    if not others:
        return
    called = sum(score > threshold for score, threshold in others.values())
    area = auroc(*(np.array([score for score, _ in group.values()]) for group in (known, others)))
    yield f"Of {len(others)} clips that should be, {called} are; AUROC {area:.3f}."
    yield from ("", "| clip | score | unlike | set |", "|---|---|---|---|")
    for name, (score, threshold) in others.items():
        labels = ", ".join(unlike[name].class_set.labels)
        verdict = "yes" if score > threshold else "no"
        yield f"| {Path(name).name} | {score:.2f} | {verdict} | {labels} |"


def _scores(told: Told) -> dict[str, tuple[float, float]]:
    """Folder -> score and threshold, of every clip that has them."""
    return {
        name: (one.novelty.score, one.novelty.threshold)
        for name, one in told.items()
        if one.novelty is not None
    }


if __name__ == "__main__":
    sys.exit(main())
