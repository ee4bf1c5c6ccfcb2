"""What goes wrong through no fault of the program: each error is a sentence to act on."""

from __future__ import annotations


class InputError(ValueError):
    """Bad input or configuration; the command line prints it after `error:` and ends with 2."""


class VideoError(InputError):
    """A video that cannot be read, or not as asked."""


class NoPersonFound(InputError):
    """The detector ran over the whole clip and found nobody."""


class ConfigError(InputError):
    """A profile or setting that makes no sense."""


class Cancelled(Exception):
    """The user stopped the analysis between two steps."""
