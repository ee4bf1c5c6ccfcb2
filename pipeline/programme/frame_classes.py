"""What a skater does at one moment of a programme."""

from __future__ import annotations

FRAME_CLASSES: tuple[str, ...] = (
    "other", "entry", "air", "landing", "camel", "sit", "upright", "layback", "changing",
    "sequence",
)  # fmt: skip
"""`other` is all skating between the elements; `changing` a spin on its way in, out, or from one
position to the next."""

MOMENTS: tuple[str, ...] = ("takeoff", "landing")
"""Single moments that are told besides."""

ENTRY_S, RUN_OUT_S = 0.6, 0.8
"""A jump's element begins so long before its (first) take-off, and ends so long after its (last)
landing; see `pipeline.types.programme`."""

SPIN_CLASSES = ("camel", "sit", "upright", "layback", "changing")

_POSITIONS = {
    "CamelSpin": "camel",
    "SitSpin": "sit",
    "UprightSpin": "upright",
    "LaybackSpin": "layback",
}


def position_class(label: str) -> str:
    """The frame class of a spin's position.

    Raises:
        KeyError: The label is no position of a spin.
    """
    return _POSITIONS[label]
