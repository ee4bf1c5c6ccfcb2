"""One pass over a video of any length: its shots, who is in them, the skater's skeleton."""

from pipeline.programme.reading.kept import KeptReading, ReadingCache
from pipeline.programme.reading.read import MAX_PROGRAMME_S, read_shots
from pipeline.programme.reading.records import ReadShot

__all__ = ["MAX_PROGRAMME_S", "KeptReading", "ReadShot", "ReadingCache", "read_shots"]
