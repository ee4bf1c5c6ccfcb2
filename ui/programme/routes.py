"""Programme jobs for programs: start, status, result, cancel, continue; as plain addresses.

A job is found by its id only, which nobody can guess; no answer names a path of this machine.
`docs/programme_jobs.md` shows them at work.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from models.atomic_files import short_name
from pipeline.config import load_shipped_profile, profile_names
from pipeline.errors import InputError, write_error
from pipeline.moments import moment_or_none
from pipeline.storage.programme_files import programme_as_dict
from pipeline.storage.programme_pack import pack_programme
from ui.hosting import MAX_UPLOAD_MIB
from ui.language.messages import in_words
from ui.language.tables import preferred, say, speaking
from ui.programme.job import ProgrammeJob, ProgrammeRequest
from ui.programme.jobs import KEPT_H, JobRefused, ProgrammeJobs
from ui.server.clients import client_of
from ui.server.keys import has_key

PREFIX = "/rinkside/programmes"
_ASK = {"Cache-Control": "no-store"}
_Answer = Callable[[Request, ProgrammeJob], Response]


def programme_routes(jobs: ProgrammeJobs) -> list[BaseRoute]:
    """The addresses below `/rinkside/programmes`."""

    async def start(request: Request) -> Response:
        with speaking(_language(request)):
            return _locked(request) or await _start(request, jobs)

    def job_route(name: str, answer: _Answer, method: str) -> Route:
        def endpoint(request: Request) -> Response:
            with speaking(_language(request)):
                if (locked := _locked(request)) is not None:
                    return locked
                job = jobs.get(request.path_params["job_id"])
                if job is None:
                    return _sentence(say("job_gone", hours=KEPT_H), 404)
                if method == "POST" and _foreign(request):
                    return _sentence(say("job_foreign"), 403)
                return answer(request, job)

        return Route(f"{PREFIX}/{{job_id}}{name}", endpoint, methods=[method])

    def cancel(_request: Request, job: ProgrammeJob) -> Response:
        jobs.cancel(job.job_id)
        return _told(job)

    def resume(request: Request, job: ProgrammeJob) -> Response:
        try:
            jobs.resume(job.job_id, _visitor(request))
        except JobRefused as error:
            return _sentence(str(error), 429)
        return _told(job)

    return [
        Route(PREFIX, start, methods=["POST"]),
        job_route("", lambda _request, job: _told(job), "GET"),
        job_route("/result", _result, "GET"),
        job_route("/programme.zip", _zip, "GET"),
        job_route("/cancel", cancel, "POST"),
        job_route("/continue", resume, "POST"),
    ]


def status_of(job: ProgrammeJob) -> dict[str, Any]:
    """How a job stands, for a program; its sentence in the language that is spoken."""
    progress, programme = job.progress, job.programme
    left_s = None if progress is None or not job.going else progress.remaining_s
    ended_s, place = job.ended_s, job.place
    return {
        "id": job.job_id,
        "state": job.state,
        "sentence": job.sentence(),
        "name": job.title,
        "before": 0 if place is None else place.before,
        "wait_s": None if place is None else place.wait_s,
        "fraction": 1.0 if job.state == "done" else 0.0 if progress is None else progress.fraction,
        "remaining_s": left_s,
        "elements": 0 if programme is None else len(programme.elements),
        "read_until_s": None if programme is None else programme.read_until_s,
        "can_continue": job.can_continue,
        "kept_until": None if ended_s is None else ended_s + 3600 * KEPT_H,
        "page": f"/?programme={job.job_id}",
        "result": f"{PREFIX}/{job.job_id}/result",
    }


def result_of(job: ProgrammeJob) -> dict[str, Any] | None:
    """What was found so far, for a program; None while there is nothing yet."""
    if job.programme is None:
        return None
    content = programme_as_dict(job.programme)
    content["video"] = {**content["video"], "path": job.title}
    return {**content, "state": job.state}


def _told(job: ProgrammeJob, status: int = 200) -> Response:
    return JSONResponse(status_of(job), status, headers=_ASK)


def _result(_request: Request, job: ProgrammeJob) -> Response:
    """What was found so far; `state` says whether that is all."""
    found = result_of(job)
    return _sentence(job.sentence(), 409) if found is None else JSONResponse(found, headers=_ASK)


def _zip(_request: Request, job: ProgrammeJob) -> Response:
    """The programme's folder, which opens again on the page; packed for one request at a time."""
    if job.state != "done":
        return _sentence(job.sentence(), 409)
    if not job.packing.acquire(blocking=False):
        return PlainTextResponse(say("job_packing"), 503, headers={**_ASK, "Retry-After": "2"})
    try:
        return _packed(job)
    finally:
        job.packing.release()


