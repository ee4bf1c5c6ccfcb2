"""What the skeleton alone says of a jump's class: the turns measured, and how it takes off.

Each is a term: how likely a jump of every class shows what was read. What is no jump is neither
more nor less likely by it, so that terms move probability among jumps only. A term that this video
does not tell is absent, for a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.elements import ELEMENTS
from pipeline.measure.measure import Wishes, measure
from pipeline.measure.records import Measurements, Reason
from pipeline.measure.signals import read_body
from pipeline.types import Analysis, PoseSequence
from pipeline.verdict.evidence_numbers import TURNS_READ, shipped_numbers
from pipeline.verdict.takeoff import TAKEOFFS, takeoff_inputs, takeoff_of

Array = NDArray[np.float64]

TermName = Literal["turns", "takeoff"]
TERMS: tuple[TermName, ...] = ("turns", "takeoff")

JUMPS: NDArray[np.bool_] = np.array([element.family == "jump" for element in ELEMENTS])
"""`(28,)` which classes are jumps."""
_ANY_JUMP = next(element for element in ELEMENTS if element.family == "jump")


@dataclass(frozen=True)
class Term:
    """One thing read from the skeleton."""

    name: TermName
    likelihood: Array | None
    """`(28,)`: of the jumps, against the likeliest of them; 1 for all others. None: absent."""
    read: Mapping[str, float] = field(default_factory=dict)
    """What was read: `turned_in_all` or `turned_in_air`, turns; or the share of every take-off."""
    reason: Reason | None = None
    """Why it is absent."""

    def __post_init__(self) -> None:
        if (self.likelihood is None) == (self.reason is None):
            raise ValueError(f"{self.name}: expected a likelihood or a reason, and not both")


@dataclass(frozen=True)
class Evidence:
    """All terms of a clip."""

    terms: tuple[Term, ...]

    @property
    def likelihood(self) -> Array:
        """`(28,)` the product of the terms that are there; 1 everywhere without any."""
        found = [term.likelihood for term in self.terms if term.likelihood is not None]
        return np.prod(found, axis=0) if found else np.ones(len(ELEMENTS))


def evidence_of(analysis: Analysis) -> Evidence:
    """The evidence in an analysis, whatever its verdict and whatever a person set."""
    origin = analysis.provenance.get("pose")
    untrained = origin is not None and origin.status == "untrained"
    return read_evidence(analysis.pose, analysis.timeline.pts_s, untrained=untrained)


def read_evidence(pose: PoseSequence, times_s: Array, *, untrained: bool = False) -> Evidence:
    """The evidence in a skeleton sequence.

    Args:
        pose: T frames.
        times_s: `(T,)` when each is shown.
        untrained: Whether the pose network is, so that its skeletons say nothing.
    """
    if untrained:
        return Evidence(tuple(Term(name, None, reason=Reason("untrained")) for name in TERMS))
    found = measure(pose, times_s, _ANY_JUMP, Wishes(kind="jump"))
    return Evidence((_turns(found), _takeoff(found, pose, times_s)))


def _turns(found: Measurements) -> Term:
    reason = None
    for quantity in TURNS_READ:
        measured = found.of(quantity)
        if measured is not None and measured.estimate is not None:
            densities = shipped_numbers().turns[quantity].likelihood(measured.estimate)
            likely = [densities.get(e.rotations or 0.0, 1.0) for e in ELEMENTS]
            return Term(
                "turns", _among_jumps(np.array(likely)), {quantity: measured.estimate.value}
            )
        reason = None if measured is None else measured.reason
    return Term("turns", None, reason=reason)


def _takeoff(found: Measurements, pose: PoseSequence, times_s: Array) -> Term:
    takeoff = found.of("takeoff")
    body = read_body(pose, times_s)
    if takeoff is None or takeoff.estimate is None or body is None:
        reason = None if takeoff is None else takeoff.reason
        return Term("takeoff", None, reason=reason or Reason("no_skeleton"))
    numbers = shipped_numbers()
    shares = numbers.takeoff(takeoff_inputs(body, takeoff.estimate.value)[None])[0]
    shares = (1.0 - numbers.takeoff_wrong) * shares + numbers.takeoff_wrong / len(TAKEOFFS)
    read = dict(zip(TAKEOFFS, shares.tolist(), strict=True))
    # Fitted with as many take-offs of each kind, so that shares are likelihoods.
    likely = [1.0 if (kind := takeoff_of(e)) is None else read[kind] for e in ELEMENTS]
    return Term("takeoff", _among_jumps(np.array(likely)), dict(read))


def _among_jumps(likelihood: Array) -> Array:
    return np.where(JUMPS, likelihood / likelihood[JUMPS].max(), 1.0)
