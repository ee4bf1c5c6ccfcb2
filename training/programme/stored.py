"""Motions of simulated programmes, kept on the disk: each takes seconds to make.

They are filmed anew whenever they are learned from (`training.programme.data`), which takes
milliseconds. One file a programme, written whole; a run that was killed goes on with the next one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from models.atomic_files import written
from models.command_line import StatusLine
from training.engine.checkpoints import writing
from training.processes import each_done
from training.programme.truth import read_elements
from training.rink.body import JOINT, Body
from training.rink.motion import program
from training.rink.performance import SIMULATION_HZ, Motion, ProgramElement

STREAM = 5
"""Second number of these programmes' seeds; 4 are those with pictures."""


@dataclass(frozen=True)
class Job:
    """One programme to make."""

    file: Path
    seed: tuple[int, ...]
    minutes: tuple[float, float]
    """Its length is drawn between these."""


@dataclass(frozen=True)
class StoredProgramme:
    """A motion with its truth."""

    motion: Motion
    elements: tuple[ProgramElement, ...]


def store_programmes(
    folder: Path,
    *,
    seed: int,
    count: int,
    minutes: tuple[float, float],
    workers: int = 0,
    status: StatusLine,
) -> list[Path]:
    """Files of so many programmes; those that are there are kept.

    Args:
        folder: Made if need be.
        seed: Below 100,000 for training, 100,000 to 199,999 for validation.
        count: Of programmes.
        minutes: Shortest and longest.
        workers: Processes that make them; 0: this one.
        status: Told how it goes.

    Raises:
        TrainingError: The disk is full, or the folder cannot be written.
    """
    remedy = "free some space and run the command again"
    with writing(folder, remedy=remedy):
        folder.mkdir(parents=True, exist_ok=True)
        jobs = [
            Job(folder / f"{seed}_{number:05d}.npz", (seed, STREAM, number), minutes)
            for number in range(count)
        ]
        missing = [job for job in jobs if not job.file.exists()]
        for done, _ in enumerate(each_done(make, missing, workers=workers), 1):
            status.show(f"simulating programmes: {done} of {len(missing)}", done / len(missing))
    return [job.file for job in jobs]


def make(job: Job) -> Path:
    """Simulate one programme and write it."""
    rng = np.random.default_rng(job.seed)
    skated = program(rng, float(rng.uniform(*job.minutes)))
    pelvis = skated.joints[:, JOINT["pelvis"]]
    with written(job.file) as scratch, scratch.open("wb") as file:
        np.savez(
            file,
            pelvis=pelvis,
            # Half precision holds a body's joints to half a millimetre, but no place on a rink.
            joints=(skated.joints - pelvis[:, None]).astype(np.float16),
            support=skated.support,
            about=np.array(json.dumps(_about(skated.body, skated.elements))),
        )
    return job.file


def read_programme(file: Path) -> StoredProgramme:
    """A stored programme."""
    with np.load(file) as stored:
        about = json.loads(str(stored["about"]))
        joints = stored["joints"].astype(np.float32) + stored["pelvis"][:, None]
        motion = Motion(
            times_s=np.arange(len(joints)) / SIMULATION_HZ,
            joints=joints,
            support=stored["support"],
            body=Body(**about["body"]),
        )
    return StoredProgramme(motion, read_elements(about["elements"]))


def _about(body: Body, elements: Sequence[ProgramElement]) -> dict[str, object]:
    listed = [
        {**asdict(element), "flaws": sorted(element.flaws)}  # NaN is written as JavaScript does
        for element in elements
    ]
    return {"body": asdict(body), "elements": listed}
