r"""Our tracker beside the maintained ones, on the same simulated boxes.

    python -m venv out/trackers; out/trackers/bin/pip install -c constraints.txt \
        -r requirements.txt -r benchmarks/requirements-trackers.txt
    out/trackers/bin/python -m benchmarks.trackers [--clips 420] [--seed 230001]

The scenes are those of `benchmarks.main_skater_rink`. Every tracker gets the boxes of the key
frames; between them boxes are interpolated, and the skater is chosen, by the same code for all.
The others are C-BIoU, OC-SORT and ByteTrack of the package `trackers`. They follow people while a
film goes on; ours knows the whole clip, and who of its people the skater may be.
`docs/main_skater.md` has the table.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np

from benchmarks.main_skater_rink import ClipResult, SimulatedClip, judge, simulate
from benchmarks.rink.figures import SMALL
from models.command_line import Parser, print_error
from pipeline.config import Profile, load_profile
from pipeline.tracking.interpolation import Interpolation
from pipeline.tracking.main_skater import choose_main_skater
from pipeline.tracking.people import follow
from pipeline.types import FloatArray, IntArray, People

REQUIREMENTS = "benchmarks/requirements-trackers.txt"
OURS = "Rinkside"
OTHERS = {"C-BIoU": "CBIoUTracker", "OC-SORT": "OCSORTTracker", "ByteTrack": "ByteTrackTracker"}
"""Names of papers, and of the classes in the package `trackers`."""

Method = Callable[[SimulatedClip], People]
"""Follows everybody through one clip and names the skater."""


class OnlineTracker(Protocol):
    """Follows people while a film goes on."""

    def update(self, boxes: FloatArray, scores: FloatArray) -> IntArray:
        """Each box's person `(N,)`, below 0 for nobody; `(N, 4)` boxes of the next key frame."""
        ...


class PackagedTracker:
    """A tracker of the package `trackers`, with its own settings but for these.

    The thresholds on scores are ours, so that all trackers use the same boxes; a person is one from
    the first match on, since key frames are few; the frame rate is the key frames'. The package
    numbers a person at the second box; here the first one is counted as theirs too.

    Args:
        name: One of `OTHERS`.
        frame_rate: Key frames a second.
        score_threshold: Boxes with a lower score make nobody a person.
    """

    def __init__(self, name: str, frame_rate: float, score_threshold: float) -> None:
        import supervision
        import trackers

        settings: dict[str, Any] = {"minimum_consecutive_frames": 1, "frame_rate": frame_rate}
        settings["high_conf_det_threshold"] = score_threshold
        if name != "OC-SORT":  # which has no threshold besides
            settings["track_activation_threshold"] = score_threshold
        self._tracker = getattr(trackers, OTHERS[name])(**settings)
        self._detections = supervision.Detections
        self._tracklets: list[Any] = []  # all so far; their places are the people's numbers

    def update(self, boxes: FloatArray, scores: FloatArray) -> IntArray:
        """See `OnlineTracker`; the package gives boxes back in an order of its own."""
        rows = np.arange(len(boxes))
        given = self._detections(xyxy=boxes, confidence=scores, data={"row": rows})
        answer = self._tracker.update(given)
        people = np.full(len(boxes), -1)
        known = {tracklet.tracker_id: place for place, tracklet in enumerate(self._tracklets)}
        for number, row in zip(answer.tracker_id, answer.data.get("row", ()), strict=True):
            people[row] = known.get(number, -1) if number >= 0 else -1
        for tracklet in self._tracker.tracks:
            if not any(tracklet is other for other in self._tracklets):
                apart = np.abs(boxes - tracklet.get_state_bbox()).sum(axis=1)
                people[np.where(people < 0, apart, np.inf).argmin()] = len(self._tracklets)
                self._tracklets.append(tracklet)
        return people


def ours(profile: Profile) -> Method:
    """The tracker of the pipeline."""
    return lambda clip: follow(clip.detections, clip.timeline, clip.frame_size, profile)


