"""What goes wrong through no fault of the program: each error is a sentence to act on."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Self

from models.errors import UserError
from pipeline.messages import Message, Value


class InputError(UserError):
    """Bad input or configuration; the command line prints it after `error:` and ends with 2.

    Args:
        message: What is wrong; a sentence alone has no code.
    """

    def __init__(self, message: Message | str) -> None:
        super().__init__(str(message))
        self.message = message if isinstance(message, Message) else Message(message)

    @classmethod
    def of(cls, code: str, **values: object) -> Self:
        """An error whose sentence stands in `pipeline.messages.ERRORS`."""
        return cls(Message.of(code, **values))

    @property
    def code(self) -> str | None:
        """Key of `pipeline.messages.ERRORS`; None for a sentence of its own."""
        return self.message.code

    @property
    def values(self) -> Mapping[str, Value | Message]:
        """What fills the sentence's blanks."""
        return self.message.values


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
