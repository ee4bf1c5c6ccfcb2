"""A skater who is out of the picture for long (issue 17, bad input)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.config import load_profile
from pipeline.networks import Networks
from pipeline.programme.reading import read_shots
from pipeline.progress import Monitor
from tests.pipeline.programme.reading.test_read import complete, film, pictures

FPS, SEEN, AWAY_S = 5, 15, 20


@pytest.mark.slow
def test_a_skater_away_for_twenty_seconds_keeps_their_number_and_the_gap_is_said(
    tmp_path: Path,
) -> None:
    there = pictures("CamelSpin", count=2 * SEEN)
    rng = np.random.default_rng(1)
    # Every row in its usual colour: the hall and the ice without anybody.
    ice = np.repeat(np.median(there[0], axis=1, keepdims=True), there[0].shape[1], axis=1)
    empty = [
        np.clip(ice + rng.normal(0, 2, ice.shape), 0, 255).astype(np.uint8)
        for _ in range(AWAY_S * FPS)
    ]
    profile = load_profile("demo")
    networks = Networks(profile, stages=("detector", "pose"))
    video = film(tmp_path / "away.mp4", [*there[:SEEN], *empty, *there[SEEN:]], FPS)
    shots = complete(list(read_shots(video, networks, profile, Monitor(None, None))))
    seen = np.zeros(len(video), bool)
    numbers = set()
    for read in shots:
        if read.people.main is not None:
            numbers.add(read.people.main_id)
            seen[read.first : read.stop] = ~np.isnan(read.people.main.boxes_xyxy[:, 0])
    assert len(numbers) == 1
    assert seen[:SEEN].mean() > 0.8
    assert seen[-SEEN:].mean() > 0.8
    assert seen[SEEN + 2 : -SEEN - 2].mean() < 0.1
    said = {m.code: m.values for read in shots for m in read.warnings}["skater_away"]
    assert float(str(said["start"])) == pytest.approx(SEEN / FPS, abs=0.5)
    assert float(str(said["end"])) == pytest.approx(SEEN / FPS + AWAY_S, abs=0.5)
