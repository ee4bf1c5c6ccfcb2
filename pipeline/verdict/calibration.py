"""Fitted numbers of one set of weights: their file, and whether they are meant for an analysis.

Numbers that were fitted for other weights, another profile or another ensemble say nothing, so they
are never used: such an analysis has no calibrated verdict.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from models.atomic_files import written
from pipeline.elements import NUM_CLASSES
from pipeline.errors import ConfigError
from pipeline.types import Analysis
from pipeline.types.basic import check_shape
from pipeline.verdict.novelty import NoveltyModel

Array = NDArray[np.float64]

ENSEMBLES = ("weighted", "vote")
"""Ensembles with a temperature of their own, beside every network and the fused `umt`."""

_KNOWN, _REFERENCES = "novelty.known.", "novelty.references."


@dataclass(frozen=True)
class MeantFor:
    """Which analyses fitted numbers are meant for."""

    profile: str
    """Name of the profile."""
    weights: Mapping[str, str]
    """Stage -> sha256 of its weights, for every stage."""
    views: Mapping[str, int]
    """Network -> views of the protocol."""
    ensemble: Mapping[str, float]
    """Model -> weight in the weighted sum."""

    @classmethod
    def of(cls, analysis: Analysis) -> MeantFor | None:
        """Those like this one; None where none can be: random weights, an unknown strategy."""
        if analysis.verdict.strategy not in ENSEMBLES:
            return None
        weights = {stage: p.sha256 for stage, p in analysis.provenance.items()}
        known = {stage: sha256 for stage, sha256 in weights.items() if sha256 is not None}
        if known != weights:
            return None
        views = {name: len(scores.logits) for name, scores in analysis.scores.items()}
        ensemble = {name: round(w, 6) for name, w in analysis.verdict.weights.items()}
        return cls(analysis.profile, known, views, ensemble)


@dataclass(frozen=True)
class Calibration:
    """Fitted numbers."""

    meant_for: MeantFor
    fitted_on: str
    """Which clips they were fitted on, in words."""
    temperatures: Mapping[str, float]
    """Of every network, the fused `umt`, `weighted` and `vote`."""
    set_thresholds: Mapping[float, Array]
    """Coverage -> `(28,)`, the least probability that a class of the set has."""
    novelty: NoveltyModel

    def __post_init__(self) -> None:
        expected = {*self.meant_for.views, *ENSEMBLES}
        if set(self.temperatures) != expected:
            raise ValueError(
                f"temperatures: expected {', '.join(sorted(expected))}, "
                f"got {', '.join(sorted(self.temperatures))}"
            )
        for coverage, thresholds in self.set_thresholds.items():
            check_shape(f"set_thresholds, {coverage}", thresholds, NUM_CLASSES)


def write_calibration(calibration: Calibration, path: Path) -> None:
    """Write the numbers as safetensors, whole or not at all.

    Raises:
        OSError: The disk is full or the place cannot be written.
    """
    novelty, coverages = calibration.novelty, sorted(calibration.set_thresholds)
    about = {
        "meant_for": vars(calibration.meant_for),
        "fitted_on": calibration.fitted_on,
        "temperatures": dict(calibration.temperatures),
        "coverages": coverages,
        "novelty": {
            "usual_spread": dict(novelty.usual_spread),
            "threshold": novelty.threshold,
            "threshold_without_features": novelty.threshold_without_features,
        },
    }
    tensors = {
        "set_thresholds": np.stack([calibration.set_thresholds[c] for c in coverages]),
        **{f"{_KNOWN}{name}": values for name, values in novelty.known.items()},
        **{f"{_REFERENCES}{name}": rows for name, rows in _halved(novelty.references).items()},
    }
    # Sorted, so that the same numbers give the same bytes.
    metadata = {"calibration": json.dumps(about, sort_keys=True)}
    with written(path) as scratch:
        save_file({name: np.ascontiguousarray(t) for name, t in tensors.items()}, scratch, metadata)


def read_calibration(path: Path) -> Calibration:
    """Read the numbers.

    Raises:
        ConfigError: The file is not there, damaged or of another kind.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {})["calibration"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return _calibration(about, tensors)
    except (OSError, SafetensorError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(f"{path}: cannot be read as a calibration ({error})") from error


def _calibration(about: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Calibration:
    novelty, wide = about["novelty"], {n: t.astype(np.float64) for n, t in tensors.items()}
    return Calibration(
        meant_for=MeantFor(**about["meant_for"]),
        fitted_on=about["fitted_on"],
        temperatures=about["temperatures"],
        set_thresholds=dict(zip(about["coverages"], wide["set_thresholds"], strict=True)),
        novelty=NoveltyModel(
            usual_spread=novelty["usual_spread"],
            known=_named(wide, _KNOWN),
            threshold=novelty["threshold"],
            threshold_without_features=novelty["threshold_without_features"],
            references=_named(wide, _REFERENCES),
        ),
    )


def _halved(references: Mapping[str, Array]) -> dict[str, NDArray[np.float16]]:
    """Half the bytes; distances change by less than a thousandth."""
    return {name: rows.astype(np.float16) for name, rows in references.items()}


def _named(tensors: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """The tensors of a group by the rest of their names."""
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
