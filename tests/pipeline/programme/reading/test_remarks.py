"""What is said of a video beside its shots (issue 17, bad input)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.messages import Message
from pipeline.programme.reading import ReadShot
from pipeline.programme.reading.remarks import Remarks
from pipeline.types import People
from pipeline.types.programme import ShotKind
from pipeline.video import open_video
from tests.pipeline.programme.shots import read_shot
from tests.videos import Recipe, write_video

SHOT_S = 15


def without_skater(read: ReadShot, kind: ShotKind) -> ReadShot:
    nobody = People((), None, Message.of("nobody_in_view"))
    return replace(read, shot=replace(read.shot, kind=kind), people=nobody)


@pytest.mark.parametrize(
    ("kind", "said"), [("nobody", True), ("skating", True), ("graphics", False), ("black", False)]
)
def test_only_where_skating_is_to_be_seen_the_skater_is_missed(
    tmp_path: Path, kind: ShotKind, *, said: bool
) -> None:
    """Fifteen seconds of scores before a programme were a skater "out of the picture"."""
    recipe = Recipe(frames=3 * SHOT_S, fps=Fraction(1), width=64, height=48)
    remarks = Remarks(open_video(write_video(tmp_path / "free.mp4", recipe)), blind=False)
    shots = [read_shot(first, first + SHOT_S, fps=1.0) for first in range(0, 3 * SHOT_S, SHOT_S)]
    for read in (shots[0], without_skater(shots[1], kind), shots[2]):
        remarks.add(read)
    told = [m.values for m in remarks.all(None, None) if m.code == "skater_away"]
    assert told == ([{"start": "15.0", "end": "30.0"}] if said else [])
