"""How a jump leaves the ice, read from the skeleton around the take-off.

Forward (Axel), backward from an edge (Salchow, Loop) or backward with the toe (Toeloop, Flip,
Lutz). A network of three layers, computed in numpy, sees the joints of 0.7 s before the take-off
to 0.15 s after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.skeletons import COCO17
from pipeline.elements import Element
from pipeline.measure.signals import Body

Array = NDArray[np.float64]

Takeoff = Literal["forward", "edge", "toe"]
TAKEOFFS: tuple[Takeoff, ...] = ("forward", "edge", "toe")
"""The network's answers, in order."""
OFFSETS_S: Array = np.asarray(0.05 * np.arange(-14, 4))
"""Moments that the network sees, seconds after the take-off."""

_TAKEOFF_OF: Mapping[str, Takeoff] = {
    "Axel": "forward", "Salchow": "edge", "Loop": "edge", "Toeloop": "toe", "Flip": "toe",
    "Lutz": "toe",
}  # fmt: skip


def takeoff_of(element: Element) -> Takeoff | None:
    """How a jump leaves the ice; None for what is no jump."""
    return _TAKEOFF_OF.get(element.kind)


def takeoff_inputs(body: Body, takeoff_s: float) -> Array:
    """What the network sees: joints from the hips, in body scales, `(18, 17, 2)`.

    Before the clip's first frame and after its last one the body stays as it is there.
    """
    joints = (body.joints - body.hips[:, None]) / body.scale[:, None, None]
    flat = joints.reshape(len(body), -1)
    moments = takeoff_s + OFFSETS_S
    seen = [np.interp(moments, body.times_s, column) for column in flat.T]
    return np.stack(seen, axis=1).reshape(len(moments), *joints.shape[1:])


def mirrored(joints: Array) -> Array:
    """The same skater in a mirror: joints `(..., 17, 2)`."""
    return np.asarray(joints[..., list(COCO17.flip_order), :] * np.array([-1.0, 1.0]))


@dataclass(frozen=True)
class TakeoffNetwork:
    """Joints around a take-off to a distribution over `TAKEOFFS`."""

    layers: Sequence[tuple[Array, Array]]
    """Weight `(out, in)` and bias `(out,)` of each."""

    def __call__(self, joints: Array) -> Array:
        """Joints `(N, 18, 17, 2)` -> probabilities `(N, 3)`; also of the mirrored skater."""
        return 0.5 * (self._answers(joints) + self._answers(mirrored(joints)))

    def _answers(self, joints: Array) -> Array:
        x = joints.reshape(len(joints), -1)
        for weight, bias in self.layers[:-1]:
            x = np.maximum(x @ weight.T + bias, 0.0)
        weight, bias = self.layers[-1]
        scores = x @ weight.T + bias
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(likely / likely.sum(axis=1, keepdims=True))
