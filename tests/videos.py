"""Small real videos for tests, each frame with its own number burnt in.

`write_video` encodes with the FFmpeg binary of `imageio-ffmpeg`; `read_number` reads the number
back from a decoded frame, so a test can prove which frame it was given. A number is shown twice,
as twelve black and white blocks and, below, as their negative: a frame that is turned, mirrored or
torn gives no number at all instead of a wrong one.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray

Frame = NDArray[np.uint8]

BITS = 12
"""Blocks of a burnt-in number: frames 0..4095."""

H264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18")
VFR_STAMPS = "N*3003+mod(N\\,4)*500+floor(N/8)*9000"
"""Uneven stamps of `vfr.mp4`, in 1/90000 s: jitter, and a gap of 0.1 s after every 8 frames."""


@dataclass(frozen=True)
class Recipe:
    """How a test video is made."""

    frames: int = 48
    width: int = 320
    height: int = 240
    fps: Fraction = Fraction(30)
    encoder: tuple[str, ...] = H264
    pixel_format: str = "yuv420p"
    stamps: str = ""
    """A `setpts` formula in 1/90000 s; empty for even stamps."""
    turned: int = 0
    """Degrees clockwise that a player must turn the stored picture: 0, 90, 180, 270."""
    mirrored: bool = False
    """Whether a player must mirror the stored picture left to right (before turning)."""
    filters: str = ""
    """Further FFmpeg filters, e.g. a colour matrix."""
    sound: bool = False
    """Whether a sine tone goes with it."""
    output: tuple[str, ...] = ()
    """Further output options."""
    draw: Callable[[int, int, int], Frame] | None = None
    """`(number, width, height)` -> frame; the numbered picture by default."""


def numbered_frame(number: int, width: int, height: int) -> Frame:
    """A picture `(height, width, 3)` of coloured, moving bands with its number burnt in."""
    x = np.arange(width)
    y = np.arange(height)[:, None]
    frame = np.empty((height, width, 3), np.uint8)
    frame[..., 0] = x * 200 // width + 20
    frame[..., 1] = y * 200 // height + 20
    frame[..., 2] = 40 + (number * 5) % 160
    bits = np.array([number >> bit & 1 for bit in range(BITS)], np.uint8)
    columns = np.minimum(x * BITS // width, BITS - 1)
    strip = height // 8
    frame[:strip] = (bits[columns] * 255)[None, :, None]
    frame[strip : 2 * strip] = ((1 - bits[columns]) * 255)[None, :, None]
    return frame


def read_number(frame: Frame) -> int:
    """The number burnt into an upright frame; ValueError when there is none to read."""
    height, width, _ = frame.shape
    grey = frame.mean(axis=2)
    centres = (np.arange(BITS) * 2 + 1) * width // (2 * BITS)
    strip = height // 8
    reach = max(1, width // (BITS * 6))
    blocks = np.stack([grey[:, c - reach : c + reach + 1].mean(axis=1) for c in centres])
    above = blocks[:, strip // 4 : strip - strip // 4].mean(axis=1)
    below = blocks[:, strip + strip // 4 : 2 * strip - strip // 4].mean(axis=1)
    if np.abs(above - below).min() < 100:
        raise ValueError("no frame number can be read")
    return int(sum(1 << bit for bit in range(BITS) if above[bit] > below[bit]))


def write_video(path: Path, recipe: Recipe | None = None) -> Path:
    """Encode a numbered video; `path`'s suffix chooses the container."""
    recipe = recipe or Recipe()
    turned = recipe.turned or recipe.mirrored
    plain = path.with_name(f"{path.stem}.stored{path.suffix}") if turned else path
    run_ffmpeg(*_input(recipe), *_output(recipe), plain, frames=_stored_frames(recipe))
    if turned:
        mirror = ("-display_hflip",) if recipe.mirrored else ()
        run_ffmpeg(
            *("-display_rotation", str(-recipe.turned)), *mirror, "-i", plain, "-c", "copy", path
        )
        plain.unlink()
    return path


