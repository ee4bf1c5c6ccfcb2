"""The app with a programme in it: `python -m tests.e2e.programme.app --port P --video V`.

Its engine finds what `tests.ui.programme.samples` makes, bit by bit; nothing is computed.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from pipeline.errors import Cancelled
from pipeline.progress import Listener, Progress, StopAsked
from pipeline.storage.analysis_files import save
from pipeline.storage.programme_files import load_programme, save_programme
from pipeline.types.programme import Programme
from pipeline.video import open_video
from tests.e2e.player_page import spelled_analysis
from tests.ui.programme.samples import make_programme, programme_of_rink
from ui.launch import queued, serve
from ui.layout import build_app
from ui.player import ClipShelf
from ui.programme.job import Checked, ProgrammeRequest
from ui.programme.jobs import ProgrammeJobs


class MadeEngine:
    """Finds a made programme in any video, an element every `pause_s` seconds.

    Args:
        rink: Whose truth it finds; None: some elements.
        pause_s: Between two elements.
        gate: A file for which it waits with two elements.
    """

    def __init__(
        self, rink: Path | None = None, pause_s: float = 1.0, gate: Path | None = None
    ) -> None:
        self._rink = rink
        self._pause_s = pause_s
        self._gate = gate

    def check(self, request: ProgrammeRequest) -> Checked:
        return Checked(Path(request.path).name, 0.0)

    def find(
        self, request: ProgrammeRequest, folder: Path, listener: Listener, stop_asked: StopAsked
    ) -> Programme:
        whole = self._programme(request.path)
        began_s = time.monotonic()
        save(spelled_analysis(Path(request.path)), folder / "elements" / "01")
        for count, element in enumerate(whole.elements):
            if stop_asked():
                raise Cancelled
            grown = replace(
                whole, elements=whole.elements[:count], read_until_s=element.start_s, shots=()
            )
            share = element.start_s / whole.read_until_s
            listener(Progress("pose", share, time.monotonic() - began_s, grown))
            time.sleep(self._pause_s)
            while count == 2 and self._gate is not None and not self._gate.exists():
                if stop_asked():
                    raise Cancelled
                time.sleep(0.05)
        save_programme(whole, folder)
        return whole

    def load(self, folder: Path) -> Programme:
        return load_programme(folder)

    def _programme(self, path: str) -> Programme:
        video = open_video(path).info
        if self._rink is not None:
            return programme_of_rink(self._rink, video)
        return make_programme(video)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--rink", type=Path)
    parser.add_argument("--pause", type=float, default=1.0)
    parser.add_argument("--gate", type=Path, help="a file for which it waits with two elements")
    parser.add_argument(
        "--jobs", type=Path, help="where the jobs lie; a folder of its own if absent"
    )
    arguments = parser.parse_args()
    engine = MadeEngine(arguments.rink, arguments.pause, arguments.gate)
    jobs = ProgrammeJobs(engine, arguments.jobs or Path(tempfile.mkdtemp()))
    clips = ClipShelf()
    app = build_app(clips, jobs=jobs)
    serve(queued(app, clips.presence), clips, host="127.0.0.1", port=arguments.port, jobs=jobs)
    job = jobs.start(ProgrammeRequest(str(arguments.video)), "tester")
    print(f"http://127.0.0.1:{arguments.port}/?programme={job.job_id}", flush=True)  # noqa: T201
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main()
