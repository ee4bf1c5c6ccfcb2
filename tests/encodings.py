"""The encodings over which frame identity is tested: small numbered videos of every common kind.

What the FFmpeg program cannot be told to write is made of its files: pulldown flags are set,
recordings joined or begun in the middle, tables taken out of an MP4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av

from tests.videos import NTSC, Frame, Recipe, numbered_frame, run_ffmpeg, write_video

FRAMES = 90
SMALL = Recipe(frames=FRAMES, width=128, height=96, fps=Fraction(25))
STAMPS = "N*3003+mod(N\\,4)*500+floor(N/8)*9000"
"""Stamps in 1/90000 s."""


def _x264(*params: str, gop: int = 12, bf: int = 2) -> tuple[str, ...]:
    joined = ":".join(("scenecut=0", *params))
    codec = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-threads", "1")
    return (*codec, "-g", str(gop), "-bf", str(bf), "-x264-params", joined)


def _x265(*params: str, gop: int = 12) -> tuple[str, ...]:
    joined = ":".join(("log-level=none", "scenecut=0", f"keyint={gop}", "pools=1", *params))
    return ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "22", "-x265-params", joined)


def _mpeg(codec: str, *options: str, gop: int = 12, bf: int = 2) -> tuple[str, ...]:
    return ("-c:v", codec, "-q:v", "3", "-g", str(gop), "-bf", str(bf), *options)


def _with(*encoder: str, **changes: object) -> Recipe:
    return replace(SMALL, encoder=encoder, **changes)  # type: ignore[arg-type]


def _corner(number: int, width: int, height: int) -> Frame:
    """Only the number changes, and a square that moves over a picture that stays."""
    frame = numbered_frame(number, width, height)
    frame[height // 4 :] = numbered_frame(0, width, height)[height // 4 :]
    frame[-20:-10, number : number + 10] = 255
    return frame


_FIELDS = ("-flags", "+ildct+ilme")
_VOB = ("-f", "vob")
_VPX = ("-cpu-used", "8", "-b:v", "1M")

RECIPES: dict[str, Recipe] = {
    # Program streams: only some pictures have a stamp.
    "mpeg1.mpg": _with(*_mpeg("mpeg1video")),
    "mpeg1_sound.mpg": _with(*_mpeg("mpeg1video"), sound=True),
    "mpeg1_ntsc.mpg": _with(*_mpeg("mpeg1video", gop=18), fps=NTSC),
    "mpeg2.mpg": _with(*_mpeg("mpeg2video"), output=_VOB),
    "one_key.mpg": _with(*_mpeg("mpeg2video", gop=300), output=_VOB),
    "no_b_frames.mpg": _with(*_mpeg("mpeg2video", bf=0), output=_VOB),
    "dvd.vob": _with(*_mpeg("mpeg2video"), fps=NTSC, sound=True, output=("-f", "dvd")),
    "interlaced.vob": _with(*_mpeg("mpeg2video", *_FIELDS), fps=NTSC),
    "h264.mpg": _with(*_x264(), output=_VOB),
    # Transport streams.
    "h264.ts": _with(*_x264(), sound=True),
    "hevc.ts": _with(*_x265()),
    "mpeg2.ts": _with(*_mpeg("mpeg2video")),
    "open_gop.m2ts": _with(*_x264("open-gop=1"), sound=True),
    "interlaced.mts": _with(*_x264(), *_FIELDS, fps=NTSC, output=("-f", "mpegts")),
    "late.ts": _with(*_mpeg("mpeg2video"), output=("-output_ts_offset", "100")),
    "clock_wraps.ts": _with(*_x264(), output=("-output_ts_offset", "95441.7")),
    # The broadcasters' container.
    "mpeg2.mxf": _with(*_mpeg("mpeg2video")),
    "h264.mxf": _with(*_x264()),
    "intra.mxf": _with(*_mpeg("mpeg2video", gop=1, bf=0)),
    # Streams without a container, and animations.
    "plain.h264": _with(*_x264("open-gop=1"), fps=NTSC),
    "plain.hevc": _with(*_x265("open-gop=1"), fps=NTSC),
    "plain.m2v": _with(*_mpeg("mpeg2video"), fps=NTSC),
    "plain.m1v": _with(*_mpeg("mpeg1video"), fps=NTSC),
    "intra_refresh.h264": _with(*_x264("intra-refresh=1", gop=20, bf=0)),
    "plain.y4m": _with("-c:v", "wrapped_avframe"),
    "animated.gif": _with("-c:v", "gif", pixel_format="rgb8", draw=_corner),
    "animated.apng": _with("-c:v", "apng", pixel_format="rgb24", draw=_corner),
    # H.264 and HEVC whose groups are not closed, or have no beginning.
    "intra_refresh.mp4": _with(*_x264("intra-refresh=1", gop=20, bf=0)),
    "intra_refresh.mkv": _with(*_x264("intra-refresh=1", gop=40, bf=0)),
    "intra_refresh.ts": _with(*_x264("intra-refresh=1", gop=20, bf=0)),
    "intra_refresh_hevc.mp4": _with(*_x265("intra-refresh=1", "bframes=0", gop=20)),
    "open_gop.mp4": _with(*_x264("open-gop=1", bf=3)),
    "pyramid.mkv": _with(*_x264("open-gop=1", "b-pyramid=normal", bf=5, gop=24)),
    "open_gop_hevc.mp4": _with(*_x265("open-gop=1", "bframes=4")),
    "pyramid_hevc.mkv": _with(*_x265("open-gop=1", "bframes=4", "b-pyramid=1", gop=24)),
    "h264.mp4": _with(*_x264()),
    "one_key.mp4": _with(*_x264(gop=9999)),
    "interlaced.mp4": _with(*_x264(), *_FIELDS),
    "references.mp4": _with(*_x264("ref=6", "b-adapt=0", "weightp=2", bf=4, gop=30)),
    # Other kinds.
    "vp8.webm": _with(
        *("-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "16", "-g", "12", *_VPX)
    ),
    "vp9.webm": _with("-c:v", "libvpx-vp9", "-lag-in-frames", "16", "-g", "24", *_VPX),
    "av1.webm": _with("-c:v", "libsvtav1", "-preset", "12", "-g", "24", "-svtav1-params", "lp=1"),
    "h264.flv": _with(*_x264()),
    "sorenson.flv": _with("-c:v", "flv1", "-q:v", "3", "-g", "12"),
    "xvid.avi": _with("-c:v", "libxvid", "-q:v", "3", "-g", "12"),
    "mpeg4.avi": _with(*_mpeg("mpeg4")),
    "motion_jpeg.avi": _with("-c:v", "mjpeg", "-q:v", "3"),
    "h264.avi": _with(*_x264()),
    "wmv2.wmv": _with("-c:v", "wmv2", "-q:v", "3", "-g", "12", output=("-f", "asf")),
    "h264.asf": _with(*_x264(), output=("-f", "asf")),
    "theora.ogv": _with("-c:v", "libtheora", "-q:v", "8", "-g", "12"),
    "h263.3gp": _with("-c:v", "h263", "-q:v", "3", "-g", "12"),
    "mpeg4.mp4": _with(*_mpeg("mpeg4")),
    "dv.dv": replace(_with("-c:v", "dvvideo"), width=720, height=576, frames=30),
    "prores.mov": _with("-c:v", "prores_ks", "-profile:v", "0", pixel_format="yuv422p10le"),
    "dnxhr.mov": replace(
        _with("-c:v", "dnxhd", "-profile:v", "dnxhr_lb", pixel_format="yuv422p"),
        width=256,
        height=128,
    ),
    "uneven.mkv": _with(*_x264(), fps=NTSC, stamps=STAMPS),
    "uneven.mp4": _with(*_x264(), fps=NTSC, stamps=STAMPS),
    "fragmented.mp4": _with(*_x264(), output=("-movflags", "frag_keyframe+empty_moov")),
    "no_cues.mkv": _with(*_x264(), output=("-live", "1")),
}
"""File name -> recipe; the numbers of its frames run from 0."""


Make = Callable[["Encodings", Path], None]


@dataclass(frozen=True)
class Made:
    """A file made of others."""

    make: Make
    """Writes it."""
    numbers: tuple[int, ...] = tuple(range(FRAMES))
    """Of the frames that a player shows, in order."""


class Encodings:
    """Makes the files when they are first asked for, and keeps them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, name: str) -> Path:
        """A file of `RECIPES` or `MADE`."""
        path = self.folder / name
        if not path.exists():
            if name in MADE:
                MADE[name].make(self, path)
            else:
                write_video(path, RECIPES[name])
        return path

    def numbers(self, name: str) -> list[int]:
        """Of the frames that a player shows, in order."""
        return list(MADE[name].numbers if name in MADE else range(RECIPES[name].frames))


