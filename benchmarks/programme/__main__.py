"""How well the elements of whole programmes and uncut clips are found.

    python -m benchmarks.programme --seeds 500000-500011 --minutes 3.5 --out RUN
    python -m benchmarks.programme --programmes DIR... --out RUN
    python -m benchmarks.programme --clips DIR --seen seen.csv --out RUN
    python -m benchmarks.programme --labels jumps.csv --videos DIR --out RUN

The first two measure programmes of the simulated rink with their truth, the third real clips in
which a person saw one jump or none, the last real programmes with the labels of others. They may be
given together. RUN/table.md and RUN/summary.json hold the figures; `--docs PAGE` puts the table
between the page's marks. What is finished in RUN is not done again. Ends with 1 where a figure is
not reached.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.programme.clips import ClipOutcome, clip_videos, judge_clip, read_seen
from benchmarks.programme.follow import followed_after_cuts
from benchmarks.programme.listed import ListedElement
from benchmarks.programme.real import RealScores, real_scores
from benchmarks.programme.real_labels import find_videos, read_labels
from benchmarks.programme.runs import Cost, Refused, Runner
from benchmarks.programme.scores import ProgrammeCounts, count, scores
from benchmarks.programme.shots import AfterCuts, cut_counts, kinds_right_s
from benchmarks.programme.table import (
    Row,
    clip_rows,
    clip_table,
    cost_rows,
    detail_table,
    goal_table,
    real_table,
    score_rows,
    shot_rows,
)
from benchmarks.programme.truth import TrueProgramme, read_programme
from models.atomic_files import write_text
from models.command_line import Parser, StatusLine, run_command
from pipeline.errors import ConfigError, InputError
from training.programme.metrics import Counts
from training.rink.__main__ import main as rink

BEGIN, END = "<!-- figures: written by benchmarks.programme -->", "<!-- end of figures -->"
"""Marks of a page between which the table stands."""


class Report:
    """Collects tables and numbers."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.tables: list[str] = []
        self.content: dict[str, Any] = {}

    def text(self) -> str:
        """All tables, that of the goals first."""
        goals = [goal_table(self.rows)] if self.rows else []
        return "\n\n".join([*goals, *self.tables]) + "\n"


def measure_rink(
    programmes: Sequence[TrueProgramme], runner: Runner, report: Report, status: StatusLine
) -> None:
    """Find what is in rendered programmes, and hold it against their truth."""
    counts: list[ProgrammeCounts] = []
    cuts, after, costs, kinds_s = Counts(), AfterCuts(), [], 0.0
    for number, one in enumerate(programmes):
        status.show(f"programme {one.name}", number / len(programmes))
        found = runner.programme(one.name, one.video)
        listed = [ListedElement.of_found(element) for element in found.programme.elements]
        counts.append(count(one.name, one.video_s, listed, one.elements))
        cuts += cut_counts(found.programme.shots, one.shots)
        kinds_s += kinds_right_s(found.programme.shots, one.shots)
        after += followed_after_cuts(found, one)
        if found.cost is not None:
            costs.append((one.video_s, found.cost))
    figures = scores(counts)
    report.rows += score_rows(figures) + shot_rows(cuts, after)
    if costs:
        report.rows += cost_rows(costs)
    kinds = kinds_s / sum(one.video_s for one in programmes)
    report.tables.append(detail_table(figures, kinds))
    report.content["rink"] = asdict(figures) | {
        "cuts": asdict(cuts),
        "after_cuts": asdict(after),
        "kinds": kinds,
        "programmes": [_told(one, costs[n][1] if costs else None) for n, one in enumerate(counts)],
    }


def _told(counts: ProgrammeCounts, cost: Cost | None) -> dict[str, Any]:
    return {
        "name": counts.name,
        "video_s": counts.video_s,
        "f1_50": counts.labelled[50].f1,
        "f1_50_without_class": counts.unlabelled[50].f1,
        "jumps": asdict(counts.jumps),
        "edit": counts.edit,
        "false": counts.false,
        "cost": None if cost is None else asdict(cost),
    }


def measure_clips(folder: Path, seen: Path, runner: Runner, report: Report) -> None:
    """Find what is in real clips, and hold it against what a person saw."""
    jumps = read_seen(seen)
    outcomes: list[ClipOutcome] = []
    for path in clip_videos(folder, jumps):
        seen_jump = jumps.get(path.name)
        try:
            found = runner.programme(path.stem, path).programme
            outcomes.append(judge_clip(path.name, found, seen_jump))
        except Refused:  # nobody is in view, for instance
            outcomes.append(ClipOutcome(path.name, seen_jump, ()))
    report.rows += clip_rows(outcomes)
    report.tables.append(clip_table(outcomes))
    report.content["clips"] = [asdict(outcome) for outcome in outcomes]


