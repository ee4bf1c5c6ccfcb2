"""How the page is served: which addresses answer, and which parts of gradio stay off."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.endpoints.build import FOR_PROGRAMS
from ui.hosting import EVENT_THREADS, MAX_UPLOAD_MIB, allowed_hosts
from ui.language.choice import LanguageFirst
from ui.language.labels import I18N
from ui.layout import CSS, THEME
from ui.player import ClipShelf, player_routes
from ui.presence import Presence
from ui.programme.jobs import ProgrammeJobs
from ui.programme.routes import PREFIX, programme_routes
from ui.server.addresses import Allowed
from ui.server.admission import Admission
from ui.server.bodies import Bodies
from ui.server.heartbeats import Heartbeats


class TemporaryFolder:
    """ASGI middleware that keeps the folders for temporary files: systems clear what lies idle.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make them again before anything may be written there."""
        if scope["type"] == "http" and scope["method"] == "POST":
            for folder in (get_upload_folder(), tempfile.gettempdir()):
                os.makedirs(folder, mode=0o700, exist_ok=True)
        await self._app(scope, receive, send)


def queued(app: gr.Blocks, presence: Presence) -> gr.Blocks:
    """The page's events in queues of their own; by default they wait for each other."""
    app.queue(default_concurrency_limit=8, api_open=False)
    queue: Any = app._queue
    admission = Admission(queue, presence)
    queue.push, queue.send_message = admission.push, admission.send
    for event in app.fns.values():
        # What fills the page as it loads, and what its examples do, gets a name by itself.
        if event.api_name not in FOR_PROGRAMS:
            event.api_visibility = "private"
    app.config = app.get_config_file()
    return app


def app_options(
    clips: ClipShelf, jobs: ProgrammeJobs | None = None, *, hosts: Sequence[str] = ("*",)
) -> dict[str, Any]:
    """For the web application: the player's and the jobs' routes, and the guards before all.

    Args:
        clips: Where the player's routes find the videos on show.
        jobs: The programmes of this server.
        hosts: Names that requests may ask for.
    """
    ours = [] if jobs is None else programme_routes(jobs)
    routes: Sequence[BaseRoute] = [*player_routes(clips), *ours]
    return {
        "routes": routes,
        "middleware": [
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(Allowed, more=routes),
            Middleware(Bodies, files=("/gradio_api/upload", PREFIX)),
            Middleware(Heartbeats, presence=clips.presence),
            Middleware(TemporaryFolder),
            Middleware(LanguageFirst),
        ],
        "openapi_url": None,
    }


def serve(
    app: gr.Blocks, clips: ClipShelf, *, host: str, port: int, jobs: ProgrammeJobs | None = None
) -> None:
    """Answer at an address, in threads of its own.

    Args:
        app: The page.
        clips: Where the player's routes find the videos on show.
        host: Where to listen.
        port: Where to listen.
        jobs: The programmes of this server, for programs that ask for them.

    Raises:
        OSError: Nothing can listen there.
    """
    app.launch(
        server_name=host,
        server_port=port,
        theme=THEME,
        css_paths=list(CSS),
        app_kwargs=app_options(clips, jobs, hosts=allowed_hosts()),
        i18n=I18N,
        footer_links=["api"],
        max_threads=EVENT_THREADS,
        max_file_size=f"{MAX_UPLOAD_MIB}mb",
        show_error=False,
        quiet=True,
        prevent_thread_lock=True,
        # Its only use: gradio asks for the page once and gives up where a busy machine takes over
        # 3 s for the first answer ("localhost is not accessible").
        _frontend=False,
        # Off whatever the environment says: none of it belongs to the page, and workers or a front
        # of their own would answer past `Allowed`.
        share=False,
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        ssr_mode=False,
        num_workers=0,
    )
