"""`metrics.jsonl`: one JSON object a line, cut back to the checkpoint that a run continues from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from models.atomic_files import write_text
from training.engine.checkpoints import writing

FILE = "metrics.jsonl"


class Records:
    """The metrics of one run.

    Args:
        run: Its folder.
        step: Records of later steps are dropped: they will be written again.
        active: False in all processes but the main one, which then write nothing.
    """

    def __init__(self, run: Path, *, step: int, active: bool = True) -> None:
        self._path = run / FILE
        self._active = active
        if active:
            kept = [record for record in read_records(run) if record["step"] <= step]
            self._rewrite(kept)

    def write(self, kind: str, values: Mapping[str, float | int | None]) -> None:
        """Append a record; `kind` is `train` or `eval`, `values` holds `step`.

        Raises:
            TrainingError: The disk is full.
        """
        if self._active:
            line = json.dumps({"kind": kind, **values}) + "\n"
            with self._writing(), self._path.open("a", encoding="utf-8") as file:
                file.write(line)

    def _rewrite(self, records: list[dict[str, Any]]) -> None:
        with self._writing():
            write_text(self._path, "".join(json.dumps(r) + "\n" for r in records))

    def _writing(self) -> AbstractContextManager[None]:
        return writing(self._path, remedy="free some space and continue with --resume")


def read_records(run: Path) -> list[dict[str, Any]]:
    """All records of a run; a line that a kill cut short is left out."""
    path = run / FILE
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
    # Whatever follows the last newline was not written to its end.
    return [json.loads(line) for line in lines[:-1]]
