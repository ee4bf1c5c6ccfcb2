"""`python -m benchmarks.shipped_evaluation DATA RUN`: an evaluation becomes the one that ships.

DATA is a data set of `python -m training.rink render`, RUN what `python -m training.evaluate` made
of it. Its tables and predictions go to `assets/evaluations/simulated_rink`, and of the clips that
the weighted sum got wrong the surest of every class, with video and analysis, to be looked at in
the app.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.examples import ASSETS
from models.command_line import Parser, run_command
from pipeline.errors import InputError
from pipeline.storage.analysis_files import load, save
from training.engine.checkpoints import write_json
from ui.evaluations.run_folder import Evaluated, Evaluation, read_evaluation

FILES = ("predictions.parquet", "submission.txt", "summary.json", "table.md")
MOST_BYTES = 450_000
"""Of a video; longer ones stay out."""


def ship(data: Path, run: Path, out: Path) -> list[str]:
    """Replace the evaluation in `out`; returns the stems of the clips beside it.

    Raises:
        InputError: RUN holds no evaluation, or a clip of it is gone.
    """
    evaluation = read_evaluation(run)
    if gone := [name for name in FILES if not (run / name).is_file()]:
        raise InputError(f"{run}: has no {gone[0]}; evaluate once more")
    chosen = {stem: video_of(data, stem) for stem in worth_a_look(evaluation, data)}
    analyses = {stem: load(run / "analyses" / stem) for stem in chosen}
    for name in ("videos", "analyses"):  # and nothing else: `out` may be named wrongly
        shutil.rmtree(out / name, ignore_errors=True)
    (out / "videos").mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(run / name, out / name)
    _forget_the_folder(out / "summary.json")
    for stem, video in chosen.items():
        shutil.copyfile(video, out / "videos" / video.name)
        analysis = analyses[stem]
        plain = replace(analysis.video, path=video.name)
        save(replace(analysis, video=plain), out / "analyses" / stem)
    return sorted(chosen)


def _forget_the_folder(summary: Path) -> None:
    """Of the data set, which does not ship, the name stays."""
    content = json.loads(summary.read_text(encoding="utf-8"))
    content.get("data", {}).pop("folder", None)
    write_json(content, summary)


def worth_a_look(evaluation: Evaluation, data: Path) -> list[str]:
    """Stems of the surest mistake of every class, among those whose video is small enough."""
    surest: dict[int, Evaluated] = {}
    for clip in evaluation.mistakes("weighted"):
        small = video_of(data, clip.stem).stat().st_size <= MOST_BYTES
        if small and clip.verdict is not None and evaluation.analysis_folder(clip.stem):
            surest.setdefault(clip.label, clip)
    return [clip.stem for clip in surest.values()]


def video_of(data: Path, stem: str) -> Path:
    """A clip of the test split; InputError when it is gone."""
    path = data / "test_videos" / f"{stem}.mp4"
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; DATA must be what RUN was made of")
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """0 done, 2 bad input."""
    parser = Parser(prog="python -m benchmarks.shipped_evaluation")
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument(
        "--out", type=Path, default=ASSETS / "evaluations" / "simulated_rink", metavar="DIR"
    )
    parsed = parser.parse_args(arguments)
    return run_command(lambda: _run(parsed))


def _run(parsed: argparse.Namespace) -> int:
    stems = ship(parsed.data, parsed.run, parsed.out)
    print(f"{parsed.out}: {len(stems)} clips beside it: {', '.join(stems)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
