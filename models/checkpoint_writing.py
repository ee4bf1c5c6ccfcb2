"""Weights to disk, safely: a safetensors file is there whole or not at all."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from models.atomic_files import written
from models.errors import WeightsError


def write_safetensors(
    state: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a state dict as safetensors, whole or not at all; an older file is replaced.

    Tensors that share memory (tied weights) are stored once a key. The same state and metadata give
    the same bytes, so that a sha256 stands for them.

    Raises:
        WeightsError: The folder cannot be written or the disk is full; nothing is left behind.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written(path, durable=True) as draft:
            draft.touch()
            mode = draft.stat().st_mode
            save_file(_untied(state), draft, metadata={"format": "pt", **(metadata or {})})
            _sort_metadata(draft)
            draft.chmod(mode)  # safetensors makes its files private
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"cannot write {path}: {reason_of(error)}") from error


def reason_of(error: Exception) -> str:
    """The system's own words for a failed write, and the remedy where the disk is full."""
    words = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if "No space left" in words or "File too large" in words:
        return f"{words}; free some space or choose another folder"
    return words


def _sort_metadata(path: Path) -> None:
    """Put the metadata of a safetensors file in order; the library writes it in a changing one."""
    with path.open("r+b") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        file.seek(8)
        file.write(text.ljust(length))  # the same signs in another order, and spaces


def _untied(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous tensors of which no two share memory, as safetensors wants them."""
    seen: set[int] = set()
    untied = {}
    for key, value in state.items():
        storage = value.untyped_storage().data_ptr()
        untied[key] = value.contiguous()
        if storage in seen:
            untied[key] = value.clone(memory_format=torch.contiguous_format)
        seen.add(storage)
    return untied
