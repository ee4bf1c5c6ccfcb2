"""A short programme for the browser's tests: example clips one after another, with hard cuts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av


def join_clips(clips: Sequence[Path], target: Path) -> Path:
    """Write the clips' pictures into one H.264 file at 25 frames per second."""
    with av.open(str(target), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for clip in clips:
            with av.open(str(clip)) as source:
                for frame in source.decode(video=0):
                    picture = av.VideoFrame.from_ndarray(frame.to_ndarray(format="rgb24"))
                    output.mux(stream.encode(picture))
        output.mux(stream.encode())
    return target
