"""What is read: containers with their endings, and codecs. Everything else is refused.

The content of a file decides which container it is; its name never does. The endings are for people
and for file choosers. FFmpeg is given these lists before it looks at a file, so that nothing which
names other files, hosts or devices (playlists, scripts, image patterns) is ever followed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A kind of file that is read."""

    name: str
    """For people."""
    demuxer: str
    """FFmpeg's name."""
    endings: tuple[str, ...]
    """Usual ends of names, lower case; upper case is as good."""


FORMATS = (
    Format("MP4, QuickTime, 3GP", "mov", (".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2", ".f4v")),
    Format("Matroska, WebM", "matroska", (".mkv", ".webm")),
    Format("AVI", "avi", (".avi", ".divx")),
    Format(
        "MPEG transport stream (AVCHD, HDV, television)",
        "mpegts",
        (".ts", ".mts", ".m2ts", ".m2t", ".tod"),
    ),
    Format("MPEG program stream (DVD, camcorders)", "mpeg", (".mpg", ".mpeg", ".vob", ".mod")),
    Format("Flash Video", "flv", (".flv",)),
    Format("Windows Media", "asf", (".wmv", ".asf")),
    Format("Ogg", "ogg", (".ogv", ".ogg", ".ogm")),
    Format("MXF (broadcasters)", "mxf", (".mxf",)),
    Format("DV", "dv", (".dv",)),
    Format("H.264 without a container", "h264", (".h264", ".264", ".avc")),
    Format("HEVC without a container", "hevc", (".hevc", ".h265", ".265")),
    Format("MPEG-1 or MPEG-2 without a container", "mpegvideo", (".m2v", ".m1v")),
    Format("YUV4MPEG2", "yuv4mpegpipe", (".y4m",)),
    Format("Animated GIF", "gif", (".gif",)),
    Format("Animated PNG", "apng", (".apng",)),
)

ENDINGS = tuple(ending for kind in FORMATS for ending in kind.endings)
"""Of all formats, each once, lower case."""

DEMUXERS = frozenset(kind.demuxer for kind in FORMATS)

CODECS = frozenset(
    # What cameras, broadcasters and the web use,
    {"av1", "h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "vp8", "vp9", "vvc"}
    # what editors and archives keep,
    | {"cfhd", "dnxhd", "dvvideo", "ffv1", "ffvhuff", "huffyuv", "jpeg2000", "lagarith", "magicyuv"}
    | {"mjpeg", "png", "prores", "qtrle", "r210", "rawvideo", "utvideo", "v210", "v308", "v408"}
    | {"v410"}
    # what old files hold,
    | {"cinepak", "dirac", "flv1", "h261", "h263", "h263i", "h263p", "indeo3", "indeo4", "indeo5"}
    | {"msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "msvideo1", "rpza", "svq1", "svq3", "theora", "vc1"}
    | {"vp3", "vp5", "vp6", "vp6a", "vp6f", "vp7", "wmv1", "wmv2", "wmv3"}
    # and animations.
    | {"apng", "gif"}
)
"""Kinds of pictures that are decoded, by FFmpeg's names."""

SOUND_CODECS = frozenset(
    {"aac", "ac3", "adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "adpcm_swf", "alac", "amr_nb"}
    | {"amr_wb", "dts", "eac3", "flac", "mp1", "mp2", "mp3", "nellymoser", "opus", "speex"}
    | {"truehd", "vorbis", "wmapro", "wmav1", "wmav2"}
)
"""Kinds of sound that are carried along; PCM of every kind besides."""


def carries_sound(codec: str) -> bool:
    """Whether sound of a codec is decoded; FFmpeg's name."""
    return codec in SOUND_CODECS or codec.startswith("pcm_")
