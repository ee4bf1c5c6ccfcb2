"""The pass over a whole video: shot after shot, who is in it and the skater's skeleton.

The video is decoded once, in pieces that fit into memory, so the memory needed does not grow with
its length; what was found in finished pieces is kept, and a run that was killed goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import numpy as np

from models.dino import Dino
from models.vitpose import ViTPose
from pipeline.classification.classify import interruptible
from pipeline.config import Profile
from pipeline.errors import InputError
from pipeline.messages import Message
from pipeline.networks import Networks
from pipeline.programme.reading.find_skater import FoundPeople, PeopleFinder
from pipeline.programme.reading.findings import (
    Finding,
    joined_pose,
    joined_tracks,
    nobody_detected,
)
from pipeline.programme.reading.kept import KeptReading
from pipeline.programme.reading.kinds import is_black, shot_kind
from pipeline.programme.reading.pass_networks import pass_detector, pass_estimator
from pipeline.programme.reading.pieces import Piece, PieceReader, pose_step
from pipeline.programme.reading.records import ReadShot
from pipeline.programme.reading.remarks import Remarks
from pipeline.programme.reading.replays import ReplayFinder
from pipeline.programme.reading.same_skater import SkaterMemory
from pipeline.programme.reading.skeletons import SkeletonFinder
from pipeline.progress import Monitor
from pipeline.types import FloatArray, People, PoseSequence, Shot, Track
from pipeline.types.programme import ShotKind, Transition
from pipeline.video import FramesLost, Video, read_ahead

MAX_PROGRAMME_S = 900.0
"""A free programme with what is shown around it takes ten minutes."""

_PIECES_TO_APPEAR = 3
"""So many pieces with people a person named by their number may come late."""


def read_shots(
    video: Video,
    networks: Networks,
    profile: Profile,
    monitor: Monitor,
    *,
    skater: int | None = None,
    kept: KeptReading | None = None,
) -> Iterator[ReadShot]:
    """Read a video of any length up to 15 minutes, shot after shot.

    A long shot comes several times, each time longer, until it is complete. Progress is reported
    as the stage `read`, times as `decode`, `detect` and `pose`.

    Args:
        video: The span.
        networks: The detector's and the pose's are asked.
        profile: Settings.
        monitor: Told about progress; asked whether to stop.
        skater: Number of the person, of the first shot with people, who is the skater.
        kept: What an earlier run found; grows with this one.

    Raises:
        InputError: The video is too long, or nobody has the number `skater`.
        Cancelled: A stop was asked for.
    """
    check_length(video)
    return _Reading(video, networks, profile, monitor, skater=skater, kept=kept).shots()


def check_length(video: Video) -> None:
    """Refuse what is longer than a programme.

    Raises:
        VideoError: Says the limit, and to give in and out points.
    """
    span_s = video.info.end_s - video.info.start_s
    if span_s > MAX_PROGRAMME_S:
        raise video.error(
            "programme_long", span=f"{span_s / 60:.1f}", most=f"{MAX_PROGRAMME_S / 60:g}"
        )


class _Reading:
    """One video on its way through the pass."""

    def __init__(
        self,
        video: Video,
        networks: Networks,
        profile: Profile,
        monitor: Monitor,
        *,
        skater: int | None,
        kept: KeptReading | None,
    ) -> None:
        self._video, self._networks, self._profile = video, networks, profile
        self._monitor, self._skater, self._kept = monitor, skater, kept
        self._size = (video.info.width, video.info.height)
        self._stride = pose_step(video.info.fps, profile.programme.pose_hz)
        self._shot: list[Finding] = []
        self._begins: Transition = "start"
        self._memory = SkaterMemory()
        self._blind = networks.is_untrained("detector")
        self._lost: FramesLost | None = None
        self._replays = ReplayFinder()
        self._remarks = Remarks(video, blind=self._blind)
        detector = pass_detector(cast(Dino, networks.get("detector")), profile)
        step = max(1, round(video.info.fps / profile.programme.detector_hz))
        self._people = PeopleFinder(
            detector, video.timeline, self._size, profile, step=step, skater=skater
        )
        estimator = pass_estimator(cast(ViTPose, networks.get("pose")), profile)
        self._skeletons = SkeletonFinder(estimator, monitor.check)

    def shots(self) -> Iterator[ReadShot]:
        """All shots."""
        stop, known = 0, self._kept.findings() if self._kept is not None else []
        for number, finding in enumerate(known):
            yield from self._taken(finding, shown=number == len(known) - 1)
            stop = finding.stop
        if stop < len(self._video):
            yield from self._read_from(stop)
        self._remarks.check_somebody()

    def _read_from(self, first: int) -> Iterator[ReadShot]:
        most = self._profile.buffer_mib * 2**20
        reader = PieceReader(self._video, self._stride, first=first, max_bytes=most)
        decoded = self._video.frames(range(reader.starts_at, len(self._video)))
        ahead = most // 2 // (3 * self._size[0] * self._size[1])
        with read_ahead(decoded, max(1, ahead)) as waiting:
            frames = self._monitor.timed_iterator("decode", waiting)
            # No name for the piece: its frames are to go before the next ones come.
            findings = map(self._found, reader.pieces(frames))
            try:
                for finding in findings:
                    yield from self._kept_and_taken(finding)
            except FramesLost as error:
                self._lost = error
        if self._lost is not None:
            for piece in reader.rest():  # not kept: the file may be whole again another time
                yield from self._taken(self._found(piece))

    def _kept_and_taken(self, finding: Finding) -> Iterator[ReadShot]:
        if self._kept is not None:
            self._kept.keep(finding)
        yield from self._taken(finding)

    def _found(self, piece: Piece) -> Finding:
        """Who is in a piece, and the skater's skeleton."""
        self._show(piece, 0.0)
        with self._monitor.timed("detect"):
            found = self._people_in(piece)
        self._show(piece, 0.4)
        main = next((t for t in found.tracks if t.person_id == found.main_id), None)
        boxes = self._whole(piece) if main is None else main.boxes_xyxy
        with self._monitor.timed("pose"):
            skeletons = self._skeletons.find(piece, boxes, self._shot)
        self._show(piece, 1.0)
        return Finding(
            piece.first,
            piece.stop,
            piece.ends,
            piece.signals,
            found.detections,
            found.tracks,
            found.main_id,
            found.points,
            found.rival,
            skeletons.first,
            skeletons.joints,
            skeletons.scores,
            skeletons.tail,
            found.memory,
        )

    def _people_in(self, piece: Piece) -> FoundPeople:
        if self._blind or is_black(piece.signals):
            return FoundPeople(nobody_detected(piece), (), None, 0.0, 0.0, self._memory)
        network = self._networks.get("detector")
        with interruptible(network, self._monitor.check):
            return self._people.find(piece, self._shot, self._memory)

    def _whole(self, piece: Piece) -> FloatArray:
        """No box; the whole picture where nobody was looked for, as in a clip."""
        box = [0, 0, *self._size] if self._blind else [np.nan] * 4
        return np.tile(np.array(box, np.float32), (piece.stop - piece.first, 1))

    def _show(self, piece: Piece, share: float) -> None:
        read = piece.first + share * (piece.stop - piece.first)
        self._monitor.step("read", read / len(self._video))

    def _taken(self, finding: Finding, *, shown: bool = True) -> Iterator[ReadShot]:
        """Add a finding to its shot, and give the shot."""
        self._shot.append(finding)
        self._memory = finding.memory
        complete = finding.ends != "goes_on"
        self._check_skater(complete=complete)
        if complete or shown:
            yield self._read_shot(complete=complete)
        if complete:
            self._begins = "fade" if finding.ends == "fade" else "cut"
            self._shot = []

    def _check_skater(self, *, complete: bool) -> None:
        """Whether the person whom the user named is there."""
        if self._skater is None or self._memory.person_id is not None:
            return
        peopled = [finding for finding in self._shot if finding.tracks]
        if peopled and (complete or len(peopled) == _PIECES_TO_APPEAR):
            numbers = sorted({t.person_id for f in peopled for t in f.tracks})
            known = ", ".join(map(str, numbers))
            raise InputError.of("skater_unknown", skater=self._skater, known=known)

    def _read_shot(self, *, complete: bool) -> ReadShot:
        first, stop = self._shot[0].first, self._shot[-1].stop
        pose = joined_pose(self._shot, self._stride)
        tracks = joined_tracks(self._shot)
        main_id = self._memory.person_id
        main = next((track for track in tracks if track.person_id == main_id), None)
        kind: ShotKind = "skating"
        if not self._blind:
            kind = shot_kind(self._shot, main, pose, self._size[1])
        if complete and kind == "skating":
            kind = self._live_or_replay(first, stop, pose)
        shot = Shot(self._seconds(first), self._seconds(stop), kind, self._begins)
        people = People(tracks, None if main is None else main_id, self._rule(main))
        read = ReadShot(shot, first, stop, people, pose, complete)
        if not complete:
            return read
        self._remarks.add(read)
        if self._shot[-1].ends != "end":
            return read
        problem = None if self._kept is None else self._kept.problem
        return replace(read, warnings=self._remarks.all(self._lost, problem))

    def _live_or_replay(self, first: int, stop: int, pose: PoseSequence) -> ShotKind:
        times_s = self._video.timeline.pts_s[first:stop]
        steps = np.concatenate([finding.signals[:, 2] for finding in self._shot])
        if self._replays.is_replay(pose, times_s, steps[:: self._stride]):
            return "replay"
        self._replays.add(pose, times_s)
        return "skating"

    def _rule(self, main: Track | None) -> Message:
        if self._blind:
            return Message.of("nobody_looked_for")
        if main is None:
            return Message.of("nobody_in_view")
        code = "followed" if self._skater is None else "chosen"
        return Message.of(code, person=main.person_id)

    def _seconds(self, position: int) -> float:
        """When a frame is shown, or the last one gives way."""
        if position < len(self._video):
            return self._video.timeline.seconds(position)
        return max(self._video.until_s - self._video.origin_s, self._seconds(position - 1) + 1e-3)
