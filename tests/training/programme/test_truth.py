"""The rink's truth in the finder's terms."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np

from training.programme.truth import read_elements, true_elements, true_segments
from training.rink.performance import ProgramElement


def element(label: str, number: int, **values: object) -> ProgramElement:
    given = {
        "start_s": 0.0, "takeoff_s": np.nan, "landing_s": np.nan, "end_s": 1.0,
        "rotations": np.nan, "spin_revolutions": np.nan, "flaws": frozenset(), **values,
    }  # fmt: skip
    return ProgramElement(label=label, number=number, **given)  # type: ignore[arg-type]


PROGRAMME = (
    element("3Lutz", 0, start_s=9.4, takeoff_s=10.0, landing_s=10.6, end_s=11.4),
    element("2Toeloop", 0, start_s=10.6, takeoff_s=11.2, landing_s=11.7, end_s=13.0),
    element("Sequence", 1, start_s=20.0, end_s=42.0),
    element(
        "CombinationSpin", 2, start_s=50.0, end_s=58.0,
        positions=(("CamelSpin", 51.0, 54.0), ("SitSpin", 54.7, 57.0)),
    ),
)  # fmt: skip


def test_a_combination_is_one_element_with_the_finders_bounds() -> None:
    jumps, sequence, spin = true_elements(PROGRAMME)
    assert (jumps.label, jumps.segment.family) == ("3Lutz+2Toeloop", "combination")
    assert (jumps.segment.start_s, jumps.segment.end_s) == (9.4, 12.5)
    assert jumps.segment.jumps == ((10.0, 10.6), (11.2, 11.7))
    assert (sequence.segment.family, sequence.segment.end_s) == ("sequence", 42.0)
    assert [held.position for held in spin.segment.positions] == ["camel", "sit"]
    assert not spin.segment.flying


def test_a_programmes_file_reads_back() -> None:
    written = [
        {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in asdict(e).items()}
        | {"flaws": sorted(e.flaws), "class_index": 3}
        for e in PROGRAMME
    ]
    read = read_elements(json.loads(json.dumps(written)))
    assert true_segments(read) == true_segments(PROGRAMME)
