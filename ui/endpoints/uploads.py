"""The file that a program sends along: one that it uploaded, never a path or an address."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import InputError
from ui.language.tables import say
from ui.server.files import is_upload


def uploaded(value: object) -> Path:
    """Where an upload lies.

    Args:
        value: What came in a field for a file.

    Raises:
        InputError: It is no file of the upload folder.
    """
    path = value.get("path") if isinstance(value, dict) else None
    if not isinstance(path, str) or not is_upload(path) or not Path(path).is_file():
        raise InputError(say("endpoint_upload"))
    return Path(path)
