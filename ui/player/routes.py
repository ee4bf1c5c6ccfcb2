"""What the player fetches: its own scripts, a clip's scene, pictures, and the video itself.

`app_kwargs={"routes": player_routes(shelf)}` of `launch` puts these before gradio's own. A clip is
found by its token only, which nobody can guess; every part of an address is checked.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from pipeline.errors import Cancelled, InputError
from pipeline.video.readers import FramesLost
from ui.language.messages import in_words
from ui.language.tables import preferred, speaking
from ui.player.clips import Clip, ClipShelf
from ui.player.copies import CopyRefused
from ui.player.drawing import DrawingThreads, TooManyAsked
from ui.player.messages import Nonsense, read_seconds, read_whole
from ui.player.scene import scene_json
from ui.player.words import say

PREFIX = "/rinkside"
STATIC = Path(__file__).with_name("static")

STILLS_WAIT_S = 20.0
"""How long a request waits for pictures that are being decoded."""
LOOK_EVERY_S = 0.02
NOT_YET = "not decoded yet; ask again"

_Answer = Callable[[Request, Clip], Response]

_KEEP = {"Cache-Control": "private, max-age=86400"}
_ASK = {"Cache-Control": "no-store"}
_RETRY = {"Retry-After": "1"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_TYPES = {".js": "text/javascript; charset=utf-8"}


@cache
def version() -> str:
    """Hash of the scripts: part of their address, so that no browser mixes old and new ones."""
    digest = hashlib.sha256()
    for path in _scripts().values():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def player_routes(shelf: ClipShelf) -> list[BaseRoute]:
    """The addresses below `/rinkside`.

    None of them holds a thread that the page needs: what draws has threads of its own, what is
    decoded in a while is waited for without one, and a copy is asked for again.
    """
    drawing = DrawingThreads()

    def quick(name: str, answer: _Answer) -> Route:
        async def endpoint(request: Request, clip: Clip) -> Response:
            return await run_in_threadpool(_told, answer, request, clip)

        return _clip_route(name, shelf, endpoint)

    def drawn(name: str, answer: _Answer) -> Route:
        async def endpoint(request: Request, clip: Clip) -> Response:
            try:
                return await drawing.run(clip.visitor, _told, answer, request, clip)
            except TooManyAsked:
                return _later(say("pictures_many"))

        return _clip_route(name, shelf, endpoint)

    async def stills(request: Request, clip: Clip) -> Response:
        return await _stills(request, clip, drawing)

    def copy(_request: Request, clip: Clip) -> Response:
        return _copy(clip, shelf)

    return [
        Route(f"{PREFIX}/static/{{version}}/{{name}}", _script),
        quick("scene", _scene),
        quick("scene/{run}", _scene),
        _clip_route("stills/{table}/{chunk}", shelf, stills),
        drawn("frame/{position}", _frame),
        drawn("full/{table}/{position}", _full),
        drawn("small/{moment}", _small),
        quick("video", _video),
        quick("copy", copy),
    ]


def _clip_route(
    name: str, shelf: ClipShelf, endpoint: Callable[[Request, Clip], Awaitable[Response]]
) -> Route:
    async def answer(request: Request) -> Response:
        with speaking(preferred(request.headers.get("accept-language", ""))):
            clip = shelf.get(request.path_params["token"])
            return _sentence(say("gone"), 404) if clip is None else await endpoint(request, clip)

    return Route(f"{PREFIX}/clips/{{token}}/{name}", answer)


def _told(answer: _Answer, request: Request, clip: Clip) -> Response:
    """An answer, also where it is why there is none."""
    table = clip.table
    try:
        return answer(request, clip)
    except Nonsense as error:
        return _sentence(str(error), 422)
    except FramesLost:
        mended = clip.mend(table, wait=False)
        return _lost() if mended else _later(NOT_YET)
    except (InputError, OSError) as error:
        text = in_words(error) if isinstance(error, InputError) else say("file_gone")
        return _sentence(text, 410)


def _scene(request: Request, clip: Clip) -> Response:
    run_id = request.path_params.get("run")
    run = clip.run(run_id)
    if run is None and run_id is not None:
        return _sentence(say("run_gone"), 404)
    return JSONResponse(scene_json(clip, run), headers=_ASK)


async def _stills(request: Request, clip: Clip, drawing: DrawingThreads) -> Response:
    """A chunk of pictures; waited for without a thread as long as somebody is there."""

    def wanted(request: Request, clip: Clip) -> Response:
        if _outdated(request, clip):
            return _lost()
        clip.stills.want(read_whole(request.path_params["chunk"], clip.stills.num_chunks - 1))
        return _later(NOT_YET)

    def ready(request: Request, clip: Clip) -> Response:
        if _outdated(request, clip):
            return _lost()
        data = clip.stills.ready(int(request.path_params["chunk"]))
        if data is None:
            return _later(NOT_YET)
        return Response(data, media_type="application/octet-stream", headers=_KEEP)

    first = await run_in_threadpool(_told, wanted, request, clip)
    if first.status_code != 503:
        return first
    until_s = time.monotonic() + STILLS_WAIT_S
    number, stills = int(request.path_params["chunk"]), clip.stills
    while not stills.settled(number) and time.monotonic() < until_s:
        if await request.is_disconnected():
            break
        await asyncio.sleep(LOOK_EVERY_S)
    try:  # a damaged file may be read through before it answers
        return await drawing.run(clip.visitor, _told, ready, request, clip)
    except TooManyAsked:
        return _later(say("pictures_many"))


def _frame(request: Request, clip: Clip) -> Response:
    return _picture(request, clip, _ASK, full=False)


def _full(request: Request, clip: Clip) -> Response:
    return _lost() if _outdated(request, clip) else _picture(request, clip, _KEEP, full=True)


def _outdated(request: Request, clip: Clip) -> bool:
    """Whether the browser counts frames by a table that is no longer the clip's."""
    return str(request.path_params["table"]) != str(clip.table)


