"""Issue 15, point 12: notes of the player, in the run, the scene and the report."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from pipeline.storage.export import pack, unpack
from pipeline.video import open_video
from tests.factories import make_analysis
from tests.videos import Recipe, write_video
from ui.export.notes import draw_note, notes_scene, with_notes_sent
from ui.export.report import report
from ui.player.messages import Nonsense

LINE = {"kind": "line", "frame_index": 12, "points": [[10, 10], [40, 50]], "text": ""}
TEXT = {"kind": "text", "frame_index": 14, "points": [], "text": "<i>edge</i>?"}
WATCH = {"kind": "stopwatch", "frame_index": 11, "points": [[9, 9]], "until_index": 21}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory):
    return write_video(tmp_path_factory.mktemp("notes") / "clip.mp4", Recipe(frames=30, fps=25))


def noted(clip, *notes):
    part = open_video(clip, start_s=0.4, end_s=0.8)
    made = replace(make_analysis(num_frames=len(part)), video=part.info, timeline=part.timeline)
    return with_notes_sent(made, open_video(clip).timeline, {"notes": list(notes)})


def test_the_report_tells_and_draws_them(clip, tmp_path):
    analysis = noted(clip, LINE, TEXT, WATCH)
    assert [note["at_s"] for note in notes_scene(analysis)] == pytest.approx([0.44, 0.48, 0.56])
    page = report(analysis)
    section = page[page.index("Notes on frames") :]
    cells = r"<tr><td>(\d+)</td><td>([\d:.]+)</td><td>(\w+)</td><td>([^<]*)</td>"
    rows = re.findall(cells, section)
    assert rows == [
        ("12", "0:00.440", "stopwatch", "0.400 s"),
        ("13", "0:00.480", "line", "50 px"),
        ("15", "0:00.560", "note", ""),
    ]
    assert "&lt;i&gt;edge&lt;/i&gt;?" in section
    assert section.count("frame 13, 0:00.480") >= 2  # a picture of it, and its caption
    (tmp_path / "a.zip").write_bytes(pack(analysis))
    (tmp_path / "in").mkdir()
    assert unpack([tmp_path / "a.zip"], tmp_path / "in").notes == analysis.notes
    assert "Notes on frames" not in report(noted(clip))


@pytest.mark.parametrize(
    "data",
    [None, {}, {"notes": "x"}, {"notes": [5]}, {"notes": [{**TEXT, "frame_index": 30}]},
     {"notes": [{**TEXT, "frame_index": -1}]}, {"notes": [{**TEXT, "frame_index": True}]},
     {"notes": [{**LINE, "points": [["a", 1], [2, 3]]}]}, {"notes": [TEXT] * 201}],
    ids=lambda data: str(data)[:60],
)  # fmt: skip
def test_a_browser_s_nonsense_is_refused(clip, data):
    with pytest.raises(Nonsense):
        with_notes_sent(make_analysis(), open_video(clip).timeline, data)


def test_a_note_is_drawn_where_it_lies(clip):
    (line,) = noted(clip, LINE).notes
    picture = np.zeros((120, 160, 3), np.uint8)
    draw_note(picture, line)
    assert picture[30, 25].tolist() == [240, 228, 66]
