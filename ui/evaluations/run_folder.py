"""Finished evaluations (`RUN/` of `python -m training.evaluate`) as the app reads them.

Only the files that the contract names are read; metrics are taken from `summary.json`, scores
from `predictions.parquet`, a clip's analysis from its folder. Everything is joined by stem.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.classification.ensemble import FUSED, EnsembleSettings, decide, fuse_umt, score_views
from pipeline.elements import LABELS, NUM_CLASSES, class_index
from pipeline.errors import InputError
from pipeline.types import ModelScores, Verdict
from ui.language.tables import say

PLACES = "RINKSIDE_RUNS"
"""Environment variable: folders with evaluations, besides those that ship."""
NEEDED = ("summary.json", "predictions.parquet")
VIDEO_FOLDERS = ("test_videos", "train_videos", "videos", ".")
"""Where in a data set the videos may lie."""
ENDINGS = (".mp4", ".MP4")
"""Of a clip's video, the challenge's first."""


class EvaluationError(InputError):
    """A folder that holds no readable evaluation."""


@dataclass(frozen=True)
class Evaluated:
    """One clip of an evaluation."""

    stem: str
    """Its name."""
    label: int
    """Its true class."""
    scores: Mapping[str, ModelScores]
    """Every network and the fused Unmasked Teacher; empty when it could not be analysed."""
    verdict: Verdict | None
    """The ensemble's; None without all three models."""

    def says(self, voter: str) -> int | None:
        """The class that a model or an ensemble gives it."""
        if voter in self.scores:
            return self.scores[voter].class_index
        if self.verdict is None:
            return None
        if voter == "vote":
            return class_index(self.verdict.vote.label)
        return int(self.verdict.weighted.argmax()) if voter == "weighted" else None

    def probability(self, voter: str) -> float | None:
        """How sure it is of that class; None for a vote."""
        if voter in self.scores:
            return self.scores[voter].probability
        return (
            None if self.verdict is None or voter == "vote" else float(self.verdict.weighted.max())
        )


@dataclass(frozen=True)
class DataSource:
    """The data set that was evaluated, as far as its evaluation tells."""

    name: str = ""
    """Of its folder; empty when unknown."""
    simulated: bool | None = None
    """Whether its clips were drawn by a program; None when unknown."""
    folders: tuple[Path, ...] = ()
    """Where it may lie, the likeliest first."""


@dataclass(frozen=True)
class Evaluation:
    """One finished evaluation."""

    folder: Path
    """Where it lies."""
    summary: Mapping[str, Any]
    """The content of `summary.json`."""
    clips: tuple[Evaluated, ...]
    """Those whose class is known, by stem."""
    table: str
    """The text of `table.md`; empty without one."""
    data: DataSource = DataSource()
    """What was evaluated."""

    @property
    def title(self) -> str:
        """What it calls itself."""
        return str(self.summary.get("title", self.folder.name))

    @property
    def profile(self) -> str:
        """The profile that it was made with; the default one where it does not tell."""
        return str(self.summary.get("profile", "demo"))

    def clip(self, stem: str) -> Evaluated | None:
        """A clip by its name."""
        return next((clip for clip in self.clips if clip.stem == stem), None)

    @property
    def voters(self) -> tuple[str, ...]:
        """Models and ensembles that have metrics: the ensembles first."""
        return (*self.summary["ensemble"], *self.summary["models"])

    def metrics(self, voter: str) -> Mapping[str, Any]:
        """The metrics of a model or an ensemble."""
        found: Mapping[str, Any] = {**self.summary["models"], **self.summary["ensemble"]}[voter]
        return found

    def confusion(self, voter: str) -> NDArray[np.int64]:
        """`(28, 28)` clips by true class (rows) and given class (columns)."""
        counts = np.zeros((NUM_CLASSES, NUM_CLASSES), dtype=np.int64)
        for clip in self.clips:
            said = clip.says(voter)
            if said is not None:
                counts[clip.label, said] += 1
        return counts

    def of_cell(self, voter: str, true: int, said: int) -> list[Evaluated]:
        """The clips of one cell of the confusion matrix, in the order of `mistakes`."""
        return _surest_first(
            voter, (c for c in self.clips if c.label == true and c.says(voter) == said)
        )

    def mistakes(self, voter: str) -> list[Evaluated]:
        """Misclassified clips, those that the voter was surest of first."""
        return _surest_first(voter, (c for c in self.clips if c.says(voter) != c.label))

    def analysis_folder(self, stem: str) -> Path | None:
        """Where a clip's analysis lies; None when it was not kept or the name leads elsewhere."""
        folder = self.folder / "analyses" / stem
        kept = _inside(folder, self.folder) and (folder / "analysis.json").is_file()
        return folder if kept else None

    def video(self, stem: str, named: Path | None = None) -> Path | None:
        """A clip's video: in the evaluation's folder, or in that of the data set.

        Args:
            stem: Which clip.
            named: A data set, or a folder of videos, to look into first.
        """
        places = (*([named] if named else []), self.folder, *self.data.folders)
        return next((video for place in places if (video := video_in(place, stem))), None)


