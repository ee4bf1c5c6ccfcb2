"""What a verdict is worth: calibrated probabilities, sets of classes, how unlike known clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.elements import LABELS, NUM_CLASSES
from pipeline.types.basic import check_shape


@dataclass(frozen=True)
class ClassSet:
    """A conformal set: classes that hold the true one in a known share of clips."""

    coverage: float
    """That share, e.g. 0.9, of clips like those that it was fitted on."""
    class_indices: tuple[int, ...]
    """The most probable first; at least one."""

    def __post_init__(self) -> None:
        if not self.class_indices or not 0.0 < self.coverage < 1.0:
            raise ValueError(
                "ClassSet: expected classes and a coverage between 0 and 1, got "
                f"{self.class_indices} and {self.coverage}"
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(LABELS[index] for index in self.class_indices)


@dataclass(frozen=True)
class Novelty:
    """How far a clip is from those that the networks know."""

    score: float
    """Larger is more unlike; on a scale of its own."""
    threshold: float
    """Only few clips like the known ones have a higher score."""
    parts: Mapping[str, float]
    """What speaks for it, each as the share from 0 to 1 of the known clips that are less unlike:
    `features` (how faintly the networks answer), `picture` and `movement` (how far from known clips
    UniFormerV2's and InfoGCN's features lie; absent in analyses of before), `disagreement` (of
    networks and views), `skeleton` (joints and frames that are hardly seen)."""

    @property
    def unlike(self) -> bool:
        """Whether the clip is unlike those that the weights learnt from."""
        return self.score > self.threshold


@dataclass(frozen=True)
class CalibratedVerdict:
    """What follows from a verdict by numbers fitted on other clips; the verdict itself stays."""

    probabilities: NDArray[np.float64]
    """`(28,)` of the deciding strategy: of clips told with 0.8, eight in ten are told right."""
    ensembles: Mapping[str, NDArray[np.float64]]
    """`weighted` and `vote`, `(28,)` each."""
    models: Mapping[str, NDArray[np.float64]]
    """Every network and the fused `umt`, `(28,)` each."""
    sets: tuple[ClassSet, ...]
    """One a coverage, the smallest first."""
    novelty: Novelty | None
    """None: not measured."""
    calibration: str
    """Name of the fitted numbers in the manifest."""
    sha256: str
    """Of their file."""
    fitted_on: str
    """Which clips they were fitted on, in words."""

    def __post_init__(self) -> None:
        check_shape("probabilities", self.probabilities, NUM_CLASSES)
        for name, row in {**self.ensembles, **self.models}.items():
            check_shape(name, row, NUM_CLASSES)
        if not self.sets:
            raise ValueError("sets: expected one at least")

    @property
    def class_set(self) -> ClassSet:
        """The set with the smallest coverage."""
        return self.sets[0]

    @property
    def unlike(self) -> bool:
        """Whether the clip was found unlike those that the weights learnt from."""
        return self.novelty is not None and self.novelty.unlike
