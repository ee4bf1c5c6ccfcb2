"""Whether strangers may use this app: then nobody types paths of this machine into it."""

from __future__ import annotations

import os

HOSTED = "RINKSIDE_HOSTED"
"""Environment variable: set when the app listens beyond the loopback."""


def hosted() -> bool:
    """On a Hugging Face Space, or listening to other machines."""
    return "SPACE_ID" in os.environ or bool(os.environ.get(HOSTED))


def listen_on(host: str) -> None:
    """Take note of the address that the app will listen on."""
    if host not in ("127.0.0.1", "localhost", "::1"):
        os.environ[HOSTED] = "1"