def _packed(job: ProgrammeJob) -> Response:
    target = job.folder / "programme.zip"
    try:
        pack_programme(job.programme_folder, target)
        return FileResponse(
            target, media_type="application/zip", filename=f"{Path(job.title).stem}_programme.zip",
            headers=_ASK, stat_result=target.stat(),
        )  # fmt: skip
    except (InputError, OSError) as error:
        known = error if isinstance(error, InputError) else write_error(job.title, error)
        return _sentence(in_words(known), 507)


async def _start(request: Request, jobs: ProgrammeJobs) -> Response:
    if _foreign(request):
        return _sentence(say("job_foreign"), 403)
    try:
        with tempfile.TemporaryDirectory(prefix="rinkside-video-") as folder:
            name = Path(request.query_params.get("name", "video").replace("\\", "/")).name
            path = Path(folder) / (short_name(name) or "video")
            asked = asked_of(str(path), request.query_params)
            if not await _received(request, path):
                return _sentence(say("job_large", most=MAX_UPLOAD_MIB), 413)
            job = await run_in_threadpool(jobs.start, asked, _visitor(request))
    except InputError as error:
        return _sentence(in_words(error), 422)
    except JobRefused as error:
        return _sentence(str(error), 429)
    except ClientDisconnect:
        return _sentence("", 400)
    except OSError as error:
        return _sentence(in_words(write_error(tempfile.gettempdir(), error)), 507)
    return _told(job, 202)


def asked_of(path: str, fields: Mapping[str, str]) -> ProgrammeRequest:
    """What is asked for beside the video.

    Raises:
        InputError: A point is no time, a number none, or there is no such profile.
    """
    profile = fields.get("profile", profile_names()[0])[:40]
    load_shipped_profile(profile)
    start_s, end_s = (moment_or_none(fields.get(name)) for name in ("start", "end"))
    stream, skater = (_number(fields.get(name), name) for name in ("stream", "skater"))
    return ProgrammeRequest(path, profile, start_s, end_s, stream, skater)


def _number(text: str | None, name: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise InputError.of("field_no_number", field=name, text=text[:40])
    return int(text)


async def _received(request: Request, path: Path) -> bool:
    """Write the body to a file; whether it was not too large."""
    taken = int(request.headers.get("content-length") or 0)
    if taken > MAX_UPLOAD_MIB * 2**20:
        return False
    taken = 0
    with path.open("wb") as file:
        async for chunk in request.stream():
            taken += len(chunk)
            if taken > MAX_UPLOAD_MIB * 2**20:
                return False
            await run_in_threadpool(file.write, chunk)
    return True


def _locked(request: Request) -> Response | None:
    """What is answered to a program without the key that is asked for."""
    return None if has_key(request.headers) else _sentence(say("endpoint_key"), 401)


def _foreign(request: Request) -> bool:
    """Whether another site's page asks in its visitor's name; programs name no origin."""
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def _visitor(request: Request) -> str:
    """Who counts for the limits: a network address."""
    return "program " + client_of(request.scope)


def _language(request: Request) -> str:
    return preferred(request.headers.get("accept-language", ""))


def _sentence(text: str, status: int) -> Response:
    return PlainTextResponse(text, status, headers=_ASK)