def _pulled_down(files: Encodings, target: Path) -> None:
    """Film as on a DVD: 24 frames a second, flagged to be shown as 60 fields, 3 and 2 by turns."""
    film = _with(*_mpeg("mpeg2video"), fps=NTSC)
    stream = write_video(files.folder / f"{target.stem}.film.m2v", film)
    data = bytearray(stream.read_bytes())
    _set_pulldown(data)
    stream.write_bytes(data)
    run_ffmpeg("-i", stream, "-c", "copy", "-f", "vob", target)


def _set_pulldown(data: bytearray) -> None:
    """Set the flags of MPEG-2 pictures, in the order of showing (ISO/IEC 13818-2, 6.2.3.1)."""
    pictures: list[tuple[int, int, int]] = []  # order of showing, position of header and extension
    group = -1
    at = 0
    while (at := data.find(b"\0\0\1", at)) >= 0:
        code = data[at + 3]
        if code == 0xB8:
            group += 1
        elif code == 0x00:
            turn = data[at + 4] << 2 | data[at + 5] >> 6
            extension = data.index(b"\0\0\1\xb5", at)
            pictures.append((group * 1024 + turn, at, extension))
        elif code == 0xB5 and data[at + 4] >> 4 == 1:
            data[at + 5] &= (
                ~0x08 & 0xFF
            )  # no progressive sequence: else the flags mean whole frames
        at += 3
    for shown, (_, _, extension) in enumerate(sorted(pictures)):
        top_first, repeat = shown % 4 in (0, 1), shown % 2 == 0
        data[extension + 7] = data[extension + 7] & 0x7D | top_first << 7 | repeat << 1
        data[extension + 8] |= 0x80  # the frame itself is progressive


