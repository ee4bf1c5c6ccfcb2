"""What goes wrong through no fault of the program: each error is a sentence to act on."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

from pipeline.messages import ERRORS


class InputError(ValueError):
    """Bad input or configuration; the command line prints it after `error:` and ends with 2."""

    code: str | None = None
    """Key of `pipeline.messages.ERRORS`, for translations; None for a sentence of its own."""
    values: Mapping[str, object] = MappingProxyType({})
    """What fills the sentence's blanks."""

    @classmethod
    def of(cls, code: str, **values: object) -> Self:
        """An error whose sentence stands in `pipeline.messages.ERRORS`."""
        error = cls(ERRORS[code].format(**values))
        error.code, error.values = code, values
        return error


class StoreError(InputError):
    """A folder that cannot be written, or holds no readable analysis."""


def write_error(place: object, error: OSError) -> StoreError:
    """What to tell the user when a file or folder could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreError.of("disk_full", folder=place)
    return StoreError.of("place_unwritable", folder=place, detail=error.strerror or str(error))


class VideoError(InputError):
    """A video that cannot be read, or not as asked."""


class NoPersonFound(InputError):
    """The detector ran over the whole clip and found nobody."""


class ConfigError(InputError):
    """A profile or setting that makes no sense."""


class Cancelled(Exception):
    """The user stopped the analysis between two steps."""
