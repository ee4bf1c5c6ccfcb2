"""The player as a gradio component: one `gr.HTML` whose scripts do everything in the browser.

Its value names a clip, a run and a revision, nothing else. The scene, the pictures and the video
are fetched from `ui.player.routes`; overlays are drawn in the browser.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

from ui.player.clips import Clip
from ui.player.routes import PREFIX, version
from ui.runs import Run

_HERE = Path(__file__).parent


def build_player(*, skater_choosable: bool = True, **options: Any) -> gr.HTML:
    """Picture, overlays and lanes.

    A function and no class: beside every class of a component gradio writes a stub file.

    Args:
        skater_choosable: Whether its event `choose_skater` asks for another skater, `mark` for
            the person in a drawn box, `flight` sets one, and `notes` brings the notes on frames.
        options: Of `gr.HTML`.
    """
    return gr.HTML(
        player_value(None),
        html_template=(_HERE / "player.html").read_text(encoding="utf-8"),
        css_template=(_HERE / "player.css").read_text(encoding="utf-8"),
        js_on_load=_script(skater_choosable),
        apply_default_css=False,
        **options,
    )


def player_value(
    clip: Clip | None, run: Run | None = None, *, frame: int | None = None, message: str = ""
) -> str:
    """What makes the player show a clip.

    Args:
        clip: Which; None empties the player.
        run: Which of the clip's analyses; the one that was shown last, by default.
        frame: Where to go, place in the whole file from 0; where the viewer is, by default.
        message: A sentence in place of a picture.
    """
    token, revision = (None, 0) if clip is None else (clip.token, clip.news)
    run_id = None if run is None else run.run_id
    value = {"token": token, "run": run_id, "revision": revision, "frame": frame}
    return json.dumps({**value, "message": message})


def _script(skater_choosable: bool) -> str:
    # `trigger("choose_skater")` tells gradio that the component has an event of that name.
    events = {
        "chooseSkater": "choose_skater",
        "mark": "mark",
        "setFlight": "flight",
        "setNotes": "notes",
    }
    told = ", ".join(
        f'{name}: message => trigger("{event}", message)' if skater_choosable else f"{name}: null"
        for name, event in events.items()
    )
    return f"""
const root = (window.gradio_config && window.gradio_config.root) || window.location.href;
const base = new URL(".{PREFIX}/", root.endsWith("/") ? root : root + "/").href;
import(base + "static/{version()}/main.js")
  .then(module => module.mount({{ element, props, watch, base, {told} }}))
  .catch(error => {{ element.querySelector(".rp-message").textContent = String(error); }});
"""
