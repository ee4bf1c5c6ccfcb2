"""Weights on disk: what kind of file it is, its tensors, its sha256, and how to write one safely.

Rinkside runs on safetensors. PyTorch's pickled files (`.pth`, `.pt`, `.pyth`) are read with
`weights_only=True` and never otherwise: no code that a file names is run. The training records that
published files carry beside their tensors (numpy arrays, arguments, log buffers) are met by an
inert stand-in and dropped unread; any other class is refused by name.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import struct
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from models.checkpoint_parts import SHARDS, Part, part_of
from models.eight_bits import from_eight_bits
from models.errors import WeightsError as WeightsError  # for those who read weights

Kind = Literal["safetensors", "zip", "legacy"]
"""safetensors; torch.save's zip archive (since 1.6); its older stream of pickles."""

_LEGACY_MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"

_PAGE = "is a web page (HTML), not weights: probably a log-in or an error; download it again"
_NOT_WEIGHTS = {
    b"version https://git-lfs": "is a Git LFS pointer, not the weights; run `git lfs pull`",
    b"<!doctype html": _PAGE,
    b"<html": _PAGE,
    b"<?xml": "is an XML page, the error of a storage server, not weights; download it again",
    b"\x80": "is a plain pickle, not a file of torch.save; save its state dict as safetensors",
}
"""First bytes (in lower case) of what arrives in place of weights, and what to say."""


class _Unread:
    """Stands in for a class that a pickle names: takes any arguments and state, keeps nothing."""

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


_BOOKKEEPING = (
    # mmpose's and mmengine's `meta`: joint weights, colours, scores.
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.ndarray",
    "numpy.dtype",
    # `args` of the DINO and Unmasked Teacher training scripts.
    "argparse.Namespace",
    # What Lightning's callbacks note.
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "pathlib._local.PosixPath",
    # mmengine's `message_hub`: log buffers, which refer to their methods through getattr.
    "mmengine.logging.history_buffer.HistoryBuffer",
    "builtins.getattr",
)
"""Names that `_Unread` answers to; nothing of those packages itself is called."""

_DICTS = (
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict",
    "lightning.fabric.utilities.data.AttributeDict",
)
"""Lightning's `hyper_parameters`, read as plain dicts, which is what they are."""

# What a reader may raise over bytes that are not what they should be.
_UNREADABLE = (
    *(OSError, RuntimeError, ValueError, TypeError, AttributeError, LookupError, EOFError),
    *(ArithmeticError, AssertionError, MemoryError, struct.error, zipfile.BadZipFile),
    *(pickle.UnpicklingError, SafetensorError),
)

# torch's allow-list is one set for the whole process.
_allow_list = threading.Lock()


def read_state(path: Path) -> dict[str, Tensor]:
    """Read the state dict of a weights file, on the CPU, without wrapper keys and prefixes.

    Args:
        path: A safetensors file, or a `.pth`, `.pt` or `.pyth` file of `torch.save`. Safetensors
            and zip files are memory-mapped, so that a tensor takes memory only once it is used.

    Raises:
        WeightsError: The file is missing, cut short, damaged, of another kind, or holds no weights.
    """
    return read_part(path).state


def read_part(path: Path, key: str | None = None) -> Part:
    """Like `read_state`, with a choice among the state dicts of a file, and notes about it.

    Args:
        path: As for `read_state`.
        key: Which state dict, see `part_of`; None takes the usual one.

    Raises:
        WeightsError: As `read_state`, or the file holds none of that name.
    """
    readers: dict[Kind, Callable[[Path], object]] = {
        "safetensors": _read_safetensors,
        "zip": _read_zip,
        "legacy": lambda path: _load_pickled(path, mmap=False),
    }
    return part_of(readers[kind_of(path)](path), path, key)


