"""Profiles: the shipped ones hold the paper's numbers, and a wrong one is refused by its key."""

from __future__ import annotations

import pytest

from pipeline.config import load_profile, load_shipped_profile, profile_names
from pipeline.errors import ConfigError


def test_the_shipped_profiles_are_those_of_the_contract():
    assert set(profile_names()) == {"demo", "fast", "paper"}
    for name in profile_names():
        assert load_profile(name).name == name


def test_the_paper_profile_holds_the_papers_protocol():
    profile = load_profile("paper")
    assert profile.networks == (
        "umt_16x224", "umt_16x448", "umt_32x224", "uniformerv2", "infogcn",
    )  # fmt: skip
    assert {(m.temporal_views, m.spatial_views) for m in profile.video_models} == {(5, 3)}
    assert profile.skeleton_model.sequence.num_frames == 320
    assert dict(profile.ensemble.scores) == {"umt": 94.5, "uniformerv2": 95.0, "infogcn": 92.0}
    assert profile.ensemble.tie_breaker == "uniformerv2"


def write(folder, old, new):
    from pipeline.config import PROFILES

    path = folder / "mine.toml"
    text = (PROFILES / "demo.toml").read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return str(path)


def test_a_profile_of_ones_own_can_be_given(tmp_path):
    path = write(tmp_path, "every = 4", "every = 2")
    mine = load_profile(path)
    assert mine.detector.every == 2
    assert mine.fingerprint() != load_profile("demo").fingerprint()


def test_a_value_out_of_its_range_is_told_in_one_line(tmp_path):
    """Issue 16: file, key, range and value; the key is the whole one, whichever network's it is."""
    path = write(tmp_path, "num_frames = 16", "num_frames = 0")
    with pytest.raises(ConfigError) as caught:
        load_profile(path)
    assert str(caught.value) == f"{path}: video_models.0.num_frames: must be at least 1, got 0"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("every = 4", "evry = 4", "unknown key detector.evry"),
        ("num_frames = 16", "frames = 16", r"unknown key video_models.0.frames"),
        ("every = 4", 'every = "often"', "detector.every"),
        ("every = 4", "every = 0", "detector.every"),
        ("[detector]", 'reader = "mpv"\n[detector]', "reader: .* 'pyav', 'decord' or 'opencv'"),
        ('family = "umt"', 'family = "i3d"', "video_models.0.family"),
        ('name = "umt_16x96"', 'name = "umt"', "must be called umt_16x96"),
        ('name = "demo"', 'name = "my/own"', "name: expected a name of letters"),
        ("[pose]", "[[pose]]", "pose"),
        (
            "spatial_views = 1\ntest_time_flip = true\n\n[skeleton",
            "spatial_views = 2\ntest_time_flip = true\n\n[skeleton",
            "uniformerv2.spatial_views: UniFormerV2 knows 1 or 3, got 2",
        ),
        ("[detector]", "[detector", "not valid TOML"),
    ],
)
def test_a_wrong_profile_is_refused_by_its_key(tmp_path, old, new, words):
    with pytest.raises(ConfigError, match=words):
        load_profile(write(tmp_path, old, new))


@pytest.mark.parametrize("name", ["turbo", "missing.toml"])
def test_an_unknown_profile_names_the_known_ones(name):
    with pytest.raises(ConfigError, match="demo, fast, paper"):
        load_profile(name)


def test_only_shipped_profiles_are_loaded_for_names_that_others_wrote(tmp_path):
    path = write(tmp_path, "every = 4", "every = 2")
    assert load_shipped_profile("demo") == load_profile("demo")
    for name in (path, "../profiles/demo", str(tmp_path), "", "demo.toml"):
        with pytest.raises(ConfigError, match="choose one of demo, fast, paper"):
            load_shipped_profile(name)
