"""`python -m training.evaluate (--data DIR | --predictions FILE) --out RUN`: the leaderboard table.

Analyses every clip of a data set with a profile, or takes saved predictions, and writes to RUN:
`analyses/<stem>/`, `predictions.parquet`, `submission.txt`, `summary.json` and `table.md` (the
paper's Tables II and III, ours beside the paper's). Can be killed and run again. `truth/` of a
simulated data set is never read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from models.atomic_files import write_text
from models.command_line import Parser, StatusLine, run_command
from pipeline import __version__
from pipeline.analyser import Analyser, weight_warnings
from pipeline.classification.ensemble import FUSED, decide
from pipeline.config import Profile, load_profile, profile_names
from pipeline.elements import LABELS
from pipeline.storage.output_folder import check_place
from pipeline.types import Precision, ReaderName
from training.data.challenge import read_mapping
from training.engine.checkpoints import write_json, writing
from training.evaluation.analyses import AnalysisRun, Share
from training.evaluation.clips import data_source, list_clips
from training.evaluation.fitting import apply, check_apart, fit
from training.evaluation.predictions import (
    FILE,
    Predictions,
    read_predictions,
    write_predictions,
)
from training.evaluation.summary import summary
from training.evaluation.table import table
from training.evaluation.voter_metrics import evaluate_predictions

REMEDY = "free some space and run the command again"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m training.evaluate", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--data", type=Path, metavar="DIR", help="a data set; see docs/formats.md")
    what.add_argument(
        "--predictions", type=Path, metavar="FILE", help="predictions.parquet of an evaluation"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="RUN", help="folder to write to")
    parser.add_argument(
        "--profile", default="demo", help=f"{', '.join(profile_names())}, or a TOML file"
    )
    parser.add_argument("--split", choices=("test", "train", "val"), default="test")
    parser.add_argument(
        "--validation-share", type=float, default=0.05, metavar="X",
        help="share of sources held out for --split val, at most the recipes' (default 0.05)",
    )  # fmt: skip
    parser.add_argument(
        "--validation", type=Path, metavar="FILE",
        help="predictions of other clips, to fit weights and temperatures on",
    )  # fmt: skip
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument(
        "--precision", choices=get_args(Precision),
        help="precision of the classifiers; default: the profile's",
    )  # fmt: skip
    parser.add_argument(
        "--reader", choices=get_args(ReaderName),
        help="library that decodes the video; the profile's by default",
    )  # fmt: skip
    parser.add_argument("--untrained", action="store_true", help="random weights, for timing only")
    parser.add_argument(
        "--shard", metavar="I/N", help="analyse every N-th clip only; then run without it"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input or configuration (one line on stderr), 130 interrupted."""
    parsed = _parser().parse_args(arguments)
    status = StatusLine()
    return run_command(lambda: _run(parsed, status), status)


def _run(parsed: argparse.Namespace, status: StatusLine) -> int:
    check_place(parsed.out)
    profile = load_profile(parsed.profile)
    if parsed.precision:
        profile = replace(profile, precision=parsed.precision)
    if parsed.reader:
        profile = replace(profile, reader=parsed.reader)
    validation = read_predictions(parsed.validation) if parsed.validation else None
    if parsed.data:
        predictions, about = _analysed(parsed, profile, status)
        if parsed.shard:
            return 0
        numbers = {ours: theirs for theirs, ours in read_mapping(parsed.data).items()}
    else:
        predictions = read_predictions(parsed.predictions)
        about = {"title": f"Evaluation of {parsed.predictions.name}", "profile": profile.name}
        numbers = {index: index for index in range(len(LABELS))}
    if validation is not None:
        check_apart(validation, predictions)
    _write(parsed.out, predictions, profile, validation=validation, about=about, numbers=numbers)
    sys.stdout.write((parsed.out / "table.md").read_text(encoding="utf-8"))
    sys.stdout.write(f"\nwritten to {parsed.out}\n")
    return 0


def _analysed(
    parsed: argparse.Namespace, profile: Profile, status: StatusLine
) -> tuple[Predictions, dict[str, Any]]:
    """Predictions of a data set, and what the summary says about them."""
    share = Share.parse(parsed.shard) if parsed.shard else Share()
    clips = list_clips(parsed.data, parsed.split, validation_share=parsed.validation_share)
    # Loading the networks anew for every clip, as one analysis does to save memory, takes longer
    # than the analysis.
    analyser = Analyser(
        replace(profile, keep_loaded=True), device=parsed.device, untrained=parsed.untrained
    )
    about = {
        "data": str(parsed.data.resolve()),
        "split": parsed.split,
        "rinkside_version": __version__,
        **analyser.about,
    }
    run = AnalysisRun(parsed.out, about)
    found, failed = run.analyse(clips, analyser, share, status)
    title = f"Evaluation: profile {profile.name}, {parsed.split} split of {parsed.data.name}"
    notes = [str(message) for message in weight_warnings(analyser.provenance)]
    return Predictions.of(found), {
        "title": title, "profile": profile.name, "split": parsed.split, "notes": notes,
        "failed": failed,
        "data": data_source(parsed.data, parsed.out),
    }  # fmt: skip


def _write(
    folder: Path,
    predictions: Predictions,
    profile: Profile,
    *,
    validation: Predictions | None,
    about: Mapping[str, Any],
    numbers: Mapping[int, int],
) -> None:
    evaluation = evaluate_predictions(predictions, profile.ensemble)
    fitted = None
    if validation is not None:
        fitted = apply(fit(validation, profile.ensemble), evaluation)
    content = summary(evaluation, fitted, about)
    with writing(folder, remedy=REMEDY):
        folder.mkdir(parents=True, exist_ok=True)
        write_predictions(predictions, folder / FILE)
        write_text(folder / "submission.txt", _submission(predictions, profile, numbers))
        write_json(content, folder / "summary.json")
        write_text(folder / "table.md", table(content))


def _submission(predictions: Predictions, profile: Profile, numbers: Mapping[int, int]) -> str:
    """`<stem> <class index>` a line, in the data set's own numbers; missed clips are left out.

    So are those that are taken for a class which the data set's `mapping.txt` does not have.

    Assumption: the challenge's server took the form of `train.txt`; its own is not published.
    """
    lines = []
    for clip in predictions.clips:
        scores = clip.scores(profile.ensemble)
        if set(FUSED) <= set(scores):
            decided = decide(scores, profile.ensemble).class_index
            if decided in numbers:
                lines.append(f"{clip.stem} {numbers[decided]}\n")
    return "".join(lines)


if __name__ == "__main__":
    sys.exit(main())
