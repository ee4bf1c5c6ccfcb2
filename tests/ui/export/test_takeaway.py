"""Taken away and brought back: every kind of file, the report, what cannot be opened."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import av
import pytest

from pipeline.errors import InputError
from pipeline.types import Analysis
from pipeline.video import open_video
from tests.factories import make_analysis
from tests.videos import Recipe, write_video
from ui.export.report import report
from ui.export.takeaway import FORMATS, make_files, open_saved, stem_of
from ui.language.names import class_name
from ui.language.tables import LANGUAGES, speaking
from ui.runs import Run, RunStore


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    recipe = Recipe(frames=12, sound=True)
    video = open_video(write_video(tmp_path_factory.mktemp("clip") / "my clip.mp4", recipe))
    return replace(make_analysis(num_frames=12), video=video.info, timeline=video.timeline)


@pytest.fixture
def run(analysis: Analysis) -> Run:
    return RunStore().adopt("anna", analysis)


def test_every_kind_of_file_is_made(run):
    made = {Path(path).name: Path(path) for path in make_files(run, FORMATS)}
    assert set(made) == {
        "my_clip_report.html", "my_clip_analysis.zip", "scores.csv", "my_clip_frames.csv",
        "my_clip_measurements.csv",
        "my_clip_coco_keypoints.json", "analysis.json", "arrays.npz",
        "my_clip_analysis_and_clip.zip", "my_clip_overlay.mp4",
    }  # fmt: skip
    assert json.loads(made["analysis.json"].read_text())["schema_version"] == 1
    with av.open(str(made["my_clip_overlay.mp4"])) as video:
        assert video.streams.video[0].codec_context.name == "h264"
        assert len(video.streams.audio) == 1


def test_only_what_was_chosen_is_made(run):
    assert [Path(p).suffix for p in make_files(run, ["coco"])] == [".json"]


@pytest.mark.parametrize("kind", ["report", "zip", "clip", "json"])
def test_what_was_taken_away_opens_again(run, kind):
    runs = RunStore()
    sentence, run_id = open_saved(make_files(run, [kind]), runs, "boris")
    opened = runs.get(run_id)
    assert opened.analysis.verdict.label == run.analysis.verdict.label
    assert opened.title == "my clip.mp4"
    assert ("without its clip" in sentence) == (kind != "clip")
    runs.leave("boris")
    assert not opened.folder.exists()


def test_a_file_that_is_no_analysis_leaves_no_run(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"nothing")
    runs = RunStore()
    with pytest.raises(InputError, match=r"a\.zip: cannot be unpacked"):
        open_saved([str(tmp_path / "a.zip")], runs, "anna")
    assert runs.history("anna") == []


class Outside(HTMLParser):
    """Every address that a page would ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.found += [v for k, v in attrs if k in ("src", "href", "data", "srcset") and v]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_is_whole_in_itself(analysis, language):
    with speaking(language):
        page = report(analysis, own_call="3Flip")
        name = class_name(analysis.verdict.class_index).split(" (")[0]
    outside = Outside()
    outside.feed(page)
    assert len(outside.found) == 8
    assert all(address.startswith("data:image/jpeg") for address in outside.found)
    assert not re.search(r"url\(|@import|https?://", re.sub(r"data:[^\"]*", "", page))
    assert f'lang="{language}"' in page
    for words in (name, "0.604", analysis.video.sha256):
        assert words in page


def test_names_of_files_cannot_write_html(analysis):
    evil = replace(analysis, video=replace(analysis.video, path="/x/<img src=x onerror=1>.mp4"))
    assert "<img src=x" not in report(evil)


@pytest.mark.parametrize(
    ("title", "stem"),
    [("../../etc/passwd.mp4", "passwd"), ("a b.mov", "a_b"), ("...", "clip"), ("", "clip")],
)
def test_names_of_files_stay_in_their_folder(title, stem):
    run = RunStore().start("anna", title)
    assert stem_of(run) == stem
