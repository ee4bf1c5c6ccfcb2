"""Finding the elements of videos with the shipped command, and what that costs.

Every video is a process of its own, so that its memory and CPU time are its own too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from models.atomic_files import write_text
from pipeline.errors import InputError
from pipeline.storage.programme_files import PROGRAMME, load_programme
from pipeline.types.programme import Programme

COST, CACHE = "cost.json", "cache"
"""Beside the folder of a programme that was found."""


REFUSED = 2
"""Exit code of a command that said what is wrong with its input."""


class Refused(InputError):
    """A video in which nothing can be looked for."""


@dataclass(frozen=True)
class Cost:
    """What one run took."""

    wall_s: float
    cpu_s: float
    """Of all cores together."""
    peak_bytes: int
    """Most memory that the process held."""


@dataclass(frozen=True)
class FoundProgramme:
    """What was found in one video."""

    programme: Programme
    cost: Cost | None
    """None where somebody else ran it."""
    cache: Path | None
    """Folder with what the pass over the video kept."""


@dataclass(frozen=True)
class Runner:
    """Finds what is in videos, or reads what was found before.

    Args:
        out: Where `found/NAME/` is written.
        profile: Name of the profile.
        found: Finished folders by name, instead of running anything.
    """

    out: Path
    profile: str = "demo"
    found: Path | None = None

    def programme(self, name: str, video: Path, *options: str) -> FoundProgramme:
        """Of one video; one that is finished is not run again.

        Raises:
            Refused: The command said that it cannot be done, such as without anybody in view.
            InputError: The command failed, or a finished folder is absent.
        """
        if self.found is not None:
            return FoundProgramme(load_programme(self.found / name), None, None)
        place = self.out / "found" / name
        result, cost, cache = place / "programme", place / COST, place / CACHE
        if not (cost.is_file() and (result / PROGRAMME).is_file()):
            shutil.rmtree(place, ignore_errors=True)  # a run that goes on costs less than a whole
            place.mkdir(parents=True)
            measured = self._run(video, result, cache, options)
            write_text(cost, json.dumps(asdict(measured)) + "\n")
        told = Cost(**json.loads(cost.read_text(encoding="utf-8")))
        return FoundProgramme(load_programme(result), told, cache)

    def _run(self, video: Path, result: Path, cache: Path, options: tuple[str, ...]) -> Cost:
        command = [
            sys.executable, "-m", "pipeline", "programme", str(video), "--out", str(result),
            "--profile", self.profile, *options,
        ]  # fmt: skip
        began = time.perf_counter()
        environment = {**os.environ, "RINKSIDE_CACHE": str(cache)}
        # Its list is in the folder; stdout is for the figures.
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode == REFUSED:
            raise Refused(f"{video}: was refused")
        if process.returncode:
            raise InputError(f"{video}: finding its elements ended with {process.returncode}")
        unit = 1 if sys.platform == "darwin" else 1024
        return Cost(
            time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * unit
        )
