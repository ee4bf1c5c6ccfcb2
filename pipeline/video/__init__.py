"""Video in: which frames a file has, when they are shown, and bounded passes through them."""

from pipeline.video.ahead import read_ahead
from pipeline.video.buffer import BUFFER_BYTES, FrameBuffer
from pipeline.video.clip import (
    MAX_SPAN_FRAMES,
    MAX_SPAN_S,
    Video,
    check_span,
    open_video,
)
from pipeline.video.probing.source import display_name
from pipeline.video.readers import READERS, Frame, Frames, FramesLost, check_reader
from pipeline.video.writer import VideoWriter, video_writer

__all__ = [
    "BUFFER_BYTES",
    "MAX_SPAN_FRAMES",
    "MAX_SPAN_S",
    "READERS",
    "Frame",
    "FrameBuffer",
    "Frames",
    "FramesLost",
    "Video",
    "VideoWriter",
    "check_reader",
    "check_span",
    "display_name",
    "open_video",
    "read_ahead",
    "video_writer",
]
