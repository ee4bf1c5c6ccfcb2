"""The detection stage: DINO on key frames gives the boxes of all persons (paper, Sec. II-A).

The paper names DINO and says no more: not which of its backbones and checkpoints, nor the input
size, the score threshold or the frames it looked at. All of them are settings here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.dino import (
    Dino,
    ResizeRule,
    normalise,
    pad_batch,
    person_class,
    resize,
    resized_hw,
    to_xyxy,
)
from pipeline.detection.appearance import LENGTH, reid_descriptors
from pipeline.errors import ConfigError, InputError
from pipeline.settings import Count, ShareBelow1, settings
from pipeline.types import Detections, FloatArray, IntArray
from pipeline.types.basic import check_picture

Frame = NDArray[np.uint8]
"""RGB `(H, W, 3)`."""

PersonBoxes = tuple[FloatArray, FloatArray]
"""Boxes `(N, 4)` xyxy in pixels of one frame and their scores `(N,)`, best first."""


@settings()
class DetectorSettings:
    """Which detector looks at which frames, and what counts as a person."""

    checkpoint: str
    """Name in the checkpoint manifest."""
    short_side: Count = 800
    """Pixels that a frame's shorter side is resized to. Assumption: as published."""
    long_side: int = 1333
    """Most pixels that the longer side may have then. Assumption: as published."""
    rule: ResizeRule = "official"
    """Whose resizing: the official code's, or mmdetection's, which also cuts boxes off at the
    frame's border. Goes with the checkpoint."""
    score_threshold: ShareBelow1 = 0.3
    """Less certain persons are left out. Assumption: the threshold of the official demo."""
    every: Count = 4
    """Look at about every so many frames; 1: at all of them."""
    max_key_frames: Count | None = None
    """Look at no more frames than this, spread evenly; None: without limit."""
    batch_size: Count = 4
    """Frames at a time."""
    backend: Literal["rinkside", "mmdet"] = "rinkside"
    """Whose network runs the checkpoint: ours, or mmdetection's own where it is installed
    (docs/openmmlab.md)."""

    def __post_init__(self) -> None:
        if self.long_side < self.short_side:
            raise ConfigError(
                f"detector.long_side: must not be below short_side, got {self.long_side} "
                f"and {self.short_side}"
            )


