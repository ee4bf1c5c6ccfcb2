"""Everything of a programme's broadcast that its shots share, and each shot's frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import cv2
import numpy as np

from training.rink.body import JOINT
from training.rink.broadcast.plan import BroadcastShot
from training.rink.camera import CameraMove, draw_camera
from training.rink.motion import program, warm_up
from training.rink.performance import SIMULATION_HZ, Motion, Program
from training.rink.picture.hall.arena import draw_arena
from training.rink.picture.hall.graphics import Caption, draw_captions, draw_card, draw_lower_third
from training.rink.picture.lens import draw_lens
from training.rink.picture.light import draw_lighting
from training.rink.picture.skater.actor import Actor
from training.rink.picture.skater.looks import Look, Role, draw_look
from training.rink.picture.still import StillPerson, draw_seats, draw_still_people
from training.rink.render import NUM_KEYPOINTS, OUTSIDE, RenderedFrame, render
from training.rink.scene import Scene, draw_shutter, skater_middle, streams

_AROUND_S = 1.0
"""Of the motion before and after a shot, for cross-fades and for what cloth remembers."""
_CLOSE_SHARES = {"bust": (2.0, 3.4), "skates": (2.2, 3.6)}
_CLOSE_AIMS = {
    "bust": ("neck", "nose"), "skates": ("left_ankle", "right_ankle", "left_knee", "right_knee"),
}  # fmt: skip
_REPLAY_SHARE = (0.3, 0.9)
_OTHERS = 0.25
"""Share of programmes during which others skate, too."""
_OTHERS_STREAM = 1_000_000
"""Beside the numbers of the shots in the programme's seed."""
_GROUP_S = 9.0
_LOWER_THIRD = 0.1
"""Share of the shots with a board over the lower part of the picture."""


@dataclass(frozen=True)
class Stage:
    """A programme, and the random streams of its broadcast."""

    seed: tuple[int, ...]
    motion: Program
    size: tuple[int, int]
    fps: Fraction

    def frames(
        self, shot: BroadcastShot, number: int, numbers: Sequence[int]
    ) -> Iterator[RenderedFrame]:
        """Frames of the video as one shot shows them; before its begin and after its end, too.

        Args:
            shot: Which one.
            number: Of the shot: it has a camera, captions and the like of its own.
            numbers: Of the frames in the video, in a row.
        """
        own = streams((*self.seed, number + 1))
        if shot.kind == "black":
            yield from (self._blank(np.zeros(self._shape, np.uint8)) for _ in numbers)
        elif shot.kind == "graphics":
            card = draw_card(own["graphics"], *self.size)
            yield from (self._blank(card) for _ in numbers)
        elif shot.kind == "nobody":
            scene = self._seats(own) if shot.view == "seats" else self._group(own)
            times_s = np.array([n - shot.first for n in numbers]) / float(self.fps) + _AROUND_S
            yield from (_without_skater(frame) for frame in render(scene, times_s))
        else:
            scene, begins_s = self._skating(shot, own)
            yield from render(scene, self._times_s(shot, numbers) - begins_s)

    @property
    def _shape(self) -> tuple[int, int, int]:
        return self.size[1], self.size[0], 3

    def _blank(self, picture: np.ndarray) -> RenderedFrame:
        """A picture without anybody."""
        nowhere = np.full((0, NUM_KEYPOINTS, 2), np.nan, np.float32)
        nobody = np.zeros((0, 4), np.float32)
        seen = np.zeros((0, NUM_KEYPOINTS), np.uint8)
        return _without_skater(RenderedFrame(picture, nobody, nowhere, seen))

    def _times_s(self, shot: BroadcastShot, numbers: Sequence[int]) -> np.ndarray:
        """Seconds of the motion."""
        times = np.array([shot.motion_at(number, self.fps) for number in numbers])
        if shot.repeats:
            times = np.floor(times * float(self.fps) + 1e-6) / float(self.fps)
        return times

    def _skating(
        self, shot: BroadcastShot, own: dict[str, np.random.Generator]
    ) -> tuple[Scene, float]:
        """The scene, and the second of the motion at which its clock starts."""
        begins_s = _sampled(max(shot.motion_s - _AROUND_S, 0.0))
        motion = _part(self.motion, begins_s, shot.motion_at(shot.stop, self.fps) + _AROUND_S)
        share = _CLOSE_SHARES.get(shot.view, _REPLAY_SHARE if shot.kind == "replay" else None)
        camera = draw_camera(
            own["camera"], motion, self.size,
            share=share, aim=_CLOSE_AIMS.get(shot.view, ("pelvis",)),
        )  # fmt: skip
        look = draw_look(streams(self.seed)["look"], motion.body.sex)
        others = [
            Actor.of(_part(other, begins_s, begins_s + motion.duration_s), look)
            for other, look in self._others()
        ]
        middle = skater_middle(motion)
        people = draw_still_people(streams(self.seed)["bystanders"], camera.position, middle)
        captions = draw_captions(own["graphics"], *self.size)
        if shot.kind == "skating" and own["graphics"].random() < _LOWER_THIRD:
            captions = (*captions, draw_lower_third(own["graphics"], *self.size))
        actors = (Actor.of(motion, look), *others)
        return self._scene(camera, actors, people, captions), begins_s

    def _others(self) -> list[tuple[Motion, Look]]:
        rng = streams(self.seed)["others"]
        if rng.random() > _OTHERS:
            return []
        minutes = min(max(self.motion.duration_s / 60.0, 1.0), 6.0)
        return _skaters(self.seed, int(rng.integers(1, 4)), minutes)

    def _group(self, own: dict[str, np.random.Generator]) -> Scene:
        """Others who warm up; the camera follows one of them."""
        rng = own["others"]
        motions = [warm_up(_GROUP_S, rng) for _ in range(int(rng.integers(3, 6)))]
        actors = tuple(Actor.of(motion, _other_look(motion, rng)) for motion in motions)
        camera = draw_camera(own["camera"], actors[0].motion, self.size, share=(0.12, 0.4))
        people = draw_still_people(
            streams(self.seed)["bystanders"], camera.position, skater_middle(actors[0].motion)
        )
        return self._scene(camera, actors, people, ())

    def _seats(self, own: dict[str, np.random.Generator]) -> Scene:
        """People who sit and wait, before a camera that hardly moves."""
        rng = own["camera"]
        people = draw_seats(own["bystanders"])
        faces = np.array([person.motion.joints[0, JOINT["nose"]] for person in people])
        middle = faces.mean(axis=0)
        away = rng.uniform(3.0, 6.0)
        position = np.array([
            middle[0] + rng.uniform(-1.5, 1.5), middle[1] - np.sign(middle[1]) * away,
            rng.uniform(1.2, 1.8),
        ])  # fmt: skip
        east, north, up = middle - position
        pan, tilt = np.arctan2(north, east), np.arctan2(up - 0.25, np.hypot(east, north))
        T = int(10 * SIMULATION_HZ)
        angles = np.tile([pan, tilt, 0.0], (T, 1))
        angles[:, 0] += rng.uniform(-0.12, 0.12) * np.linspace(-1.0, 1.0, T)
        camera = CameraMove(
            position=position, angles=angles,
            focal=away / rng.uniform(1.2, 2.2) * np.linspace(1.0, rng.uniform(1.0, 1.1), T),
            width=self.size[0], height=self.size[1], standpoint="rink_side",
        )  # fmt: skip
        return self._scene(camera, (), people, draw_captions(own["graphics"], *self.size))

    def _scene(
        self, camera: CameraMove, actors: tuple[Actor, ...], people: tuple[StillPerson, ...],
        captions: tuple[Caption, ...],
    ) -> Scene:  # fmt: skip
        """A scene at the programme's place, in its light."""
        whole = streams(self.seed)
        return Scene(
            camera=camera, fps=self.fps, actors=actors, bystanders=people,
            arena=draw_arena(whole["arena"]), lighting=draw_lighting(whole["lighting"]),
            lens=draw_lens(whole["lens"]), captions=captions,
            shutter=draw_shutter(whole["shutter"]),
        )  # fmt: skip


