"""The analyses of a data set: a folder a clip, made once, each whole or not at all.

`RUN/analyses/<stem>/` holds what `python -m pipeline analyze` writes, `RUN/clips.parquet` what an
answer may depend on; `RUN/run.json` says with which settings and weights, so that two evaluations
are never mixed. A killed run goes on with the clips that are missing; several processes may share
the work, each with its `Share`.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laboratory.table.facts import FILE as FACTS
from laboratory.table.facts import facts_of, write_facts
from models.command_line import StatusLine, readable_time
from pipeline.analyser import Analyser
from pipeline.errors import ConfigError, StoreError
from pipeline.storage.analysis_files import load, save
from pipeline.types import Analysis
from training.data.challenge import DataError
from training.data.failures import failure_of
from training.data.stems import stem_path
from training.engine.checkpoints import write_json, writing
from training.evaluation.clips import ListedClip
from training.evaluation.predictions import ClipPredictions

RUN_FILE = "run.json"
FOLDER = "analyses"
FAILED = "failed_clips.txt"


@dataclass(frozen=True)
class Share:
    """The part of the clips that this process analyses: every n-th."""

    index: int = 0
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Share:
        """From `"0/8"`; ConfigError when it is something else."""
        index, _, count = text.partition("/")
        if not (index.isdecimal() and count.isdecimal() and int(index) < int(count)):
            raise ConfigError(f"--shard {text}: expected I/N with I from 0 to N - 1, such as 0/8")
        return cls(int(index), int(count))


class AnalysisRun:
    """The analyses of one evaluation.

    Args:
        folder: RUN.
        about: What decides the analyses; a folder with another `about` is refused.

    Raises:
        ConfigError: The folder holds another evaluation.
        TrainingError: It cannot be written.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        self._folder = folder
        self._of_all = {"split": str(about["split"])} if "split" in about else {}
        known = _read_json(folder / RUN_FILE)
        wanted = json.loads(json.dumps(about))
        differing = [key for key in wanted if known is not None and known.get(key) != wanted[key]]
        if differing:
            raise ConfigError(
                f"{folder}: holds an evaluation with another {', '.join(differing)}; "
                "choose another --out or delete the folder"
            )
        with writing(folder, remedy="choose another --out"):
            folder.mkdir(parents=True, exist_ok=True)
            if known is None:
                write_json(wanted, folder / RUN_FILE)

    def analyse(
        self, clips: Sequence[ListedClip], analyser: Analyser, share: Share, status: StatusLine
    ) -> tuple[list[ClipPredictions], dict[str, str]]:
        """Analyse what is missing.

        Returns:
            Predictions of every clip of the share, and the reason of each that failed.

        Raises:
            InputError: Nothing can be analysed: settings, weights or the disk are to blame.
        """
        predictions, failed = [], {}
        facts: dict[str, dict[str, Any]] = {}
        mine = clips[share.index :: share.count]
        began, computed = time.monotonic(), 0
        for done, clip in enumerate(mine):
            rest = (time.monotonic() - began) / max(computed, 1) * (len(mine) - done)
            left = f", about {readable_time(rest)} left" if computed else ""
            status.show(f"clip {done + 1} of {len(mine)}, {clip.stem}{left}", done / len(mine))
            analysis = None
            try:
                analysis = self._known(clip)
                if analysis is None:
                    computed += 1
                    analysis = self._make(clip, analyser)
            except Exception as error:  # one strange clip must not end a night's work
                failed[clip.stem] = failure_of(error)
            if analysis is not None:
                facts[clip.stem] = {**facts_of(analysis), **self._of_all}
            predictions.append(_predictions(clip, analysis))
        status.close()
        self._report(failed, len(mine), status)
        if share.count == 1:  # a process that has a part of the clips would leave only its own
            with writing(self._folder / FACTS, remedy="free some space and run the command again"):
                write_facts(facts, self._folder / FACTS)
        return predictions, failed

    def _known(self, clip: ListedClip) -> Analysis | None:
        """The analysis of a clip, if it was made from the same bytes."""
        folder = stem_path(self._folder / FOLDER, clip.stem)
        if not (folder / "analysis.json").is_file():
            return None
        try:
            analysis = load(folder)
        except StoreError:
            return None  # damaged: it is made again
        return analysis if analysis.video.sha256 == _sha256(clip.video) else None

    def _make(self, clip: ListedClip, analyser: Analyser) -> Analysis:
        if not os.path.isfile(clip.video):  # False too for what is no possible name
            raise DataError(f"{clip.video}: there is no such file")
        analysis = analyser.analyse(clip.video)
        save(analysis, stem_path(self._folder / FOLDER, clip.stem))
        return analysis

    def _report(self, failed: Mapping[str, str], total: int, status: StatusLine) -> None:
        listed = self._folder / FAILED
        with writing(listed, remedy="free some space and run the command again"):
            if not failed:
                listed.unlink(missing_ok=True)
                return
            text = "".join(f"{stem}: {why}\n" for stem, why in sorted(failed.items()))
            listed.write_text(text, encoding="utf-8", errors="backslashreplace")
        stem, why = min(failed.items())
        if len(failed) == total:
            raise DataError(f"none of the {total} clips can be analysed; {stem}: {why}")
        status.say(f"{len(failed)} of {total} clips failed; {stem}: {why}; all in {listed}")


def _predictions(clip: ListedClip, analysis: Analysis | None) -> ClipPredictions:
    scores = {} if analysis is None else analysis.scores
    return ClipPredictions(
        clip.stem, clip.label, {name: model.logits for name, model in scores.items()}
    )


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); delete the folder") from error
    return content
