"""Fitted numbers for tests: made for the analysis of `tests.factories`, with weights named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from models.checkpoint_files import sha256_of
from pipeline.elements import NUM_CLASSES
from pipeline.types import Analysis
from pipeline.verdict.calibration import Calibration, MeantFor, write_calibration
from pipeline.verdict.novelty import SIGNS, NoveltyModel
from tests.factories import UMT_VARIANTS, make_analysis

NETWORKS = (*UMT_VARIANTS, "uniformerv2", "infogcn")


def weighed(analysis: Analysis | None = None, **digits: str) -> Analysis:
    """An analysis whose weights have a sha256: eight of its digits, `a` by default."""
    analysis = analysis or make_analysis()
    provenance = {
        stage: replace(p, sha256=digits.get(stage, "a") * 64, status="demo")
        for stage, p in analysis.provenance.items()
    }
    return replace(analysis, provenance=provenance)


def made_numbers(analysis: Analysis, **changes: Any) -> Calibration:
    """Numbers meant for an analysis."""
    meant_for = MeantFor.of(analysis)
    assert meant_for is not None
    numbers = Calibration(
        meant_for=meant_for,
        fitted_on="140 clips of the simulated rink",
        temperatures={
            **{name: 0.5 + 0.1 * n for n, name in enumerate(meant_for.views)},
            "weighted": 0.6,
            "vote": 0.8,
        },
        set_thresholds={0.99: np.full(NUM_CLASSES, 0.001), 0.9: np.full(NUM_CLASSES, 0.2)},
        novelty=NoveltyModel(
            dict.fromkeys(NETWORKS, 1.5),
            {name: np.linspace(0.0, 1.0, 40) for name in SIGNS},
            2.0,
            2.0,
        ),
    )
    return replace(numbers, **changes)


def manifest_with(numbers: Calibration, folder: Path, name: str = "made") -> Path:
    """A manifest that names a file of these numbers."""
    file = folder / f"{name}.safetensors"
    write_calibration(numbers, file)
    manifest = folder / "manifest.toml"
    manifest.write_text(
        "schema_version = 1\n[[calibration]]\n"
        f'name = "{name}"\nfile = "{file.name}"\nsha256 = "{sha256_of(file)}"\n'
        'licence = "Apache-2.0"\nsource = "made for a test"\n'
    )
    return manifest
