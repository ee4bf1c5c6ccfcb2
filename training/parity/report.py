"""One comparison, one line: tolerances, their table, and the reader of golden folders."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor


@dataclass(frozen=True)
class Tolerance:
    """How far a tensor may lie from the published one."""

    absolute: float
    """Largest absolute difference (0 = equal to the bit)."""
    relative_to_max: float = 0.0
    """Added: this times the largest magnitude of the expected tensor (gradients)."""
    fraction: float = 1.0
    """This share of the elements must hold the limit ..."""
    hard_limit: float | None = None
    """... and all of them this one (None: no limit for the rest)."""


@dataclass(frozen=True)
class Comparison:
    """The outcome of comparing one tensor; prints as a line of the contract."""

    case: str
    """`<folder>/<case>`."""
    tensor: str
    """Name of the compared tensor, or of the check that failed."""
    max_abs: float
    """Largest absolute difference (NaN when shapes differ or a value is missing)."""
    limit: float
    """The tolerance that was applied, in absolute terms."""
    ok: bool
    """Whether it holds."""
    remark: str = ""
    """Why it failed, when a number does not say it."""

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "FAIL"
        remark = f" ({self.remark})" if self.remark else ""
        return (
            f"{self.case}/{self.tensor} {verdict} "
            f"max_abs={self.max_abs:.1e} tol={self.limit:.0e}{remark}"
        )


def _as_float64(value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value.detach().to(torch.float64)
    return torch.as_tensor(np.asarray(value, dtype=np.float64))


def compare(case: str, tensor: str, got: Any, expected: Any, tolerance: Tolerance) -> Comparison:
    """Compare two tensors, arrays or nested lists of numbers of the same shape."""
    a, b = _as_float64(got), _as_float64(expected)
    limit = tolerance.absolute + tolerance.relative_to_max * float(
        b.abs().max() if b.numel() else 0
    )
    if a.shape != b.shape:
        remark = f"shape {tuple(a.shape)}, expected {tuple(b.shape)}"
        return Comparison(case, tensor, float("nan"), limit, ok=False, remark=remark)
    if a.numel() == 0:
        return Comparison(case, tensor, 0.0, limit, ok=True)
    same_nan = a.isnan() & b.isnan()
    difference = torch.where(same_nan | (a == b), torch.zeros_like(a), (a - b).abs())
    largest = float(difference.max())
    inside = float((difference <= limit).double().mean())
    ok = inside >= tolerance.fraction and not bool(difference.isnan().any())
    if tolerance.hard_limit is not None:
        ok = ok and largest <= tolerance.hard_limit
    remark = "" if tolerance.fraction == 1.0 else f"{100 * inside:.1f} % within the tolerance"
    return Comparison(case, tensor, largest, limit, ok=ok, remark=remark)


def failure(case: str, tensor: str, remark: str) -> Comparison:
    """A check that failed without a number to show."""
    return Comparison(case, tensor, float("nan"), 0.0, ok=False, remark=remark)


def read_tensors(*paths: Path) -> dict[str, Tensor]:
    """All tensors of one or several safetensors files (shards); halves become float32."""
    tensors: dict[str, Tensor] = {}
    for path in paths:
        with safe_open(path, framework="pt") as file:
            for key in file.keys():  # noqa: SIM118  (safe_open is no mapping)
                value = file.get_tensor(key)
                tensors[key] = value.float() if value.dtype == torch.float16 else value
    return tensors


def read_metadata(path: Path) -> dict[str, str]:
    """The free-text metadata of a safetensors file."""
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata() or {})


def read_json(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


Comparer = Callable[[Path], Iterator[Comparison]]
"""A family's comparison: golden folder in, comparisons out. Yields a FAIL for a folder without a
case it knows and for every data file it does not know."""
