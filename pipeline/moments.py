"""Moments as people type and read them: 75, 1:15, 0:01:15.250 or 1:15,25 from the file's start.

The player has `parseSeconds` in `ui/player/static/clock.js`; one table of cases tests both.
"""

from __future__ import annotations

import re
import unicodedata

from pipeline.errors import InputError

_MOMENT = re.compile(
    r"(?P<sign>-?)(?:(?P<hours>\d{1,3}):(?=\d{1,2}:))?(?:(?P<minutes>\d{1,4}):)?"
    r"(?P<seconds>\d{1,6}(?:\.\d{0,9})?|\.\d{1,9})\s*s?",
    re.ASCII | re.IGNORECASE,
)


def read_moment(text: str | float) -> float:
    """Seconds from what somebody typed: seconds, `m:ss` or `h:mm:ss`, each with a fraction or not.

    A decimal comma and the wide digits of Chinese and Japanese keyboards are understood, and an
    `s` at the end.

    Raises:
        InputError: It is no such time; an empty text neither.
    """
    if not isinstance(text, str):
        return float(text)
    plain = unicodedata.normalize("NFKC", text).strip().replace(",", ".").replace("\u2212", "-")
    found = _MOMENT.fullmatch(plain)
    if found is None:
        raise InputError.of("no_moment", typed=text.strip()[:40])
    hours, minutes = (int(found[part] or 0) for part in ("hours", "minutes"))
    seconds = float(found["seconds"])
    whole = found["hours"] is None and found["minutes"] is None
    if (found["hours"] is not None and minutes >= 60) or (not whole and seconds >= 60):
        raise InputError.of("no_moment", typed=text.strip()[:40])
    value = 3600 * hours + 60 * minutes + seconds
    return -value if found["sign"] else value


def moment_or_none(text: str | float | None) -> float | None:
    """The same; None where nothing was typed.

    Raises:
        InputError: It is no time.
    """
    if text is None or (isinstance(text, str) and not text.strip()):
        return None
    return read_moment(text)


def written(seconds: float) -> str:
    """A moment to the millisecond, as the player writes it: `0:01.250`."""
    ms = round(abs(seconds) * 1000)
    sign = "-" if seconds < 0 and ms else ""
    return f"{sign}{ms // 60000}:{ms % 60000 // 1000:02d}.{ms % 1000:03d}"
