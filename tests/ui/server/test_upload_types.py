"""Issue 15, point 20: the page takes every file that the command line reads, whatever its name."""

from __future__ import annotations

import mimetypes
from pathlib import Path

import pytest
from gradio.data_classes import FileData

from pipeline.video.probing.formats import ENDINGS
from ui.desk.upload import upload_field

NAMES = ["clip", "clip.2024", *(f"clip{e}" for e in ENDINGS), *(f"C{e.upper()}" for e in ENDINGS)]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by the server, whose table of MIME types may be empty, nor by the browser."""
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_, **__: (None, None))
    path = tmp_path / name
    path.write_bytes(b"-")
    field = upload_field("video")
    assert field.preprocess(FileData(path=str(path))) == str(path)
    assert field.get_config()["file_types"] is None
