"""Which errors are one clip's own (issue 15, point 24)."""

from __future__ import annotations

import errno

import cv2
import pytest

from models.checkpoint_files import WeightsError
from pipeline.errors import ConfigError, StoreError, VideoError
from training.data.failures import failure_of
from training.data.stems import StemError


def stored(number: int) -> StoreError:
    error = StoreError("out: cannot be written")
    error.__cause__ = OSError(number, "the system's words")
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (VideoError("a.mp4: is\ndamaged"), "a.mp4: is damaged"),
        (StemError("stem '..' has"), "stem '..' has"),
        (stored(errno.ENAMETOOLONG), "out: cannot be written"),
        (OSError(errno.ENAMETOOLONG, "too long"), "unexpected OSError: [Errno 36] too long"),
        (KeyError("x"), "unexpected KeyError: 'x'"),
        (TypeError("shapes"), "unexpected TypeError: shapes"),
        (cv2.error("bad"), "unexpected error: bad"),
        (MemoryError(), "unexpected MemoryError: "),
    ],
)
def test_what_is_noted_of_a_clip(error: Exception, words: str) -> None:
    assert failure_of(error) == words.strip()


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("no such profile"),
        WeightsError("cut short"),
        stored(errno.ENOSPC),
        stored(errno.EACCES),
        OSError(errno.EROFS, "read-only"),
    ],
)
def test_what_every_clip_would_meet_ends_the_run(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        failure_of(error)
    assert caught.value is error
