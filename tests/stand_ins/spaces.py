"""A stand-in for the `spaces` package of a ZeroGPU Space: it forks for every call, as that does.

The generator runs in another process; what it yields comes back pickled, an error as the name of
its class alone; whoever stops listening stops it at its next step.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from typing import Any

_FORK = multiprocessing.get_context("fork")
NOTES = os.environ.get("FORKING_NOTES", os.devnull)
"""File that is told of every call: process and seconds that were asked for."""


def GPU(task: Any = None, *, duration: Any = None) -> Any:
    if task is None:
        return lambda found: GPU(found, duration=duration)

    def handler(*args: Any, **named: Any) -> Iterator[Any]:
        seconds = duration(*args, **named) if callable(duration) else duration
        results, stop = _FORK.SimpleQueue(), _FORK.Event()
        worker = _FORK.Process(target=_work, args=(task, args, named, results, stop), daemon=True)
        worker.start()
        with open(NOTES, "a") as notes:
            notes.write(f"{worker.pid} {seconds}\n")
        try:
            while True:
                kind, value = results.get()
                if kind == "end":
                    return
                if kind == "error":
                    raise RuntimeError(f"ZeroGPU worker error: {value}")
                yield value
        finally:
            stop.set()

    return handler


def _work(task: Callable[..., Any], args: Any, named: Any, results: Any, stop: Any) -> None:
    steps = task(*args, **named)
    try:
        for step in steps:
            if stop.is_set():
                steps.close()
                break
            results.put(("value", step))
        results.put(("end", None))
    except Exception as error:
        results.put(("error", type(error).__name__))
