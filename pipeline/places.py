"""Where Rinkside keeps things on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.errors import ConfigError


def cache_folder() -> Path:
    """`$RINKSIDE_CACHE`, else `~/.cache/rinkside`.

    Raises:
        ConfigError: Nobody knows where this user's home is, as in a container without accounts.
    """
    named = os.environ.get("RINKSIDE_CACHE")
    try:
        return Path(named or "~/.cache/rinkside").expanduser()
    except RuntimeError:
        raise ConfigError(
            "this user has no home folder to keep results in; choose a folder with RINKSIDE_CACHE"
        ) from None
