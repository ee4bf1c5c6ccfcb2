"""A whole programme as a broadcast shows it: one skater, several cameras, and what lies between.

Shots are rendered apart, on all cores, and joined without encoding anew; after a kill those that
are there stay.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np

from models.atomic_files import write_text, written
from pipeline.elements import LABELS, class_index
from training.rink.broadcast.plan import BroadcastShot, plan_broadcast
from training.rink.broadcast.stage import Stage, frames_of
from training.rink.camera import draw_size
from training.rink.files.encode import Encoding, mp4_writer
from training.rink.files.truth import TruthRecorder, save_truth
from training.rink.motion import program
from training.rink.performance import ProgramElement
from training.rink.scene import draw_fps, streams

STREAM = 4
"""Second number of a programme's seed: 0 to 3 are clips, pictures and skeletons."""

SHOTS_FOLDER = "shots"

_ENCODING = Encoding(
    codec="libx264", options={"crf": "23", "preset": "superfast"}, key_frame_every=50, b_frames=0
)


@dataclass(frozen=True, kw_only=True)
class ProgramRecipe:
    """What a programme is made of."""

    seed: int
    """From 500,000 up for tests."""
    minutes: float
    """About how long."""
    size: tuple[int, int] | None
    """Width and height; drawn when None."""
    fps: str | None
    """Frames a second as a fraction; drawn when None."""
    plain: bool = False
    """Skating alone, with hard cuts: no replays, close-ups, graphics or other pictures."""


@dataclass(frozen=True, kw_only=True)
class ProgramShot:
    """One camera's part of a programme."""

    recipe: ProgramRecipe
    number: int
    folder: Path
    """Where the programme is written."""

    @property
    def files(self) -> tuple[Path, Path]:
        """Its video and its truth, the latter written last."""
        stem = self.folder / SHOTS_FOLDER / f"{self.number:03d}"
        return stem.with_suffix(".mp4"), stem.with_suffix(".npz")

    @property
    def done(self) -> bool:
        """Whether both are there."""
        return all(file.exists() for file in self.files)


@dataclass(frozen=True)
class _Plan:
    stage: Stage
    shots: tuple[BroadcastShot, ...]

    @property
    def num_frames(self) -> int:
        return self.shots[-1].stop

    @property
    def fps(self) -> Fraction:
        return self.stage.fps


@lru_cache(maxsize=1)
def _plan(recipe: ProgramRecipe) -> _Plan:
    seed = (recipe.seed, STREAM)
    rng = streams(seed)
    motion = program(rng["motion"], recipe.minutes)
    size, fps = draw_size(rng["picture"]), draw_fps(rng["picture"])
    fps = Fraction(recipe.fps) if recipe.fps else fps
    shots = plan_broadcast(rng["camera"], motion, fps, plain=recipe.plain)
    return _Plan(Stage(seed, motion, recipe.size or size, fps), shots)


def plan_shots(recipe: ProgramRecipe, folder: Path) -> list[ProgramShot]:
    """Every shot of a programme."""
    count = len(_plan(recipe).shots)
    return [ProgramShot(recipe=recipe, number=number, folder=folder) for number in range(count)]


def render_shot(shot: ProgramShot) -> None:
    """Draw one shot and its truth.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    plan = _plan(shot.recipe)
    video, truth = shot.files
    recorder = TruthRecorder()
    with (
        written(video) as scratch,
        mp4_writer(scratch, _ENCODING, size=plan.stage.size, fps=plan.fps) as writer,
    ):
        for frame in frames_of(plan.stage, plan.shots, shot.number):
            writer.write(frame.image)
            recorder.add(frame)
    save_truth(truth, recorder.positions())


def finish_program(shots: Sequence[ProgramShot]) -> None:
    """Join all shots to `program.mp4`, `truth/program.npz` and `program.json`.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    recipe, folder = shots[0].recipe, shots[0].folder
    plan = _plan(recipe)
    with written(folder / "program.mp4") as scratch:
        _join([shot.files[0] for shot in shots], scratch, plan.fps)
    truths = [dict(np.load(shot.files[1])) for shot in shots]
    save_truth(folder / "truth" / "program.npz", _joined_truth(truths, plan))
    content = _content(plan, recipe)
    write_text(folder / "program.json", json.dumps(content, indent=1) + "\n")


