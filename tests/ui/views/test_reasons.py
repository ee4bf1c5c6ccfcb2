"""Whose settings the words go by: a shipped profile's, and never a file that an analysis names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.classification.ensemble import EnsembleSettings
from pipeline.config import PROFILES, load_profile
from pipeline.errors import ConfigError
from tests.factories import make_analysis
from ui.player.lane_sources import lanes_of
from ui.views.reasons import reasons, settings_of
from ui.views.seen import profile_of, video_models


@pytest.fixture
def elsewhere(tmp_path):
    """An analysis that names a whole profile by its path."""
    text = (PROFILES / "demo.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(f'{text}\n[ensemble]\nstrategy = "vote"\n', encoding="utf-8")
    assert load_profile(str(path)).ensemble.strategy == "vote"
    return replace(make_analysis(), profile=str(path))


def test_a_profile_named_by_a_path_is_not_opened(elsewhere):
    assert settings_of(elsewhere) == EnsembleSettings()
    assert video_models(elsewhere) == ()
    with pytest.raises(ConfigError, match="choose one of demo, fast, paper"):
        profile_of(elsewhere)


def test_the_words_and_the_lanes_do_without_it(elsewhere):
    assert reasons(elsewhere)
    assert [lane.key for lane in lanes_of(elsewhere)]