def _surest_first(voter: str, clips: Iterable[Evaluated]) -> list[Evaluated]:
    return sorted(clips, key=lambda clip: -(clip.probability(voter) or 0.0))


def video_in(place: Path, stem: str) -> Path | None:
    """A clip's video in a data set, or in a folder of videos; None where it is not."""
    named = (place / part / f"{stem}{ending}" for part in VIDEO_FOLDERS for ending in ENDINGS)
    return next((video for video in named if video.is_file() and _inside(video, place)), None)


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def evaluation_folders(shipped: Path) -> list[Path]:
    """Evaluations that ship with the app, and those below the folders named in `RINKSIDE_RUNS`."""
    named = [Path(entry) for entry in os.environ.get(PLACES, "").split(os.pathsep) if entry]
    found = []
    for place in (shipped, *named):
        candidates = [place, *sorted(place.iterdir())] if place.is_dir() else []
        found += [folder for folder in candidates if is_evaluation(folder)]
    return found


def is_evaluation(folder: Path) -> bool:
    """Whether a folder has the files of an evaluation."""
    return all((folder / name).is_file() for name in NEEDED)


def read_evaluation(folder: Path) -> Evaluation:
    """Read an evaluation; a second look at the same files costs nothing.

    Raises:
        EvaluationError: There is none, or it is damaged.
    """
    try:
        missing = [name for name in NEEDED if not (folder / name).is_file()]
        if missing:
            name = folder.name or folder
            raise EvaluationError(say("error_evaluation_none", name=name, missing=missing[0]))
        stamps = tuple((folder / name).stat().st_mtime_ns for name in NEEDED)
    except OSError as error:  # it may not be entered, or its name is too long
        detail = error.strerror
        raise EvaluationError(
            say("error_evaluation_damaged", name=folder.name, detail=detail)
        ) from error
    return _read(folder, stamps)


@lru_cache(maxsize=8)
def _read(folder: Path, _stamps: tuple[int, ...]) -> Evaluation:
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        _check_figures(summary)
        table = pd.read_parquet(folder / "predictions.parquet")
        clips, data = _clips(table), _data_source(folder, summary)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, LookupError) as error:
        raise EvaluationError(
            say("error_evaluation_damaged", name=folder.name, detail=error)
        ) from error
    text = folder / "table.md"
    described = text.read_text(encoding="utf-8") if text.is_file() else ""
    return Evaluation(folder, summary, clips, described, data)


def _check_figures(summary: Mapping[str, Any]) -> None:
    summary["per_class"].items()
    for voter, metrics in [*summary["models"].items(), *summary["ensemble"].items()]:
        for name in ("mean_class_accuracy", "top1", "macro_f1", "ece"):
            if not isinstance(metrics.get(name), int | float | None):
                raise ValueError(f"{voter}: {name} is not a number")


def _data_source(folder: Path, summary: Mapping[str, Any]) -> DataSource:
    """From `summary.json`, and the place that `run.json` names."""
    told = summary.get("data") or {}
    places = [folder / told["folder"]] if told.get("folder") else []
    run = folder / "run.json"
    if run.is_file() and (named := json.loads(run.read_text(encoding="utf-8")).get("data")):
        places.append(Path(named))
    return DataSource(str(told.get("name", "")), told.get("simulated"), tuple(places))


def _clips(table: pd.DataFrame) -> tuple[Evaluated, ...]:
    settings = EnsembleSettings()
    found = []
    for stem, rows in table.groupby("stem", sort=True):
        label = _label(rows["label"].iloc[0])
        if label is None:
            continue
        logits = {
            str(model): np.stack(views.sort_values("view")["logits"].to_list()).astype(np.float32)
            for model, views in rows.dropna(subset=["model"]).groupby("model")
        }
        scores = {name: score_views(name, x) for name, x in logits.items()}
        variants = [scores[name] for name in sorted(scores) if name.startswith("umt_")]
        if variants:
            scores["umt"] = fuse_umt(variants, settings.umt_fusion)
        complete = all(name in scores for name in FUSED)
        verdict = decide(scores, settings) if complete else None
        found.append(Evaluated(str(stem), label, scores, verdict))
    return tuple(found)


def _label(value: Any) -> int | None:
    """A class index from a number or a name; None where it is not known."""
    if value is None or value != value:  # NaN
        return None
    if isinstance(value, str):
        return class_index(value)
    index = int(value)
    if not 0 <= index < NUM_CLASSES:
        raise ValueError(f"label {index} is not in 0..{NUM_CLASSES - 1}")
    return index


def class_accuracies(evaluation: Evaluation, voter: str) -> pd.DataFrame:
    """A row a class that occurs: `class`, `clips`, `accuracy`."""
    counts = evaluation.confusion(voter)
    of_class = np.bincount([clip.label for clip in evaluation.clips], minlength=NUM_CLASSES)
    return pd.DataFrame(
        [
            {
                "class": LABELS[index],
                "clips": int(of_class[index]),
                "accuracy": counts[index, index] / of_class[index],
            }
            for index in np.flatnonzero(of_class).tolist()
        ]
    )
