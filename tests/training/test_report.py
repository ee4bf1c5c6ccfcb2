"""`python -m training.report`: a page is written, and bad runs end in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from laboratory.table.clips import read_table
from laboratory.verdicts.record import Decision, decide
from tests.conftest import ROOT
from training.report import main

SHIPPED = ROOT / "assets" / "evaluations" / "simulated_rink"


@pytest.mark.parametrize(("language", "word"), [("en", "Laboratory"), ("zh", "实验室")])
def test_the_run_that_ships(
    tmp_path: Path, language: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(SHIPPED), "--out", str(tmp_path / "page"), "--language", language]) == 0
    text = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert word in text
    assert f'<html lang="{language}">' in text
    assert "000349_500300" in text
    assert capsys.readouterr().out.startswith("written to")


def test_bad_runs_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "gone"), "--out", str(tmp_path / "page")]) == 2
    run = tmp_path / "half"
    run.mkdir()
    content = (SHIPPED / "predictions.parquet").read_bytes()
    (run / "predictions.parquet").write_bytes(content[: len(content) // 2])
    assert main([str(run), "--out", str(tmp_path / "page")]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert [line.startswith("error: ") for line in lines] == [True, True]
    assert not (tmp_path / "page").exists()


def test_a_summary_that_cannot_be_read_is_done_without(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "predictions.parquet").write_bytes((SHIPPED / "predictions.parquet").read_bytes())
    for content in ("{", "[]", '{"data": 3}'):
        (run / "summary.json").write_text(content)
        assert main([str(run), "--out", str(tmp_path / "page")]) == 0


def test_corrected_labels_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "predictions.parquet").write_bytes((SHIPPED / "predictions.parquet").read_bytes())
    before = read_table(run)
    wrong = int(np.flatnonzero(~before.right("vote"))[0])
    said = int(before.voters["vote"].said[wrong])
    decide(run, Decision(str(before.stems[wrong]), "label_wrong", said))
    assert main([str(run), "--out", str(tmp_path / "page")]) == 0
    assert "corrected by 1 decisions" in capsys.readouterr().err
    text = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    sent = json.loads(text.partition('id="run">')[2].partition("</script>")[0])["run"]
    right = before.right("vote").sum() + 1
    assert sent["figures"]["vote"]["top1"][0] == pytest.approx(right / len(before), abs=1e-6)


def test_the_start_needs_no_torch() -> None:
    code = "import sys, training.report; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
