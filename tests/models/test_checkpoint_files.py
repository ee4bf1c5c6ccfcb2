"""Weights on disk: every kind of file that holds them, and every kind that only seems to."""

from __future__ import annotations

import argparse
import os
import re
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from models.checkpoint_files import WeightsError, check_sha256, read_metadata, read_state, sha256_of
from models.checkpoint_writing import write_safetensors
from models.eight_bits import in_eight_bits
from tests.models.zoo.files import small_disk

STATE = {"blocks.0.weight": torch.randn(3, 4), "head.bias": torch.arange(5.0)}


def assert_equal(got, expected):
    assert list(got) == list(expected)
    for key, value in expected.items():
        torch.testing.assert_close(got[key], value, rtol=0, atol=0)


def save(tree, path: Path, *, zipped: bool = True) -> Path:
    torch.save(tree, path, _use_new_zipfile_serialization=zipped)
    return path


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("wrapper", [None, "model", "module", "state_dict", "model_state"])
@pytest.mark.parametrize("prefix", ["", "module.", "module._orig_mod."])
def test_reads_what_torch_saves(tmp_path, zipped, wrapper, prefix):
    state = OrderedDict((prefix + key, value) for key, value in STATE.items())
    tree = {wrapper: state, "epoch": 3, "optimizer": {"lr": 0.1}} if wrapper else state
    assert_equal(read_state(save(tree, tmp_path / "a.pth", zipped=zipped)), STATE)


def test_reads_safetensors_whatever_the_name(tmp_path):
    save_file(STATE, tmp_path / "weights.bin")
    assert_equal(read_state(tmp_path / "weights.bin"), STATE)


def test_a_prefix_that_only_some_keys_have_stays(tmp_path):
    state = {"module.a": torch.zeros(1), "b": torch.zeros(1)}
    assert_equal(read_state(save(state, tmp_path / "a.pth")), state)


