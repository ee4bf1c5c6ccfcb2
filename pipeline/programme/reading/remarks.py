"""What the user should know of a video that was read: each matter is a sentence of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.detection.boxes import centres, lengths
from pipeline.errors import NoPersonFound
from pipeline.messages import Message
from pipeline.programme.reading.records import ReadShot
from pipeline.types import Shot, Track
from pipeline.video import FramesLost, Video

_AWAY_S = 10.0
"""A skater who is out of the picture for so long is remarked upon."""
_SCORES_S = 18.0
"""Scores are shown for less; a still picture that lasts longer is that of a camera that waits."""
_SHORT_SHOTS_S, _SEVERAL = 3.0, 4
"""Shots that are this short on average are remarked upon, if there are several."""
_SHORTEST_S = 1.0
"""No element is shorter."""
_SLOW_FPS = 20.0
_NEAR = 2.0
"""Two people this near, in lengths of the person, skate together."""
_AS_LARGE = 0.6
_MOSTLY = 0.5
"""Share of the time in which two people skate together that makes them a pair."""

Flags = NDArray[np.bool_]


class Remarks:
    """Watches the shots of a video go by.

    Args:
        video: That is read.
        blind: Nobody is looked for.
    """

    def __init__(self, video: Video, *, blind: bool) -> None:
        self._video, self._blind = video, blind
        self._seen: list[Flags] = []
        self._away: list[Flags] = []
        self._together: list[Flags] = []
        self._shots = 0
        self._until_s = 0.0
        self._person: int | None = None

    def add(self, read: ReadShot) -> None:
        """Take a complete shot."""
        T, main = read.stop - read.first, read.people.main
        seen = np.zeros(T, np.bool_) if main is None else ~np.isnan(main.boxes_xyxy[:, 0])
        together = np.zeros(T, np.bool_)
        if main is not None and read.shot.kind == "skating":
            self._person = main.person_id
            for other in read.people.tracks:
                if other.person_id != main.person_id:
                    together |= _together(main, other)
        self._seen.append(seen)
        self._away.append(np.zeros_like(seen) if _is_meant(read.shot) else ~seen)
        self._together.append(together)
        self._shots += read.shot.kind != "black"
        self._until_s = read.shot.end_s

    def check_somebody(self) -> None:
        """Refuse a video in which no skater was found.

        Raises:
            NoPersonFound: Says so, and what to try.
        """
        if not self._blind and not any(seen.any() for seen in self._seen):
            frames = sum(map(len, self._seen))
            raise NoPersonFound.of("nobody", name=self._video.name, frames=frames)

    def all(self, lost: FramesLost | None, problem: Message | None) -> tuple[Message, ...]:
        """Everything there is to say at the end.

        Args:
            lost: Why the reading ended early.
            problem: Why what was found is not kept.
        """
        name, info = self._video.name, self._video.info
        span_s, found = info.end_s - info.start_s, list[Message]()
        if lost is not None:
            found.append(Message.of("frames_lost", name=name, read=f"{self._until_s:.1f}"))
        if span_s < _SHORTEST_S:
            found.append(Message.of("too_short", name=name, lasts=f"{span_s:.2f}"))
        if len(self._video) > 1 and info.fps < _SLOW_FPS:
            found.append(Message.of("slow_rate", name=name, fps=f"{info.fps:.3g}"))
        if self._shots >= _SEVERAL and span_s < self._shots * _SHORT_SHOTS_S:
            found.append(Message.of("cuts_often", every=f"{span_s / self._shots:.1f}"))
        found += [*self._pair(), *self._long_away()]
        if problem is not None:
            found.append(Message.of("not_cached", reason=problem))
        return tuple(found)

    def _pair(self) -> list[Message]:
        seen = sum(int(seen.sum()) for seen in self._seen)
        together = sum(int(both.sum()) for both in self._together)
        if seen == 0 or together < _MOSTLY * seen:
            return []
        return [Message.of("pair", person=self._person)]

    def _long_away(self) -> list[Message]:
        """Every long time without the skater."""
        if self._blind:
            return []
        if not any(seen.any() for seen in self._seen):
            return []
        away = np.concatenate(self._away)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], away, [0]]).astype(np.int8)))
        last_s = self._until_s
        found = []
        for first, stop in edges.reshape(-1, 2).tolist():
            start_s = self._video.timeline.seconds(first)
            end_s = self._video.timeline.seconds(stop) if stop < len(away) else last_s
            if end_s - start_s >= _AWAY_S:
                found.append(Message.of("skater_away", start=f"{start_s:.1f}", end=f"{end_s:.1f}"))
        return found


def _is_meant(shot: Shot) -> bool:
    """Whether a shot shows no skater by intention."""
    if shot.kind == "graphics":
        return shot.end_s - shot.start_s < _SCORES_S
    return shot.kind not in ("skating", "nobody")


def _together(main: Track, other: Track) -> Flags:
    """Frames `(T,)` in which two people skate near each other; none if it is a short meeting."""
    own, others = main.boxes_xyxy, other.boxes_xyxy
    with np.errstate(invalid="ignore"):
        apart = np.linalg.norm(centres(own) - centres(others), axis=-1)
        near = apart < _NEAR * lengths(own)
        alike = lengths(others) > _AS_LARGE * lengths(own)
        alike &= lengths(own) > _AS_LARGE * lengths(others)
    both = np.asarray(near & alike)
    seen = ~np.isnan(own[:, 0])
    return both if both.sum() > _MOSTLY * seen.sum() else np.zeros(len(both), np.bool_)
