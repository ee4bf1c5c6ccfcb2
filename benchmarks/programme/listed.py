"""One form for what is truly in a video and what was found in it, so that both can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from pipeline.types.programme import FoundElement
from training.programme.metrics import Segment
from training.programme.truth import TrueElement


@dataclass(frozen=True)
class ListedElement:
    """One element; seconds since the file's first frame."""

    start_s: float
    end_s: float
    labels: tuple[str, ...]
    """Of each jump in order, else one: of the 28 classes, `CombinationSpin`, `LaybackSpin`,
    `Euler`; empty where nothing was said."""
    jumps: tuple[tuple[float, float], ...] = ()
    """Take-off and landing of each."""
    confidence: float = 1.0

    @classmethod
    def of_true(cls, element: TrueElement) -> ListedElement:
        """As the rink made it."""
        segment = element.segment
        labels = tuple(element.label.split("+"))
        return cls(segment.start_s, segment.end_s, labels, segment.jumps)

    @classmethod
    def of_found(cls, element: FoundElement) -> ListedElement:
        """As the machine found it."""
        return cls(
            element.start_s,
            element.end_s,
            tuple(element.label.split("+")),
            tuple((jump.takeoff_s, jump.landing_s) for jump in element.jumps),
            element.confidence,
        )

    @property
    def whole(self) -> Segment:
        """The element without its class."""
        return Segment(self.start_s, self.end_s, "element")

    def parts(self) -> Iterator[Segment]:
        """Its jumps with their classes, or the element itself.

        Two jumps of a combination are parted in the middle between landing and next take-off.
        """
        between = [0.5 * (one[1] + other[0]) for one, other in pairwise(self.jumps)]
        edges = pairwise([self.start_s, *between, self.end_s])
        for (start_s, end_s), label in zip(edges, self.labels, strict=True):
            yield Segment(start_s, end_s, label)


def all_parts(elements: Iterable[ListedElement]) -> list[Segment]:
    """Of all elements in order."""
    return [part for element in elements for part in element.parts()]


def all_jumps(elements: Iterable[ListedElement]) -> list[tuple[float, float]]:
    """Take-offs and landings of all jumps in order."""
    return [jump for element in elements for jump in element.jumps]
