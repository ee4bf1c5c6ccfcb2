"""Fetching weights from a real server on the loopback interface, which misbehaves on demand."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import torch

from models.checkpoint_files import WeightsError, sha256_of
from models.weights import MissingWeights
from models.zoo import fetch, load_model, read_manifest
from models.zoo.__main__ import main
from models.zoo.download import DownloadError, Unreachable, download
from tests.models.zoo.files import publish, serve, small_disk, tiny_state, write_manifest

CONTENT = bytes(range(256)) * 1000


@pytest.fixture(autouse=True)
def beside_the_manifest(monkeypatch):
    """Files are fetched there, whatever folder whoever runs the tests has chosen."""
    monkeypatch.delenv("RINKSIDE_CACHE", raising=False)


@pytest.fixture
def server():
    with serve() as running:
        running.content = CONTENT
        yield running


@pytest.fixture
def published(tmp_path, server):
    """A manifest whose one checkpoint the server publishes, as the DINO authors save it."""
    state = tiny_state("dino_tiny", seed=1)
    source = publish(state, tmp_path / "checkpoint0011.pth", wrapper="model")
    server.content = source.read_bytes()
    sha256 = sha256_of(source)
    source.unlink()
    entry = {"name": "person", "family": "dino", "builder": "dino_tiny"}
    origin = {"urls": [server.url("checkpoint0011.pth")], "sha256": sha256[:8]}
    return write_manifest(tmp_path, {**entry, **origin}), state


# --- the whole way ------------------------------------------------------------------------------


def test_fetch_downloads_checks_converts_and_cleans_up(published, server, capsys):
    manifest, state = published
    assert main(["fetch", "person", "--manifest", str(manifest)]) == 0
    told = capsys.readouterr().out
    assert "checkpoint0011.pth: sha256" in told
    assert "as expected" in told
    assert "fits: dino_tiny" in told
    folder = manifest.parent / "fetched"
    assert sorted(os.listdir(folder)) == ["person.safetensors", "person.safetensors.sha256"]

    model, provenance = load_model("person", manifest=manifest)
    torch.testing.assert_close(model.state_dict(), state, rtol=0, atol=0)
    assert provenance.sha256 == sha256_of(folder / "person.safetensors")
    assert (
        subprocess.call(["sha256sum", "--status", "-c", "person.safetensors.sha256"], cwd=folder)
        == 0
    )

    asked = len(server.asked)
    assert main(["fetch", "person", "--manifest", str(manifest)]) == 0
    assert "is already here" in capsys.readouterr().out
    assert len(server.asked) == asked
    assert main(["verify", "--manifest", str(manifest)]) == 0
    assert capsys.readouterr().out.endswith("1 ok, 0 failed, 0 absent\n")


def test_fetched_weights_that_change_later_are_noticed(published, capsys):
    manifest, _ = published
    assert main(["fetch", "person", "--manifest", str(manifest)]) == 0
    path = manifest.parent / "fetched" / "person.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    capsys.readouterr()
    assert main(["verify", "--manifest", str(manifest)]) == 1
    told = capsys.readouterr().out
    assert "person FAIL" in told
    assert "is damaged or another version" in told
    assert told.endswith("0 ok, 1 failed, 0 absent\n")


def test_the_cache_folder_takes_fetched_weights(published, tmp_path, monkeypatch):
    manifest, _ = published
    monkeypatch.setenv("RINKSIDE_CACHE", str(tmp_path / "cache"))
    assert main(["fetch", "person", "--manifest", str(manifest)]) == 0
    assert (tmp_path / "cache" / "checkpoints" / "person.safetensors").is_file()
    assert load_model("person", manifest=manifest)[1].status == "trained"


def test_a_broken_conversion_leaves_no_weights(published, server, tmp_path, capsys):
    manifest, _ = published
    entry = {"name": "pose", "family": "vitpose", "builder": "vitpose_tiny"}
    manifest = write_manifest(tmp_path, {**entry, "urls": [server.url("checkpoint0011.pth")]})
    assert main(["fetch", "pose", "--manifest", str(manifest)]) == 2
    told = capsys.readouterr()
    assert "not published, so it could not be checked" in told.out
    assert "looks like a dino checkpoint" in told.err
    assert os.listdir(manifest.parent / "fetched") == []


def test_a_web_page_in_place_of_weights(published, server, tmp_path, capsys):
    server.content = b"<!DOCTYPE html><title>Sign in</title>"
    entry = {"name": "person", "family": "dino", "builder": "dino_tiny"}
    manifest = write_manifest(tmp_path, {**entry, "urls": [server.url("a.pth")]})
    assert main(["fetch", "person", "--manifest", str(manifest)]) == 2
    assert "a.pth is a web page (HTML), not weights" in capsys.readouterr().err
    assert os.listdir(manifest.parent / "fetched") == []


def test_what_cannot_be_fetched_names_the_way_by_hand():
    checkpoint = read_manifest()["dino_r50_4scale_12e"]
    with pytest.raises(
        MissingWeights, match=r"download it from https://drive\.google.*convert FILE"
    ):
        list(fetch(checkpoint))


# --- the transfer -------------------------------------------------------------------------------


def test_a_broken_transfer_goes_on_where_it_stopped(server, tmp_path):
    target = tmp_path / "a.pth"
    server.cut_after = 100_000
    with pytest.raises(DownloadError, match=r"broke off after 100 kB of 256 kB .*run the command"):
        download([server.url("a")], target)
    assert sorted(os.listdir(tmp_path)) == ["a.pth.part", "a.pth.part.version"]
    server.cut_after = None
    download([server.url("a")], target)
    assert server.asked == [("/a", None), ("/a", "bytes=100000-")]
    assert target.read_bytes() == CONTENT
    assert os.listdir(tmp_path) == ["a.pth"]


def test_a_file_that_changed_meanwhile_is_fetched_anew(server, tmp_path):
    server.cut_after = 100_000
    with pytest.raises(DownloadError):
        download([server.url("a")], tmp_path / "a")
    server.cut_after, server.version, server.content = None, '"two"', CONTENT[::-1]
    download([server.url("a")], tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("change", [{"ranges": False}, {"version": None}])
def test_a_server_that_cannot_resume_sends_all_again(server, tmp_path, change):
    for name, value in change.items():
        setattr(server, name, value)
    server.cut_after = 100_000
    with pytest.raises(DownloadError):
        download([server.url("a")], tmp_path / "a")
    server.cut_after = None
    download([server.url("a")], tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_transfer_that_was_whole_but_not_yet_checked(server, tmp_path):
    (tmp_path / "a.part").write_bytes(CONTENT)
    (tmp_path / "a.part.version").write_text('"one"')
    download([server.url("a")], tmp_path / "a")
    assert server.asked == [("/a", f"bytes={len(CONTENT)}-")]
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_wrong_hash_leaves_nothing(server, tmp_path):
    with pytest.raises(WeightsError, match=r"expected 00000000: it is damaged or another version"):
        download([server.url("a")], tmp_path / "a", sha256="00000000")
    assert os.listdir(tmp_path) == []


def test_another_file_in_the_place_does_not_stay(server, tmp_path):
    (tmp_path / "a").write_bytes(b"left by an older version")
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    with pytest.raises(WeightsError, match="fetch it again"):
        download([server.url("a")], tmp_path / "a", sha256=sha256)
    assert download([server.url("a")], tmp_path / "a", sha256=sha256) == sha256


def test_a_file_of_unsaid_length(server, tmp_path):
    server.says_length = False
    sha256 = download([server.url("a")], tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert sha256 == sha256_of(tmp_path / "a")


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_next_address_is_tried(server, tmp_path):
    dead = f"http://127.0.0.1:{closed_port()}/a"
    download([dead, server.url("a")], tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_no_address_answers(server, tmp_path):
    server.status = 404
    dead = f"http://127.0.0.1:{closed_port()}/a"
    with pytest.raises(
        Unreachable, match=r"Connection refused; .*the server answered 404 Not Found"
    ):
        download([dead, server.url("a")], tmp_path / "a")
    assert os.listdir(tmp_path) == []


def test_too_little_space_is_said_before_the_transfer(server, tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(DownloadError, match="has 1 kB free, the file needs 256 kB"):
        download([server.url("a")], tmp_path / "a")


def test_a_disk_that_fills_up_on_the_way(server, tmp_path):
    server.content, server.says_length = bytes(1 << 21), False
    with small_disk(tmp_path / "disk") as folder:
        with pytest.raises(DownloadError, match=r"cannot write .*a\.part: .*; free some space"):
            download([server.url("a")], folder / "a")
        assert os.listdir(folder) == []


# --- the command --------------------------------------------------------------------------------


def run(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "models.zoo", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_without_a_network_the_command_says_so_in_one_line(tmp_path):
    entry = {"name": "person", "family": "dino", "builder": "dino_tiny"}
    url = f"http://127.0.0.1:{closed_port()}/a.pth"
    manifest = write_manifest(tmp_path, {**entry, "urls": [url]})
    done = run("fetch", "person", "--manifest", str(manifest))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: cannot fetch {url} (127.0.0.1: Connection refused)")
    assert "convert FILE --family dino --builder dino_tiny" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_an_interrupted_fetch_ends_with_130(server, tmp_path):
    server.content, server.pause_after = bytes(1 << 24), 1 << 23
    entry = {"name": "person", "family": "dino", "builder": "dino_tiny"}
    manifest = write_manifest(tmp_path, {**entry, "urls": [server.url("a.pth")]})
    command = [sys.executable, "-m", "models.zoo", "fetch", "person", "--manifest", str(manifest)]
    part = manifest.parent / "fetched" / "a.pth.part"
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not part.exists() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=120)
    server.go_on.set()
    assert process.returncode == 130
    assert told.endswith("interrupted\n")
    assert "Traceback" not in told
    assert part.exists()
