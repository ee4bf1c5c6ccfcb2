"""From an analysis to what its verdict is worth; the verdict itself stays as it is.

Everything follows from what an analysis stores, so those of before have it too, as long as their
weights are the ones that the numbers were fitted for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.checkpoint_files import sha256_of
from models.zoo import MANIFEST, read_calibrations
from pipeline.classification.ensemble import Probabilities, vote_shares
from pipeline.errors import ConfigError
from pipeline.types import Analysis, CalibratedVerdict, ClassSet, Verdict
from pipeline.verdict.calibration import Calibration, MeantFor, read_calibration
from pipeline.verdict.conformal import class_set
from pipeline.verdict.temperature import smoothed_votes, tempered


def calibrated_verdict(
    analysis: Analysis, *, manifest: Path = MANIFEST
) -> CalibratedVerdict | None:
    """What a verdict is worth.

    Args:
        analysis: Made now or stored.
        manifest: Names the files of fitted numbers.

    Returns:
        None where nothing was fitted for the weights and settings behind it: not calibrated.

    Raises:
        ConfigError: A file of fitted numbers is missing or is not the one that the manifest names.
        ManifestError: The manifest cannot be read.
    """
    wanted = MeantFor.of(analysis)
    for known in known_calibrations(manifest) if wanted is not None else ():
        if known.numbers.meant_for == wanted:
            return _applied(known, analysis)
    return None


def ensemble_probabilities(verdict: Verdict) -> dict[str, Probabilities]:
    """What the two ensembles say before their temperature: `weighted`, and the smoothed `vote`."""
    return {"weighted": verdict.weighted, "vote": smoothed_votes(vote_shares(verdict.vote))}


def calibrated_ensembles(numbers: Calibration, verdict: Verdict) -> dict[str, Probabilities]:
    """What the two ensembles say after their temperature."""
    return {
        name: tempered(rows, numbers.temperatures[name])
        for name, rows in ensemble_probabilities(verdict).items()
    }


def class_sets(numbers: Calibration, weighted: Probabilities) -> tuple[ClassSet, ...]:
    """The sets of a clip, the smallest coverage first, from the calibrated weighted sum."""
    return tuple(
        ClassSet(coverage, class_set(weighted, thresholds))
        for coverage, thresholds in sorted(numbers.set_thresholds.items())
    )


def _applied(known: KnownCalibration, analysis: Analysis) -> CalibratedVerdict:
    numbers = known.numbers
    ensembles = calibrated_ensembles(numbers, analysis.verdict)
    return CalibratedVerdict(
        probabilities=ensembles[analysis.verdict.strategy],
        ensembles=ensembles,
        models={
            name: tempered(scores.probabilities, numbers.temperatures[name])
            for name, scores in analysis.scores.items()
        },
        sets=class_sets(numbers, ensembles["weighted"]),
        novelty=numbers.novelty.judge(analysis.scores, analysis.pose),
        calibration=known.name,
        sha256=known.sha256,
        fitted_on=numbers.fitted_on,
    )


@dataclass(frozen=True)
class KnownCalibration:
    """Fitted numbers that the manifest names."""

    name: str
    sha256: str
    """Of the file."""
    numbers: Calibration


@cache
def known_calibrations(manifest: Path = MANIFEST) -> tuple[KnownCalibration, ...]:
    """The numbers of every `[[calibration]]` of a manifest, each file checked once.

    Raises:
        ConfigError: A file is missing or is not the one that the manifest names.
        ManifestError: The manifest cannot be read.
    """
    found = []
    for entry in read_calibrations(manifest):
        path = entry.path(manifest)
        if not path.is_file():
            raise ConfigError(f"{path}: is missing; it belongs to the project, restore it")
        if (sha256 := sha256_of(path)) != entry.sha256:
            raise ConfigError(f"{path}: is not the file that {manifest.name} names (sha256)")
        found.append(KnownCalibration(entry.name, sha256, read_calibration(path)))
    return tuple(found)
