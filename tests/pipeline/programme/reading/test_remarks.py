"""What is said of a video beside its shots (issue 17, bad input)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
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
    ("kind", "lasts_s", "said"),
    [
        ("nobody", 15, True),
        ("skating", 15, True),
        ("graphics", 15, False),
        ("graphics", 20, True),  # no scores: a camera on a tripod that waits before empty ice
        ("black", 20, False),
    ],
)
def test_only_where_skating_is_to_be_seen_the_skater_is_missed(
    tmp_path: Path, kind: ShotKind, lasts_s: int, *, said: bool
) -> None:
    """Fifteen seconds of scores before a programme were a skater "out of the picture"."""
    cuts = [0, SHOT_S, SHOT_S + lasts_s, 2 * SHOT_S + lasts_s]
    recipe = Recipe(frames=cuts[-1], fps=Fraction(1), width=64, height=48)
    remarks = Remarks(open_video(write_video(tmp_path / "free.mp4", recipe)), blind=False)
    shots = [read_shot(first, stop, fps=1.0) for first, stop in pairwise(cuts)]
    for read in (shots[0], without_skater(shots[1], kind), shots[2]):
        remarks.add(read)
    told = [m.values for m in remarks.all(None, None) if m.code == "skater_away"]
    assert told == ([{"start": "15.0", "end": f"{SHOT_S + lasts_s:.1f}"}] if said else [])
