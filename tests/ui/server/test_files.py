"""Uploads go with their visitor (issue 19, section 0, point 6).

They answered at their address for a day; what nobody spoke of stayed as long.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from pipeline.storage.cache import AnalysisCache
from tests.factories import make_analysis
from tests.ui.server.started import PATIENCE_S, Started, started
from ui.hosting import HOSTED, KEPT_S, PARTIAL_S, UNCLAIMED_S
from ui.server import files
from ui.server.files import VisitorFiles

NAMES = [letter * 64 for letter in "abc"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three uploads, and a folder that holds none."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    for name in (*NAMES, "work"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "clip.mp4").write_bytes(b"a clip")
    return tmp_path


def sent(path: Path) -> object:
    """A file in what a page sends, somewhere deep."""
    return [7, None, {"of": [{"path": str(path), "meta": {"_type": "gradio.FileData"}}]}]


def left(root: Path) -> list[str]:
    return sorted(path.name[0] for path in root.iterdir())


def test_an_upload_goes_with_the_last_who_had_it(root) -> None:
    uploads = VisitorFiles()
    for visitor, number in (("anna", 0), ("anna", 1), ("boris", 1), ("boris", 2)):
        uploads.claim(visitor, sent(root / NAMES[number] / "clip.mp4"))
    uploads.leave("anna")
    assert left(root) == ["b", "c", "w"]
    uploads.hand_over("boris", "boris again")
    uploads.leave("boris")
    assert left(root) == ["b", "c", "w"]
    uploads.leave("boris again")
    uploads.leave("boris again")
    assert left(root) == ["w"]


@pytest.mark.parametrize(
    "path", ["work/clip.mp4", "../elsewhere", "", "\0", "/etc/passwd", "a" * 63, "x" * 5000]
)
def test_nothing_but_an_upload_is_claimed(root, path) -> None:
    uploads = VisitorFiles()
    outside = root.parent / "elsewhere"
    outside.mkdir(exist_ok=True)
    uploads.claim("anna", [{"path": str(root / path) if "\0" not in path else path}])
    uploads.claim("anna", {"path": 7})
    uploads.leave("anna")
    assert (left(root), outside.is_dir()) == (["a", "b", "c", "w"], True)


def test_what_is_very_deep_is_looked_through(root) -> None:
    uploads, data = VisitorFiles(), sent(root / NAMES[0] / "clip.mp4")
    for _ in range(5000):
        data = [data]
    uploads.claim("anna", data)
    uploads.leave("anna")
    assert left(root) == ["b", "c", "w"]


def test_what_nobody_speaks_of_goes_in_a_while(root) -> None:
    uploads, now_s = VisitorFiles(), time.time()
    uploads.claim("anna", sent(root / NAMES[0] / "clip.mp4"))
    uploads.sweep(now_s)
    assert left(root) == ["a", "b", "c", "w"]
    uploads.sweep(now_s + UNCLAIMED_S + 60)
    assert left(root) == ["a", "w"]


def test_a_part_of_an_upload_goes_when_nothing_more_comes(root) -> None:
    """A connection that breaks leaves one, and so does a form with another field's name."""
    (root / "tmpabc123").write_bytes(b"a part")
    (root / "lock").touch()
    VisitorFiles().sweep(time.time())
    assert left(root) == ["a", "b", "c", "l", "t", "w"]
    VisitorFiles().sweep(time.time() + PARTIAL_S + 60)
    assert left(root) == ["a", "b", "c", "l", "w"]


