"""Files that are whole or not there, whoever else writes them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from training.engine.checkpoints import write_json


def test_a_process_that_overtakes_does_not_take_the_draft_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, replace = tmp_path / "run.json", Path.replace

    def overtaken(draft: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "replace", replace)
        with monkeypatch.context() as other:
            other.setattr(os, "getpid", lambda: 1)
            write_json({"by": "the other"}, path)
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", overtaken)
    write_json({"by": "this one"}, path)
    assert json.loads(path.read_text()) == {"by": "this one"}
    assert list(tmp_path.iterdir()) == [path]
