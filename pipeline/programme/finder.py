"""The ProgrammeFinder: from a whole video to its elements, for the app and the command line."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from pipeline.analyser import Analyser
from pipeline.errors import StoreError, write_error
from pipeline.inputs import Question
from pipeline.messages import Message
from pipeline.networks import TEMPORAL
from pipeline.programme.programme_run import ProgrammeRun
from pipeline.programme.reading import KeptReading, ReadingCache
from pipeline.progress import Listener, Monitor, StopAsked
from pipeline.storage.programme_cache import ProgrammeCache
from pipeline.storage.programme_files import write_programme
from pipeline.types import Programme
from pipeline.video import Video, open_video


class ProgrammeFinder:
    """Finds the elements of whole videos and uncut clips.

    Args:
        analyser: Its profile, networks and cache are used. Where it has a cache, known programmes
            are found beside it and new ones kept.
    """

    def __init__(self, analyser: Analyser) -> None:
        self.analyser = analyser

    def find(
        self,
        path: str | os.PathLike[str],
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        stream: int | None = None,
        skater: int | None = None,
        fresh: bool = False,
        listener: Listener | None = None,
        stop_asked: StopAsked | None = None,
        folder: Path | None = None,
    ) -> Programme:
        """Find the elements of one video.

        Args:
            path: A video file of at most 15 minutes.
            start_s: In point, seconds after the first frame.
            end_s: Out point.
            stream: Number of the video stream, where the file holds several.
            skater: Number of the person who is the skater, instead of the rule's choice.
            fresh: Also where the result is known already.
            listener: Told about progress; where there is more of it, `result` is the `Programme`
                as far as it has grown, whose last elements may change and have no candidates yet.
            stop_asked: Asked often; True ends the work.
            folder: Where each element's analysis is written as soon as it is made, and the
                programme in the end; None: analyses are not kept.

        Raises:
            InputError: A sentence about what is wrong with the video, the span or the settings.
            Cancelled: `stop_asked` said so.
        """
        monitor = Monitor(listener, stop_asked)
        reader = self.analyser.profile.reader
        video = open_video(path, start_s=start_s, end_s=end_s, stream=stream, reader=reader)
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            found = None if fresh else self._recalled(video, skater, folder)
            if found is None:
                kept = None if fresh else self._reading(video, skater)
                run = ProgrammeRun(
                    self.analyser, video, monitor, folder, skater=skater, kept=kept, fresh=fresh
                )
                found = self._kept(video, skater, run.programme(), folder)
            if folder is not None:
                write_programme(found, folder)
        except OSError as error:
            raise write_error(folder, error) from error
        return found

    def _key(self, video: Video, skater: int | None) -> str:
        inputs = self.analyser.inputs(video, Question(skater))
        temporal = self.analyser.networks.provenance_of(TEMPORAL)
        weights = {**inputs.weights, TEMPORAL: (temporal.checkpoint, temporal.sha256)}
        return replace(inputs, weights=weights).key()

    def _reading(self, video: Video, skater: int | None) -> KeptReading | None:
        """What a run that was killed has read of the video."""
        if self.analyser.cache is None:
            return None
        return ReadingCache(self.analyser.cache.folder.parent).of(self._key(video, skater))

    def _recalled(self, video: Video, skater: int | None, folder: Path | None) -> Programme | None:
        if self.analyser.cache is None:
            return None
        cache = ProgrammeCache(self.analyser.cache.folder.parent)
        known = cache.get(self._key(video, skater), video.info.path, folder)
        if known is None:
            return None
        warnings = tuple(_of_file(message, video.name) for message in known.warnings)
        return replace(known, warnings=warnings)

    def _kept(
        self, video: Video, skater: int | None, programme: Programme, folder: Path | None
    ) -> Programme:
        """Keep a programme; one that cannot be kept says so and is still a programme."""
        if self.analyser.cache is None or folder is None:
            return programme
        try:
            cache = ProgrammeCache(self.analyser.cache.folder.parent)
            cache.put(self._key(video, skater), programme, folder)
        except StoreError as error:
            not_kept = Message.of("not_cached", reason=error.message)
            told = [warning for warning in programme.warnings if warning.code != "not_cached"]
            return replace(programme, warnings=(*told, not_kept))
        return programme


def _of_file(message: Message, name: str) -> Message:
    """The same message, of a file with another name."""
    if message.code is None or "name" not in message.values:
        return message
    return Message.of(message.code, **{**message.values, "name": name})
