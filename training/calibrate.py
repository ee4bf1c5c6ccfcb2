"""`python -m training.calibrate --run RUN ... --out FILE`: fit what verdicts are worth.

Every RUN is the folder of `python -m training.evaluate` over clips that no network learnt from,
with their classes. Writes temperatures, thresholds of class sets and what is usual of known clips;
the entry `[[calibration]]` of `checkpoints/manifest.toml` names the file and its sha256.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models.checkpoint_files import sha256_of
from models.command_line import Parser, StatusLine, run_command
from pipeline.verdict.calibration import Calibration, write_calibration
from training.engine.checkpoints import writing
from training.evaluation.calibrating import fit_calibration, read_run


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m training.calibrate", description=__doc__)
    parser.add_argument(
        "--run", required=True, type=Path, nargs="+", metavar="RUN", help="evaluations"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help=".safetensors")
    parser.add_argument(
        "--clips", default="", metavar="TEXT", help="which clips they are, to be shown to users"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input (one line on stderr), 130 interrupted."""
    parsed = _parser().parse_args(arguments)
    status = StatusLine()
    return run_command(lambda: _run(parsed), status)


def _run(parsed: argparse.Namespace) -> int:
    clips = [clip for run in parsed.run for clip in read_run(run)]
    names = ", ".join(run.name for run in parsed.run)
    fitted = fit_calibration(clips, parsed.clips or f"{len(clips)} clips of {names}")
    with writing(parsed.out, remedy="free some space and run the command again"):
        write_calibration(fitted, parsed.out)
    for line in _told(fitted):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{parsed.out}, sha256 {sha256_of(parsed.out)}\n")
    return 0


def _told(fitted: Calibration) -> list[str]:
    temperatures = [f"temperature of {n}: {t:.3f}" for n, t in fitted.temperatures.items()]
    novelty = fitted.novelty
    known = {len(rows) for rows in novelty.references.values()}
    return [
        *temperatures,
        f"threshold of novelty: {novelty.threshold:.3f}; of analyses without features: "
        f"{novelty.threshold_without_features:.3f}",
        f"clips with features: {max(known, default=0)}",
    ]


if __name__ == "__main__":
    sys.exit(main())