def key_frames(num_frames: int, *, every: int = 1, at_most: int | None = None) -> IntArray:
    """The frames of a clip that the detector looks at.

    They are spread evenly and contain the first and the last, so that every other frame lies
    between two of them.

    Args:
        num_frames: Of the clip.
        every: Distance that neighbours have at most.
        at_most: Upper limit to their number, which goes before `every`.
    """
    count = -(-(num_frames - 1) // every) + 1 if num_frames else 0
    if at_most is not None:
        count = min(count, at_most)
    if count == 1:
        return np.array([(num_frames - 1) // 2], dtype=np.int64)
    return np.linspace(0, num_frames - 1, count).round().astype(np.int64)


class Detector(Protocol):
    """Whatever finds persons in frames."""

    batch_size: int
    """Frames that it likes to see at a time."""

    def people(self, frames: Sequence[Frame]) -> list[PersonBoxes]:
        """Persons in each of the frames."""
        ...


class DinoDetector:
    """DINO with everything around it, on the device where the network is.

    Every query of the network is asked for one class, so it comes back at most once, and there is
    no non-maximum suppression, as published.

    Args:
        network: Put into eval mode.
        settings: Size of the input, threshold, batch size.
        person: Index of the class "person"; follows from the number of classes by default.
        precision: `torch.bfloat16` halves the time on processors that have it.
    """

    def __init__(
        self,
        network: Dino,
        settings: DetectorSettings,
        *,
        person: int | None = None,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.network = network.eval()
        self.settings = settings
        self.batch_size = settings.batch_size
        self.person = person_class(network.num_classes) if person is None else person
        self.precision = precision

    @torch.inference_mode()
    def people(self, frames: Sequence[Frame]) -> list[PersonBoxes]:
        """Persons in each of the frames.

        Raises:
            InputError: The network answers with something else than numbers.
        """
        device = next(self.network.parameters()).device
        pixels, sizes = pad_batch([self._image(frame).to(device) for frame in frames])
        alike = bool((sizes == sizes[0]).all())
        reduced = self.precision != torch.float32
        with torch.autocast(device.type, dtype=self.precision, enabled=reduced):
            prediction = self.network(pixels, None if alike else sizes).final
        scores = prediction.logits[..., self.person].float().sigmoid()  # (T, Q)
        originals = torch.tensor([frame.shape[:2] for frame in frames], device=device)
        boxes = to_xyxy(prediction.boxes, originals, clamp=self.settings.rule == "mmdet")
        return [self._best(*both) for both in zip(boxes.cpu(), scores.cpu(), strict=True)]

    def _image(self, frame: Frame) -> Tensor:
        """The network's view of one frame, `(3, h, w)`."""
        settings = self.settings
        height, width = frame.shape[:2]
        size = resized_hw(
            height,
            width,
            short_side=settings.short_side,
            long_side=settings.long_side,
            rule=settings.rule,
        )
        pixels = torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)[None]
        return normalise(resize(pixels, size, rule=settings.rule))[0]

    def _best(self, boxes: Tensor, scores: Tensor) -> PersonBoxes:
        if not (scores.isfinite().all() and boxes.isfinite().all()):
            raise InputError(
                "the detector returns NaN or infinity: its weights are damaged; fetch or "
                "convert its checkpoint again"
            )
        order = scores.argsort(descending=True)
        order = order[scores[order] >= self.settings.score_threshold]
        return boxes[order].float().numpy(), scores[order].numpy()


class DetectionRun:
    """One clip on its way through a detector: `add` every key frame in order, then `finish`.

    Args:
        detector: Finds the persons.
        num_frames: T of the clip.
        key_frames: Increasing positions of the frames that will be added.
    """

    def __init__(self, detector: Detector, num_frames: int, key_frames: IntArray) -> None:
        if len(key_frames) and not (
            key_frames[0] >= 0 and key_frames[-1] < num_frames and (np.diff(key_frames) > 0).all()
        ):
            raise ValueError(f"key_frames: must increase and lie in a clip of {num_frames} frames")
        self._detector = detector
        self._num_frames = num_frames
        self._key_frames = key_frames.astype(np.int64)
        self._pending: list[Frame] = []
        self._found: list[PersonBoxes] = []
        self._appearance: list[FloatArray] = []

    def add(self, frame: Frame) -> None:
        """Take the next key frame; every `batch_size` of them the detector runs."""
        position = len(self._found) + len(self._pending)
        check_picture(f"key frame {position}", frame)
        if position == len(self._key_frames):
            raise ValueError(f"more frames than the {position} key frames that were announced")
        self._pending.append(frame)
        if len(self._pending) == self._detector.batch_size:
            self._run_pending()

    def finish(self) -> Detections:
        """Everybody who was found."""
        if self._pending:
            self._run_pending()
        if len(self._found) != len(self._key_frames):
            raise ValueError(f"{len(self._found)} frames for {len(self._key_frames)} key frames")
        counts = [len(scores) for _, scores in self._found]
        return Detections(
            num_frames=self._num_frames,
            key_frames=self._key_frames,
            frame=np.repeat(self._key_frames, counts),
            boxes_xyxy=np.concatenate([np.empty((0, 4), np.float32), *(b for b, _ in self._found)]),
            scores=np.concatenate([np.empty(0, np.float32), *(s for _, s in self._found)]),
            appearance=np.concatenate([np.empty((0, LENGTH), np.float32), *self._appearance]),
        )

    def _run_pending(self) -> None:
        found = self._detector.people(self._pending)
        pairs = zip(self._pending, found, strict=True)
        self._appearance += [reid_descriptors(frame, boxes) for frame, (boxes, _) in pairs]
        self._found += found
        self._pending = []


def detect(
    detector: Detector, frames: Iterable[Frame], key_frames: IntArray, *, num_frames: int
) -> Detections:
    """The persons on the key frames of one clip, whose frames are never held beyond a batch.

    Args:
        detector: Finds the persons.
        frames: The key frames in order, each RGB uint8 `(H, W, 3)`; an array `(F, H, W, 3)` will
            do, and an iterator may report progress or stop the work by an exception.
        key_frames: `(F,)` their positions in the clip, increasing.
        num_frames: T of the clip.

    Raises:
        ValueError: Malformed frames, or not as many as key frames.
        InputError: The network answers with something else than numbers.
    """
    run = DetectionRun(detector, num_frames, key_frames)
    for frame in frames:
        run.add(frame)
    return run.finish()
