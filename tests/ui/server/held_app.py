"""The whole app, whose analyses wait for ever: `python -m tests.ui.server.held_app PORT`."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator

from ui.server.startup import temporary_folder


def wait_for_ever(*_: object, **__: object) -> Iterator[tuple[str, str, int]]:
    threading.Event().wait()
    yield "", "", 0


def main() -> None:
    with temporary_folder():  # before gradio is imported, as `app.py` does it
        from ui import callbacks
        from ui.launch import queued, serve
        from ui.layout import build_app
        from ui.player import ClipShelf
        from ui.presence import Presence
        from ui.programme.engine import FinderEngine, jobs_folder
        from ui.programme.jobs import ProgrammeJobs

        callbacks.analyse = wait_for_ever
        clips = ClipShelf(presence=Presence(grace_s=float(os.environ.get("GRACE_S", "600"))))
        jobs = ProgrammeJobs(FinderEngine(), jobs_folder())
        app = queued(build_app(clips, jobs=jobs), clips.presence)
        serve(app, clips, host="127.0.0.1", port=int(sys.argv[1]), jobs=jobs)
        threading.Event().wait()


if __name__ == "__main__":
    main()