def kind_of(path: Path) -> Kind:
    """Tell the kind of a weights file by its content, whatever its name.

    Raises:
        WeightsError: It is missing, empty, or no weights file; the sentence says what it is.
    """
    head = _head(path)
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(_LEGACY_MAGIC):
        return "legacy"
    if head[8:9] == b"{":
        return "safetensors"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for beginning, remark in _NOT_WEIGHTS.items():
        if text.startswith(beginning):
            raise WeightsError(f"{path} {remark}")
    raise WeightsError(
        f"{path} is not a weights file Rinkside knows: it reads safetensors and what torch.save "
        "writes; download it again or convert it where it comes from"
    )


def sha256_of(path: Path) -> str:
    """The hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(path: Path, expected: str) -> str:
    """Compare a file with its known sha256, or with the first digits of it; returns the whole.

    Raises:
        WeightsError: The file is another one than expected.
    """
    actual = sha256_of(path)
    if not actual.startswith(expected):
        raise WeightsError(
            f"{path} has sha256 {actual[: max(8, len(expected))]}, expected {expected}: "
            "it is damaged or another version; fetch it again"
        )
    return actual


def read_metadata(path: Path) -> dict[str, str]:
    """The free-text metadata of a safetensors file."""
    if kind_of(path) != "safetensors":
        raise WeightsError(f"{path} is not a safetensors file; convert it first")
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except _UNREADABLE as error:
        raise _damaged(path, error) from error


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise WeightsError(f"{path} is a folder; name the weights file inside it")
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError:
        raise WeightsError(f"{path} does not exist; check the path") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
    if not head:
        raise WeightsError(f"{path} is empty (0 bytes); download it again")
    return head


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return from_eight_bits(load_file(path))
    except _UNREADABLE as error:
        unknown = re.search(r"Dtype not understood: (\w+)", str(error))
        if unknown is not None:
            raise WeightsError(
                f"{path} holds {unknown[1]} numbers, which PyTorch does not have; save it as "
                "float16 or float32 where it comes from"
            ) from error
        raise _damaged(path, error) from error


def _read_zip(path: Path) -> object:
    try:
        with zipfile.ZipFile(path) as archive:
            scripted = any(Path(name).name == "constants.pkl" for name in archive.namelist())
            # Mapping skips torch's own check of the records.
            broken = None if scripted else archive.testzip()
    except _UNREADABLE as error:
        raise _damaged(path, error) from error
    if scripted:
        raise WeightsError(
            f"{path} is a TorchScript program, not a state dict; use the same weights as "
            "safetensors or as a file of torch.save(model.state_dict())"
        )
    if broken is not None:
        raise WeightsError(f"{path} is damaged in its record {broken}; download it again")
    return _load_pickled(path, mmap=True)


def _load_pickled(path: Path, *, mmap: bool) -> object:
    stand_ins: list[Any] = [(_Unread, name) for name in _BOOKKEEPING]
    stand_ins += [(dict, name) for name in _DICTS]
    try:
        with _allow_list, torch.serialization.safe_globals(stand_ins):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except _UNREADABLE as error:
        named = re.search(r"GLOBAL (\S+) (?:was not|whose)", str(error))
        if named is None:
            raise _damaged(path, error) from error
        if named[1].startswith("deepspeed."):
            raise WeightsError(
                f"{path} asks for {named[1]}, which Rinkside does not load. A file of a DeepSpeed "
                f"ZeRO run may be one of many: then {SHARDS}"
            ) from error
        raise WeightsError(
            f"{path} asks for {named[1]}, which Rinkside does not load: it reads tensors, not "
            "programs; if you trust the file, save its state dict alone and convert that"
        ) from error


def _damaged(path: Path, error: Exception) -> WeightsError:
    # torch wraps what it found in advice that would not help here.
    words = str(error).rpartition("WeightsUnpickler error: ")[2].strip().splitlines()
    remark = words[0] if words else type(error).__name__
    return WeightsError(f"{path} is cut short or damaged ({remark}); download it again")
