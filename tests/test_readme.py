"""The README's Python lines run as they stand."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import pipeline

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_python_lines_of_the_readme_run(tmp_path, monkeypatch, capsys) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    clip, programme = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    for name in ("clip.mp4", "free.mp4"):
        shutil.copyfile(ROOT / "assets" / "examples" / "2Axel.mp4", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    exec(compile(clip, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("2Axel ")
    assert pipeline.load(tmp_path / "result").verdict.label == "2Axel"
    exec(compile(programme, "README.md", "exec"), {})
    (line,) = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r" +\d\.\d\d s  2A  \d+%", line)


def test_every_exported_name_is_there() -> None:
    for name in pipeline.__all__:
        assert getattr(pipeline, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = pipeline.nothing
