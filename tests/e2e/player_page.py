"""A page with nothing but the player: `python -m tests.e2e.player_page --port P clip.mp4 ...`.

Every video gets a made analysis in which the people spell the frame's number: person i has a box in
column i of the picture exactly when bit i of the number is set. One screenshot then tells both
which frame the picture is and which frame the overlays are of.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
import numpy as np

from pipeline.messages import Message
from pipeline.types import Analysis, People, PoseSequence, RegionOfInterest, Track
from pipeline.video import open_video
from tests.factories import make_analysis
from tests.videos import BITS
from ui.player import ClipShelf, build_player, player_routes, player_value
from ui.runs import Run

SPAN = (0.4, 1.2)
"""In and out point of what is analysed of `part.mp4`."""
TOP, BOTTOM = 0.55, 0.75
"""Where the boxes that spell the number lie, as shares of the picture's height."""


def spelled_analysis(path: Path) -> Analysis:
    """An analysis whose boxes spell the frame's number; of `part.mp4` only of a span."""
    start_s, end_s = SPAN if path.stem == "part" else (None, None)
    video = open_video(path, start_s=start_s, end_s=end_s)
    T, width, height = len(video), video.info.width, video.info.height
    numbers = video.timeline.frame_index
    tracks = []
    for bit in range(BITS):
        boxes = np.full((T, 4), np.nan, np.float32)
        present = (numbers >> bit & 1).astype(bool)
        left, right = width * (bit + 0.2) / BITS, width * (bit + 0.8) / BITS
        boxes[present] = [left, TOP * height, right, BOTTOM * height]
        scores = np.where(present, 0.9, np.nan).astype(np.float32)
        tracks.append(Track(bit, boxes, scores, present))
    made = make_analysis(num_frames=T)
    return replace(
        made,
        video=video.info,
        timeline=video.timeline,
        people=People(tuple(tracks), None, Message("made")),
        region=RegionOfInterest(np.array([0, 0, width, height], np.float32), "whole_frame"),
        pose=PoseSequence(np.full((T, 17, 2), np.nan, np.float32), np.zeros((T, 17), np.float32)),
    )


def build(paths: list[Path], analyse=spelled_analysis) -> tuple[gr.Blocks, ClipShelf]:
    """The page, and a hidden box to say which of the videos it shows."""
    shelf = ClipShelf()
    runs: dict[int, Run] = {}
    with gr.Blocks(title="player", analytics_enabled=False) as page:
        which = gr.Number(-1, elem_id="which", label="which", precision=0)
        player = build_player(elem_id="player")
        heard = gr.Textbox(elem_id="heard", label="heard")

        def show(number: int, request: gr.Request) -> str:
            if number < 0:
                return player_value(None)
            path = paths[number]
            if number not in runs:
                runs[number] = Run(str(number), path.parent, visitor=str(request.session_hash))
                runs[number].analysis = analyse(path)
            return player_value(shelf.show_run(runs[number]), runs[number])

        def hear(event: gr.EventData) -> str:
            return json.dumps(event._data)

        # By default the page would drop a number that comes while one before is being answered.
        which.submit(show, which, player, show_progress="hidden", trigger_mode="multiple")
        player.choose_skater(hear, None, heard, show_progress="hidden")
    return page, shelf


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("paths", type=Path, nargs="+")
    arguments = parser.parse_args()
    page, shelf = build(arguments.paths)
    page.launch(
        server_port=arguments.port,
        app_kwargs={"routes": player_routes(shelf)},
        show_error=True,
        quiet=True,
    )


if __name__ == "__main__":
    main()
