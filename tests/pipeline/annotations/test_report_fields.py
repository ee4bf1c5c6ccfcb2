"""Issue 15, point 12: skater, event and note are kept with the saved analysis."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.annotations.report_fields import MOST, FieldTooLong, ReportFields, read_report_fields
from pipeline.errors import StoreError
from pipeline.storage.analysis_files import load, save
from pipeline.storage.export import embedded, pack, unpack
from tests.factories import make_analysis

FIELDS = ReportFields("Žofie 张 <script>alert(1)</script>", "Cup 2026, free", "line one\n& two")
WRONG = [
    [], "x", 5, {"skater": 5}, {"event": ["x"]}, {"note": "\ud800"}, {"skater": True},
    *({name: "x" * (most + 1)} for name, most in MOST.items()),
]  # fmt: skip


def test_they_are_saved_and_read_back_without_loss(tmp_path):
    kept = replace(make_analysis(), report_fields=FIELDS)
    save(kept, tmp_path / "a")
    assert load(tmp_path / "a").report_fields == FIELDS
    (tmp_path / "b.zip").write_bytes(pack(kept))
    (tmp_path / "c.html").write_text(embedded(kept))
    for name in ("b.zip", "c.html"):
        folder = tmp_path / f"in-{name}"
        folder.mkdir()
        assert unpack([tmp_path / name], folder).report_fields == FIELDS


def test_without_them_the_files_are_as_they_were(tmp_path):
    save(make_analysis(), tmp_path / "a")
    save(
        replace(make_analysis(), report_fields=read_report_fields({"note": " \n"})), tmp_path / "b"
    )
    written = (tmp_path / "a" / "analysis.json").read_bytes()
    assert b"report_fields" not in written
    assert (tmp_path / "b" / "analysis.json").read_bytes() == written
    assert load(tmp_path / "a").report_fields == ReportFields()


@pytest.mark.parametrize("fields", WRONG, ids=lambda fields: ascii(fields)[:40])
def test_those_of_strangers_are_checked(fields, tmp_path):
    with pytest.raises(ValueError, match="expected"):
        read_report_fields(fields)
    save(make_analysis(), tmp_path / "a")
    path = tmp_path / "a" / "analysis.json"
    content = {**json.loads(path.read_text()), "report_fields": fields}
    path.write_text(json.dumps(content))
    with pytest.raises(StoreError, match=r"report_fields: expected an object with texts"):
        load(tmp_path / "a")


def test_each_takes_as_many_characters_as_it_says():
    for name, most in MOST.items():
        full = {name: "字" * most}
        assert read_report_fields(full).filled() == full
        with pytest.raises(FieldTooLong, match=rf"{name}: expected at most {most} characters"):
            read_report_fields({name: "字" * (most + 1)})
