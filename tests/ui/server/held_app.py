"""The whole app, whose analyses wait for ever: `python -m tests.ui.server.held_app PORT`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

from ui import callbacks
from ui.launch import queued, serve
from ui.layout import build_app
from ui.player import ClipShelf


def wait_for_ever(*_: object, **__: object) -> Iterator[callbacks.News]:
    threading.Event().wait()
    yield "", "", 0


def main() -> None:
    callbacks.analyse = wait_for_ever
    clips = ClipShelf()
    app = queued(build_app(clips), clips.presence)
    serve(app, clips, host="127.0.0.1", port=int(sys.argv[1]))
    threading.Event().wait()


if __name__ == "__main__":
    main()