@pytest.fixture
def history_buffer(monkeypatch):
    """A class of mmengine's name, pickled with a reference to its method as mmengine does."""
    module = types.ModuleType("mmengine.logging.history_buffer")

    class HistoryBuffer:
        def __init__(self):
            self.log = np.array([0.5, 0.25])
            self.statistics_methods = {"mean": HistoryBuffer.mean}

        def mean(self):
            return self.log.mean()

    for kind in (HistoryBuffer, HistoryBuffer.mean):
        kind.__module__ = module.__name__
        kind.__qualname__ = kind.__qualname__.rpartition("<locals>.")[2]
    module.HistoryBuffer = HistoryBuffer
    for name in ("mmengine", "mmengine.logging"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return HistoryBuffer()


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_training_records_beside_the_tensors_are_left_unread(
    tmp_path, monkeypatch, history_buffer, zipped
):
    records = {
        "meta": {"sigmas": np.array([0.026, 0.025]), "palette": np.zeros((2, 3), np.uint8)},
        "best": np.float64(0.757),
        "args": argparse.Namespace(lr=1e-4, backbone="resnet50", sizes=np.arange(3)),
        "message_hub": {"log_scalars": {"train/loss": history_buffer}},
    }
    path = save({"state_dict": STATE, **records}, tmp_path / "a.pth", zipped=zipped)
    # The class is gone where the file is read.
    for name in [name for name in sys.modules if name.startswith("mmengine")]:
        monkeypatch.delitem(sys.modules, name)
    allowed_before = set(torch.serialization.get_safe_globals())
    assert_equal(read_state(path), STATE)
    assert set(torch.serialization.get_safe_globals()) == allowed_before


class RunsCode:
    """Pickles as a call of `os.system`."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_program_in_a_checkpoint_is_refused_and_not_run(tmp_path, zipped):
    trace = tmp_path / "ran"
    tree = {"state_dict": STATE, "meta": RunsCode(f"touch {trace}")}
    path = save(tree, tmp_path / "a.pth", zipped=zipped)
    with pytest.raises(WeightsError, match=r"asks for posix\.system.*tensors, not programs"):
        read_state(path)
    assert not trace.exists()


def test_a_class_of_another_project_is_named(tmp_path):
    path = save({"state_dict": STATE, "cfg": RunsCode}, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"asks for tests\.models.*RunsCode"):
        read_state(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html><title>Sign in</title>", "web page"),
        (b"\xef\xbb\xbf  <HTML>Quota exceeded", "web page"),
        (b'<?xml version="1.0"?><Error><Code>NoSuchKey', "XML page"),
        (b"\x80\x04\x95\x10\x00", "plain pickle"),
        (b"not weights at all", "is not a weights file Rinkside knows"),
        (b"PK\x03\x04 and then nothing", "cut short or damaged"),
        (b"\x40\x00\x00\x00\x00\x00\x00\x00{", "cut short or damaged"),
    ],
)
def test_what_arrives_in_place_of_weights_is_told_apart(tmp_path, content, words):
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=words) as failure:
        read_state(path)
    assert str(path) in str(failure.value)


def test_a_path_that_is_no_file(tmp_path):
    with pytest.raises(WeightsError, match="is a folder"):
        read_state(tmp_path)
    with pytest.raises(WeightsError, match="does not exist"):
        read_state(tmp_path / "absent.pth")


def test_torchscript_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "ViT-L-14.pt", "w") as archive:
        archive.writestr("archive/constants.pkl", b"\x80\x02).")
    with pytest.raises(WeightsError, match="TorchScript"):
        read_state(tmp_path / "ViT-L-14.pt")


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (torch.zeros(3), "holds a Tensor, expected a state dict"),
        ({}, "found nothing"),
        ({"epoch": 3, "loss": 0.5}, "found epoch, loss"),
        ({"state_dict": {"a": torch.zeros(1), "note": "x"}}, "found note"),
    ],
)
def test_a_file_without_a_state_dict(tmp_path, tree, words):
    with pytest.raises(WeightsError, match=words):
        read_state(save(tree, tmp_path / "a.pth"))


def bytes_of(kind: str, folder: Path) -> bytes:
    path = folder / f"{kind}.bin"
    if kind == "safetensors":
        save_file(STATE, path)
    else:
        save({"state_dict": STATE}, path, zipped=kind == "zip")
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_a_truncated_file_is_refused(tmp_path, kind, share):
    whole = bytes_of(kind, tmp_path)
    cut = tmp_path / "cut.pth"
    cut.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(WeightsError, match=r"cut short or damaged|asks for"):
        read_state(cut)


@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy"])
def test_random_damage_never_escapes_as_another_error(tmp_path, kind):
    whole = bytes_of(kind, tmp_path)
    places = np.random.default_rng(5).integers(0, len(whole), size=60)
    path = tmp_path / "flipped.pth"
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:
            state = read_state(path)
        except WeightsError:
            continue
        if kind == "zip":  # the archive's checksums leave no damaged tensor undetected
            assert_equal(state, STATE)


def test_damage_inside_a_tensor_is_named(tmp_path):
    whole = bytearray(bytes_of("zip", tmp_path))
    place = whole.index(STATE["blocks.0.weight"].numpy().tobytes())
    whole[place] ^= 1
    (tmp_path / "a.pth").write_bytes(whole)
    with pytest.raises(WeightsError, match=r"damaged in its record .*data/0"):
        read_state(tmp_path / "a.pth")


@pytest.mark.parametrize("kind", ["safetensors", "zip"])
def test_tensors_are_mapped_not_copied(tmp_path, kind):
    bytes_of(kind, tmp_path)
    path = tmp_path / f"{kind}.bin"
    state = read_state(path)
    assert str(path) in Path("/proc/self/maps").read_text()
    assert_equal(state, STATE)


def test_sha256(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    whole = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of(path) == whole
    assert check_sha256(path, "ba7816bf") == whole
    with pytest.raises(WeightsError, match="has sha256 ba7816bf, expected 00000000"):
        check_sha256(path, "00000000")


def test_written_files_read_back_with_tied_and_sliced_tensors(tmp_path):
    matrix = torch.randn(6, 4)
    state = {"a": matrix, "tied": matrix, "slice": matrix[2:4], "turned": matrix.t()}
    path = tmp_path / "new" / "folder" / "a.safetensors"
    write_safetensors(state, path, {"family": "umt"})
    assert_equal(dict(sorted(read_state(path).items())), dict(sorted(state.items())))
    assert read_metadata(path)["family"] == "umt"
    assert os.listdir(path.parent) == ["a.safetensors"]
    (path.parent / "usual").touch()
    assert path.stat().st_mode == (path.parent / "usual").stat().st_mode


def test_same_weights_same_bytes(tmp_path):
    metadata = {f"key {i}": f'wörd \n \x1f \u2028 \\ "{i}"' for i in range(20)}
    backwards = dict(reversed(metadata.items()))
    digests = set()
    for i, order in enumerate((metadata, backwards, metadata)):
        write_safetensors(STATE, tmp_path / f"{i}.safetensors", order)
        digests.add(sha256_of(tmp_path / f"{i}.safetensors"))
        assert read_metadata(tmp_path / f"{i}.safetensors") == {"format": "pt", **metadata}
        assert_equal(dict(sorted(read_state(tmp_path / f"{i}.safetensors").items())), STATE)
    assert len(digests) == 1


def test_eight_bits_stay_within_a_254th_of_the_largest_in_a_row(tmp_path):
    torch.manual_seed(0)
    rows = torch.randn(6, 4, 3, 3) * torch.logspace(-6, 3, 6)[:, None, None, None]
    rows[2] = 0
    state = {
        "filters": rows,
        "narrow": torch.randn(8, 3),
        "bias": torch.randn(6),
        "steps": torch.tensor(7),
    }
    write_safetensors(in_eight_bits(state), tmp_path / "a.safetensors")
    got = read_state(tmp_path / "a.safetensors")
    assert set(got) == set(state)
    exact = ("narrow", "bias", "steps")
    assert_equal({key: got[key] for key in exact}, {key: state[key] for key in exact})
    largest = rows.flatten(1).abs().amax(1)[:, None]
    off = (got["filters"] - rows).flatten(1).abs()
    assert (off <= largest / 254 * 1.0001).all()
    assert off.max() > 0


def test_eight_bits_take_half_of_half_precision(tmp_path):
    state = {"weight": torch.randn(256, 256).half(), "bias": torch.randn(256).half()}
    write_safetensors(state, tmp_path / "half.safetensors")
    write_safetensors(in_eight_bits(state), tmp_path / "eight.safetensors")
    half, eight = ((tmp_path / f"{n}.safetensors").stat().st_size for n in ("half", "eight"))
    assert eight < 0.52 * half


def test_a_scale_without_its_numbers_is_damage(tmp_path):
    packed = in_eight_bits({"weight": torch.randn(4, 32)})
    del packed["weight"]
    write_safetensors(packed, tmp_path / "a.safetensors")
    with pytest.raises(WeightsError, match="cut short or damaged"):
        read_state(tmp_path / "a.safetensors")


def test_metadata_of_another_kind_of_file(tmp_path):
    with pytest.raises(WeightsError, match="is not a safetensors file; convert it first"):
        read_metadata(save(STATE, tmp_path / "a.pth"))


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    with small_disk(tmp_path / "disk") as folder:
        path = folder / "a.safetensors"
        write_safetensors({"a": torch.ones(2)}, path)
        with pytest.raises(WeightsError, match=f"cannot write {path}.*free some space") as failure:
            write_safetensors({"a": torch.zeros(1 << 19)}, path)
        assert re.search("No space left|File too large", str(failure.value))
        assert os.listdir(folder) == ["a.safetensors"]
        assert_equal(read_state(path), {"a": torch.ones(2)})


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WeightsError, match="cannot write"):
        write_safetensors(STATE, tmp_path / "file" / "a.safetensors")
