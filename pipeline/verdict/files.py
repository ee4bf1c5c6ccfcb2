"""A calibrated verdict, and the evidence of a refined one, as `analysis.json` holds them."""

from __future__ import annotations

from typing import Any

from pipeline.classification.ensemble import Probabilities
from pipeline.elements import LABELS
from pipeline.types import CalibratedVerdict, Novelty
from pipeline.verdict.evidence import Evidence, Term
from pipeline.verdict.evidence_numbers import NUMBERS, shipped_sha256


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


def evidence_as_dict(evidence: Evidence) -> dict[str, Any]:
    """The content of `evidence`; it follows from the skeleton and a file of numbers."""
    return {
        "file": NUMBERS.name,
        "sha256": shipped_sha256(),
        "terms": {term.name: _term(term) for term in evidence.terms},
    }


def _term(term: Term) -> dict[str, Any]:
    return {
        "read": dict(term.read),
        "likelihood": None if term.likelihood is None else term.likelihood.tolist(),
        "cannot_be_told": None if term.reason is None else term.reason.sentence,
    }
