"""Compiles the renderer's inner loops with numba on their first use."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """A function of arrays, compiled; kept on disk for the next time where there is a place."""
    compile_ = partial(njit, nogil=True, fastmath=True)
    try:
        made = compile_(cache=True)(function)
    except RuntimeError:  # neither beside the source nor in a home folder: compiled every time
        made = compile_()(function)
    return cast(Callable[P, R], made)
