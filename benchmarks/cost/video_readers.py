"""Which library should read video: `python -m benchmarks.cost.video_readers`.

Small clips with burnt-in frame numbers are made on the spot. The three readers of a profile read
them, and so do decord and OpenCV alone, as their own documentation suggests, without the checks
that our readers add. A reader has a process of its own, whose imports do not count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.cost import reading
from benchmarks.cost.reading import ALONE, PROFILE, READERS
from models.command_line import Parser
from tests.encodings import MADE, Encodings
from tests.encodings import RECIPES as ENCODINGS
from tests.videos import H264, PLAIN, RECIPES, Recipe, Shelf, cut, run_ffmpeg

OUT = Path("out/benchmarks/video_readers.json")
TRIMMED = "trimmed.mp4"
BROKEN_OFF = "broken_off.mp4"
CHANGED = (TRIMMED, BROKEN_OFF)
EXACT = "exact"

Verdicts = dict[str, dict[str, dict[str, str]]]
"""File -> reader -> way of reading -> what became of the frames."""


@dataclass(frozen=True)
class File:
    """A clip whose frames are known."""

    name: str
    path: Path
    numbers: Sequence[int]
    """Burnt into its frames, in order."""
    whole: bool = True
    """Whether all of its frames are there."""

    @property
    def sought(self) -> list[int]:
        """Places of the frames that are read each by itself."""
        last = len(self.numbers) if self.whole else 40
        return list(range(3, last, 7)) or [0]


def usual_files(shelf: Shelf) -> list[File]:
    """Those of `tests/videos.py`, one cut out of a stream, and one that broke off."""
    keyed = shelf.make("keyed.mp4", replace(PLAIN, frames=120, encoder=(*H264, "-g", "24")))
    trimmed, broken_off = (shelf.folder / name for name in CHANGED)
    run_ffmpeg("-ss", "1.5", "-i", keyed, "-t", "1", "-c", "copy", trimmed)
    first = replace(PLAIN, frames=90, output=("-movflags", "+faststart"))
    cut(shelf.make("index_first.mp4", first), broken_off, 0.6)
    return [
        *(File(name, shelf[name], range(recipe.frames)) for name, recipe in RECIPES.items()),
        File(TRIMMED, trimmed, range(45, 77)),
        File(BROKEN_OFF, broken_off, range(90), whole=False),
    ]


def encoded_files(files: Encodings) -> list[File]:
    """Those of `tests/encodings.py`."""
    return [File(name, files[name], files.numbers(name)) for name in (*ENCODINGS, *MADE)]


def exactness(files: Sequence[File]) -> Verdicts:
    """What every reader gives of the frames in order, and of those sought one by one."""
    found: Verdicts = {file.name: {} for file in files}
    for reader in (*PROFILE, *ALONE):
        asked = [{"path": str(file.path), "sought": file.sought} for file in files]
        given = _in_child("frames", reader, asked)
        for file, (in_order, sought, colours) in zip(files, given, strict=True):
            expected = list(file.numbers)
            wanted = [expected[place] for place in file.sought]
            verdict = {
                "in order": _verdict(in_order, expected),
                "sought": _verdict(sought, wanted),
            }
            if colours and EXACT in verdict.values():
                verdict = {
                    way: f"{what}, colours off by {colours}" for way, what in verdict.items()
                }
            found[file.name][reader] = verdict
    return found


def _verdict(numbers: list[int] | str, expected: list[int]) -> str:
    if isinstance(numbers, str):
        return numbers
    if numbers == expected:
        return EXACT
    if not numbers:
        return "nothing"
    if len(numbers) != len(expected):
        which = "all" if numbers == expected[: len(numbers)] else "not all"
        return f"{len(numbers)} frames for {len(expected)}, {which} right"
    right = sum(got == number for got, number in zip(numbers, expected, strict=True))
    return f"{right} of {len(expected)} right"


@dataclass(frozen=True)
class Cost:
    """Of reading one clip."""

    cpu_s: float
    """Of all threads, from opening the file to the last frame; the least of a few runs."""
    wall_s: float
    """Of the same run."""
    peak_mib: float
    """Largest resident memory of the process."""
    frames: int
    """How many were asked for."""


def costs(shelf: Shelf) -> dict[str, dict[str, Cost]]:
    """Reader -> task -> cost, on H.264 at 29.97 frames a second, with noise."""

    def clip(width: int, height: int) -> Recipe:
        noise = "noise=alls=8:all_seed=1"
        usual = RECIPES["ntsc.mp4"]
        return replace(usual, frames=300, width=width, height=height, filters=noise)

    small = shelf.make("720p.mp4", clip(1280, 720))
    large = shelf.make("1080p.mp4", clip(1920, 1080))
    minute = shelf.folder / "minute.mp4"
    run_ffmpeg("-stream_loop", "5", "-i", small, "-c", "copy", minute)
    some = sorted(np.random.default_rng(0).choice(300, 16, replace=False).tolist())
    tasks: dict[str, tuple[Path, list[int] | None]] = {
        "720p": (small, None), "1080p": (large, None), "16 of 300": (small, some),
        "one at 0:30": (minute, [899]),
    }  # fmt: skip
    return {
        reader: {task: _cost(reader, *clip_and_places) for task, clip_and_places in tasks.items()}
        for reader in READERS
    }


def _cost(reader: str, path: Path, wanted: list[int] | None) -> Cost:
    asked = {"path": str(path), "wanted": wanted}
    runs = [Cost(*_in_child("cost", reader, asked)) for _ in range(3)]
    return min(runs, key=lambda run: run.cpu_s)


def _in_child(what: str, reader: str, asked: object) -> Any:
    job = json.dumps({"what": what, "reader": reader, "asked": asked})
    command = [sys.executable, "-m", "benchmarks.cost.reading"]
    done = subprocess.run(command, input=job, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{reader}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def exactness_table(found: Verdicts) -> str:
    """As Markdown; one word where both ways of reading agree."""
    readers = list(next(iter(found.values())))
    rows = [f"| file | {' | '.join(readers)} |", f"|---|{'---|' * len(readers)}"]
    for name, by_reader in found.items():
        cells = [
            next(iter(verdict.values()))
            if len(set(verdict.values())) == 1
            else "; ".join(f"{way}: {what}" for way, what in verdict.items())
            for verdict in by_reader.values()
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def summary_table(found: Iterable[Verdicts]) -> str:
    """Files by what a reader gives of them, as Markdown."""
    counted: Mapping[str, Counter[str]] = {reader: Counter() for reader in (*PROFILE, *ALONE)}
    for verdicts in found:
        for by_reader in verdicts.values():
            for reader, verdict in by_reader.items():
                counted[reader][_kind(verdict)] += 1
    kinds = (EXACT, "refused", "wrong or missing frames")
    rows = [f"| reader | {' | '.join(kinds)} |", "|---|---|---|---|"]
    for reader, count in counted.items():
        rows.append(f"| {reader} | {' | '.join(str(count[kind]) for kind in kinds)} |")
    return "\n".join(rows)


def _kind(verdict: Mapping[str, str]) -> str:
    said = {what.split(",")[0] for what in verdict.values()}
    if said == {EXACT}:
        return EXACT
    return "refused" if said <= {EXACT, "refused", "error"} else "wrong or missing frames"


def cost_table(measured: Mapping[str, Mapping[str, Cost]]) -> str:
    """As Markdown: CPU seconds for 1000 frames, or for the few that were asked for."""
    tasks = list(next(iter(measured.values())))
    rows = [f"| reader | {' | '.join(tasks)} | MiB at 1080p |", f"|---|{'---|' * len(tasks)}---|"]
    for reader, by_task in measured.items():
        cells = [
            f"{cost.cpu_s * (1000 / cost.frames if cost.frames == 300 else 1):.2f} s"
            for cost in by_task.values()
        ]
        memory = f"{by_task['1080p'].peak_mib:.0f}"
        rows.append(f"| {reader} | {' | '.join(cells)} | {memory} |")
    return "\n".join(rows)


def holds(found: Iterable[Verdicts]) -> bool:
    """Whether PyAV is exact on every whole file, and no reader of a profile gives wrong frames."""
    for verdicts in found:
        for name, by_reader in verdicts.items():
            kinds = {reader: _kind(by_reader[reader]) for reader in PROFILE}
            if name == BROKEN_OFF:
                continue
            if kinds.pop("pyav") != EXACT or not set(kinds.values()) <= {EXACT, "refused"}:
                return False
    return True


def main(arguments: list[str]) -> int:
    """Print the tables and keep the figures; 1 unless `holds`."""
    Parser(prog="python -m benchmarks.cost.video_readers").parse_args(arguments)
    with TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder))
        encodings = Path(folder) / "encodings"
        encodings.mkdir()
        found = [exactness(usual_files(shelf)), exactness(encoded_files(Encodings(encodings)))]
        measured = costs(shelf)
    tables = [summary_table(found), *map(exactness_table, found), cost_table(measured)]
    print("\n\n".join(tables))
    report = {
        "exactness": found[0],
        "identity": found[1],
        "costs": {
            reader: {task: asdict(cost) for task, cost in by_task.items()}
            for reader, by_task in measured.items()
        },
        "libraries": reading.versions(),
        "processors": os.cpu_count(),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0 if holds(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
