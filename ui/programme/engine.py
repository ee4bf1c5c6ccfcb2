"""The engine behind the programme jobs: `pipeline.programme`, with the page's own limits."""

from __future__ import annotations

import json
from pathlib import Path

from models.atomic_files import write_text
from pipeline.config import load_shipped_profile
from pipeline.places import cache_folder
from pipeline.programme.finder import ProgrammeFinder
from pipeline.programme.reading.read import check_length
from pipeline.progress import Listener, StopAsked
from pipeline.storage.programme_files import PROGRAMME, analysis_places, load_programme
from pipeline.types import Programme
from pipeline.video import open_video
from ui.callbacks import analyser
from ui.programme.job import Checked, ProgrammeRequest


def jobs_folder() -> Path:
    """Where the jobs of this machine lie.

    Raises:
        ConfigError: Nobody knows where this user's home is.
    """
    return cache_folder() / "jobs"


class FinderEngine:
    """Reads videos with the networks of their profile; see `ui.programme.jobs.ProgrammeEngine`."""

    def check(self, request: ProgrammeRequest) -> Checked:
        """The video's name and length, if it can be read and is not too long.

        Raises:
            InputError: What is wrong with it.
        """
        load_shipped_profile(request.profile)
        video = open_video(
            request.path, start_s=request.start_s, end_s=request.end_s, stream=request.stream
        )
        check_length(video)
        return Checked(video.name, video.info.end_s - video.info.start_s)

    def find(
        self, request: ProgrammeRequest, folder: Path, listener: Listener, stop_asked: StopAsked
    ) -> Programme:
        """Find the elements and keep them in `folder`.

        Raises:
            InputError: What is wrong with the video, or the disk is full.
            Cancelled: `stop_asked` said so.
        """
        found = ProgrammeFinder(analyser(request.profile)).find(
            request.path,
            start_s=request.start_s,
            end_s=request.end_s,
            stream=request.stream,
            skater=request.skater,
            listener=listener,
            stop_asked=stop_asked,
            folder=folder,
        )
        _forget_place(found, folder)
        return found

    def load(self, folder: Path) -> Programme:
        """A programme that was saved before.

        Raises:
            InputError: It is none, or damaged.
        """
        return load_programme(folder)


def _forget_place(programme: Programme, folder: Path) -> None:
    """Name the video alone in files that may be taken away: its folder's name is the job's id."""
    for place in (PROGRAMME, *(f"{p}/analysis.json" for p in analysis_places(programme))):
        file = folder / place
        content = json.loads(file.read_text(encoding="utf-8"))
        content["video"]["path"] = Path(content["video"]["path"]).name
        write_text(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
