"""`python -m training.prepare --data DIR --out CACHE`: find and crop the skaters of a data set.

Detects, tracks, crops and finds the skeletons of every clip: CACHE/clips/ is what the video recipes
take as `data.store.prepared`, CACHE/poses/ the skeleton recipes as `data.poses`. Can be killed and
run again; clips that fail or look odd are listed in CACHE/report.txt.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from models.atomic_files import clear_unfinished
from models.command_line import Parser, StatusLine, readable_time, run_command
from pipeline.analyser import weight_warnings
from pipeline.config import load_profile, profile_names
from pipeline.elements import LABELS
from pipeline.errors import ConfigError
from pipeline.storage.output_folder import check_place
from pipeline.types import ReaderName
from training.data.build import clips_folder, poses_folder
from training.data.challenge import DataError
from training.engine.checkpoints import write_json, writing
from training.evaluation.clips import EvaluationSplit, ListedClip, list_clips
from training.preparation.clip import Job, Outcome, PictureSettings, Preparation, Preparer
from training.preparation.engines import ENGINES

SETTINGS = "prepared.json"
REPORT = "report.txt"
REMEDY = "free some space and run the command again"
SPLITS: Mapping[str, tuple[EvaluationSplit, str]] = {
    "train": ("train", "train.txt"),
    "test": ("test", "answer.txt"),
}


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m training.prepare", description=__doc__)
    parser.add_argument("--data", required=True, type=Path, metavar="DIR")
    parser.add_argument("--out", required=True, type=Path, metavar="CACHE")
    parser.add_argument(
        "--profile", default="demo", help=f"{', '.join(profile_names())}, or a TOML file"
    )
    parser.add_argument("--split", choices=tuple(SPLITS), help="default: every split there is")
    parser.add_argument("--engine", choices=tuple(ENGINES), default="local")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument(
        "--reader", choices=get_args(ReaderName),
        help="library that decodes the video; the profile's by default",
    )  # fmt: skip
    parser.add_argument("--untrained", action="store_true", help="random weights, for timing only")
    defaults = PictureSettings()
    parser.add_argument(
        "--short-side", type=int, default=defaults.short_side, metavar="PX",
        help=f"short side of crops; 512 serves 224 and 448 pixels (default {defaults.short_side})",
    )  # fmt: skip
    parser.add_argument(
        "--max-frames", type=int, default=defaults.max_frames, metavar="N",
        help=f"frames kept per clip (default {defaults.max_frames})",
    )  # fmt: skip
    return parser


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input or configuration (one line on stderr), 130 interrupted."""
    parsed = _parser().parse_args(arguments)
    status = StatusLine()
    return run_command(lambda: _run(parsed, status), status)


def _run(parsed: argparse.Namespace, status: StatusLine) -> int:
    if parsed.workers < 1:
        raise ConfigError(f"--workers {parsed.workers}: needs at least one")
    check_place(parsed.out)
    clips = _listed(parsed.data, parsed.split)
    load_profile(parsed.profile)
    preparation = Preparation(
        profile=str(Path(parsed.profile).resolve())
        if parsed.profile.endswith(".toml")
        else parsed.profile,
        out=str(parsed.out.resolve()),
        pictures=PictureSettings(short_side=parsed.short_side, max_frames=parsed.max_frames),
        device=parsed.device,
        untrained=parsed.untrained,
        reader=parsed.reader,
    )
    preparer = Preparer(preparation)  # finds missing weights before any process starts
    with writing(parsed.out, remedy=REMEDY):
        _enter(parsed.out, preparer.about)
        outcomes = _prepare(preparation, clips, parsed, status)
        notes = [str(message) for message in weight_warnings(preparer.analyser.provenance)]
        (parsed.out / REPORT).write_text(
            report(outcomes, clips, notes), encoding="utf-8", errors="backslashreplace"
        )
    return _conclude(outcomes, parsed.out)


def _listed(data: Path, split: str | None) -> list[ListedClip]:
    """The clips of one split, or of all that the data set lists."""
    names = [split] if split else [n for n, (_, file) in SPLITS.items() if (data / file).is_file()]
    clips = [
        clip
        for name in names or ["train"]
        for clip in list_clips(data, SPLITS[name][0], validation_share=0.5)
    ]
    counts = Counter(clip.stem for clip in clips)
    twice = next((stem for stem, count in counts.items() if count > 1), None)
    if twice is not None:
        raise DataError(
            f"{data}: clip {twice} is in both train.txt and answer.txt; prepare one with --split"
        )
    return clips


def _enter(folder: Path, about: Mapping[str, Any]) -> None:
    """A cache holds clips of one kind; what a kill left half-written goes."""
    wanted = json.loads(json.dumps(about))
    path = folder / SETTINGS
    if path.is_file():
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ConfigError(f"{path}: is damaged ({error}); choose another --out") from error
        differing = [key for key in wanted if known.get(key) != wanted[key]]
        if differing:
            raise ConfigError(
                f"{folder}: was prepared with another {', '.join(differing)}; "
                "choose another --out, or delete the folder"
            )
    for place in (clips_folder(folder), poses_folder(folder)):
        place.mkdir(parents=True, exist_ok=True)
        clear_unfinished(place, recursive=True)  # stems may name folders
    write_json(wanted, path)


def _prepare(
    preparation: Preparation,
    clips: Sequence[ListedClip],
    parsed: argparse.Namespace,
    status: StatusLine,
) -> list[Outcome]:
    """Outcomes in the order of the list, whoever was ready first."""
    jobs = [Job(clip.stem, str(clip.video.resolve())) for clip in clips]
    workers = min(parsed.workers, max(len(jobs), 1))
    began, made = time.monotonic(), 0
    by_stem: dict[str, Outcome] = {}
    for outcome in ENGINES[parsed.engine](preparation, jobs, workers):
        by_stem[outcome.stem] = outcome
        made += outcome.state != "known"
        rest = (time.monotonic() - began) / max(made, 1) * (len(jobs) - len(by_stem))
        left = f", about {readable_time(rest)} left" if made else ""
        status.show(f"{len(by_stem)} of {len(jobs)} clips{left}", len(by_stem) / len(jobs))
    status.close()
    return [by_stem[job.stem] for job in jobs]


def report(
    outcomes: Sequence[Outcome], clips: Sequence[ListedClip], notes: Sequence[str] = ()
) -> str:
    """The text of `report.txt`: what failed, what is odd, which classes are empty."""
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    odd = [outcome for outcome in outcomes if outcome.state != "failed" and outcome.notes]
    lines = [f"{len(outcomes)} clips, {len(failed)} failed, {len(odd)} odd", *notes]
    labelled = {clip.label for clip in clips if clip.label is not None}
    absent = [name for index, name in enumerate(LABELS) if index not in labelled]
    if labelled and absent:
        lines.append(f"no clip of {', '.join(absent)}")
    for title, members in (("failed", failed), ("odd", odd)):
        if members:
            lines += ["", f"{title}:"]
            lines += [f"{o.stem}: {'; '.join(o.notes)}" for o in members]
    return "\n".join(lines) + "\n"


def _conclude(outcomes: Sequence[Outcome], folder: Path) -> int:
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    if len(failed) == len(outcomes):
        first = failed[0]
        raise DataError(
            f"none of the {len(outcomes)} clips can be prepared; {first.stem}: {first.notes[0]}"
        )
    made = sum(outcome.state == "made" for outcome in outcomes)
    sys.stdout.write(
        f"{len(outcomes) - len(failed)} clips in {folder} ({made} made now), {len(failed)} failed; "
        f"see {folder / REPORT}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