def run_ffmpeg(*arguments: str | Path, frames: Iterator[Frame] | None = None) -> None:
    """Run the FFmpeg binary, with raw frames on its standard input if given."""
    command = [get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    for frame in frames or ():
        process.stdin.write(np.ascontiguousarray(frame).data)
    _, message = process.communicate()
    if process.returncode:
        raise RuntimeError(message.decode())


def cut(source: Path, target: Path, share: float) -> Path:
    """The first `share` of a file's bytes: a copy or download that broke off."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


def spoil(source: Path, target: Path, numbers: Iterable[int]) -> Path:
    """A copy in which the bytes of some video packets are none that decode."""
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        packets = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
    for number in numbers:
        packet = packets[number]
        data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    target.write_bytes(data)
    return target


def stored_size(recipe: Recipe) -> tuple[int, int]:
    """Width and height of the picture as encoded, before a player turns it."""
    sideways = recipe.turned in (90, 270)
    return (recipe.height, recipe.width) if sideways else (recipe.width, recipe.height)


def _stored_frames(recipe: Recipe) -> Iterator[Frame]:
    draw = recipe.draw or numbered_frame
    for number in range(recipe.frames):
        # A player turns clockwise what was stored turned anticlockwise (rot90 turns that way).
        frame = np.rot90(draw(number, recipe.width, recipe.height), recipe.turned // 90)
        yield frame[:, ::-1] if recipe.mirrored else frame


def _input(recipe: Recipe) -> list[str]:
    width, height = stored_size(recipe)
    video = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
    video += ["-r", str(recipe.fps), "-i", "-"]
    seconds = float(recipe.frames / recipe.fps)
    tone = ["-f", "lavfi", "-t", f"{seconds:.3f}", "-i", "sine=frequency=440:sample_rate=44100"]
    return video + (tone if recipe.sound else [])


def _output(recipe: Recipe) -> list[str]:
    filters = [recipe.filters] if recipe.filters else []
    if recipe.stamps:
        filters.append(f"settb=1/90000,setpts={recipe.stamps}")
    clock = "1:90000" if recipe.stamps else "demux"
    return [
        *(["-vf", ",".join(filters)] if filters else []),
        *("-fps_mode", "passthrough", "-enc_time_base", clock, "-pix_fmt", recipe.pixel_format),
        *recipe.encoder,
        *recipe.output,
    ]


def _h264(*options: str) -> tuple[str, ...]:
    return (*H264, *options)


PLAIN = Recipe()
NTSC = Fraction(30000, 1001)

RECIPES: dict[str, Recipe] = {
    "h264.mp4": PLAIN,
    "b_frames.mp4": replace(PLAIN, encoder=_h264("-bf", "4", "-g", "24", "-b_strategy", "0")),
    "ntsc.mp4": replace(PLAIN, fps=NTSC, sound=True),
    "fps50.mp4": replace(PLAIN, fps=Fraction(50)),
    "fps60.mp4": replace(PLAIN, fps=Fraction(60)),
    "vfr.mp4": replace(PLAIN, stamps=VFR_STAMPS, fps=NTSC, encoder=_h264("-g", "12")),
    "turned90.mp4": replace(PLAIN, turned=90),
    "turned180.mp4": replace(PLAIN, turned=180),
    "turned270.mp4": replace(PLAIN, turned=270),
    "mirrored.mp4": replace(PLAIN, mirrored=True),
    "late_start.mp4": replace(PLAIN, output=("-output_ts_offset", "5")),
    "transport_stream.ts": replace(PLAIN, sound=True),
    "open_gop.mp4": replace(
        PLAIN, encoder=_h264("-bf", "3", "-g", "12", "-x264-params", "open-gop=1:scenecut=0")
    ),
    "field_coded.mp4": replace(PLAIN, encoder=_h264("-flags", "+ildct+ilme")),
    "hevc10.mp4": replace(
        PLAIN,
        encoder=("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"),
        pixel_format="yuv420p10le",
    ),
    "av1.mp4": replace(PLAIN, encoder=("-c:v", "libaom-av1", "-cpu-used", "8", "-crf", "30")),
    "vp9.webm": replace(
        PLAIN,
        encoder=("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"),
    ),
    "vp8.webm": replace(
        PLAIN,
        encoder=("-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "16", "-cpu-used", "8"),
    ),
    "mpeg4.avi": replace(PLAIN, encoder=("-c:v", "mpeg4", "-q:v", "3", "-bf", "2")),
    "h264.avi": replace(PLAIN, encoder=_h264("-bf", "2")),  # its packets carry no stamps
    "motion_jpeg.mov": replace(PLAIN, encoder=("-c:v", "mjpeg", "-q:v", "3")),
    "late_start.webm": replace(
        PLAIN,
        encoder=("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"),
        output=("-output_ts_offset", "5"),
    ),
    "fragmented.mp4": replace(PLAIN, output=("-movflags", "frag_keyframe+empty_moov")),
    "odd_size.webm": replace(
        PLAIN, width=321, height=241, encoder=("-c:v", "libvpx-vp9", "-cpu-used", "8")
    ),
    "odd_size.mp4": replace(PLAIN, width=321, height=241, pixel_format="yuv444p"),
    "bt709.mp4": replace(
        PLAIN,
        filters="scale=out_color_matrix=bt709:out_range=tv",
        output=("-colorspace", "bt709", "-color_range", "tv"),
    ),
    "full_range.mp4": replace(
        PLAIN,
        filters="scale=out_color_matrix=bt709:out_range=pc",
        output=("-colorspace", "bt709", "-color_range", "pc"),
    ),
    "anamorphic.mp4": replace(PLAIN, filters="setsar=4/3"),
    "one_frame.mp4": replace(PLAIN, frames=1),
    "four_frames.mp4": replace(PLAIN, frames=4),
}
"""File name -> recipe; the numbers of a file run from 0 to `frames - 1`."""


class Shelf:
    """Makes test videos when they are first asked for, and keeps them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, name: str) -> Path:
        """A file of `RECIPES`."""
        return self.make(name, RECIPES[name])

    def make(self, name: str, recipe: Recipe) -> Path:
        """A file of any recipe; the name tells it from others."""
        path = self.folder / name
        return path if path.exists() else write_video(path, recipe)
