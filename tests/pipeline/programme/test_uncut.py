"""Issue 17, section 2: a clip with skating before and after its element is answered by the element.

Measured before: six real clips of five seconds with one jump each, all of them called `Sequence`.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.analyser import Analyser
from pipeline.config import load_profile
from pipeline.elements import ELEMENTS
from pipeline.programme.uncut import FILLED, Uncut, look_through, only_part
from pipeline.types import FoundElement, FoundJump, Programme
from tests.factories import make_programme
from tests.videos import Recipe, write_video


def jump(number: int, start_s: float, end_s: float, analysis: str) -> FoundElement:
    flight = FoundJump(start_s + 0.1, end_s - 0.1, (), analysis=analysis)
    return FoundElement(number, "jump", start_s, end_s, "3Lz", 0.9, jumps=(flight,))


def clip(*elements: FoundElement) -> Programme:
    """Of five seconds."""
    video = replace(make_programme().video, duration_s=5.0, end_s=5.0)
    return make_programme(video=video, elements=elements)


def test_one_element_with_margins_to_spare_answers_for_the_clip() -> None:
    assert only_part(clip(jump(1, 3.0, 4.4, "elements/01"))) == "elements/01"


@pytest.mark.parametrize(
    "found",
    [
        (),
        (jump(1, 0.5, 0.5 + 5.1 * FILLED, "elements/01"),),
        (jump(1, 3.0, 4.4, ""),),
        (jump(1, 0.5, 1.5, "elements/01"), jump(2, 3.0, 4.4, "elements/02")),
    ],
    ids=["none", "it fills the clip", "not classified", "two"],
)
def test_else_the_whole_clip_is_analysed(found) -> None:
    assert only_part(clip(*found)) is None


def test_a_combination_is_no_single_jump() -> None:
    both = tuple(
        FoundJump(t, t + 0.5, (), analysis=f"elements/01-{i}") for i, t in ((1, 1), (2, 2))
    )
    assert only_part(clip(FoundElement(1, "combination", 0.8, 2.8, "x", 0.9, jumps=both))) is None


def test_a_network_that_was_not_trained_is_not_asked(tmp_path) -> None:
    analyser = Analyser(load_profile("demo"), untrained=True)
    path = write_video(tmp_path / "clip.mp4", Recipe(frames=5))
    assert look_through(analyser, str(path)) == Uncut(0, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "flight"),
    [("skate_choreo_axel.mp4", (3.50, 3.95)), ("skate_choreo_salchow.mp4", (3.43, 3.92))],
)
def test_a_real_uncut_clip_is_its_jump_and_no_sequence(shared_videos, name, flight) -> None:
    """Issue 17, "Done when"."""
    found = look_through(Analyser(load_profile("demo")), str(shared_videos / name)).analysis
    assert found is not None
    label = found.verdict.label
    assert next(e for e in ELEMENTS if e.label == label).family == "jump"
    assert found.video.start_s < flight[0] < flight[1] < found.video.end_s
