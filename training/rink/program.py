"""A whole programme as a broadcast shows it: one skater, several cameras, cuts between them.

Shots are rendered apart, on all cores, and joined without encoding anew; after a kill those that
are there stay.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np

from models.atomic_files import write_text, written
from pipeline.elements import LABELS, class_index
from training.rink.camera import CameraMove, draw_camera, draw_size
from training.rink.files.encode import Encoding, mp4_writer
from training.rink.files.truth import TruthRecorder, save_truth
from training.rink.motion import program
from training.rink.performance import SIMULATION_HZ, Motion, Program
from training.rink.picture.hall.arena import draw_arena
from training.rink.picture.hall.graphics import draw_captions
from training.rink.picture.lens import draw_lens
from training.rink.picture.light import draw_lighting
from training.rink.picture.skater.actor import Actor
from training.rink.picture.skater.looks import draw_look
from training.rink.picture.still import draw_still_people
from training.rink.render import render
from training.rink.scene import Scene, draw_fps, draw_shutter, skater_middle, streams

STREAM = 4
"""Second number of a programme's seed: 0 to 3 are clips, pictures and skeletons."""

SHOTS_FOLDER = "shots"

_SHORTEST_SHOT_S, _LONGEST_SHOT_S = 5.0, 22.0
_ENCODING = Encoding(
    codec="libx264", options={"crf": "23", "preset": "veryfast"}, key_frame_every=50, b_frames=0
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
    motion: Program
    size: tuple[int, int]
    fps: Fraction
    cuts: tuple[int, ...]  # first frame of every shot, and the number of frames

    @property
    def num_frames(self) -> int:
        return self.cuts[-1]


@lru_cache(maxsize=1)
def _plan(recipe: ProgramRecipe) -> _Plan:
    rng = streams((recipe.seed, STREAM))
    motion = program(rng["motion"], recipe.minutes)
    size, fps = draw_size(rng["picture"]), draw_fps(rng["picture"])
    fps = Fraction(recipe.fps) if recipe.fps else fps
    num_frames = int(motion.duration_s * fps)
    cuts, at = [0], 0.0
    while True:
        at += float(rng["camera"].uniform(_SHORTEST_SHOT_S, _LONGEST_SHOT_S))
        if at > motion.duration_s - _SHORTEST_SHOT_S:
            return _Plan(motion, recipe.size or size, fps, (*cuts, num_frames))
        cuts.append(int(at * fps))


def plan_shots(recipe: ProgramRecipe, folder: Path) -> list[ProgramShot]:
    """Every shot of a programme."""
    count = len(_plan(recipe).cuts) - 1
    return [ProgramShot(recipe=recipe, number=number, folder=folder) for number in range(count)]


def render_shot(shot: ProgramShot) -> None:
    """Draw one shot and its truth.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    plan = _plan(shot.recipe)
    first, stop = plan.cuts[shot.number : shot.number + 2]
    scene = _scene(plan, shot, float(first / plan.fps), float(stop / plan.fps))
    video, truth = shot.files
    recorder = TruthRecorder()
    times_s = np.arange(stop - first) * float(1 / plan.fps)
    with (
        written(video) as scratch,
        mp4_writer(scratch, _ENCODING, size=plan.size, fps=plan.fps) as writer,
    ):
        for frame in render(scene, times_s):
            writer.write(frame.image)
            recorder.add(frame)
    standpoint = {"standpoint": np.array(scene.camera.standpoint)}
    save_truth(truth, recorder.positions() | standpoint)


def _scene(plan: _Plan, shot: ProgramShot, start_s: float, stop_s: float) -> Scene:
    """Place, people and looks are the programme's; camera and captions the shot's own."""
    whole = streams((shot.recipe.seed, STREAM))
    own = streams((shot.recipe.seed, STREAM, shot.number + 1))
    motion = _part(plan.motion, start_s, stop_s)
    camera: CameraMove = draw_camera(own["camera"], motion, plan.size)
    middle = skater_middle(motion)
    return Scene(
        camera=camera,
        fps=plan.fps,
        actors=(Actor.of(motion, draw_look(whole["look"], motion.body.sex)),),
        bystanders=draw_still_people(whole["bystanders"], camera.position, middle),
        arena=draw_arena(whole["arena"]),
        lighting=draw_lighting(whole["lighting"]),
        lens=draw_lens(whole["lens"]),
        captions=draw_captions(own["graphics"], *plan.size),
        shutter=draw_shutter(whole["shutter"]),
    )


def _part(motion: Motion, start_s: float, stop_s: float) -> Motion:
    """A stretch of a motion, with its clock at 0."""
    first = int(start_s * SIMULATION_HZ)
    part = slice(first, int(stop_s * SIMULATION_HZ) + 2)
    joints, support = motion.joints[part], motion.support[part]
    return Motion(
        times_s=np.arange(len(joints)) / SIMULATION_HZ, joints=joints, support=support,
        body=motion.body,
    )  # fmt: skip


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
    content = _content(plan, recipe, [str(truth["standpoint"]) for truth in truths])
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
    names = [name for name in truths[0] if name not in ("standpoint", "frame_index")]
    most = max(truth["other_boxes"].shape[1] for truth in truths)
    joined = {
        name: np.concatenate([_filled(name, truth[name], most) for truth in truths])
        for name in names
    }
    T = plan.num_frames
    return {
        "frame_index": np.arange(T),
        "pts_s": np.arange(T) * float(1 / plan.fps),
        "shot": np.repeat(np.arange(len(truths)), np.diff(plan.cuts)),
        **joined,
    }


def _filled(name: str, array: np.ndarray, most: int) -> np.ndarray:
    if not name.startswith("other_"):
        return array
    room = [(0, 0)] * array.ndim
    room[1] = (0, most - array.shape[1])
    return np.pad(array, room, constant_values=0 if array.dtype == np.uint8 else np.nan)


def _content(plan: _Plan, recipe: ProgramRecipe, standpoints: Sequence[str]) -> dict[str, Any]:
    """What `program.json` says."""
    elements = [
        {"class_index": _class_index(element.label), **_plain(asdict(element))}
        for element in plan.motion.elements
    ]
    shots = [
        {"start_s": float(first / plan.fps), "standpoint": standpoint}
        for first, standpoint in zip(plan.cuts, standpoints, strict=False)
    ]
    return {
        "seed": recipe.seed,
        "frames": plan.num_frames,
        "fps": float(plan.fps),
        "width": plan.size[0],
        "height": plan.size[1],
        "mirrored": plan.motion.mirrored,
        "elements": elements,
        "shots": shots,
    }


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