def online(make: Callable[[float], OnlineTracker], profile: Profile) -> Method:
    """A tracker that sees one key frame after the other, made anew for each clip.

    Args:
        make: The tracker, from key frames a second.
        profile: Says how boxes are interpolated and the skater is chosen.
    """

    def method(clip: SimulatedClip) -> People:
        found, times = clip.detections, clip.timeline.pts_s
        frame_rate = (len(times) - 1) / float(times[-1] - times[0]) / profile.detector.every
        tracker = make(frame_rate)
        person = np.full(len(found.frame), -1)
        for frame in found.key_frames.tolist():
            rows = np.flatnonzero(found.frame == frame)
            person[rows] = tracker.update(found.boxes_xyxy[rows], found.scores[rows])
        return _people(clip, person, profile)

    return method


def _people(clip: SimulatedClip, person: IntArray, profile: Profile) -> People:
    """Tracks of boxes that are sorted by person `(N,)`, and the choice of the skater."""
    found, settings = clip.detections, profile.track
    interpolation = Interpolation(
        found.key_frames,
        clip.timeline.pts_s,
        clip.frame_size,
        settings.max_gap_s,
        settings.max_hold_s,
    )
    tracks = []
    for number in np.unique(person[person >= 0]).tolist():
        rows = np.flatnonzero(person == number)
        boxes, scores = found.boxes_xyxy[rows], found.scores[rows]
        tracks.append(interpolation.track(number, found.frame[rows], boxes, scores))
    return choose_main_skater(tracks, clip.timeline, clip.frame_size, settings=profile.main_skater)


def compare(
    methods: Mapping[str, Method], clips: Sequence[SimulatedClip]
) -> dict[str, tuple[list[ClipResult], float]]:
    """Results of every method on all clips in which the skater is, and its cost a clip.

    The cost is the median over the clips, in milliseconds of processor time.
    """
    table = {}
    for name, method in methods.items():
        results, costs = [], []
        for clip in clips:
            start = time.process_time()
            people = method(clip)
            costs.append(1000 * (time.process_time() - start))
            result = judge(clip, people)
            results += [] if result is None else [result]
        table[name] = results, float(np.median(costs))
    return table


def lines(table: Mapping[str, tuple[list[ClipResult], float]]) -> str:
    """Large and small skaters apart."""
    rows = [
        "| tracker | clips | found, large | found, small | broken tracks | chosen | ms a clip |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, (results, cost) in table.items():
        large = [r.found for r in results if r.height >= SMALL]
        small = [r.found for r in results if r.height < SMALL]
        rows.append(
            f"| {name} | {len(large)} + {len(small)} | {_mean(large)} | {_mean(small)} "
            f"| {_mean([r.parts > 1 for r in results])} "
            f"| {_mean([r.found >= 0.5 for r in results])} | {cost:.0f} |"
        )
    return "\n".join(rows)


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f}" if values else "-"


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 where the package is missing."""
    parser = Parser(
        prog="python -m benchmarks.trackers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--clips", type=int, default=420)
    parser.add_argument("--seed", type=int, default=230_001)
    parsed = parser.parse_args(arguments)
    if find_spec("trackers") is None:
        print_error(f"the package trackers is not installed; install {REQUIREMENTS}")
        return 2
    profile = load_profile("demo")
    methods = {OURS: ours(profile)} | {
        name: online(_made(name, profile), profile) for name in OTHERS
    }
    clips = list(simulate(parsed.clips, parsed.seed, profile.detector.every))
    sys.stdout.write(lines(compare(methods, clips)) + "\n")
    return 0


def _made(name: str, profile: Profile) -> Callable[[float], OnlineTracker]:
    return lambda frame_rate: PackagedTracker(name, frame_rate, profile.track.high_score_threshold)


if __name__ == "__main__":
    sys.exit(main())
