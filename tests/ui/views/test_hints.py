"""Issue 15, 9: what speaks against a verdict stands beside it, and a long clip can be cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.elements import class_index
from pipeline.types import Analysis, Timeline
from tests.factories import make_analysis
from tests.pipeline.measure.takes import take, two_jumps
from ui.callbacks import Request
from ui.desk.cut import cut_hint, request_for_part
from ui.export.report import report
from ui.runs import RunStore
from ui.views.cards import verdict_card
from ui.views.hints import hints, part_to_cut


def analysed(pose, times_s, label: str) -> Analysis:
    plain = make_analysis(num_frames=len(times_s), umt=label, uniformerv2=label, infogcn=label)
    trained = {stage: replace(p, status="demo") for stage, p in plain.provenance.items()}
    timeline = Timeline(np.arange(len(times_s)), np.asarray(times_s), float(times_s[0]))
    return replace(plain, provenance=trained, pose=pose, timeline=timeline)


def of_take(label: str, called: str, number: int = 0) -> Analysis:
    one = take(label, number, clean=True)
    return analysed(one.pose, one.times_s, called)


@pytest.mark.parametrize(
    ("label", "called", "words", "odd"),
    [
        ("1Loop", "2Salchow", "does not fit the 2 of 2Salchow", True),
        ("2Axel", "2Axel", "This fits the 2.5 of 2Axel", False),
        ("3Lutz", "CamelSpin", "A flight is detected from", True),
        ("3Lutz", "Sequence", "A flight is detected from", True),
        ("NoBasic", "3Lutz", "shows no flight", True),
        ("UprightSpin", "NoBasic", "Fast rotation is detected from", True),
    ],
)
def test_measurements_speak_beside_the_verdict(label, called, words, odd):
    found = hints(of_take(label, called, number=label == "NoBasic"))
    assert [hint.odd for hint in found if words in hint.text] == [odd]
    card = verdict_card(of_take(label, called, number=label == "NoBasic"))
    assert words in card
    assert ("rs-odd" in card) == odd


def test_an_untrained_skeleton_says_nothing_of_the_verdict():
    assert hints(make_analysis()) == []


@pytest.mark.parametrize(
    ("probability", "dissent", "word"), [(0.95, False, "certain"), (0.4, True, "unsure")]
)
def test_the_headline_is_as_bold_as_it_is_sure(probability, dissent, word):
    plain = make_analysis(**({"umt": "2Loop", "infogcn": "2Flip"} if dissent else {}))
    shares = np.full(28, (1 - probability) / 28)
    shares[class_index("3Lutz")] = probability
    verdict = replace(plain.verdict, probabilities=shares, class_index=class_index("3Lutz"))
    analysis = replace(plain, verdict=verdict)
    for html in (verdict_card(analysis), report(analysis)):
        assert f'<h2 id="verdict-label" class="rs-{word}">3Lutz' in html
        assert f">{word}</b>" in html
    assert f"{1 if dissent else 3} of 3 models agree" in verdict_card(analysis)
    assert "percentage points ahead of" in verdict_card(analysis)


def test_a_jump_in_a_part_of_a_long_clip_can_be_cut_out():
    pose, times, _, high = two_jumps()
    times = times + 5.0  # stamps need not begin at 0
    run = RunStore().adopt("anna", analysed(pose, times, "Sequence"))
    part = part_to_cut(run.analysis)
    assert part.start_s < high[0] - times[0] + 5.0 < high[1] - times[0] + 5.0 < part.end_s
    assert 1.5 < part.end_s - part.start_s <= 1.6  # the clip ends before
    assert f"{part.start_s:.2f} to {part.end_s:.2f} s" in cut_hint(run)
    run.asked = Request("a.mp4", "fast", 1.0, 60.0, skater=3)
    asked = request_for_part(run)
    assert (asked.path, asked.profile, asked.skater) == ("a.mp4", "fast", None)
    assert (asked.start_s, asked.end_s) == pytest.approx((part.start_s, part.end_s), abs=0.01)
    assert "rs-cut" not in report(run.analysis)  # nobody can press it there


def test_a_clip_cut_closely_is_left_alone():
    run = RunStore().adopt("anna", of_take("3Lutz", "3Lutz"))
    assert part_to_cut(run.analysis) is None
    assert cut_hint(run) == ""
    assert request_for_part(run) is None
