"""The outermost boxes of an MP4 file, read without FFmpeg."""

from __future__ import annotations

from pipeline.video.probing.source import SourceFile

_MOST_BOXES = 1000


def top_level_boxes(source: SourceFile) -> dict[str, int]:
    """Where the outermost boxes begin, by type, as far as they begin within the file."""
    boxes: dict[str, int] = {}
    offset = 0
    with source.open() as file:
        for _ in range(_MOST_BOXES):
            try:
                file.seek(offset)
                header = file.read(16)
            except OSError as error:
                raise source.unreadable(error) from error
            kind = header[4:8].decode("latin-1")
            size = int.from_bytes(header[:4], "big")
            if size == 1:  # 64 bits follow
                size = int.from_bytes(header[8:16], "big")
            if len(header) < 8 or not kind.isprintable() or size < 8:
                break
            boxes[kind] = offset
            offset += size
            if offset >= source.size:  # a size may be any number, also one that is no place
                break
    return boxes
