"""Out and back without loss; what is no analysis, or another version's, is told in a sentence."""

from __future__ import annotations

import csv
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.inspection.model_inputs import frames_at
from pipeline.storage import export
from pipeline.storage.analysis_files import analysis_arrays, analysis_as_dict
from pipeline.storage.export import (
    coco_keypoints,
    embedded,
    pack,
    unpack,
    write_coco,
    write_frames_csv,
)
from pipeline.types import Analysis
from pipeline.video import open_video
from tests.factories import make_analysis
from tests.videos import Recipe, write_video


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    path = write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=12))
    video = open_video(path)
    return replace(make_analysis(num_frames=12), video=video.info, timeline=video.timeline)


def everything(analysis: Analysis) -> dict[str, object]:
    content = analysis_as_dict(analysis)
    content["video"]["path"] = ""
    for origin in content["provenance"].values():
        origin["stored"] = True
    return content


def packed_at(analysis: Analysis, path: Path, **options) -> Path:
    path.write_bytes(pack(analysis, **options))
    return path


def report_at(analysis: Analysis, path: Path) -> Path:
    path.write_text(f"<html><p>words</p>{embedded(analysis)}</html>", encoding="utf-8")
    return path


def test_packed_and_opened_again_nothing_is_lost(analysis, tmp_path):
    (tmp_path / "in").mkdir()
    back = unpack([packed_at(analysis, tmp_path / "a.zip", clip=True)], tmp_path / "in")
    assert everything(back) == everything(analysis)
    before, after = analysis_arrays(analysis), analysis_arrays(back)
    assert before.keys() == after.keys()
    for name, array in before.items():
        assert np.array_equal(array, after[name], equal_nan=array.dtype.kind == "f"), name
    assert Path(back.video.path).parent == tmp_path / "in"
    assert frames_at(back, np.array([3]))[3].shape == (240, 320, 3)


def test_a_report_carries_its_analysis(analysis, tmp_path):
    (tmp_path / "in").mkdir()
    back = unpack([report_at(analysis, tmp_path / "report.html")], tmp_path / "in")
    assert everything(back) == everything(analysis)
    assert not Path(back.video.path).exists()
    assert Path(back.video.path).name == "clip.mp4"


def test_the_plain_files_open_too_with_the_clip_beside_them(analysis, tmp_path):
    with zipfile.ZipFile(packed_at(analysis, tmp_path / "a.zip")) as archive:
        archive.extractall(tmp_path / "plain")
    files = [tmp_path / "plain" / n for n in ("analysis.json", "arrays.npz")]
    (tmp_path / "in").mkdir()
    back = unpack([*files, Path(analysis.video.path)], tmp_path / "in")
    assert back.verdict.label == analysis.verdict.label
    assert Path(back.video.path).is_file()


def test_an_analysis_never_leads_to_a_file_that_was_not_given(analysis, tmp_path):
    elsewhere = replace(analysis, video=replace(analysis.video, path=analysis.video.path))
    (tmp_path / "in").mkdir()
    back = unpack([packed_at(elsewhere, tmp_path / "a.zip")], tmp_path / "in")
    assert not Path(back.video.path).exists()


def changed(analysis: Analysis, path: Path, **changes: object) -> Path:
    """A packed analysis with other entries in its JSON."""
    source = packed_at(analysis, path.with_name("source.zip"))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "analysis.json":
                content = json.dumps({**json.loads(content), **changes}).encode()
            new.writestr(name, content)
    return path


@pytest.mark.parametrize("profile", ["{folder}/secret.toml", 7])
def test_a_path_for_a_profile_is_refused_unread(analysis, tmp_path, profile):
    (tmp_path / "secret.toml").write_text('password = "hunter2"')
    (tmp_path / "in").mkdir()
    named = profile.format(folder=tmp_path) if isinstance(profile, str) else profile
    path = changed(analysis, tmp_path / "evil.zip", profile=named)
    with pytest.raises(StoreError, match="profile: expected a name of letters") as caught:
        unpack([path], tmp_path / "in")
    assert "password" not in str(caught.value)


def test_another_version_s_report_says_so(analysis, tmp_path):
    path = changed(analysis, tmp_path / "new.zip", schema_version=2)
    (tmp_path / "in").mkdir()
    with pytest.raises(StoreError, match=r"schema version 2, but this Rinkside reads 1; analyse"):
        unpack([path], tmp_path / "in")


