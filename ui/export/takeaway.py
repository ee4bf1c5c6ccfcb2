"""Files to take away, made when they are asked for; and analyses brought back."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.drawing.overlay import write_overlay
from pipeline.errors import InputError
from pipeline.storage.analysis_files import save
from pipeline.storage.export import (
    pack,
    unpack,
    write_coco,
    write_frames_csv,
    write_measurements_csv,
)
from pipeline.types import Analysis
from pipeline.video.writer import replaced_when_done
from ui.export.report import report
from ui.language.tables import say
from ui.runs import Run, RunStore

FORMATS = ("report", "zip", "scores", "measured", "frames", "coco", "json", "clip", "mp4")
"""What can be taken away; `mp4` takes the longest, so it comes last."""
CHOSEN = ("report", "zip", "scores", "measured", "frames", "coco")
"""What is made unless the visitor chooses otherwise."""


def stem_of(run: Run) -> str:
    """The clip's name without its ending, fit for the name of a file."""
    plain = re.sub(r"[^\w.-]+", "_", Path(run.title).stem).strip("._")
    return plain[:60] or "clip"


def make_files(run: Run, formats: Sequence[str]) -> list[str]:
    """Make the chosen files of a finished run and return their paths.

    Inputs: run, formats. Outputs: paths.

    Raises:
        InputError: The clip is not here, or the disk is full.
    """
    assert run.analysis is not None
    folder = run.folder / "take-away"
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in (name for name in FORMATS if name in formats):
        made += _MAKERS[name](run, run.analysis, folder / stem_of(run))
    return [str(path) for path in made]


def _report(run: Run, analysis: Analysis, stem: Path) -> list[Path]:
    return [_written(stem.with_name(stem.name + "_report.html"), report(analysis, run.own_call))]


def _zip(_run: Run, analysis: Analysis, stem: Path) -> list[Path]:
    return [_written(stem.with_name(stem.name + "_analysis.zip"), pack(analysis))]


def _clip(_run: Run, analysis: Analysis, stem: Path) -> list[Path]:
    packed = pack(analysis, clip=True)
    return [_written(stem.with_name(stem.name + "_analysis_and_clip.zip"), packed)]


def _measured(_run: Run, analysis: Analysis, stem: Path) -> list[Path]:
    path = stem.with_name(stem.name + "_measurements.csv")
    write_measurements_csv(analysis, path)
    return [path]


def _frames(_run: Run, analysis: Analysis, stem: Path) -> list[Path]:
    path = stem.with_name(stem.name + "_frames.csv")
    write_frames_csv(analysis, path)
    return [path]


def _coco(_run: Run, analysis: Analysis, stem: Path) -> list[Path]:
    path = stem.with_name(stem.name + "_coco_keypoints.json")
    write_coco(analysis, path)
    return [path]


def _scores(run: Run, analysis: Analysis, _stem: Path) -> list[Path]:
    return [_saved(run, analysis) / "scores.csv"]


def _json(run: Run, analysis: Analysis, _stem: Path) -> list[Path]:
    folder = _saved(run, analysis)
    return [folder / "analysis.json", folder / "arrays.npz"]


def _mp4(run: Run, analysis: Analysis, stem: Path) -> list[Path]:
    path = stem.with_name(stem.name + "_overlay.mp4")
    if not path.is_file():
        write_overlay(analysis, path, stop_asked=None)
    return [path]


_MAKERS: dict[str, Callable[[Run, Analysis, Path], list[Path]]] = {
    "report": _report,
    "zip": _zip,
    "scores": _scores,
    "measured": _measured,
    "frames": _frames,
    "coco": _coco,
    "json": _json,
    "clip": _clip,
    "mp4": _mp4,
}


def _saved(run: Run, analysis: Analysis) -> Path:
    folder = run.folder / "analysis"
    save(analysis, folder)
    return folder


def _written(path: Path, content: str | bytes) -> Path:
    data = content.encode("utf-8") if isinstance(content, str) else content
    with replaced_when_done(path) as scratch:
        scratch.write_bytes(data)
    return path


def open_saved(paths: Sequence[str], runs: RunStore, visitor: str) -> tuple[str, str]:
    """Open what a visitor took away before.

    Inputs: uploaded files, the server's runs, the visitor. Outputs: a sentence, run id.

    Raises:
        InputError: It is no analysis, of another version, damaged, or has another clip.
    """
    folder = Path(tempfile.mkdtemp(prefix="rinkside-opened-"))
    try:
        analysis = unpack([Path(path) for path in paths], folder)
    except InputError:
        _empty(folder)
        raise
    run = runs.adopt(visitor, analysis)
    _empty(run.folder)
    run.folder = folder  # goes with the run
    key = "open_done" if Path(analysis.video.path).is_file() else "open_without_clip"
    return say(key, name=run.title, profile=analysis.profile), run.run_id


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
