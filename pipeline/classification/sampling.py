"""Which frames and crops of a clip a network sees (paper, Sec. III-A: 5 temporal x 3 spatial).

The rules are those of Unmasked Teacher and UniFormerV2: the whole clip is cut into as many segments
as frames are wanted; a test view takes one frame of each, at the same relative place. Short clips
and square regions give equal views: a plan lists the distinct ones, and which of the protocol's
views each stands for, so that the mean over the protocol's views is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.types import IntArray

CropRule = Literal["umt", "uniformerv2"]
"""Where crops lie along the longer side. Of `margin` spare pixels, crop k of n begins at
`umt`: k / (n - 1) of the margin, rounded down; `uniformerv2`: 0, the half rounded up, all of it.
They differ by one pixel in the middle of an odd margin."""


UNIFORMERV2_CROPS = (1, 3)
"""Numbers of crops that the rule `uniformerv2` knows."""


def temporal_indices(num_frames_in_clip: int, num_sampled: int, num_clips: int) -> IntArray:
    """Frame indices of the test views: `(num_clips, num_sampled)`, non-decreasing along a view.

    A clip shorter than `num_sampled` repeats frames, down to a single one.
    """
    _check_counts(num_frames_in_clip, num_sampled, num_clips=num_clips)
    segment = (num_frames_in_clip - 1) / num_sampled
    starts = np.round(segment * np.arange(num_sampled)).astype(np.int64)
    shifts = (segment / (num_clips + 1) * np.arange(1, num_clips + 1)).astype(np.int64)
    return np.minimum(starts + shifts[:, None], num_frames_in_clip - 1)


def validation_indices(num_frames_in_clip: int, num_sampled: int) -> IntArray:
    """Frame indices of the one view used for validation: `(num_sampled,)`."""
    return temporal_indices(num_frames_in_clip, num_sampled, num_clips=1)[0]


def training_indices(
    num_frames_in_clip: int, num_sampled: int, generator: np.random.Generator
) -> IntArray:
    """Frame indices of a training view: `(num_sampled,)`, a random frame of each segment."""
    _check_counts(num_frames_in_clip, num_sampled)
    segment = (num_frames_in_clip - 1) / num_sampled
    edges = np.round(segment * np.arange(num_sampled + 1)).astype(np.int64)
    # Both edges belong to the segment; the last one's end is the last frame.
    return generator.integers(edges[:-1], edges[1:], endpoint=True)


def crop_offsets(margin: int, num_crops: int, rule: CropRule) -> IntArray:
    """First pixels of the crops along the longer side: `(num_crops,)`; one crop lies in the middle.

    Args:
        margin: Pixels by which the side exceeds the crop.
        num_crops: 1 or more; UniFormerV2 knows 1 and 3.
        rule: Whose rounding.

    Raises:
        ValueError: A negative margin, or a number of crops the rule does not know.
    """
    _check_positive(num_crops=num_crops)
    if margin < 0:
        raise ValueError(f"margin must not be negative, got {margin}")
    if rule == "umt":
        steps = np.arange(num_crops) / (num_crops - 1) if num_crops > 1 else np.array([0.5])
        return (steps * margin).astype(np.int64)
    if num_crops not in UNIFORMERV2_CROPS:
        raise ValueError(f"num_crops: the UniFormerV2 rule knows 1 and 3 crops, got {num_crops}")
    middle = -(-margin // 2)
    return np.array([middle] if num_crops == 1 else [0, middle, margin], dtype=np.int64)


@dataclass(frozen=True)
class View:
    """One input of a network: some frames, one square crop of the resized clip."""

    frame_indices: IntArray
    """`(T,)` frames of the clip."""
    top: int
    """First row of the crop in the resized frame."""
    left: int
    """First column of the crop in the resized frame."""
    flipped: bool = False
    """Whether left and right change places."""


@dataclass(frozen=True)
class ViewPlan:
    """The views of a clip: the distinct ones, and how they make up the protocol's."""

    resized_size: tuple[int, int]
    """Height and width of the frames that are cropped, pixels."""
    views: tuple[View, ...]
    """Distinct views, to be computed once each."""
    view_of: IntArray
    """`(V,)` entry in `views` of each of the protocol's views (time outermost, crops within)."""

    def __post_init__(self) -> None:
        if sorted(set(self.view_of.tolist())) != list(range(len(self.views))):
            raise ValueError(f"view_of: expected every one of {len(self.views)} views, got others")
        height, width = self.resized_size
        for view in self.views:
            if not (0 <= view.top <= height - self.side and 0 <= view.left <= width - self.side):
                raise ValueError(
                    f"crop at ({view.top}, {view.left}) of side {self.side} leaves the frame of "
                    f"{height}x{width}"
                )

    @property
    def side(self) -> int:
        """Side of the square crops, pixels: the shorter one of the frames."""
        return min(self.resized_size)

    @property
    def num_views(self) -> int:
        """V of the protocol, e.g. 15."""
        return len(self.view_of)

    @property
    def multiplicity(self) -> IntArray:
        """`(len(views),)` how many of the protocol's views each distinct one stands for."""
        return np.bincount(self.view_of, minlength=len(self.views))

    def repeat(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Rows of the distinct views as often as the protocol counts them: `(V, ...)`."""
        if len(values) != len(self.views):
            raise ValueError(
                f"expected a row for each of {len(self.views)} views, got {len(values)}"
            )
        return values[self.view_of]

    def mean(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Mean over the protocol's views from values of the distinct ones `(len(views), ...)`."""
        return np.average(np.asarray(values, dtype=np.float64), axis=0, weights=self.multiplicity)

    def __repr__(self) -> str:
        return f"ViewPlan({self.num_views} views, {len(self.views)} distinct, side {self.side})"


def plan_views(
    num_frames_in_clip: int,
    resized_size: tuple[int, int],
    *,
    num_sampled: int,
    num_clips: int = 5,
    num_crops: int = 3,
    crop_rule: CropRule = "umt",
    flipped: bool = False,
) -> ViewPlan:
    """Plan the test views of a clip.

    Args:
        num_frames_in_clip: Frames of the clip, at least one.
        resized_size: Height and width of its frames, scaled so that the shorter side is the
            network's (`transforms.resized_size`).
        num_sampled: T of the network.
        num_clips: Temporal views.
        num_crops: Spatial views.
        crop_rule: Whose rounding of crop offsets.
        flipped: Whether every second temporal view is flipped.
    """
    height, width = resized_size
    _check_positive(height=height, width=width)
    frames = temporal_indices(num_frames_in_clip, num_sampled, num_clips)
    offsets = crop_offsets(abs(height - width), num_crops, crop_rule)
    # A crop lies along the longer side; the other offset is zero.
    corners = [(o, 0) if height > width else (0, o) for o in offsets.tolist()]
    distinct: dict[tuple[bytes, int, int, bool], int] = {}
    views: list[View] = []
    view_of = []
    for number, indices in enumerate(frames):
        turned = flipped and number % 2 == 1
        for top, left in corners:
            key = (indices.tobytes(), top, left, turned)
            if key not in distinct:
                distinct[key] = len(views)
                views.append(View(indices, top, left, turned))
            view_of.append(distinct[key])
    return ViewPlan((height, width), tuple(views), np.array(view_of, dtype=np.int64))


def _check_positive(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")


def _check_counts(num_frames_in_clip: int, num_sampled: int, *, num_clips: int = 1) -> None:
    if num_frames_in_clip < 1:
        raise ValueError(
            f"a clip needs at least one frame to sample from, got {num_frames_in_clip}"
        )
    _check_positive(num_sampled=num_sampled, num_clips=num_clips)
