"""What stands at the left of the desk for the run on screen: its clip, and what was asked of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.config import profile_names
from pipeline.errors import InputError
from pipeline.messages import Message
from pipeline.moments import read_moment, written
from pipeline.types import Analysis, VideoInfo
from ui import callbacks
from ui.desk.facts import describe
from ui.language.tables import say
from ui.runs import Run
from ui.views.cards import message_card


@dataclass(frozen=True)
class Left:
    """The fields at the left."""

    path: str | None
    """Of the clip; None where it is not here."""
    profile: str
    start: str
    """In point, as it is typed; empty: the clip's start."""
    end: str
    """Out point, likewise."""
    skater: str
    """As it is typed; empty: the rule chooses."""
    stream: str
    """As it is typed; empty: the one that FFmpeg takes."""

    def all(self) -> tuple[Any, ...]:
        """In the order of `controls.Fields`."""
        return self.path, self.profile, self.start, self.end, self.skater, self.stream


def left_of(run: Run) -> Left:
    """What was asked for when a run was made, so that Analyse asks for the same again."""
    asked = run.asked
    if isinstance(asked, callbacks.Request):
        chosen = asked.skater if asked.skater_box is None else asked.skater_box
        skater, stream = ("" if v is None else str(v) for v in (chosen, asked.stream))
        points = _typed(asked.start_s), _typed(asked.end_s)
        return Left(asked.path, asked.profile, *points, skater, stream)
    if run.analysis is None:
        return Left(None, profile_names()[0], "", "", "", "")
    left = _of_analysis(run.analysis)
    # A programme's video is the server's, which the page does not serve as somebody's file.
    return left if run.element is None else replace(left, path=None)


def _of_analysis(analysis: Analysis) -> Left:
    """Of an example, or an analysis that was opened."""
    video = analysis.video
    known = analysis.profile in profile_names()
    return Left(
        video.path if Path(video.path).is_file() else None,
        analysis.profile if known else profile_names()[0],
        *_points(analysis),
        _chosen(analysis.people.rule) if analysis.skater_box is None else str(analysis.skater_box),
        "" if video.stream is None else str(video.stream),
    )


def _points(analysis: Analysis) -> tuple[str, str]:
    """In and out point; empty for an end of the file."""
    video = analysis.video
    end_s = None if video.end_s >= video.duration_s else video.end_s
    return _typed(video.start_s or None), _typed(end_s)


def _typed(moment_s: float | None) -> str:
    return "" if moment_s is None else written(moment_s)


def same_text(new: str | None, old: str | None) -> bool:
    """Whether two texts of a field ask for the same: `0.2` is `0:00.200`."""
    if new == old or not (new or old):
        return True
    try:
        return new is not None and old is not None and read_moment(new) == read_moment(old)
    except InputError:
        return False


def _chosen(rule: Message) -> str:
    """Whom a person chose, as it is typed; empty where the rule chose."""
    return str(rule.values["person"]) if rule.code == "chosen" else ""


def facts_card(name: str, info: VideoInfo) -> str:
    """What a clip is, in a line."""
    text = say(
        "clip_facts", name=name, width=info.width, height=info.height, fps=f"{info.fps:.2f}",
        duration=f"{info.duration_s:.1f}", codec=info.codec,
    )  # fmt: skip
    return message_card(text)


def facts_of(run: Run, left: Left) -> str:
    """The card that says which clip is on screen."""
    if left.path is not None:
        return describe(left.path).card
    return "" if run.analysis is None else facts_card(run.title, run.analysis.video)