BAD = {
    "empty.zip": (b"", "cannot be unpacked"),
    "text.zip": (b"words\n" * 99, "cannot be unpacked"),
    "text.html": (b"<html>words</html>", "is not a Rinkside report"),
    "cut.html": (b'<script id="rinkside-analysis">UEsDB', "is not a Rinkside report"),
    "odd.html": (b'<script id="rinkside-analysis">UEsDB</script>', "its analysis is damaged"),
    "analysis.json": (b"{}", "schema version None"),
    "analysis.json ": (b"[1, 2", "contains no analysis"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_analysis_is_told_in_a_sentence(tmp_path, name):
    content, words = BAD[name]
    (tmp_path / name).write_bytes(content)
    (tmp_path / "in").mkdir()
    with pytest.raises(StoreError, match=words):
        unpack([tmp_path / name], tmp_path / "in")


def test_a_zip_writes_only_into_its_folder(analysis, tmp_path):
    path = packed_at(analysis, tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../escaped.mp4", b"x")
    (tmp_path / "in").mkdir()
    with pytest.raises(ValueError, match=r"escaped\.mp4"):  # it is no video
        unpack([path], tmp_path / "in")
    assert not (tmp_path.parent / "escaped.mp4").exists()
    assert (tmp_path / "in" / "escaped.mp4").exists()


def test_a_zipped_folder_with_its_overlay_opens(analysis, tmp_path):
    path = packed_at(analysis, tmp_path / "a.zip")
    overlay = write_video(tmp_path / "overlay.mp4", Recipe(frames=5))
    with zipfile.ZipFile(path, "a") as archive:
        archive.write(overlay, "folder/overlay.mp4")
    (tmp_path / "in").mkdir()
    assert unpack([path], tmp_path / "in").verdict.label == analysis.verdict.label
    assert not (tmp_path / "in" / "overlay.mp4").exists()


def test_a_name_too_long_for_a_file_is_told(analysis, tmp_path):
    path = packed_at(analysis, tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x" * 300, b"x")
    (tmp_path / "in").mkdir()
    with pytest.raises(StoreError, match=r"a\.zip: cannot be unpacked \(File name too long\)"):
        unpack([path], tmp_path / "in")


def test_a_zip_bomb_is_refused_unread(analysis, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "MAX_UNPACKED_BYTES", 1000)
    (tmp_path / "in").mkdir()
    with pytest.raises(StoreError, match="is larger when unpacked"):
        unpack([packed_at(analysis, tmp_path / "a.zip")], tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []


def test_another_clip_is_refused(analysis, tmp_path):
    other = write_video(tmp_path / "other.mp4", Recipe(frames=5))
    (tmp_path / "in").mkdir()
    with pytest.raises(StoreError, match=r"other\.mp4: is not the clip of this analysis"):
        unpack([packed_at(analysis, tmp_path / "a.zip"), other], tmp_path / "in")


def test_coco_files_have_an_annotation_a_pose(analysis, tmp_path):
    write_coco(analysis, tmp_path / "coco.json")
    content = json.loads((tmp_path / "coco.json").read_text())
    assert content == json.loads(json.dumps(coco_keypoints(analysis)))
    assert len(content["images"]) == 12
    assert [a["image_id"] for a in content["annotations"]] == list(range(1, 12))
    first = content["annotations"][0]
    points = np.array(first["keypoints"]).reshape(17, 3)
    assert points[:, :2] == pytest.approx(analysis.pose.keypoints_xy[1])
    assert set(points[:, 2]) == {2}
    x, y, width, height = first["bbox"]
    assert (x, y, x + width, y + height) == pytest.approx(tuple(analysis.people.main.boxes_xyxy[1]))
    assert content["categories"][0]["keypoints"][0] == "nose"


def test_a_row_a_frame_with_gaps_left_empty(analysis, tmp_path):
    write_frames_csv(analysis, tmp_path / "frames.csv")
    with (tmp_path / "frames.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert rows[0]["x1"] == rows[0]["nose_x"] == ""
    assert float(rows[5]["left_ankle_y"]) == pytest.approx(
        analysis.pose.keypoints_xy[5, 15, 1], abs=1e-3
    )
