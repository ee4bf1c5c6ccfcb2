"""The full state of a run on disk: written whole or not at all, the newest kept.

A checkpoint is a folder `step-<n>` with what `accelerate` saves (weights, optimiser, loss scaler,
random generators) and `progress.json`. It is written under a hidden name and then renamed, so that
a kill or a full disk at any moment leaves the one before it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from safetensors import SafetensorError

from models.atomic_files import write_text
from models.checkpoint_files import WeightsError
from models.checkpoint_writing import reason_of
from training.engine.errors import TrainingError

_NAME = re.compile(r"^step-(\d+)$")
_TORCH_WRITER = "inline_container"
"""Names the source file in every error of torch's zip writer."""


@dataclass(frozen=True, kw_only=True)
class Position:
    """How far a run is."""

    step: int = 0
    """Optimiser steps done; with the seed it decides what comes next."""
    schedule: int = 0
    """Position in the learning-rate schedule; ahead of `step` where it was fitted to the time."""
    elapsed_s: float = 0.0
    """Spent in the run, all resumptions together."""
    best: float | None = None
    """Best value of the metric that selects."""


class RunStates:
    """The states of one run on disk, to continue from; `Checkpoint` is an entry of the manifest.

    Args:
        folder: Of the run.
        accelerator: Holds what is saved; all processes call the same methods.
    """

    def __init__(self, folder: Path, accelerator: Accelerator) -> None:
        self.folder = folder / "checkpoints"
        self._accelerator = accelerator

    def newest(self) -> Path | None:
        """The newest complete checkpoint."""
        return newest_checkpoint(self.folder.parent)

    def write(self, position: Position) -> Path:
        """Write a checkpoint and delete the older ones.

        Raises:
            TrainingError: It cannot be written; the older checkpoint is still there.
        """
        final = self.folder / f"step-{position.step}"
        draft = self.folder / f".{final.name}.part"
        with self._whole_or_nothing(draft):
            if self._accelerator.is_main_process:
                shutil.rmtree(draft, ignore_errors=True)
                draft.mkdir(parents=True)
            self._accelerator.wait_for_everyone()
            self._accelerator.save_state(str(draft))
            self._accelerator.wait_for_everyone()
            if self._accelerator.is_main_process:
                write_json(asdict(position), draft / "progress.json")
                shutil.rmtree(final, ignore_errors=True)
                draft.replace(final)
        self._tidy()
        return final

    def read(self, checkpoint: Path) -> Position:
        """Bring everything that was prepared to a checkpoint's state; returns how far it is.

        Raises:
            TrainingError: It is damaged, or of another network.
        """
        try:
            text = (checkpoint / "progress.json").read_text(encoding="utf-8")
            position = Position(**json.loads(text))
            self._accelerator.load_state(str(checkpoint))
        except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise TrainingError(
                f"{checkpoint}: cannot be continued from ({reason}); "
                "delete the folder of the run to start again"
            ) from error
        self._tidy()
        return position

    def _tidy(self) -> None:
        """Delete half-written checkpoints and all but the newest."""
        if self._accelerator.is_main_process and self.folder.is_dir():
            newest = self.newest()
            for path in self.folder.iterdir():
                if path != newest:
                    shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _whole_or_nothing(self, draft: Path) -> Iterator[None]:
        kept = self.newest()
        state = f"the newest checkpoint is {kept}" if kept else "there is no checkpoint yet"
        try:
            with writing(
                self.folder, remedy=f"{state}; free some space and continue with --resume"
            ):
                yield
        except TrainingError:
            shutil.rmtree(draft, ignore_errors=True)
            raise


def newest_checkpoint(run: Path) -> Path | None:
    """The newest complete checkpoint in the folder of a run."""
    folder = run / "checkpoints"
    found = folder.iterdir() if folder.is_dir() else ()
    steps = {int(match[1]): path for path in found if (match := _NAME.match(path.name))}
    return steps[max(steps)] if steps else None


@contextmanager
def writing(path: Path, *, remedy: str) -> Iterator[None]:
    """Turn a failed write (a full disk, mostly) into one sentence.

    Raises:
        TrainingError: Names the path, the reason and the remedy.
    """
    try:
        yield
    except (OSError, SafetensorError, WeightsError) as error:
        raise TrainingError(f"cannot write {path}: {reason_of(error)}; {remedy}") from error
    except RuntimeError as error:
        if _TORCH_WRITER not in str(error):
            raise
        raise TrainingError(f"cannot write {path}: the disk is full or broken; {remedy}") from error


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write a JSON file, whole or not at all."""
    write_text(path, json.dumps(content, indent=1) + "\n")