@lru_cache(maxsize=4)
def _skaters(seed: tuple[int, ...], count: int, minutes: float) -> list[tuple[Motion, Look]]:
    """Other skaters, with their own programmes and looks."""
    drawn: list[tuple[Motion, Look]] = []
    for number in range(count):
        rng = np.random.default_rng((*seed, _OTHERS_STREAM, number))
        motion = program(rng, minutes)
        drawn.append((motion, _other_look(motion, rng)))
    return drawn


def _other_look(motion: Motion, rng: np.random.Generator) -> Look:
    role: Role = "trainee" if rng.random() < 0.7 else "skater"
    return draw_look(rng, motion.body.sex, role=role)


def _sampled(seconds: float) -> float:
    """The last sample of a motion before a time."""
    return float(np.floor(seconds * SIMULATION_HZ) / SIMULATION_HZ)


def _part(motion: Motion, start_s: float, stop_s: float) -> Motion:
    """A stretch of a motion, with its clock at 0; beyond the end it stands still."""
    first = int(start_s * SIMULATION_HZ)
    samples = np.arange(first, int(stop_s * SIMULATION_HZ) + 2)
    samples = np.minimum(samples, len(motion.joints) - 1)
    return Motion(
        times_s=np.arange(len(samples)) / SIMULATION_HZ,
        joints=motion.joints[samples],
        support=motion.support[samples],
        body=motion.body,
    )


def _without_skater(frame: RenderedFrame) -> RenderedFrame:
    """The same picture; nobody in it is the programme's skater."""
    gone = np.full((1, 4), np.nan, np.float32)
    nowhere = np.full((1, NUM_KEYPOINTS, 2), np.nan, np.float32)
    unseen = np.full((1, NUM_KEYPOINTS), OUTSIDE, np.uint8)
    return RenderedFrame(
        frame.image,
        np.concatenate([gone, frame.boxes_xyxy]),
        np.concatenate([nowhere, frame.keypoints_xy]),
        np.concatenate([unseen, frame.visibility]),
    )


def frames_of(stage: Stage, shots: Sequence[BroadcastShot], number: int) -> Iterator[RenderedFrame]:
    """A shot's frames; its neighbours shine through where it fades in and out."""
    shot = shots[number]
    half_in = shot.fade // 2
    half_out = shots[number + 1].fade // 2 if number + 1 < len(shots) else 0
    own = stage.frames(shot, number, range(shot.first, shot.stop))
    begin, end = shot.first + half_in, shot.stop - half_out
    if half_in:
        before = stage.frames(shots[number - 1], number - 1, range(shot.first, begin))
        for place, other in enumerate(before):
            yield _blended(next(own), other, 0.5 + 0.5 * (place + 0.5) / half_in)
    for _ in range(begin, end):
        yield next(own)
    if half_out:
        after = stage.frames(shots[number + 1], number + 1, range(end, shot.stop))
        for place, other in enumerate(after):
            yield _blended(next(own), other, 1.0 - 0.5 * (place + 0.5) / half_out)


def _blended(frame: RenderedFrame, other: RenderedFrame, share: float) -> RenderedFrame:
    """The frame, with a share of its picture only; what it tells of people stays."""
    image = cv2.addWeighted(frame.image, share, other.image, 1.0 - share, 0.0)
    return replace(frame, image=np.asarray(image, np.uint8))
