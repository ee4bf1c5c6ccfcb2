"""Keys that programs send, where whoever hosts the app asks for them."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping

from ui.server.startup import keys_of

HEADER = "x-api-key"


def has_key(headers: Mapping[str, str]) -> bool:
    """Whether a program may ask: it sends one of the keys, or none is asked for."""
    keys = keys_of(os.environ)
    sent = headers.get(HEADER, "").encode()
    return not keys or any([hmac.compare_digest(sent, key.encode()) for key in keys])