def _picture(request: Request, clip: Clip, headers: dict[str, str], *, full: bool) -> Response:
    position = read_whole(request.path_params["position"], len(clip.stills) - 1)
    data = clip.stills.single(position, full=full)
    return Response(data, media_type="image/jpeg", headers=headers)


def _small(request: Request, clip: Clip) -> Response:
    """A small picture of the frame that is shown at a moment, seconds since the first frame."""
    position = clip.position_at(read_seconds(request.path_params["moment"]))
    return Response(clip.stills.small(position), media_type="image/jpeg", headers=_KEEP)


def _video(request: Request, clip: Clip) -> Response:
    return _file(Path(clip.video.info.path), clip.media_type)


def _copy(clip: Clip, shelf: ClipShelf) -> Response:
    try:
        job = shelf.copies.ask(clip)
    except Cancelled:
        return _sentence(say("gone"), 410)
    except CopyRefused as error:
        return _later(str(error))
    if job.path is None:
        return JSONResponse({"share": round(job.share, 3)}, 202, headers={**_ASK, **_RETRY})
    return _file(job.path, "video/mp4")


def _file(path: Path, media_type: str) -> Response:
    """A file in ranges; looked at here, where its absence is still a sentence."""
    return FileResponse(path, media_type=media_type, headers=_KEEP, stat_result=path.stat())


def _script(request: Request) -> Response:
    path = _scripts().get(request.path_params["name"])
    if path is None:
        return _sentence("there is no such script", 404)
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=_FOREVER)


@cache
def _scripts() -> dict[str, Path]:
    return {path.name: path for path in sorted(STATIC.glob("*.js"))}


def _lost() -> Response:
    return _sentence("frames were lost; fetch the scene again", 409)


def _later(text: str) -> Response:
    return PlainTextResponse(text, 503, headers={**_ASK, **_RETRY})


def _sentence(text: str, status: int) -> Response:
    return PlainTextResponse(text, status, headers=_ASK)
