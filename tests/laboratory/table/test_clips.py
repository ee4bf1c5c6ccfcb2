"""The table's columns by hand, and facts joined by stem."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from laboratory.table.clips import read_table
from laboratory.table.facts import facts_of, read_facts, write_facts
from laboratory.table.voters import MISSED
from tests.factories import make_analysis
from tests.laboratory.runs import INDEX, MISSING, everyone, logits, said, table, write_rows

LUTZ, FLIP = INDEX["3Lutz"], INDEX["3Flip"]


def test_confidence_margin_and_entropy_by_hand() -> None:
    found = table([LUTZ, LUTZ], {"net": [said(LUTZ, 0.75, second=FLIP), np.full(28, 1 / 28)]})
    voter = found.voters["net"]
    assert voter.said.tolist() == [LUTZ, 0]
    assert voter.confidence == pytest.approx([0.75, 1 / 28])
    assert voter.margin == pytest.approx([0.5, 0.0], abs=1e-6)
    # 0.75 ln(4/3) + 0.25 ln 4 = 0.5623, of ln 28 = 3.3322
    assert voter.entropy == pytest.approx([0.16876, 1.0], abs=1e-4)
    assert found.right("net").tolist() == [True, False]


def test_agreement_is_the_share_of_the_largest_part() -> None:
    one, other, third = said(LUTZ), said(FLIP), said(0)
    found = table(
        [LUTZ] * 4,
        {
            "umt": [one, one, one, one],
            "uniformerv2": [one, one, other, one],
            "infogcn": [one, other, third, MISSING],
            "more": [other] * 4,  # asks for no vote where the three models are
        },
    )
    assert found.agreement[:3] == pytest.approx([1, 2 / 3, 1 / 3])
    assert np.isnan(found.agreement[3])
    assert found.voters["vote"].said.tolist() == [LUTZ, LUTZ, FLIP, MISSED]
    assert list(found.voters) == ["vote", "weighted", "umt", "uniformerv2", "infogcn", "more"]


def test_other_labels_give_other_right_answers_and_strange_stems_none() -> None:
    found = table([LUTZ, LUTZ], everyone([said(LUTZ), said(FLIP)]))
    changed = found.relabelled({"clip_b": FLIP, "clip_z": 3, "": 4})
    assert found.right("vote").tolist() == [True, False]
    assert changed.right("vote").tolist() == [True, True]
    assert found.labels.tolist() == [LUTZ, LUTZ]


def test_facts_are_joined_by_stem_and_what_is_unknown_is_empty(tmp_path: Path) -> None:
    run = write_rows(tmp_path, [(stem, 1, "net", 0, logits(1)) for stem in ("1_a", "2_b", "3_c")])
    write_facts({"3_c": {"fps": 25.0, "split": "val"}, "1_a": {"fps": None, "source": "x"},
                 "9_z": {"fps": 30.0}}, run / "clips.parquet")  # fmt: skip
    found = read_table(run)
    assert found.facts["fps"][2] == 25.0
    assert np.isnan(found.facts["fps"][:2]).all()
    assert found.facts["split"].tolist() == ["", "", "val"]
    assert found.facts["source"].tolist() == ["x", "2", "3"]
    assert "blur" not in found.facts


def test_damaged_facts_are_none(tmp_path: Path) -> None:
    stems = np.array(["a"])
    path = tmp_path / "clips.parquet"
    assert read_facts(path, stems) == {}
    pq.write_table(pa.table({"stem": ["a"], "fps": ["fast"]}), path)
    assert read_facts(path, stems) == {}
    pq.write_table(pa.table({"fps": [25.0]}), path)
    assert read_facts(path, stems) == {}
    path.write_bytes(b"PAR1")
    assert read_facts(path, stems) == {}
    write_facts({}, path)
    assert read_facts(path, stems) == {}


def test_facts_of_an_analysis() -> None:
    analysis = make_analysis(umt="3Lutz", uniformerv2="3Lutz", infogcn="3Lutz")
    facts = facts_of(analysis)
    boxes = analysis.people.main.boxes_xyxy  # type: ignore[union-attr]
    assert facts["fps"] == analysis.video.fps
    assert facts["skater_px"] == pytest.approx(float(np.nanmedian(boxes[:, 3] - boxes[:, 1])))
    assert 0 <= facts["skeleton"] <= 1
    assert facts["box_source"] == "detector"