def _joined(first: str, second: str) -> Make:
    """Two recordings in one file, as `cat` joins them; the clock begins anew."""

    def make(files: Encodings, target: Path) -> None:
        target.write_bytes(files[first].read_bytes() + files[second].read_bytes())

    return make


def _cut(name: str, start_s: str) -> Make:
    """Cut without encoding anew: an edit list hides the frames since the last key frame."""

    def make(files: Encodings, target: Path) -> None:
        run_ffmpeg("-ss", start_s, "-i", files[name], "-c", "copy", target)

    return make


def _without(name: str, *boxes: bytes) -> Make:
    """An MP4 some of whose tables are renamed, so that nobody finds them."""

    def make(files: Encodings, target: Path) -> None:
        data = files[name].read_bytes()
        for box in boxes:
            if data.count(box) != 1:
                raise ValueError(f"{name}: expected one {box!r}, found {data.count(box)}")
            data = data.replace(box, b"free")
        target.write_bytes(data)

    return make


def _copied(name: str, *options: str) -> Make:
    """The packets of another file, with options of the FFmpeg program."""

    def make(files: Encodings, target: Path) -> None:
        run_ffmpeg("-i", files[name], "-c", "copy", *options, target)

    return make


def _begun_midway(name: str, packets: int, size: int) -> Make:
    """A recording without its first packets of so many bytes."""

    def make(files: Encodings, target: Path) -> None:
        target.write_bytes(files[name].read_bytes()[packets * size :])

    return make


