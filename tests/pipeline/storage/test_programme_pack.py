"""Issue 17: a programme that was taken away opens again without loss, whatever it was saved in."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from pipeline.errors import StoreError
from pipeline.storage.analysis_files import save
from pipeline.storage.programme_files import load_programme, programme_as_dict, save_programme
from pipeline.storage.programme_pack import (
    embedded_programme,
    holds_programme,
    pack_programme,
    unpack_programme,
)
from tests.factories import make_analysis, make_programme


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "free"
    save_programme(make_programme(analysis="elements/03"), folder)
    save(make_analysis(), folder / "elements" / "03")
    (folder / "corrections.json").write_text("{}")
    (folder / "captions.mp4").write_bytes(b"made anew when it is wanted")
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".mp4"
    }


def packed(saved: Path, folder: Path, how: str) -> list[Path]:
    target = folder / "free.zip"
    match how:
        case "zip":
            pack_programme(saved, target)
        case "a folder that a person zipped":
            with zipfile.ZipFile(target, "w") as archive:
                for name in files_of(saved):
                    archive.write(saved / name, f"my free/{name}")
        case "sheet":
            target = folder / "sheet.html"
            target.write_text(f"<html><body>{embedded_programme(saved)}</body></html>")
    return [target]


@pytest.mark.parametrize("how", ["zip", "a folder that a person zipped", "sheet"])
def test_it_opens_again_without_loss(saved, tmp_path, how) -> None:
    (path,) = packed(saved, tmp_path, how)
    assert holds_programme(path)
    folder = tmp_path / "opened"
    folder.mkdir()
    assert unpack_programme([path], folder) is None
    assert files_of(folder) == files_of(saved)
    found, before = (programme_as_dict(load_programme(place)) for place in (folder, saved))
    assert found == before


def test_single_files_and_the_video_beside_them(saved, tmp_path) -> None:
    video = tmp_path / "free.mp4"
    video.write_bytes(b"a video")
    chosen = [saved / "programme.json", saved / "frame_scores.npz", video]
    assert holds_programme(chosen[0])
    assert unpack_programme(chosen, tmp_path) == video
    assert load_programme(tmp_path).elements == make_programme(analysis="elements/03").elements


def test_nothing_is_written_outside_the_folder(saved, tmp_path) -> None:
    path, folder = tmp_path / "evil.zip", tmp_path / "opened"
    folder.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(saved / "programme.json", "programme.json")
        for name in (
            "../out.json",
            "/tmp/out.json",
            "elements/../../out.json",
            "a/b.json",
            ".x.csv",
        ):
            archive.writestr(name, "{}")
    unpack_programme([path], folder)
    assert [p.name for p in folder.rglob("*")] == ["programme.json"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["evil.zip", "opened"]


@pytest.mark.parametrize(
    "what", ["nothing", "video", "cut off", "other zip", "other page", "large"]
)
def test_what_is_none_gets_its_sentence(saved, tmp_path, monkeypatch, what) -> None:
    path, words = tmp_path / "file.mp4", "choose a programme's .zip"
    path.write_bytes(b"a video")
    match what:
        case "cut off":
            pack_programme(saved, tmp_path / "whole.zip")
            path = tmp_path / "sheet.html"
            page = embedded_programme(saved)
            path.write_text(page[: len(page) // 2])
            words = "is cut off"
        case "other zip":
            path = tmp_path / "file.zip"
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("analysis.json", "{}")
        case "other page":
            path = tmp_path / "page.html"
            path.write_text("<html></html>")
            words = "is not a Rinkside report"
        case "large":
            path = tmp_path / "large.zip"
            pack_programme(saved, path)
            monkeypatch.setattr("pipeline.storage.programme_pack.MAX_UNPACKED_BYTES", 100)
            words = "is larger when unpacked"
    assert holds_programme(path) == (what == "large")
    folder = tmp_path / "opened"
    folder.mkdir()
    with pytest.raises(StoreError, match=words):
        unpack_programme([] if what == "nothing" else [path], folder)
    shutil.rmtree(folder)
