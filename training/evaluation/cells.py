"""One cell of a table of predictions, which may come from anybody's program: its value, or why not.

Every function raises a `ValueError` whose words go behind the row's number.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from pipeline.elements import NUM_CLASSES, class_index
from pipeline.types import FloatArray
from training.data.stems import StemError, shown, stem_of


@lru_cache(maxsize=1024)  # a clip has many rows, mostly one behind the other
def _stem(text: str) -> str:
    try:
        return stem_of(text)
    except StemError as error:
        raise ValueError(str(error)) from None


def stem_cell(value: Any) -> str:
    """A clip's stem."""
    if _is_absent(value):
        raise ValueError("has no stem")
    if not isinstance(value, str):
        raise ValueError(
            f"stem {value!r} is not text but {type(value).__name__}; save stems as text, "
            "for numbers lose their leading zeros"
        )
    return _stem(value)


def label_cell(value: Any) -> int | None:
    """A class index from a number or a class name; None where the class is not known."""
    if _is_absent(value):
        return None
    if isinstance(value, str):
        return class_index(value)
    number = _whole(value)
    if number is None or not 0 <= number < NUM_CLASSES:
        raise ValueError(
            f"label {shown(str(value))[1:-1]} is not in 0..{NUM_CLASSES - 1}, nor a class name; "
            "leave it empty where the class is not known"
        )
    return number


def model_cell(value: Any) -> str | None:
    """A network's name; None in the one row of a clip that could not be analysed."""
    if _is_absent(value):
        return None
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"model {value!r} is not the name of a network")
    return value


def view_cell(value: Any) -> int:
    """The number of a view."""
    if _is_absent(value):
        raise ValueError("has no view")
    number = _whole(value)
    if number is None or number < 0:
        raise ValueError(f"view {value!r} is not a whole number from 0 on")
    return number


def logits_cell(value: Any) -> FloatArray:
    """The 28 logits of a view."""
    if _is_absent(value):
        raise ValueError("has no logits")
    try:
        row = np.asarray(value, dtype=np.float64)  # null becomes NaN
    except (TypeError, ValueError):
        raise ValueError("logits are not a list of numbers") from None
    if row.shape != (NUM_CLASSES,):
        raise ValueError(f"logits must be {NUM_CLASSES} numbers, got {row.size}")
    with np.errstate(over="ignore"):
        logits = row.astype(np.float32)
    if not np.isfinite(logits).all():
        raise ValueError("logits must be finite numbers, got NaN, nothing or infinity")
    return logits


def _is_absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _whole(value: Any) -> int | None:
    """Whole numbers, as floats too, for a column with gaps is one of floats in pandas."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if math.isfinite(value) and value == int(value) else None