def _packed(files: Encodings, target: Path) -> None:
    """As DivX wrote it: a B-frame lies in the packet of the frame before, an empty one follows."""
    loose = files.folder / f"{target.stem}.loose.avi"
    write_video(loose, _with(*_mpeg("mpeg4", bf=1)))
    vop, user_data = b"\0\0\1\xb6", b"\0\0\1\xb2DivX503b1393p"
    empty = vop + bytes([0x50 | 0x08, 0x3F])
    with av.open(str(loose)) as source, av.open(str(target), "w") as file:
        stream = source.streams.video[0]
        copy = file.add_stream_from_template(stream)
        pictures = [bytes(packet) for packet in source.demux(stream) if packet.size]
        is_b = [picture[picture.index(vop) + 4] >> 6 == 2 for picture in pictures]
        for number, picture in enumerate(pictures):
            b_follows = number + 1 < len(pictures) and is_b[number + 1]
            data = empty if is_b[number] else picture + (pictures[number + 1] if b_follows else b"")
            if number == 0:
                data = data.replace(vop, user_data + vop, 1)
            packet = av.Packet(data)
            packet.stream, packet.dts, packet.pts = copy, number, number
            packet.time_base = Fraction(1, 25)
            packet.is_keyframe = picture[picture.index(vop) + 4] >> 6 == 0
            file.mux(packet)


_TWICE = (*range(FRAMES), *range(FRAMES))

MADE: dict[str, Made] = {
    "telecine.mpg": Made(_pulled_down),
    "joined.mpg": Made(_joined("mpeg1.mpg", "mpeg1.mpg"), _TWICE),
    "clock_jumps_ahead.ts": Made(_joined("mpeg2.ts", "late.ts"), _TWICE),
    "clock_jumps_back.ts": Made(_joined("late.ts", "mpeg2.ts"), _TWICE),
    "begun_midway.ts": Made(_begun_midway("h264.ts", 12, 188), tuple(range(12, FRAMES))),
    "begun_midway.m2ts": Made(_begun_midway("open_gop.m2ts", 12, 192), tuple(range(12, FRAMES))),
    "begun_midway_mpeg2.ts": Made(_begun_midway("mpeg2.ts", 12, 188), tuple(range(12, FRAMES))),
    "begun_midway_hevc.ts": Made(_begun_midway("hevc.ts", 16, 188), tuple(range(12, FRAMES))),
    "begun_midway.mpg": Made(_begun_midway("mpeg2.mpg", 2, 2048), tuple(range(12, FRAMES))),
    "trimmed.mp4": Made(_cut("h264.mp4", "1.5"), tuple(range(38, FRAMES))),
    "all_called_keys.mp4": Made(_without("h264.mp4", b"stss")),
    "all_called_keys_hevc.mp4": Made(_without("open_gop_hevc.mp4", b"stss")),
    "all_called_keys_mpeg4.mp4": Made(_without("mpeg4.mp4", b"stss")),
    "no_offsets.mp4": Made(_without("h264.mp4", b"ctts", b"edts")),
    "packed.avi": Made(_packed),
    "gaps.avi": Made(_copied("mpeg4.mp4", "-bsf:v", "setts=ts=(N+floor(N/9)*2)/25/TB")),
    "doubled_stamps.mkv": Made(
        _copied("intra_refresh.mp4", "-bsf:v", "setts=ts=floor(N/2)*80/1000/TB")
    ),
}
"""File name -> how it is made of others."""

UNEVEN = (
    *("uneven.mkv", "uneven.mp4", "telecine.mpg", "gaps.avi"),
    "animated.gif",  # whole hundredths of a second
)
"""Files whose frames are not shown at an even rate."""