def test_a_hosted_page_keeps_no_results_of_strangers(root, monkeypatch) -> None:
    """File names and skeletons lay in the cache that all share; the examples are nobody's."""
    monkeypatch.setenv("RINKSIDE_CACHE", str(root / "cache"))
    made = make_analysis()
    cache = AnalysisCache()
    cache.put("strangers", made)
    monkeypatch.setattr(files, "_ASSETS", root / "assets")
    shipped = replace(made.video, path=str(root / "assets" / "examples" / "2Axel.mp4"))
    cache.put("example", replace(made, video=shipped))
    copy = root / "cache" / "playable" / "x.mp4"
    copy.parent.mkdir()
    copy.touch()
    later = time.time() + KEPT_S + 60
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.delenv(HOSTED, raising=False)
    VisitorFiles().sweep(later)
    assert cache.get("strangers") is not None
    os.utime(cache.folder / "strangers", (later, later))
    monkeypatch.setenv(HOSTED, "1")
    VisitorFiles().sweep(later)
    assert (cache.get("strangers") is not None, copy.exists()) == (True, False)
    VisitorFiles().sweep(later + KEPT_S + 60)
    assert sorted(path.name for path in cache.folder.iterdir()) == ["example"]


def test_the_disk_has_a_quota(root, monkeypatch) -> None:
    uploads = VisitorFiles()
    assert uploads.has_room(100)
    assert not uploads.has_room(10**18)
    monkeypatch.setattr(files, "MAX_DISK_MIB", 0)
    assert not uploads.has_room(0)


def test_a_visitor_has_a_quota(root, monkeypatch) -> None:
    """Issue 19, section 2; what is over it goes, unless somebody else has it too."""
    monkeypatch.setattr(files, "MAX_DISK_MIB_OF_A_VISITOR", 14 / 2**20)  # two clips of six bytes
    uploads, clips = VisitorFiles(), [sent(root / name / "clip.mp4") for name in NAMES]
    assert uploads.claim_within("anna", clips[0])
    assert uploads.claim_within("anna", clips[1])
    assert uploads.claim_within("boris", clips[2])
    assert not uploads.claim_within("anna", clips[2])
    assert left(root) == ["a", "b", "c", "w"]
    assert uploads.claim_within("anna", clips[1])  # what was there before is still theirs
    uploads.leave("boris")
    assert left(root) == ["a", "b", "w"]
    (root / NAMES[2]).mkdir()
    (root / NAMES[2] / "clip.mp4").write_bytes(b"a clip")
    assert not uploads.claim_within("anna", clips[2])
    assert left(root) == ["a", "b", "w"]
    uploads.leave("anna")
    assert left(root) == ["w"]


def test_a_network_address_has_a_quota_also_of_what_is_on_its_way(root, monkeypatch) -> None:
    monkeypatch.setattr(files, "MAX_DISK_MIB_OF_A_CLIENT", 14 / 2**20)
    uploads = VisitorFiles()
    uploads.brought("1.2.3.4", [str(root / NAMES[0] / "clip.mp4"), 7, "/etc/passwd"])
    near, far = "1.2.3.4", "5.6.7.8"
    with (
        uploads.coming(near, 8) as first,
        uploads.coming(near, 1) as second,
        uploads.coming(far, 14) as other,
    ):
        assert (first, second, other) == (True, False, True)
    with uploads.coming("1.2.3.4", 8) as again:
        assert again
    uploads.claim("anna", sent(root / NAMES[0] / "clip.mp4"))
    uploads.leave("anna")
    with uploads.coming("1.2.3.4", 14) as after:
        assert after
    uploads.sweep()
    assert (uploads._brought, dict(uploads._coming)) == ({}, {})


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("files")
    with started(folder, "-m", "tests.ui.server.held_app", GRACE_S="0") as app:
        yield app


@pytest.mark.slow
def test_an_upload_stops_answering_when_its_visitor_has_left(running) -> None:
    client = running.client
    clip = {"files": ("a clip.mp4", b"not really a video")}
    (path,) = client.post("/gradio_api/upload", files=clip).json()
    address = f"/gradio_api/file={quote(path)}"
    with running.page("anna"):
        event = running.event("hero")["id"]
        asked = {"fn_index": event, "data": [{"path": path}], "session_hash": "anna"}
        assert client.post("/gradio_api/queue/join", json=asked).status_code == 200
        assert client.get(address).content == b"not really a video"
    end = time.monotonic() + PATIENCE_S
    while client.get(address).status_code == 200:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert not Path(path).exists()
    assert list(running.folder.rglob("a clip.mp4")) == []
