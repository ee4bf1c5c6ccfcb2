"""Programme jobs on disk: a folder each, found again by a server that was started anew.

`ID/job.json` says what was asked for and how it ended; `ID/video/` holds the video under its own
name, `ID/programme/` what was found.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

from models.atomic_files import short_name, write_text
from pipeline.errors import write_error
from pipeline.messages import Message
from pipeline.storage.messages import read_message
from ui.programme.job import JobState, ProgrammeJob, ProgrammeRequest

SCHEMA_VERSION = 1
_FILE = "job.json"


def new_job(
    folder: Path, request: ProgrammeRequest | None, *, title: str, visitor: str
) -> ProgrammeJob:
    """A job with a folder of its own, and the video in it.

    Args:
        folder: Where all jobs lie.
        request: What is asked; None where there is no video, for a programme that was opened.
        title: Name of the video.
        visitor: Whoever asks.

    Raises:
        StoreError: The disk is full, or the place cannot be written.
    """
    job_id = secrets.token_urlsafe(16)
    own = folder / job_id
    try:
        (own / "video").mkdir(mode=0o700, parents=True)
        asked = ProgrammeRequest("") if request is None else request
        if request is not None:
            name = short_name(Path(request.path).name)
            asked = replace(request, path=str(_kept(Path(request.path), own / "video" / name)))
        job = ProgrammeJob(job_id, own, asked, title, visitor)
        write_job(job)
    except OSError as error:
        shutil.rmtree(own, ignore_errors=True)
        raise write_error(folder, error) from error
    return job


def _kept(source: Path, target: Path) -> Path:
    """The same file under another name, or a copy on another disk: an upload may go."""
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)
    return target


def write_job(job: ProgrammeJob) -> None:
    """Keep what a job is and how it stands; the id of a visitor is not kept.

    Raises:
        OSError: The disk is full, or the place cannot be written.
    """
    asked = asdict(job.request)
    asked["path"] = Path(job.request.path).name  # the folder may be moved
    failure = job.failure
    content = {
        "schema_version": SCHEMA_VERSION,
        "title": job.title,
        "request": asked,
        "state": job.state,
        "began_s": job.began_s,
        "ended_s": job.ended_s,
        "failure": None if failure is None else _as_dict(failure),
        "inside": job.inside,
        "opened": job.opened,
    }
    write_text(job.folder / _FILE, json.dumps(content, indent=1))


def _as_dict(message: Message) -> dict[str, Any]:
    entry = None
    if message.code is not None and not any(
        isinstance(v, Message) for v in message.values.values()
    ):
        entry = {"code": message.code, "values": dict(message.values)}
    return {"sentence": str(message), "entry": entry}


def read_jobs(folder: Path) -> list[ProgrammeJob]:
    """The jobs of the servers before, the oldest first; one that was going on is interrupted.

    What cannot be read is left alone: it may be of another version.
    """
    found = []
    with suppress(OSError):
        for path in folder.glob(f"*/{_FILE}"):
            with suppress(OSError, ValueError, KeyError, TypeError):
                found.append(_read_job(path))
    return sorted(found, key=lambda job: job.began_s)


def _read_job(path: Path) -> ProgrammeJob:
    content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if content["schema_version"] != SCHEMA_VERSION or content["state"] not in get_args(JobState):
        raise ValueError("a job of another version")
    asked = ProgrammeRequest(**content["request"])
    name = Path(asked.path).name
    video = str(path.parent / "video" / name) if name else ""
    job = ProgrammeJob(path.parent.name, path.parent, replace(asked, path=video), content["title"])
    job.began_s, job.inside = float(content["began_s"]), content["inside"]
    job.opened = content.get("opened", False)
    job.state, job.ended_s = content["state"], content["ended_s"]
    if (failure := content["failure"]) is not None:
        job.failure = read_message(failure["sentence"], failure["entry"])
    if job.going:
        job.state, job.ended_s = "interrupted", path.stat().st_mtime
    return job


def size_of(job: ProgrammeJob) -> int:
    """Bytes of everything of a job."""
    total = 0
    for folder in (job.folder, job.taken_folder):
        for place, _, names in os.walk(folder):
            for name in names:
                with suppress(OSError):  # it went in the meantime
                    total += (Path(place) / name).lstat().st_size
    return total


def drop_files(job: ProgrammeJob) -> None:
    """Remove everything of a job."""
    for folder in (job.folder, job.taken_folder):
        shutil.rmtree(folder, ignore_errors=True)