def measure_real(
    labels: Path, videos: Path, runner: Runner, report: Report, status: StatusLine
) -> None:
    """Find what is in the labelled real programmes whose videos are there."""
    programmes = read_labels(labels)
    there, absent = find_videos(programmes, videos)
    if not there:
        raise InputError(f"{videos}: holds none of the {len(programmes)} programmes of {labels}")
    if absent:
        names = ", ".join(absent[:5]) + (", ..." if len(absent) > 5 else "")
        status.say(f"{len(absent)} of {len(programmes)} programmes have no video there: {names}")
    read = []
    for number, one in enumerate(there):
        status.show(f"programme {one.programme.name}", number / len(there))
        found = runner.programme(one.programme.name, one.path, *one.options())
        read.append((one, found.programme))
    figures: RealScores = real_scores(read)
    report.tables.append(real_table(figures))
    report.content["real"] = asdict(figures) | {"absent": absent}


def rendered(first: int, last: int, minutes: float, out: Path) -> list[TrueProgramme]:
    """Programmes of some seeds as broadcasts show them, rendered where they are not there.

    Raises:
        InputError: One cannot be rendered; why has been said.
    """
    folders = [out / "programmes" / str(seed) for seed in range(first, last + 1)]
    for seed, folder in zip(range(first, last + 1), folders, strict=True):
        arguments = ["program", "--out", str(folder), "--seed", str(seed)]
        picture = ["--size", "1280x720", "--fps", "25"]
        if rink([*arguments, "--minutes", f"{minutes:g}", *picture]):
            raise InputError(f"{folder}: could not be rendered")
    return [read_programme(folder) for folder in folders]


def put_between_marks(page: Path, table: str) -> None:
    """Replace what stands between the marks of a page.

    Raises:
        InputError: The page has no marks.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise InputError(f"{page}: has no {BEGIN} with {END} after it")
    write_text(page, f"{before}{BEGIN}\n\n{table}\n{END}{after}")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m benchmarks.programme",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--programmes", type=Path, nargs="+", metavar="DIR", help="rendered before")
    parser.add_argument("--seeds", metavar="FIRST-LAST", help="rendered if need be")
    parser.add_argument("--minutes", type=float, default=3.5, help="of rendered programmes")
    parser.add_argument("--clips", type=Path, metavar="DIR", help="real clips, *.mp4")
    parser.add_argument("--seen", type=Path, metavar="CSV", help="file,takeoff_s,landing_s,kind")
    parser.add_argument("--labels", type=Path, metavar="CSV", help="of real programmes")
    parser.add_argument("--videos", type=Path, metavar="DIR", help="of the labelled programmes")
    parser.add_argument("--found", type=Path, metavar="DIR", help="DIR/NAME: found before")
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--docs", type=Path, metavar="PAGE", help="gets the table")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 0 reached, 1 missed, 2 bad input, 130 interrupted."""
    parsed = _parser().parse_args(arguments)
    status = StatusLine()
    return run_command(
        lambda: _run(parsed, status), status, interrupted="interrupted; the same command goes on"
    )


def _seeds(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    try:
        return int(first), int(last or first)
    except ValueError:
        raise ConfigError(f"--seeds {text}: expected FIRST-LAST, such as 500000-500011") from None


def _run(parsed: argparse.Namespace, status: StatusLine) -> int:
    for one, other in (("clips", "seen"), ("labels", "videos")):
        if (getattr(parsed, one) is None) != (getattr(parsed, other) is None):
            raise ConfigError(f"--{one} and --{other} go together")
    runner = Runner(parsed.out, parsed.profile, parsed.found)
    report = Report()
    programmes = [read_programme(folder) for folder in parsed.programmes or ()]
    if parsed.seeds:
        programmes += rendered(*_seeds(parsed.seeds), parsed.minutes, parsed.out)
    if programmes:
        measure_rink(programmes, runner, report, status)
    if parsed.clips:
        measure_clips(parsed.clips, parsed.seen, runner, report)
    if parsed.labels:
        measure_real(parsed.labels, parsed.videos, runner, report, status)
    if not report.content:
        raise ConfigError("give --programmes, --seeds, --clips or --labels")
    status.close()
    parsed.out.mkdir(parents=True, exist_ok=True)
    write_text(parsed.out / "table.md", report.text())
    rows = [asdict(row) | {"reached": row.reached} for row in report.rows]
    summary = json.dumps(report.content | {"rows": rows}, indent=1)
    write_text(parsed.out / "summary.json", summary + "\n")
    print(report.text(), end="")
    if parsed.docs:
        put_between_marks(parsed.docs, report.text())
    return 0 if all(row.reached for row in report.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
