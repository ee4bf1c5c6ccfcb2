"""Issue 15, points 20 and 28: one list of what is read, and the content of a file decides."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from pipeline.errors import VideoError
from pipeline.video import open_video
from pipeline.video.probing.formats import CODECS, DEMUXERS, ENDINGS, FORMATS
from pipeline.video.probing.refused import refused
from tests.conftest import ROOT
from tests.videos import PLAIN, RECIPES, Shelf, read_number, run_ffmpeg

SHORT = replace(PLAIN, frames=12)
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "2", "-bf", "2", "-g", "6")
WRAPPED = {
    "mxf": (MPEG2, "mxf"),
    "raw h264": (("-c:v", "libx264", "-bf", "2", "-preset", "ultrafast"), "h264"),
    "raw hevc": (RECIPES["hevc10.mp4"].encoder, "hevc"),
    "raw mpeg2": (MPEG2, "mpeg2video"),
    "y4m": ((), "yuv4mpegpipe"),
    "gif": (("-f", "gif"), "gif"),
    "apng": (("-f", "apng"), "apng"),
    "3gp": (("-c:v", "libx264", "-preset", "ultrafast"), "3gp"),
    "avchd": (("-c:v", "libx264", "-mpegts_m2ts_mode", "1"), "mpegts"),
    "vob": (MPEG2, "vob"),
    "ogv": (("-c:v", "libtheora", "-q:v", "9"), "ogg"),
    "wmv": (("-c:v", "wmv2", "-q:v", "2"), "asf"),
    "flv": (("-c:v", "flv", "-q:v", "2"), "flv"),
}
"""Encoder and FFmpeg's name of the container."""


@pytest.mark.parametrize("kind", WRAPPED)
@pytest.mark.parametrize("name", ["clip", "clip.txt.MP3"])
def test_the_content_decides_not_the_name(clips: Shelf, tmp_path: Path, kind: str, name: str):
    encoder, container = WRAPPED[kind]
    colours = {"gif": "rgb8", "apng": "rgb24"}.get(kind, "yuv420p")
    recipe = replace(SHORT, encoder=encoder, output=("-f", container), pixel_format=colours, fps=25)
    path = tmp_path / name
    shutil.copyfile(clips.make(f"wrapped {kind}", recipe), path)
    assert [read_number(frame) for _, frame in open_video(path).frames()] == list(range(12))


def test_dv_is_read(clips: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "tape"
    pal = replace(SHORT, width=720, height=576, encoder=("-c:v", "dvvideo"), fps=25)
    shutil.copyfile(clips.make("tape.dv", pal), path)
    assert [read_number(frame) for _, frame in open_video(path).frames()] == list(range(12))


XML = '<?xml version="1.0"?>\n<!-- a --><!-- b -->\n'
REFUSED = {
    "HLS": ("#EXTM3U\n#EXT-X-TARGETDURATION:9\n", "playlist (HLS)"),
    "HLS with a mark": ("\ufeff#EXTM3U\r\n#EXT-X-VERSION:3\r\n", "playlist (HLS)"),
    "M3U": ("#EXTM3U\n#EXTINF:3,a\na.mp4\n", "playlist (M3U)"),
    "concat": ("ffconcat version 1.0\nfile a.mp4\n", "playlist (FFmpeg concat)"),
    "concat without a head": ("# cut\nfile 'a.mp4'\n", "playlist (FFmpeg concat)"),
    "DASH": (XML + '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">', "playlist (MPEG-DASH)"),
    "ASX": ('<ASX version="3.0">', "playlist (ASX)"),
    "PLS": ("[playlist]\nFile1=http://x/y\n", "playlist (PLS)"),
    "SMIL": ("<smil ><body>", "playlist (SMIL)"),
    "XSPF": (XML + '<playlist version="1">', "playlist (XSPF)"),
    "SDP": ("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "address of a stream (SDP)"),
    "address": ("rtsp://camera.local/rink\n", "address of a stream (URL)"),
    "HTML": ("<!DOCTYPE html><html>", "document (HTML)"),
    "SVG": ('<svg xmlns="http://www.w3.org/2000/svg">', "still image (SVG)"),
    "PDF": ("%PDF-1.7\n%", "document (PDF)"),
    "ZIP": (b"PK\x03\x04" + bytes(60), "archive (ZIP)"),
    "RealMedia": (b".RMF\0\0\0\x12" + bytes(60), "RealMedia video"),
    "SWF": (b"CWS\x09" + bytes(60), "Flash (SWF) video"),
    "IVF": (b"DKIF\0\0 \0VP90" + bytes(60), "IVF video"),
    "R3D": (bytes(4) + b"RED2" + bytes(60), "RED (R3D) video"),
    "HEIC": (b"\0\0\0\x18ftypheic" + bytes(60), "still image (HEIC)"),
    "text": ("{\n 'a': 1\n}\n", "text"),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("name", ["v.mp4", "%03d.jpg"])
def test_what_is_no_video_is_refused_by_name(tmp_path: Path, kind: str, name: str) -> None:
    content, said = REFUSED[kind]
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(VideoError, match=re.escape(f"{name}: is ")) as caught:
        open_video(path)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        *(
            ("JPEG", "still image (JPEG)"),
            ("BMP", "still image (BMP)"),
            ("TIFF", "still image (TIFF)"),
        ),
        ("WEBP", "still image (WebP)"),
    ],
)
def test_pictures_are_refused_by_name(tmp_path: Path, form: str, said: str) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "v.mp4", format=form)
    with pytest.raises(VideoError, match=re.escape(said)):
        open_video(tmp_path / "v.mp4")


@pytest.mark.parametrize("begins", ["<!-- " * 9000, "<?xml?><!-- -->" * 4000, "# a\n" * 16000])
def test_no_text_takes_long_to_be_refused(begins: str) -> None:
    assert refused(begins.encode()) is None or begins.startswith("<?xml")


def test_other_codecs_are_refused_by_name(tmp_path: Path) -> None:
    screen = ("-f", "lavfi", "-i", "color=gray:s=64x64:r=25:d=0.2")
    run_ffmpeg(*screen, "-c:v", "zmbv", "-pix_fmt", "bgr0", tmp_path / "clip.avi")
    with pytest.raises(VideoError, match=r"codec zmbv is not supported; convert it to H\.264"):
        open_video(tmp_path / "clip.avi")


@pytest.mark.parametrize("address", ["https://example.org/a.mp4", "rtsp://camera/1", "file:///a"])
def test_an_address_is_no_file(address: str) -> None:
    with pytest.raises(VideoError, match="is an address, not a file"):
        open_video(address)


def test_the_lists_hold_what_the_issue_names() -> None:
    named = ".mts .m2ts .3gp .ts .mov .mod .tod .asf .ogg .mxf .flv .wmv .ogv .vob .mp4 .gif .dv"
    assert set(named.split()) <= set(ENDINGS)
    assert len(set(ENDINGS)) == len(ENDINGS)
    assert all(ending == ending.lower() for ending in ENDINGS)
    assert DEMUXERS.isdisjoint({"hls", "dash", "concat", "image2", "lavfi", "rtsp", "sdp", "tty"})
    assert {"h264", "hevc", "av1", "vp9", "prores", "dvvideo", "gif", "apng"} <= CODECS


def test_the_documentation_has_the_very_list() -> None:
    text = (ROOT / "docs" / "video.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ((?:`\.\w+`[ ,]*)+)\|", text, re.MULTILINE)
    told = [(name, tuple(re.findall(r"`(\.\w+)`", endings))) for name, endings in rows]
    assert told == [(kind.name, kind.endings) for kind in FORMATS]
