"""What follows from an analysis, made once and kept for the last few of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from pipeline.types import Analysis

Found = TypeVar("Found")
_KEPT = 8


class Kept(Generic[Found]):
    """What follows from an analysis; of the last few analyses it is kept."""

    def __init__(self, make: Callable[[Analysis], Found]) -> None:
        self._make = make
        self._known: OrderedDict[int, tuple[Analysis, Found]] = OrderedDict()

    def __call__(self, analysis: Analysis) -> Found:
        """Made now, or before."""
        known = self._known.get(id(analysis))
        if known is None or known[0] is not analysis:
            known = (analysis, self._make(analysis))
            self._known[id(analysis)] = known
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return known[1]
