"""The finder on real small files: what it gives, tells, writes and knows again."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from pipeline.analyser import Analyser
from pipeline.config import load_profile
from pipeline.errors import Cancelled
from pipeline.programme.finder import ProgrammeFinder
from pipeline.storage.cache import AnalysisCache
from pipeline.storage.programme_files import load_programme
from pipeline.types import Programme
from tests.videos import Recipe, write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=48))


@pytest.fixture(scope="module")
def analyser(tmp_path_factory):
    """Seeded random weights: what is found is noise, but all of it is there."""
    cache = AnalysisCache(tmp_path_factory.mktemp("cache"))
    return Analyser(load_profile("demo"), untrained=True, cache=cache)


@pytest.fixture(scope="module")
def heard():
    return []


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("out") / "programme"


@pytest.fixture(scope="module")
def programme(analyser, clip, heard, folder):
    return ProgrammeFinder(analyser).find(clip, listener=heard.append, folder=folder)


def test_a_programme_says_what_was_read_and_by_what(programme, clip):
    assert programme.video.path == str(clip)
    assert programme.shots[0].start_s == 0.0
    assert programme.shots[-1].end_s == pytest.approx(1.6, abs=0.01)
    assert programme.read_until_s == programme.shots[-1].end_s
    assert programme.provenance["temporal"].status == "untrained"
    assert {"detector", "pose", "infogcn"} < set(programme.provenance)
    assert programme.warnings[0].code == "weights_untrained"
    assert "temporal" in programme.warnings[0].values["stages"]
    assert {"decode", "detect", "pose", "temporal", "total"} <= set(programme.timings_s)


def test_the_listener_hears_a_growing_programme(programme, heard):
    """Issue 17, section 2: elements appear while the video is still being read."""
    fractions = [progress.fraction for progress in heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    results = [progress.result for progress in heard if progress.result is not None]
    assert all(isinstance(result, Programme) for result in results)
    assert len(results) > 1
    assert results[-1].elements == programme.elements


def test_the_folder_holds_the_programme(programme, folder):
    saved = load_programme(folder)
    assert saved.elements == programme.elements
    assert saved.shots == programme.shots


def test_a_known_programme_is_read_back_at_once(programme, analyser, clip, tmp_path):
    """Issue 17, section 1: a second run is instant, whatever the file is called now."""
    moved = tmp_path / "another name.mp4"
    moved.write_bytes(clip.read_bytes())
    began_s = time.process_time()
    again = ProgrammeFinder(analyser).find(moved, folder=tmp_path / "out")
    # Reading it takes several times as long; a busy machine adds nothing.
    assert time.process_time() - began_s < 3
    assert again.video.path == str(moved)
    assert again.elements == programme.elements
    assert all(origin.stored for origin in again.provenance.values())
    assert load_programme(tmp_path / "out").video == replace(programme.video, path=str(moved))


def test_a_stop_ends_the_finding(analyser, clip, tmp_path):
    asked = []

    def stop():
        asked.append(1)
        return len(asked) > 20

    with pytest.raises(Cancelled):
        ProgrammeFinder(analyser).find(clip, fresh=True, stop_asked=stop, folder=tmp_path / "out")
    assert not (tmp_path / "out" / "programme.json").exists()
