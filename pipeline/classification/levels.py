"""A verdict by levels: a jump; a double; a Loop. Each with the mass of all classes that say so.

The 28 classes are answers to three questions at once. One camera may answer the first two and not
the third, and then the card says just that: *Flip or Lutz: cannot be told here*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.elements import ELEMENTS, NUM_CLASSES, Element
from pipeline.types.basic import check_shape

LevelName = Literal["family", "kind", "turns"]

TOLD = 0.5
"""A level is told where its first answer is more probable than not, and"""
TIMES = 2.0
"""so many times as probable as the next one. Two answers share the mass where they are together so
many times as probable as everything else."""


@dataclass(frozen=True)
class Level:
    """One question about the element, and every answer's probability."""

    name: LevelName
    answers: tuple[tuple[str, float], ...]
    """Family, kind (`"Lutz"`) or turns (`"2"`) -> summed probability, the most probable first."""
    told: tuple[str, ...]
    """One answer: it is told. Two: they share the mass, and which cannot be told. None: open."""

    @property
    def first(self) -> tuple[str, float]:
        """The most probable answer and its probability."""
        return self.answers[0]

    @property
    def is_told(self) -> bool:
        """Whether there is one answer."""
        return len(self.told) == 1


def levels(probabilities: NDArray[np.floating]) -> tuple[Level, ...]:
    """Family; then kind and, of a jump, turns, as far as the family is told.

    Args:
        probabilities: `(28,)`, summing to 1, of whatever gives them: a model, an ensemble.

    Returns:
        One to three levels. The answers of `family` sum to 1, those of the others to the family's
        probability.

    Raises:
        ValueError: Not 28 numbers.
    """
    check_shape("probabilities", probabilities, NUM_CLASSES)
    family = _level("family", probabilities, lambda element: element.family)
    if not family.is_told:
        return (family,)
    within = [e.class_index for e in ELEMENTS if e.family == family.told[0]]
    if family.told[0] == "jump":
        kind = _level("kind", probabilities, lambda element: element.kind, within)
        return family, kind, _level("turns", probabilities, turns_of, within)
    if family.told[0] == "spin":
        return family, _level("kind", probabilities, lambda element: element.kind, within)
    return (family,)


def turns_of(element: Element) -> str:
    """The number in a jump's name, `"1"` to `"4"`; an Axel's half turn more is not in it.

    Raises:
        ValueError: The element is no jump.
    """
    if element.rotations is None:
        raise ValueError(f"{element.label} is no jump")
    return str(int(element.rotations))


def _level(
    name: LevelName,
    probabilities: NDArray[np.floating],
    answer_of: Callable[[Element], str],
    within: list[int] | None = None,
) -> Level:
    summed: dict[str, float] = {}
    for index in range(NUM_CLASSES) if within is None else within:
        answer = answer_of(ELEMENTS[index])
        summed[answer] = summed.get(answer, 0.0) + float(probabilities[index])
    answers = tuple(sorted(summed.items(), key=lambda item: -item[1]))
    return Level(name, answers, _told(answers))


def _told(answers: tuple[tuple[str, float], ...]) -> tuple[str, ...]:
    (first, most), (second, next_most) = answers[:2]
    if most >= TOLD and most >= TIMES * next_most:
        return (first,)
    together = most + next_most
    return (first, second) if together >= TIMES * (1 - together) else ()
