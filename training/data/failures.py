"""One clip's failure never ends a run: which errors are a clip's own, and which all would meet."""

from __future__ import annotations

import errno

from models.checkpoint_files import WeightsError
from pipeline.errors import ConfigError, InputError, StoreError

_OF_THE_DISK = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.EIO, errno.EMFILE, errno.ENFILE),
)
"""What stops every clip; other words of the system (too long a name) are about one."""

KILLED = "the process that worked on it was killed: it crashed or ran out of memory"


def failure_of(error: Exception) -> str:
    """What to note, in one line, of the clip on which a stage ended with this error.

    Call it in an `except` block: what every other clip would meet, too, is raised again.

    Raises:
        ConfigError: A setting is wrong.
        WeightsError: A network cannot be loaded.
        StoreError, OSError: Nothing can be written there.
    """
    if isinstance(error, (ConfigError, WeightsError)):
        raise error
    system = error.__cause__ if isinstance(error, StoreError) else error
    if isinstance(system, OSError) and system.errno in _OF_THE_DISK:
        raise error
    known = isinstance(error, InputError)
    words = str(error) if known else f"unexpected {type(error).__name__}: {error}"
    return " ".join(words.split())
