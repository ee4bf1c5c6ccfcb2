"""Rinkside's app: `make run`, or the entry of a Hugging Face Space."""

from __future__ import annotations

import os

# Nothing is to leave the machine; gradio reads this when it is imported.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

from models.command_line import print_error
from ui.server.startup import (
    Address,
    StartError,
    check_address,
    keys_of,
    read_address,
    temporary_folder,
)


def main() -> int:
    """Build the page and serve it: 0 when it is stopped, 2 when it cannot start."""
    try:
        address = read_address(sys.argv[1:], os.environ)
        keys_of(os.environ)
        check_address(address)
        with temporary_folder():
            _run(address)
    except StartError as error:
        print_error(str(error))
        return 2
    except KeyboardInterrupt:
        print("Rinkside: stopped")  # noqa: T201
    return 0


def _run(address: Address) -> None:
    _check_cache()
    # Imported here: gradio reads the temporary folder's name as it is imported.
    from ui.desk.controls import examples
    from ui.example import Example
    from ui.hosting import listen_on
    from ui.launch import queued, serve
    from ui.layout import build_app
    from ui.player import ClipShelf
    from ui.programme.engine import FinderEngine, jobs_folder
    from ui.programme.jobs import ProgrammeJobs
    from ui.server.gpu import prepare

    listen_on(address.host)
    prepare()
    clips, ready = ClipShelf(), examples()
    example = Example(ready[0]) if ready else None
    jobs = ProgrammeJobs(FinderEngine(), jobs_folder())
    app = queued(build_app(clips, example, jobs), clips.presence)
    try:
        serve(app, clips, host=address.host, port=address.port, jobs=jobs)
    except OSError as error:
        raise StartError(f"the app cannot start: {error}") from error
    if example is not None:
        example.prepare()  # now that the page answers
    print(f"Rinkside: http://{address.host}:{address.port}", flush=True)  # noqa: T201
    threading.Event().wait()


def _check_cache() -> None:
    from pipeline.errors import InputError
    from pipeline.places import cache_folder
    from pipeline.storage.output_folder import check_place

    try:
        folder = cache_folder()
    except InputError as error:
        raise StartError(str(error)) from error
    try:
        check_place(folder)
    except InputError as error:
        raise StartError(f"{error} with RINKSIDE_CACHE") from error


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends the app as Ctrl-C does, so that visitors' files go."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    code = main()
    sys.stdout.flush()
    # An analysis may still be at work, and its native threads do not bear Python's own end.
    os._exit(code)
