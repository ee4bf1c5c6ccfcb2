"""The paper's offline way: frames and cropped clips made by the FFmpeg program.

The analysis itself crops in memory and never encodes anew; these two are for building data sets and
for comparing. The program comes with the package `imageio-ffmpeg`, so nothing has to be installed.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from pathlib import Path
from typing import Literal

from imageio_ffmpeg import get_ffmpeg_exe

from pipeline.errors import InputError, VideoError
from pipeline.folder import new_folder
from pipeline.types import RegionOfInterest
from pipeline.video import Video, VideoWriter, video_writer
from pipeline.video.writer import replaced_when_done

__all__ = ["VideoWriter", "extract_frames", "run_ffmpeg", "video_writer", "write_cropped_clip"]

_QUALITY = {".jpg": ("-q:v", "2"), ".png": ()}


def run_ffmpeg(*arguments: str, folder: Path | None = None) -> None:
    """Run the FFmpeg program silently, in `folder` if given.

    Raises:
        OSError: when the disk is full.
        InputError: with FFmpeg's own last words, when it fails otherwise.
    """
    try:
        program = get_ffmpeg_exe()
    except RuntimeError as error:
        raise InputError("FFmpeg is missing; run: pip install imageio-ffmpeg") from error
    command = [program, "-hide_banner", "-nostdin", "-v", "error", "-y", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    if done.returncode == 0:
        return
    said = done.stderr.decode("utf-8", "replace").strip()
    if os.strerror(errno.ENOSPC) in said or done.returncode == -signal.SIGXFSZ:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    last = said.splitlines()[-1] if said else f"it ended with {done.returncode}"
    raise InputError(f"FFmpeg failed: {last}")


def extract_frames(
    video: Video, folder: Path, *, suffix: Literal[".jpg", ".png"] = ".jpg"
) -> list[Path]:
    """Write the span's frames as pictures, upright, named by their place in the file.

    Args:
        video: the span.
        folder: made if need be; pictures of the same name in it are replaced.
        suffix: `.png` keeps every value, `.jpg` is about ten times smaller.

    Raises:
        StoreError: when the disk is full or the folder cannot be written.
        VideoError: when FFmpeg reads other frames than the index has, as in a damaged file.
    """
    first = int(video.timeline.frame_index[0])
    with new_folder(folder) as scratch:
        pattern = ("-start_number", str(first), f"%06d{suffix}")
        run_ffmpeg(*_frames_of(video), *_QUALITY[suffix], *pattern, folder=scratch)
        names = sorted(file.name for file in scratch.iterdir())
        if len(names) != len(video):
            counts = f"FFmpeg reads {len(names)} frames of it where {len(video)} are expected"
            raise VideoError(f"{video.name}: {counts}; convert the file first")
    return [folder / name for name in names]


def write_cropped_clip(
    video: Video, region: RegionOfInterest, target: Path, *, crf: int = 18
) -> None:
    """Encode the span, cropped to a region, as a silent H.264 file that begins at 0 s.

    Args:
        video: the span; its time stamps keep their distances.
        region: whole, even sides, within the picture.
        target: an `.mp4` file; one that is there is replaced.
        crf: quality of x264, 0 (lossless) to 51.

    Raises:
        StoreError: when the disk is full or the place cannot be written.
    """
    x1, y1, x2, y2 = (round(side) for side in region.xyxy.tolist())
    width, height = x2 - x1, y2 - y1
    inside = min(x1, y1) >= 0 and x2 <= video.info.width and y2 <= video.info.height
    if width % 2 or height % 2 or not inside:
        size = f"{video.info.width}x{video.info.height}"
        raise ValueError(f"region: expected even sides within {size}, got {(x1, y1, x2, y2)}")
    # yuv420p could only be cropped at even places, so the crop is made at full colour resolution.
    crop = f"setpts=PTS-STARTPTS,format=yuv444p,crop={width}:{height}:{x1}:{y1},format=yuv420p"
    encode = ("-c:v", "libx264", "-crf", str(crf), "-preset", "fast", "-movflags", "+faststart")
    with replaced_when_done(target) as scratch:
        run_ffmpeg(*_frames_of(video, crop), *encode, "-f", "mp4", f"file:{scratch.absolute()}")


def _frames_of(video: Video, *filters: str) -> tuple[str, ...]:
    """Input and filters that pass the span's frames on one by one, with their stamps."""
    first, last = video.timeline.frame_index[[0, -1]].tolist()
    chain = ",".join((f"trim=start_frame={first}:end_frame={last + 1}", *filters))
    # With "file:" a name may hold a colon or begin with a dash.
    source = ("-i", f"file:{os.path.abspath(video.info.path)}", "-map", "0:v:0")
    return (*source, "-vf", chain, "-fps_mode", "passthrough", "-enc_time_base", "demux")
