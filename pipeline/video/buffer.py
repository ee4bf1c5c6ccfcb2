"""Keeps the frames of a short span so that the second pass needs no decoding."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from pipeline.types import IntArray
from pipeline.video.ahead import read_ahead
from pipeline.video.clip import Video, checked_positions
from pipeline.video.readers import Frame, Frames

BUFFER_BYTES = 512 * 2**20
"""Frames that fit are decoded once."""
_AHEAD = 32
"""Frames that the decoder may be ahead."""


class FrameBuffer:
    """A span's frames, for several passes.

    If they fit into `limit_bytes` in all, the first pass keeps every frame and later passes read
    from memory; otherwise every pass decodes again and nothing is kept.
    """

    def __init__(self, video: Video, *, limit_bytes: int = BUFFER_BYTES) -> None:
        self.video = video
        """Where the frames come from."""
        self.fits = video.nbytes <= limit_bytes
        """Whether frames are kept."""
        self._kept: list[Frame] = []

    def frames(self, positions: Sequence[int] | IntArray | None = None) -> Frames:
        """As `Video.frames`; kept frames must not be written to."""
        if not self.fits:
            yield from self.video.frames(positions)
            return
        wanted = checked_positions(positions, len(self.video))
        if len(wanted) == 0:
            return
        chosen = frozenset(wanted.tolist())
        with closing(self._all()) as frames:
            for position, frame in frames:
                if position in chosen:
                    yield position, frame
                if position == wanted[-1]:
                    return

    def _all(self) -> Frames:
        """Every frame: from memory as far as it is filled, then from the decoder into memory.

        The decoder works ahead while something is done with a frame.
        """
        position = 0
        while position < len(self._kept):
            yield position, self._kept[position]
            position += 1
        if position == len(self.video):
            return
        decoded = self.video.frames(range(position, len(self.video)))
        with read_ahead(decoded, _AHEAD) as frames:
            for position, frame in frames:
                if position == len(self._kept):
                    self._kept.append(frame)
                yield position, frame
