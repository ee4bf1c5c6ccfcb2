"""Issue 17, bad input: each its own sentence, on the page too and in the visitor's language.

That the engine says them of such videos: `tests/pipeline/programme/reading`,
`tests/pipeline/commands/test_programme_bad_input.py`; in a browser: `tests/e2e/programme`.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipeline.errors import NoPersonFound, StoreError
from pipeline.messages import Message
from ui.language.messages import retold
from ui.language.tables import LANGUAGES, speaking
from ui.programme.page import state_card

REMARKS = {
    "cuts every second": Message.of("cuts_often", every="1.0"),
    "pairs": Message.of("pair", person=3),
    "away": Message.of("skater_away", start="20.0", end="40.0"),
    "cut off": Message.of("frames_lost", name="free.mp4", read="61.0"),
    "one frame": Message.of("too_short", name="free.mp4", lasts="0.04"),
    "15 fps": Message.of("slow_rate", name="free.mp4", fps="15"),
}


def seen(html: str) -> str:
    """What is read without opening a fold."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"<details.*?</details>", "", html, flags=re.DOTALL))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("remark", REMARKS.values(), ids=list(REMARKS))
def test_what_is_odd_about_a_video_is_read_without_opening_a_fold(job, remark, language) -> None:
    """It stood in a fold behind what the weights are worth."""
    weights = Message.of("weights_demo", stages="pose")
    job.programme = replace(job.programme, warnings=(weights, remark))
    with speaking(language):
        told = retold(remark)
        assert told in seen(state_card(job))
        assert retold(weights) not in seen(state_card(job))
        assert retold(weights) in state_card(job)
    assert language == "en" or re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", told)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "failure",
    [
        NoPersonFound.of("nobody", name="free.mp4", frames=90),
        StoreError.of("disk_full", folder="jobs"),
    ],
    ids=["no skater", "disk full"],
)
def test_why_a_reading_failed_is_said_where_it_stands(job, failure, language) -> None:
    job.turn_to("failed", failure=failure.message)
    with speaking(language):
        assert retold(failure.message) in seen(state_card(job))


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_the_server_was_killed_and_how_to_go_on_is_said(job, language) -> None:
    job.turn_to("interrupted")
    with speaking(language):
        assert job.sentence() in seen(state_card(job))
        button = {"en": "Continue", "zh": "继续", "zh-Hant": "繼續", "ja": "続ける"}[language]
        assert button in job.sentence()
