"""Makes videos as an attacker would, or a broken device: each of a kind, from a few small ones."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from tests.videos import PLAIN, Recipe, Shelf, run_ffmpeg

FRAMES = 12
SMALL = Recipe(frames=FRAMES, width=128, height=96, fps=Fraction(25))
SOUND = Recipe(frames=FRAMES, width=128, height=96, fps=Fraction(25), sound=True)
CLAIMED = 80_000_000


def small(clips: Shelf, name: str = "hostile_small.mp4") -> Path:
    """Twelve frames of H.264."""
    return clips.make(name, SMALL)


def patched(data: bytes, box: bytes, offset: int, *numbers: int) -> bytes:
    """A file with other 32-bit numbers so far after the name of a box."""
    at = data.index(box) + offset
    new = struct.pack(f">{len(numbers)}I", *numbers)
    return data[:at] + new + data[at + len(new) :]


def with_claimed_frames(data: bytes) -> bytes:
    """All frames of one size, and 80 million of them in the first chunk."""
    data = patched(data, b"stsz", 8, 1, CLAIMED)
    data = patched(data, b"stsc", 8, 1, 1, CLAIMED, 1)
    return patched(data, b"stts", 12, CLAIMED)


def claimed_frames(clips: Shelf, path: Path) -> None:
    """An MP4 of 2 KB whose index claims 80 million frames."""
    path.write_bytes(with_claimed_frames(small(clips).read_bytes()))


def claimed_sound(clips: Shelf, path: Path) -> None:
    """The same in a track that says it is sound."""
    data = with_claimed_frames(small(clips).read_bytes())
    path.write_bytes(data.replace(b"vide", b"soun", 1))


def claimed_before_the_index(clips: Shelf, path: Path) -> None:
    """The same, with a box before it that FFmpeg passes over."""
    data = with_claimed_frames(small(clips).read_bytes())
    path.write_bytes(data[:32] + struct.pack(">I4s", 16, b"uuid") + bytes(8) + data[32:])


def claimed_in_a_fragment(clips: Shelf, path: Path) -> None:
    """A fragment that claims 80 million frames and states nothing of each."""
    recipe = Recipe(
        frames=FRAMES, width=128, height=96, output=("-movflags", "frag_keyframe+empty_moov")
    )
    data = clips.make("hostile_fragments.mp4", recipe).read_bytes()
    path.write_bytes(patched(data, b"trun", 4, 0, CLAIMED))


def claimed_in_a_packed_index(clips: Shelf, path: Path) -> None:
    """The same index, compressed as old QuickTime did."""
    data = with_claimed_frames(small(clips).read_bytes())
    at = data.index(b"moov") - 4
    index = data[at : at + int.from_bytes(data[at : at + 4], "big")]
    packed = zlib.compress(index)
    inner = struct.pack(">I4s4s", 12, b"dcom", b"zlib")
    inner += struct.pack(">I4sI", 12 + len(packed), b"cmvd", len(index)) + packed
    cmov = struct.pack(">I4s", 8 + len(inner), b"cmov") + inner
    path.write_bytes(data[:at] + struct.pack(">I4s", 8 + len(cmov), b"moov") + cmov)


def grown(path: Path, first: tuple[int, int], then: tuple[int, int], frames: int = 3) -> Path:
    """VP9 whose pictures have another size after three frames."""
    encoder = "libvpx-vp9"
    with av.open(str(path), "w", format="webm") as file:
        stream = file.add_stream(encoder, rate=25)
        stream.width, stream.height = first
        number = 0
        for (width, height), count in ((first, 3), (then, frames)):
            maker = av.CodecContext.create(encoder, "w")
            maker.width, maker.height, maker.pix_fmt = width, height, "yuv420p"
            maker.time_base, maker.framerate = Fraction(1, 25), Fraction(25)
            maker.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
            grey = av.VideoFrame(width, height, "yuv420p")
            for plane in grey.planes:
                plane.update(bytes([128]) * plane.buffer_size)
            packets = []
            for _ in range(count):
                packets += maker.encode(grey)
            for packet in [*packets, *maker.encode(None)]:
                packet.stream, packet.pts, packet.dts = stream, number, number
                packet.time_base = Fraction(1, 25)
                file.mux(packet)
                number += 1
    return path


def grows(clips: Shelf, path: Path) -> None:
    """Pictures of 64x64, then of 4400x2304."""
    grown(path, (64, 64), (4400, 2304), frames=1)


def grows_a_little(clips: Shelf, path: Path) -> None:
    """As video calls do when the network gets better."""
    grown(path, (128, 96), (640, 480))


def shrinks(clips: Shelf, path: Path) -> None:
    """As video calls do when the network gets worse."""
    grown(path, (640, 480), (128, 96))


def other_size_midway(clips: Shelf, path: Path) -> None:
    """Two recordings of other sizes, joined."""
    one = clips.make("hostile_one.ts", SMALL)
    other = clips.make("hostile_other.ts", PLAIN)
    path.write_bytes(one.read_bytes() + other.read_bytes())


def other_codec_midway(clips: Shelf, path: Path) -> None:
    """H.264, then MPEG-2 in the same place."""
    one = clips.make("hostile_one.ts", SMALL)
    recipe = Recipe(frames=FRAMES, width=128, height=96, encoder=("-c:v", "mpeg2video"))
    path.write_bytes(one.read_bytes() + clips.make("hostile_mpeg2.ts", recipe).read_bytes())


def fast(clips: Shelf, path: Path) -> None:
    """A million frames a second."""
    run_ffmpeg("-i", small(clips), "-c", "copy", "-bsf:v", "setts=ts=N:time_base=1/1000000", path)


def slow(clips: Shelf, path: Path) -> None:
    """A frame a day."""
    copied = ("-c", "copy", "-bsf:v", "setts=ts=N*86400:time_base=1/1")
    run_ffmpeg("-i", small(clips), *copied, path)


def negative_stamps(clips: Shelf, path: Path) -> None:
    """A clip that begins before it begins."""
    copied = ("-c", "copy", "-avoid_negative_ts", "disabled", "-output_ts_offset", "-5")
    run_ffmpeg("-i", small(clips), *copied, path)


def backward_stamps(clips: Shelf, path: Path) -> None:
    """Frames that are shown days before they are decoded."""
    path.write_bytes(patched(small(clips).read_bytes(), b"ctts", 12, 1, 0x80000000))


def equal_stamps(clips: Shelf, path: Path) -> None:
    """Frames that are all shown at once."""
    data = small(clips).read_bytes()
    path.write_bytes(patched(data, b"stts", 16, 0))


def no_index(clips: Shelf, path: Path) -> None:
    """An MP4 without its `moov`."""
    data = small(clips).read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])


def huge_dimensions(clips: Shelf, path: Path) -> None:
    """An index that claims a picture of 65535x65535."""
    data = small(clips).read_bytes()
    at = data.index(b"avc1") + 28
    path.write_bytes(data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :])


def long_duration(clips: Shelf, path: Path) -> None:
    """An index that claims 500 years."""
    data = small(clips).read_bytes()
    data = patched(data, b"mvhd", 20, 0xFFFFFFFE)
    path.write_bytes(patched(data, b"mdhd", 20, 0xFFFFFFFE))


def endless_frame(clips: Shelf, path: Path) -> None:
    """Each frame lasts days."""
    path.write_bytes(patched(small(clips).read_bytes(), b"stts", 16, 0x7FFFFFFF))


def attachments(clips: Shelf, path: Path) -> None:
    """A Matroska file with a font and a web page in it, whose names lead elsewhere."""
    page = path.with_name("page.html")
    page.write_text("<script>alert(1)</script>")
    named = ("-metadata:s:t", "filename=../../evil.html", "-metadata:s:t", "mimetype=text/html")
    run_ffmpeg("-i", small(clips), "-c", "copy", "-attach", page, *named, path)


def cover_first(clips: Shelf, path: Path) -> None:
    """A cover picture as the first stream, then the video."""
    cover = path.with_name("cover.png")
    Image.new("RGB", (256, 256)).save(cover)
    maps = ("-map", "1", "-map", "0", "-c", "copy", "-disposition:v:0", "attached_pic")
    run_ffmpeg("-i", small(clips), "-i", cover, *maps, path)


def subtitles_only(clips: Shelf, path: Path) -> None:
    """A Matroska file of nothing but subtitles."""
    lines = path.with_name("lines.srt")
    lines.write_text("1\n00:00:00,000 --> 00:00:01,000\n<script>alert(1)</script>\n")
    run_ffmpeg("-i", lines, path)


def subtitles_beside(clips: Shelf, path: Path) -> None:
    """A video with subtitles that run for hours after it."""
    lines = path.with_name("lines.srt")
    lines.write_text("1\n00:00:00,000 --> 09:00:00,000\nwords\n")
    run_ffmpeg("-i", small(clips), "-i", lines, "-c:v", "copy", path)


def html_in_titles(clips: Shelf, path: Path) -> None:
    """Script in every title."""
    script = "<script>alert(1)</script>"
    named = ("-metadata", f"title={script}", "-metadata:s:v", f"handler_name={script}")
    run_ffmpeg("-i", small(clips), "-c", "copy", *named, "-metadata", f"comment={script}", path)


def path_in_titles(clips: Shelf, path: Path) -> None:
    """Paths in every title."""
    named = ("-metadata", "title=../../../../etc/passwd", "-metadata:s:v", "handler_name=file:///")
    run_ffmpeg("-i", small(clips), "-c", "copy", *named, path)


def outside_reference(clips: Shelf, path: Path) -> None:
    """An MP4 that says its frames lie in another file."""
    data = small(clips).read_bytes()
    path.write_bytes(data.replace(b"url \0\0\0\1", b"url \0\0\0\0", 1))


def encrypted(clips: Shelf, path: Path) -> None:
    """Encrypted, as films are sold."""
    key = "0123456789abcdef0123456789abcdef"
    scheme = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key)
    run_ffmpeg("-i", small(clips), "-c", "copy", *scheme, "-encryption_kid", key, path)


def broken_sound(clips: Shelf, path: Path) -> None:
    """Sound of noise beside good pictures."""
    data = bytearray(clips.make("hostile_sound.mp4", SOUND).read_bytes())
    at = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    noise = np.random.default_rng(0).bytes(1500)
    data[end - 1500 : end] = noise if end - 1500 > at else data[end - 1500 : end]
    path.write_bytes(data)


def negative_offsets(clips: Shelf, path: Path) -> None:
    """An index whose chunks lie beyond the file."""
    path.write_bytes(patched(small(clips).read_bytes(), b"stco", 12, 0xFFFFFFF0))


def entries_beyond(clips: Shelf, path: Path) -> None:
    """Tables that claim more entries than they have."""
    path.write_bytes(patched(small(clips).read_bytes(), b"stco", 8, 0x0FFFFFFF))


def sizes_beyond(clips: Shelf, path: Path) -> None:
    """Frames of two gigabytes each."""
    path.write_bytes(patched(small(clips).read_bytes(), b"stsz", 16, 0x7FFFFFFF))


def box_in_itself(clips: Shelf, path: Path) -> None:
    """Boxes in each other without end."""
    data = small(clips).read_bytes()
    deep = b""
    for _ in range(2000):
        deep = struct.pack(">I4s", 8 + len(deep), b"udta") + deep
    path.write_bytes(data + deep)


def empty_boxes(clips: Shelf, path: Path) -> None:
    """Twenty thousand boxes of eight bytes."""
    path.write_bytes(small(clips).read_bytes() + struct.pack(">I4s", 8, b"free") * 20_000)


def still(clips: Shelf, path: Path) -> None:
    """One picture that is shown 25,000 times in a tenth of a second."""
    first = path.with_name("first.webm")
    grown(first, (64, 64), (64, 64))
    with av.open(str(first)) as file:
        data = bytes(next(packet for packet in file.demux() if packet.size))
    with av.open(str(path), "w", format="mp4", options={"video_track_timescale": "250000"}) as file:
        stream = file.add_stream("libvpx-vp9", rate=250_000)
        stream.width, stream.height, stream.time_base = 64, 64, Fraction(1, 250_000)
        for number in range(25_000):
            one = av.Packet(data)
            one.stream, one.pts, one.dts, one.duration = stream, number, number, 1
            one.time_base, one.is_keyframe = Fraction(1, 250_000), True
            file.mux(one)


VIDEOS: Mapping[Callable[[Shelf, Path], None], tuple[str, str | int]] = {
    claimed_frames: (".mp4", "claims to hold more frames"),
    claimed_sound: (".mp4", "claims to hold more frames"),
    claimed_before_the_index: (".mp4", "claims to hold more frames"),
    claimed_in_a_fragment: (".mp4", "claims to hold more frames"),
    claimed_in_a_packed_index: (".mov", "claims to hold more frames"),
    grows: (".webm", 3),
    grows_a_little: (".webm", 6),
    shrinks: (".webm", 6),
    other_size_midway: (".ts", 60),
    other_codec_midway: (".ts", 12),
    fast: (".mkv", ""),
    slow: (".mp4", FRAMES),
    negative_stamps: (".mkv", FRAMES),
    backward_stamps: (".mp4", ""),
    equal_stamps: (".mp4", ""),
    no_index: (".mp4", "is cut off: the index"),
    huge_dimensions: (".mp4", ""),
    long_duration: (".mp4", FRAMES),
    endless_frame: (".mp4", ""),
    attachments: (".mkv", FRAMES),
    cover_first: (".mp4", FRAMES),
    subtitles_only: (".mkv", "contains neither video nor sound"),
    subtitles_beside: (".mkv", ""),
    html_in_titles: (".mp4", FRAMES),
    path_in_titles: (".mp4", FRAMES),
    outside_reference: (".mp4", ""),
    encrypted: (".mp4", ""),
    broken_sound: (".mp4", ""),
    negative_offsets: (".mp4", ""),
    entries_beyond: (".mp4", ""),
    sizes_beyond: (".mp4", ""),
    box_in_itself: (".mp4", ""),
    empty_boxes: (".mp4", FRAMES),
}
"""How each is made -> its ending, and the frames or the words it gives; "": either will do."""
