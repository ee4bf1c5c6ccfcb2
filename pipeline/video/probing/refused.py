"""What a file is that is no video of ours, told by its first bytes: so that it is refused by name.

Looked at before FFmpeg sees the file. Playlists and scripts name other files, hosts or devices,
which must not be followed; the rest could not be read, and its user should learn what it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_BYTES = 65536
"""As much of a file's start as is looked at."""


@dataclass(frozen=True)
class Refused:
    """Why a file is not opened."""

    code: str
    """Of `pipeline.messages.ERRORS`."""
    kind: str
    """What the file is: a proper name, the same in every language."""


_PLAYLIST, _STREAM = "video_playlist", "video_live"
_PICTURE, _ARCHIVE, _DOCUMENT = "video_picture", "video_archive", "video_document"
_OTHER = "video_other"

_XML = r"(?:<\?xml[^>]*>|<!--(?:(?!-->).)*-->|<!DOCTYPE[^>]*>|\s)*"
_SCRIPTS: tuple[tuple[str, str, str], ...] = (
    (r"#EXTM3U.*#EXT-X-", _PLAYLIST, "HLS"),
    (r"#EXT(?:M3U|INF)", _PLAYLIST, "M3U"),
    (r"ffconcat\s+version|(?:#[^\n]*\n|\s)*file\s+\S", _PLAYLIST, "FFmpeg concat"),
    (_XML + r"<MPD[\s>]", _PLAYLIST, "MPEG-DASH"),
    (_XML + r"<SmoothStreamingMedia", _PLAYLIST, "Smooth Streaming"),
    (_XML + r"<ASX[\s>]", _PLAYLIST, "ASX"),
    (_XML + r"<SMIL[\s>]", _PLAYLIST, "SMIL"),
    (_XML + r"<playlist[\s>]", _PLAYLIST, "XSPF"),
    (_XML + r"<CompositionPlaylist", _PLAYLIST, "IMF"),
    (r"\[playlist\]", _PLAYLIST, "PLS"),
    (r"\[reference\]", _PLAYLIST, "ASX"),
    (r"\[InternetShortcut\]", _STREAM, "URL"),
    (r"v=0\r?\n", _STREAM, "SDP"),
    (r"(?:https?|ftp|mms|rtmps?|rtp|rtsp|srt|udp)://", _STREAM, "URL"),
    (r"RTSPtext|RTSP/1", _STREAM, "RTSP"),
    (_XML + r"<(?:html|head|body)[\s>]|<!DOCTYPE\s+html", _DOCUMENT, "HTML"),
    (_XML + r"<svg[\s>]", _PICTURE, "SVG"),
    (r"<\?xml", _DOCUMENT, "XML"),
    (r"%PDF", _DOCUMENT, "PDF"),
    (r"\{\\rtf", _DOCUMENT, "RTF"),
)
"""How text begins; upper and lower case are alike. No pattern takes long on any text."""

_BYTES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\xff\xd8\xff", _PICTURE, "JPEG"),
    (0, b"II*\0", _PICTURE, "TIFF"),
    (0, b"MM\0*", _PICTURE, "TIFF"),
    (8, b"WEBP", _PICTURE, "WebP"),
    (0, b"8BPS", _PICTURE, "Photoshop"),
    (0, b"SDPX", _PICTURE, "DPX"),
    (0, b"v/1\x01", _PICTURE, "OpenEXR"),
    (0, b"\0\0\0\x0cjP  ", _PICTURE, "JPEG 2000"),
    (0, b"\0\0\x01\0", _PICTURE, "ICO"),
    (0, b"PK\x03\x04", _ARCHIVE, "ZIP"),
    (0, b"Rar!", _ARCHIVE, "RAR"),
    (0, b"7z\xbc\xaf\x27\x1c", _ARCHIVE, "7z"),
    (0, b"\x1f\x8b\x08", _ARCHIVE, "gzip"),
    (0, b"\xfd7zXZ", _ARCHIVE, "xz"),
    (257, b"ustar", _ARCHIVE, "tar"),
    (32769, b"CD001", _ARCHIVE, "ISO 9660"),
    (0, b"\xd0\xcf\x11\xe0", _DOCUMENT, "Microsoft Office"),
    (0, b".RMF", _OTHER, "RealMedia"),
    (0, b"FWS", _OTHER, "Flash (SWF)"),
    (0, b"CWS", _OTHER, "Flash (SWF)"),
    (0, b"DKIF", _OTHER, "IVF"),
    (0, b"nut/multimedia", _OTHER, "NUT"),
    (0, b"\xb7\xd8\x00\x20\x37\x49\xda\x11", _OTHER, "Windows Recorded TV (WTV)"),
    (4, b"RED1", _OTHER, "RED (R3D)"),
    (4, b"RED2", _OTHER, "RED (R3D)"),
    (0, b"BIK", _OTHER, "Bink"),
    (0, b"KB2", _OTHER, "Bink"),
    (0, b"SMK", _OTHER, "Smacker"),
    (0, b"\0\0\0\0\x01\xbc", _OTHER, "GXF"),
    (8, b"WAVE", "video_sound_only", "WAV"),
    (8, b"AIFF", "video_sound_only", "AIFF"),
    (0, b"ID3", "video_sound_only", "MP3"),
    (0, b"fLaC", "video_sound_only", "FLAC"),
    (0, b"#!AMR", "video_sound_only", "AMR"),
)
"""Where in a file which bytes stand."""

_STILL_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF", b"avif": "AVIF"}
_PNG = b"\x89PNG\r\n\x1a\n"
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def refused(head: bytes) -> Refused | None:
    """What a file that begins with `head` is, if it is known to be no video that is read."""
    for at, magic, code, kind in _BYTES:
        if head[at : at + len(magic)] == magic:
            return Refused(code, kind)
    if head.startswith(_PNG) and b"acTL" not in head:  # else it is animated
        return Refused(_PICTURE, "PNG")
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return Refused(_PICTURE, "BMP")
    if head[4:8] == b"ftyp" and (still := _STILL_BRANDS.get(head[8:12])):
        return Refused(_PICTURE, still)
    begins = _text_of(head).lstrip()
    for pattern, code, kind in _SCRIPTS:
        if re.match(pattern, begins, re.IGNORECASE | re.DOTALL):
            return Refused(code, kind)
    return None


def is_text(head: bytes) -> bool:
    """Whether a file that begins with `head` is text, not data."""
    return all(c.isprintable() or c in "\t\r\n\f" for c in _text_of(head))


def _text_of(head: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    return head.decode("utf-8", "replace")
