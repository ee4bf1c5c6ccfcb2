"""Keeps the frames of a short span so that the second pass needs no decoding."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import numpy as np

from pipeline.types import IntArray
from pipeline.video.clip import Video, checked_positions
from pipeline.video.readers import Frames

BUFFER_BYTES = 512 * 2**20
"""Frames that fit are decoded once."""


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
        shape = (len(video) if self.fits else 0, video.info.height, video.info.width, 3)
        self._kept = np.empty(shape, np.uint8)  # the system hands out the pages as they are filled
        self._filled = 0

    def frames(self, positions: Sequence[int] | IntArray | None = None) -> Frames:
        """As `Video.frames`; kept frames are views that must not be written to."""
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
        """Every frame: from memory as far as it is filled, then from the decoder into memory."""
        position = 0
        while position < self._filled:
            yield position, self._kept[position]
            position += 1
        with closing(self.video.frames(range(position, len(self.video)))) as frames:
            for position, frame in frames:
                self._kept[position] = frame
                self._filled = max(self._filled, position + 1)
                yield position, self._kept[position]
