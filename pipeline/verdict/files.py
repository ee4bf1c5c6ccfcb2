"""A calibrated verdict as `analysis.json` holds it."""

from __future__ import annotations

from typing import Any

from pipeline.classification.ensemble import Probabilities
from pipeline.elements import LABELS
from pipeline.types import CalibratedVerdict, Novelty


def calibrated_as_dict(calibrated: CalibratedVerdict) -> dict[str, Any]:
    """The content of `calibrated`; it follows from the other fields and a file of numbers."""
    return {
        "calibration": calibrated.calibration,
        "sha256": calibrated.sha256,
        "fitted_on": calibrated.fitted_on,
        "probabilities": calibrated.probabilities.tolist(),
        "models": {name: _best(rows) for name, rows in calibrated.models.items()},
        "ensembles": {name: _best(rows) for name, rows in calibrated.ensembles.items()},
        "sets": [
            {"coverage": found.coverage, "labels": list(found.labels)} for found in calibrated.sets
        ],
        "novelty": None if calibrated.novelty is None else _novelty(calibrated.novelty),
    }


def _best(probabilities: Probabilities) -> dict[str, Any]:
    first = int(probabilities.argmax())
    return {"label": LABELS[first], "probability": float(probabilities[first])}


def _novelty(novelty: Novelty) -> dict[str, Any]:
    return {
        "score": novelty.score,
        "threshold": novelty.threshold,
        "unlike": novelty.unlike,
        "parts": dict(novelty.parts),
    }
