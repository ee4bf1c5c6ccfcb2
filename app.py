"""Rinkside's app: `make run`, or the entry of a Hugging Face Space."""

from __future__ import annotations

import os

# Nothing is to leave the machine; gradio reads this when it is imported.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import argparse

from ui.controls import examples
from ui.example import Example
from ui.hosting import listen_on
from ui.labels import I18N
from ui.layout import CSS, THEME, build_app
from ui.player import ClipShelf, player_routes


def main() -> None:
    """Build the page and serve it."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = int(os.environ.get("GRADIO_SERVER_PORT", "7860"))
    parser.add_argument("--port", type=int, default=default)
    parser.add_argument("--host", default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"))
    arguments = parser.parse_args()
    listen_on(arguments.host)
    clips = ClipShelf()
    ready = examples()
    example = Example(ready[0]) if ready else None
    # By default the events of all visitors wait for each other.
    app = build_app(clips, example).queue(max_size=200, default_concurrency_limit=8)
    app.launch(
        server_name=arguments.host,
        server_port=arguments.port,
        theme=THEME,
        css_paths=CSS,
        app_kwargs={"routes": player_routes(clips)},
        i18n=I18N,
        footer_links=["api"],
        max_file_size="500mb",
        show_error=False,
        quiet=True,
        prevent_thread_lock=True,
    )
    if example is not None:
        example.prepare()  # now that the page answers
    print(f"Rinkside: http://{arguments.host}:{arguments.port}", flush=True)  # noqa: T201
    _wait()


def _wait() -> None:
    import threading

    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print("Rinkside: stopped")  # noqa: T201


if __name__ == "__main__":
    main()
