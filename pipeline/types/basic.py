"""What all records are made of: kinds of arrays, the check of their shapes, what decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

NUM_JOINTS = 17
"""COCO joints of a skeleton."""

Precision = Literal["fp32", "bf16", "fp16"]
"""Arithmetic of a network's forward pass."""

CancelCheck = Callable[[], None]
"""Called often; raises `Cancelled` to stop the work."""

ReaderName = Literal["pyav", "decord", "opencv"]
"""Which library decodes video; see `pipeline.video.readers`."""

OMITTED_AT_DEFAULT: Mapping[str, bool] = {"omitted_at_default": True}
"""Metadata of a field that was added to a record later: see `deciding_fields`."""

Status = Literal["trained", "demo", "untrained"]
"""What the weights behind a result are worth."""


def check_picture(name: str, picture: NDArray[np.generic]) -> None:
    """Refuse what is no RGB uint8 `(H, W, 3)`."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(
            f"{name}: expected RGB uint8 (H, W, 3), got {picture.dtype} {picture.shape}"
        )


def check_shape(name: str, array: NDArray[np.generic], *shape: int | None) -> None:
    """Refuse an array whose shape is not the expected one; None stands for any size."""
    fits = array.ndim == len(shape) and all(
        expected in (None, got) for expected, got in zip(shape, array.shape, strict=True)
    )
    if not fits:
        expected = tuple("*" if size is None else size for size in shape)
        raise ValueError(f"{name}: expected shape {expected}, got {array.shape}")


def shapes_in_words(record: object, *names: str) -> str:
    """A record's `repr`: the shapes of some of its arrays."""
    parts = (f"{name}{getattr(record, name).shape}" for name in names)
    return f"{type(record).__name__}({', '.join(parts)})"


def deciding_fields(record: Any) -> dict[str, Any]:
    """Fields of a dataclass that go into hashes of it, by name.

    One with `OMITTED_AT_DEFAULT` counts only where it differs from its default, so that hashes
    made before the record had it stay the same.
    """
    return {
        item.name: getattr(record, item.name)
        for item in fields(record)
        if not (
            item.metadata.get("omitted_at_default") and getattr(record, item.name) == item.default
        )
    }
