"""From an analysis to what its verdict is worth; the verdict itself stays as it is.

Everything follows from what an analysis stores, so those of before have it too, as long as their
weights are the ones that the numbers were fitted for.
"""

from __future__ import annotations

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
    for name, sha256, calibration in _known(manifest) if wanted is not None else ():
        if calibration.meant_for == wanted:
            return _applied(calibration, analysis, name, sha256)
    return None


def ensemble_probabilities(verdict: Verdict) -> dict[str, Probabilities]:
    """What the two ensembles say before their temperature: `weighted`, and the smoothed `vote`."""
    shares = smoothed_votes(vote_shares(verdict.vote), len(verdict.vote.votes))
    return {"weighted": verdict.weighted, "vote": shares}


def _applied(
    calibration: Calibration, analysis: Analysis, name: str, sha256: str
) -> CalibratedVerdict:
    temperatures = calibration.temperatures
    ensembles = {
        key: tempered(rows, temperatures[key])
        for key, rows in ensemble_probabilities(analysis.verdict).items()
    }
    decided = ensembles[analysis.verdict.strategy]
    return CalibratedVerdict(
        probabilities=decided,
        ensembles=ensembles,
        models={
            key: tempered(scores.probabilities, temperatures[key])
            for key, scores in analysis.scores.items()
        },
        sets=tuple(
            ClassSet(coverage, class_set(ensembles["weighted"], thresholds))
            for coverage, thresholds in sorted(calibration.set_thresholds.items())
        ),
        novelty=calibration.novelty.judge(analysis.scores, analysis.pose),
        calibration=name,
        sha256=sha256,
        fitted_on=calibration.fitted_on,
    )


@cache
def _known(manifest: Path) -> tuple[tuple[str, str, Calibration], ...]:
    """Name, sha256 and numbers of every calibration of a manifest."""
    found = []
    for entry in read_calibrations(manifest):
        path = entry.path(manifest)
        if not path.is_file():
            raise ConfigError(f"{path}: is missing; it belongs to the project, restore it")
        if (sha256 := sha256_of(path)) != entry.sha256:
            raise ConfigError(f"{path}: is not the file that {manifest.name} names (sha256)")
        found.append((entry.name, sha256, read_calibration(path)))
    return tuple(found)
