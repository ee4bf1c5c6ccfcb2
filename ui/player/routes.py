"""What the player fetches: its own scripts, a clip's scene, pictures, and the video itself.

`app_kwargs={"routes": player_routes(shelf)}` of `launch` puts these before gradio's own. A clip is
found by its token only, which nobody can guess; every part of an address is checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from pipeline.errors import Cancelled, InputError
from pipeline.video.readers import FramesLost
from ui.language.messages import in_words
from ui.language.tables import preferred, speaking
from ui.player.clips import Clip, ClipShelf
from ui.player.messages import Nonsense, read_seconds, read_whole
from ui.player.scene import scene_json
from ui.player.words import say

PREFIX = "/rinkside"
STATIC = Path(__file__).with_name("static")

_KEEP = {"Cache-Control": "private, max-age=86400"}
_ASK = {"Cache-Control": "no-store"}
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
    """The addresses below `/rinkside`."""

    def clip_route(name: str, answer: Callable[[Request, Clip], Response]) -> Route:
        def endpoint(request: Request) -> Response:
            clip = shelf.get(request.path_params["token"])
            if clip is None:
                return _sentence(say("gone"), 404)
            table = clip.table
            try:
                return answer(request, clip)
            except Nonsense as error:
                return _sentence(str(error), 422)
            except FramesLost:
                clip.mend(table)
                return _lost()
            except (InputError, OSError) as error:
                text = in_words(error) if isinstance(error, InputError) else say("file_gone")
                return _sentence(text, 410)

        return Route(f"{PREFIX}/clips/{{token}}/{name}", _in_their_language(endpoint))

    return [
        Route(f"{PREFIX}/static/{{version}}/{{name}}", _script),
        clip_route("scene", _scene),
        clip_route("scene/{run}", _scene),
        clip_route("stills/{table}/{chunk}", _stills),
        clip_route("frame/{position}", _frame),
        clip_route("full/{table}/{position}", _full),
        clip_route("small/{moment}", _small),
        clip_route("video", _video),
        clip_route("copy", _copy),
        clip_route("copied", _copied),
    ]


def _scene(request: Request, clip: Clip) -> Response:
    run_id = request.path_params.get("run")
    run = clip.run(run_id)
    if run is None and run_id is not None:
        return _sentence(say("run_gone"), 404)
    return JSONResponse(scene_json(clip, run), headers=_ASK)


def _stills(request: Request, clip: Clip) -> Response:
    if _outdated(request, clip):
        return _lost()
    number = read_whole(request.path_params["chunk"], clip.stills.num_chunks - 1)
    data = clip.stills.chunk(number)
    if data is None:
        return _sentence("not decoded yet; ask again", 503)
    return Response(data, media_type="application/octet-stream", headers=_KEEP)


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


def _copy(request: Request, clip: Clip) -> Response:
    try:
        path = clip.make_copy()
    except Cancelled:
        return _sentence(say("gone"), 410)
    return _file(path, "video/mp4")


def _copied(request: Request, clip: Clip) -> Response:
    return JSONResponse({"share": round(clip.copied, 3)}, headers=_ASK)


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


def _in_their_language(endpoint: Callable[[Request], Response]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        with speaking(preferred(request.headers.get("accept-language", ""))):
            return endpoint(request)

    return answer


def _sentence(text: str, status: int) -> Response:
    return PlainTextResponse(text, status, headers=_ASK)
