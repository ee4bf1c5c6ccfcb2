"""The player as a gradio component: one `gr.HTML` whose scripts do everything in the browser.

Its value is the token of a clip and a revision, nothing else. The scene, the pictures and the video
are fetched from `ui.player.routes`; overlays are drawn in the browser.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

from ui.player.clips import Clip
from ui.player.routes import PREFIX, version

_HERE = Path(__file__).parent

_LOAD = f"""
const root = (window.gradio_config && window.gradio_config.root) || window.location.href;
const base = new URL(".{PREFIX}/", root.endsWith("/") ? root : root + "/").href;
import(base + "static/{version()}/main.js")
  .then(module => module.mount(
    {{ element, props, watch, base, relock: message => trigger("relock", message) }}))
  .catch(error => {{ element.querySelector(".rp-message").textContent = String(error); }});
"""
"""`trigger("relock")` tells gradio that the component has an event of that name."""


def build_player(**options: Any) -> gr.HTML:
    """Picture, overlays and lanes; its event `relock` asks for another skater.

    A function and no class: beside every class of a component gradio writes a stub file.
    """
    return gr.HTML(
        player_value(None),
        html_template=(_HERE / "player.html").read_text(encoding="utf-8"),
        css_template=(_HERE / "player.css").read_text(encoding="utf-8"),
        js_on_load=_LOAD,
        apply_default_css=False,
        **options,
    )


def player_value(clip: Clip | None, *, frame: int | None = None, message: str = "") -> str:
    """What makes the player show a clip.

    Args:
        clip: Which; None empties the player.
        frame: Where to go, 0..T-1; where the viewer is, by default.
        message: A sentence in place of a picture.
    """
    token, revision = (None, 0) if clip is None else (clip.token, clip.news)
    return json.dumps({"token": token, "revision": revision, "frame": frame, "message": message})
