"""What strangers may do on this server, in one place: how much, how long, how many.

A hosted page (a Space, or one that listens beyond the loopback) takes no paths of this machine.
"""

from __future__ import annotations

import os

HOSTED = "RINKSIDE_HOSTED"
"""Environment variable: set when the app listens beyond the loopback."""

HOSTS = "RINKSIDE_HOSTS"
"""Environment variable: names by which browsers may ask for the app, with commas between."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

GRACE_S = 120.0
"""How long a visitor who left may come back to what was theirs: a page that is loaded again, a
phone that was locked, a connection that broke."""

MAX_CLIPS = 60
"""Open at once, of all visitors together."""
MAX_CLIPS_OF_A_VISITOR = 20
"""Open at once; of more than that the one opened first goes."""
MAX_RUNS = 240
"""Analyses kept, of all visitors together."""
MAX_RUNS_OF_A_VISITOR = 12
"""Analyses kept; of more than that the oldest goes."""
MAX_VISITORS_OF_A_CLIENT = 30
"""Pages open at one network address whose clips are safe from newcomers: half of all clips."""

MAX_CLIPS_IN_A_ROW = 4
"""So many clips may go before a programme that waits for its turn or for its next piece."""

MAX_EVENTS = 1000
"""Waiting or at work at once, of all visitors together."""
MAX_EVENTS_OF_A_VISITOR = 100
"""The same of one page; a busy one has about thirty."""
MAX_EVENTS_OF_A_CLIENT = 200
"""The same of one network address."""
MAX_EVENTS_OF_GUESTS = 30
"""The same of one network address and one kind of event, of all sessions without a heartbeat."""
EVENT_THREADS = 400
"""For events alone, most of which look on; more than two network addresses can hold."""

MAX_UPLOAD_MIB = 500
"""The files of one request together."""
MAX_BODY_MIB = 4
"""A request that brings no files."""

MAX_DISK_MIB = 8000
"""Uploads and what is made of them for visitors, of all together."""
MAX_DISK_MIB_OF_A_VISITOR = 2000
"""Uploads of one visitor: four requests full of files."""
MAX_DISK_MIB_OF_A_CLIENT = 4000
"""Uploads from one network address: half of all."""
MAX_JOBS_MIB = 8000
"""Programmes with their videos; of those that are over, the visitor's own go first."""
MIN_FREE_MIB = 200
"""Of the disk, after an upload."""
UNCLAIMED_S = 3600.0
"""How long an upload stays that no page says to have."""
PARTIAL_S = 600.0
"""How long a part of an upload stays that nothing more comes of."""
KEPT_S = 1800.0
"""How long after its last use a hosted page keeps results and copies by content."""


def hosted() -> bool:
    """On a Hugging Face Space, or listening to other machines."""
    return "SPACE_ID" in os.environ or bool(os.environ.get(HOSTED))


def listen_on(host: str) -> None:
    """Take note of the address that the app will listen on."""
    if host not in ("127.0.0.1", "localhost", "::1"):
        os.environ[HOSTED] = "1"


def allowed_hosts() -> tuple[str, ...]:
    """Names that a request may ask for; `*` stands for all.

    An app for this machine alone answers to this machine's own names: a web page elsewhere whose
    name leads here (DNS rebinding) would be taken for ours by the browser. Behind a proxy, or for
    a server with a name, `RINKSIDE_HOSTS` tells more.
    """
    named = [name.strip() for name in os.environ.get(HOSTS, "").split(",") if name.strip()]
    if named or not hosted():
        return (*_LOOPBACK, *named)
    return ("*",)