def remove_shots(folder: Path) -> None:
    """Remove the parts of a programme that is complete."""
    shutil.rmtree(folder / SHOTS_FOLDER)


def is_finished(folder: Path) -> bool:
    """Whether the programme is complete; `program.json` is written last."""
    return (folder / "program.json").is_file()


def _join(parts: Sequence[Path], target: Path, fps: Fraction) -> None:
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as joined:
        stream = None
        offset = 0
        for part in parts:
            with av.open(str(part)) as file:
                source = file.streams.video[0]
                stream = stream or joined.add_stream_from_template(source)
                ticks = int(1 / (fps * source.time_base)) if source.time_base else 1
                for packet in file.demux(source):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts += offset
                    packet.dts += offset
                    packet.stream = stream
                    joined.mux(packet)
                offset += ticks * source.frames


def _joined_truth(truths: Sequence[dict[str, Any]], plan: _Plan) -> dict[str, Any]:
    """Frames in a row; the number of others differs from shot to shot and is filled up."""
    names = [name for name in truths[0] if name != "frame_index"]
    most = max(truth["other_boxes"].shape[1] for truth in truths)
    joined = {
        name: np.concatenate([_filled(name, truth[name], most) for truth in truths])
        for name in names
    }
    T = plan.num_frames
    return {
        "frame_index": np.arange(T),
        "pts_s": np.arange(T) * float(1 / plan.fps),
        "shot": np.repeat(np.arange(len(truths)), [s.stop - s.first for s in plan.shots]),
        "motion_s": np.concatenate(
            [[s.motion_at(frame, plan.fps) for frame in range(s.first, s.stop)] for s in plan.shots]
        ),
        **joined,
    }


def _filled(name: str, array: np.ndarray, most: int) -> np.ndarray:
    if not name.startswith("other_"):
        return array
    room = [(0, 0)] * array.ndim
    room[1] = (0, most - array.shape[1])
    return np.pad(array, room, constant_values=0 if array.dtype == np.uint8 else np.nan)


def _content(plan: _Plan, recipe: ProgramRecipe) -> dict[str, Any]:
    """What `program.json` says; all times are seconds of the video."""
    motion, fps = plan.stage.motion, plan.fps
    elements = [_in_video(element, plan) for element in motion.elements]
    shots = [
        {
            "start_s": float(shot.first / fps), "end_s": float(shot.stop / fps),
            "kind": shot.kind, "begins": shot.begins, "fade_s": float(shot.fade / fps),
            "view": shot.view or None, "element": shot.element, "slowed": shot.slowed,
        }
        for shot in plan.shots
    ]  # fmt: skip
    return {
        "seed": recipe.seed,
        "frames": plan.num_frames,
        "fps": float(fps),
        "width": plan.stage.size[0],
        "height": plan.stage.size[1],
        "mirrored": motion.mirrored,
        "elements": [
            {"class_index": _class_index(element.label), **_plain(asdict(element))}
            for element in elements
        ],
        "shots": shots,
    }


def _in_video(element: ProgramElement, plan: _Plan) -> ProgramElement:
    """The same element, its times in seconds of the video."""

    def at(seconds: float) -> float:
        if math.isnan(seconds):
            return seconds
        live = [shot for shot in plan.shots if shot.live and shot.motion_s <= max(seconds, 0.0)]
        return float(live[-1].first / plan.fps) + seconds - live[-1].motion_s

    return replace(
        element,
        start_s=at(element.start_s),
        takeoff_s=at(element.takeoff_s),
        landing_s=at(element.landing_s),
        end_s=at(element.end_s),
        foot_change_s=at(element.foot_change_s),
        positions=tuple((name, at(a), at(b)) for name, a, b in element.positions),
    )


def _class_index(label: str) -> int | None:
    return class_index(label) if label in LABELS else None


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """For JSON: numbers that are none as null, sets as sorted lists."""
    return {
        key: None
        if isinstance(value, float) and math.isnan(value)
        else sorted(value)
        if isinstance(value, frozenset)
        else value
        for key, value in record.items()
    }
