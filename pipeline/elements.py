"""The 28 SkatingVerse classes in index order, and what their names mean.

The order is that of the challenge's `mapping.txt`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["jump", "spin", "sequence", "none"]

LABELS: tuple[str, ...] = (
    "3Toeloop", "3Loop", "2Axel", "CamelSpin", "SitSpin", "UprightSpin", "2Salchow", "2Toeloop",
    "3Salchow", "3Axel", "3Flip", "3Lutz", "NoBasic", "2Lutz", "4Salchow", "4Flip", "4Toeloop",
    "4Lutz", "4Loop", "2Flip", "2Loop", "1Axel", "1Loop", "1Salchow", "1Toeloop", "1Flip",
    "1Lutz", "Sequence",
)  # fmt: skip
"""Class names; the position is the class index."""

NUM_CLASSES = len(LABELS)

_JUMP_CODES = {
    "Toeloop": "T",
    "Salchow": "S",
    "Loop": "Lo",
    "Flip": "F",
    "Lutz": "Lz",
    "Axel": "A",
}
_SPIN_CODES = {"CamelSpin": "CSp", "SitSpin": "SSp", "UprightSpin": "USp"}


@dataclass(frozen=True)
class Element:
    """One class, as skating names it."""

    class_index: int
    """Position in `LABELS`."""
    label: str
    """The challenge's name, e.g. `"3Lutz"`."""
    code: str
    """The ISU abbreviation, e.g. `"3Lz"`; `"-"` where none exists."""
    family: Family
    """Jump, spin, sequence, or none of them."""
    kind: str
    """Name without the rotations, e.g. `"Lutz"`."""
    rotations: float | None
    """Rotations in the air (an Axel has half a turn more than its name); None unless a jump."""


def _element(class_index: int, label: str) -> Element:
    if label in _SPIN_CODES:
        return Element(class_index, label, _SPIN_CODES[label], "spin", label, None)
    if label == "Sequence":
        # The challenge joins step and choreographic sequences, so no single ISU code fits.
        return Element(class_index, label, "StSq / ChSq", "sequence", label, None)
    if label == "NoBasic":
        return Element(class_index, label, "-", "none", label, None)
    kind, turns = label[1:], int(label[0])
    rotations = turns + 0.5 if kind == "Axel" else float(turns)
    return Element(class_index, label, f"{turns}{_JUMP_CODES[kind]}", "jump", kind, rotations)


ELEMENTS: tuple[Element, ...] = tuple(_element(i, label) for i, label in enumerate(LABELS))
"""Every class with its code, family and rotations, by class index."""

_FAMILIES = ("jump", "spin", "sequence", "none")
_KINDS = (*_JUMP_CODES, *_SPIN_CODES, "Sequence", "NoBasic")

BY_FAMILY: tuple[int, ...] = tuple(
    sorted(
        range(NUM_CLASSES),
        key=lambda i: (
            _FAMILIES.index(ELEMENTS[i].family),
            _KINDS.index(ELEMENTS[i].kind),
            ELEMENTS[i].rotations or 0.0,
        ),
    )
)
"""Class indices as skating groups them: jumps by kind, the cheapest first, and turns; spins; then
Sequence and NoBasic."""


def _folded(label: str) -> str:
    return "".join(label.split()).casefold()


_INDEX = {_folded(label): index for index, label in enumerate(LABELS)}


def class_index(label: str) -> int:
    """The index of a class name; blanks and case do not matter (`"No Basic"` is `NoBasic`).

    Raises:
        ValueError: The name is none of the 28.
    """
    try:
        return _INDEX[_folded(label)]
    except KeyError:
        raise ValueError(f"{label!r} is not a class; the classes are {', '.join(LABELS)}") from None
