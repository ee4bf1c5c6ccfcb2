"""Bad profiles, weights and places on the command line: one sentence each, exit 2, nothing left.

Bad videos are told apart in `test_video_bad_input.py`; `test_analyse.py` sees that the command line
passes such sentences on.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from models.checkpoint_writing import write_safetensors
from pipeline.__main__ import main
from pipeline.config import PROFILES
from pipeline.errors import StoreError
from pipeline.storage.output_folder import new_folder
from tests.conftest import ROOT
from tests.models.zoo.files import tiny_state
from tests.videos import Shelf

DEMO = (PROFILES / "demo.toml").read_text(encoding="utf-8")
DETECTOR = "dino_r50_4scale_12e_mmdet"  # an entry that nobody has fetched into a new cache


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RINKSIDE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def analyze(
    clips: Shelf, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, list[str], str]]:
    """Analyse one frame into `out`: exit code, lines on stderr without progress, stdout."""

    def run(*arguments: str, out: Path = tmp_path / "out") -> tuple[int, list[str], str]:
        code = main(["analyze", str(clips["one_frame.mp4"]), "--out", str(out), *arguments])
        said = capsys.readouterr()
        return code, [line for line in said.err.splitlines() if " % " not in line], said.out

    return run


def profile(folder: Path, old: str, new: str) -> str:
    """The demo profile with one line changed."""
    assert DEMO.count(old) >= 1
    path = folder / "mine.toml"
    path.write_text(DEMO.replace(old, new, 1), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"vitpose_tiny"', '"dino_tiny"', "pose: the profile names dino_tiny, a network of the "),
        (
            '"vitpose_tiny"',
            '"vitpose_xxl"',
            "pose: the profile names 'vitpose_xxl', which is neither ",
        ),
        ("every = 4", "evry = 4", "{path}: unknown key detector.evry"),
        ("every = 4", "every = 0", "{path}: detector.every: must be at least 1, got 0"),
        ("every = 4", 'every = "x"', "{path}: detector.every: must be a whole number, got 'x'"),
        ("every = 4", "every = = 4", "{path}: is not valid TOML"),
        ('name = "umt_16x96"', 'name = "umt"', "{path}: demo: video_models must be called umt_1"),
    ],
)
def test_a_profile_that_makes_no_sense(analyze, tmp_path, old, new, sentence) -> None:
    path = profile(tmp_path, old, new)
    code, said, _ = analyze("--profile", path)
    assert code == 2
    assert len(said) == 1
    assert said[0].startswith("error: " + sentence.format(path=path))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda p: p.mkdir(), "cannot be read (Is a directory); name a TOML file"),
        (lambda p: p.write_bytes(b"\xff\xfe\x00"), "is not valid TOML"),
        (lambda p: None, "choose one of demo, fast, paper"),
    ],
)
def test_a_profile_that_is_no_profile(analyze, tmp_path, make, sentence) -> None:
    make(tmp_path / "mine.toml")
    code, said, _ = analyze("--profile", str(tmp_path / "mine.toml"))
    assert (code, len(said)) == (2, 1)
    assert sentence in said[0]


def not_finite(path: Path) -> None:
    state = tiny_state("dino_tiny")
    next(value for value in state.values() if value.is_floating_point()).fill_(float("nan"))
    write_safetensors(state, path)


def another_family(path: Path) -> None:
    write_safetensors(tiny_state("infogcn_tiny"), path)


def another_size(path: Path) -> None:
    write_safetensors(tiny_state("dino_tiny"), path)


def cut_short(path: Path) -> None:
    another_size(path)
    path.write_bytes(path.read_bytes()[:-1000])


def web_page(path: Path) -> None:
    path.write_text("<!DOCTYPE html><html></html>")


def pickled(path: Path) -> None:
    torch.save(tiny_state("infogcn_tiny"), path)


def another_file(path: Path) -> None:
    another_size(path)
    path.with_name(path.name + ".sha256").write_text("0" * 64 + "  weights\n")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (not_finite, ["holds NaN or infinite numbers", "use another checkpoint"]),
        (another_family, ["looks like a infogcn checkpoint", "choose the file or the builder"]),
        (another_size, ["does not fit Dino", "choose the file or the builder"]),
        (cut_short, ["is cut short or damaged", "download it again"]),
        (web_page, ["is a web page (HTML), not weights", "download it again"]),
        (pickled, ["is not a safetensors file; convert it first"]),
        (another_file, ["has sha256", "expected 0000", "fetch it again"]),
    ],
)
def test_weights_that_cannot_be_used(analyze, cache, tmp_path, make, words) -> None:
    path = cache / "checkpoints" / f"{DETECTOR}.safetensors"
    path.parent.mkdir(parents=True)
    make(path)
    code, said, _ = analyze("--profile", profile(tmp_path, '"dino_tiny"', f'"{DETECTOR}"'))
    assert (code, len(said)) == (2, 1)
    assert said[0].startswith("error: ")
    assert DETECTOR in said[0]
    assert all(part in said[0] for part in words)
    assert not (tmp_path / "out").exists()


def test_nobody_in_the_whole_clip(analyze, tmp_path) -> None:
    code, said, _ = analyze()  # a test pattern, and the detector that ships
    assert (code, len(said)) == (2, 1)
    assert said[0].startswith("error: one_frame.mp4: no person detected in 1 frames; ")
    assert not (tmp_path / "out").exists()


def test_a_network_that_takes_other_views(analyze, tmp_path) -> None:
    other = profile(tmp_path, 'checkpoint = "umt_stem_16x96"', 'checkpoint = "umt_stem_32x96"')
    code, said, _ = analyze("--profile", other, "--untrained")
    assert code == 2
    assert said == [
        "error: umt_16x96: umt_stem_32x96 takes 32 frames of 96 pixels, the profile gives 16 of "
        "96; change num_frames and side"
    ]


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_place_that_is_a_file_is_said_before_the_work(analyze, tmp_path, below) -> None:
    (tmp_path / "taken").touch()
    began_s = time.process_time()
    code, said, _ = analyze(out=tmp_path / "taken" / below)
    assert time.process_time() - began_s < 5  # next to nothing; a busy machine adds nothing
    assert (code, len(said)) == (2, 1)
    assert said[0].endswith("taken is a file; choose another folder")


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """To a program the same as a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk(analyze, tmp_path) -> None:
    with files_up_to(2000):
        code, said, _ = analyze("--untrained", "--no-cache")
    assert code == 2
    assert said == [
        f"error: {tmp_path / 'out'}: the disk is full; free some space or choose another folder"
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_costs_a_warning_only(analyze, cache, tmp_path) -> None:
    cache.write_text("not a folder")
    code, said, printed = analyze("--untrained")
    assert (code, said) == (0, [])
    assert "warning: the result was not cached" in printed
    assert (tmp_path / "out" / "analysis.json").exists()


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


class TestNewFolder:
    def test_what_a_killed_process_left_goes_and_what_a_living_one_makes_stays(
        self, tmp_path: Path
    ) -> None:
        left = tmp_path / f".out-{dead_process()}-0123abcd"
        left.mkdir()
        (left / "arrays.npz").touch()
        making = tmp_path / f".out-{os.getpid()}-0123abcd"
        making.mkdir()
        with new_folder(tmp_path / "out") as scratch:
            (scratch / "analysis.json").touch()
        assert {path.name for path in tmp_path.iterdir()} == {"out", making.name}

    def test_an_older_overlay_does_not_stay_beside_a_newer_analysis(self, tmp_path: Path) -> None:
        for names in (["analysis.json", "overlay.mp4"], ["analysis.json"]):
            with new_folder(tmp_path / "out") as scratch:
                for name in names:
                    (scratch / name).touch()
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["analysis.json"]

    def test_a_folder_that_exists_may_be_a_disk_of_its_own(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        with new_folder(tmp_path / "out") as scratch:
            assert scratch.parent == tmp_path / "out"  # so that nothing moves between disks

    def test_an_error_leaves_what_was_there(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "analysis.json").write_text("older")
        with pytest.raises(StoreError, match="cannot be written"), new_folder(tmp_path / "out"):
            raise OSError("torn")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["analysis.json"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["loading", "working"])
def test_an_interrupt_at_any_moment_ends_with_130(
    cache: Path, tmp_path: Path, number: signal.Signals, moment: str
) -> None:
    skater = ROOT / "assets" / "examples" / "CamelSpin.mp4"  # somebody to be found
    command = [sys.executable, "-m", "pipeline", "analyze", str(skater)]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "out"), "--overlay"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    if moment == "working":
        process.stderr.readline()  # progress
    else:
        maps = Path(f"/proc/{process.pid}/maps")
        while "libtorch" not in maps.read_text():
            time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted; nothing was written"
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir() if path != cache] == []
