"""Collects, while a clip streams by, the frames that one network's views are made of.

Frames are resized as they come, so that memory holds only what the network will see: it does not
grow with the length of the clip. Views that are equal are made once (see
`pipeline.classification.sampling`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pipeline.classification.sampling import UNIFORMERV2_CROPS, ViewPlan, plan_views
from pipeline.classification.transforms import (
    INPUT_TRANSFORMS,
    Picture,
    crop_region,
    normalise,
    resize_short_side,
    resized_size,
)
from pipeline.errors import ConfigError
from pipeline.settings import Count, settings
from pipeline.types import RegionOfInterest


@settings()
class VideoModelSettings:
    """One video network of the ensemble, and the views it is asked about."""

    name: str
    """Key of its scores: `umt_<frames>x<side>` or `uniformerv2`."""
    family: Literal["umt", "uniformerv2"]
    """Decides the input transform and the fusion."""
    checkpoint: str
    """Name in the checkpoint manifest."""
    num_frames: Count
    """T of a view."""
    side: Count
    """Side of a view, pixels."""
    temporal_views: Count = 5
    """Paper, Sec. III-A: 5."""
    spatial_views: Count = 3
    """Paper, Sec. III-A: 3 along the long side."""
    test_time_flip: bool = False
    """Whether every second temporal view is flipped left to right: a skater who turns the other
    way performs the same element, and the network errs otherwise. Beyond the paper."""

    def __post_init__(self) -> None:
        if self.family == "uniformerv2" and self.spatial_views not in UNIFORMERV2_CROPS:
            known = " or ".join(map(str, UNIFORMERV2_CROPS))
            raise ConfigError(
                f"{self.name}.spatial_views: UniFormerV2 knows {known}, got {self.spatial_views}"
            )


class FrameCollector(Protocol):
    """Gets, while a clip streams by, the frames that it wants."""

    @property
    def wanted(self) -> frozenset[int]:
        """Positions of the wanted frames."""
        ...

    def add(self, frame: int, image: NDArray[np.uint8]) -> None:
        """A frame `(H, W, 3)` by its position; others than the wanted ones may come, too."""
        ...


class ViewCollector:
    """The views of one network over one clip."""

    def __init__(
        self, settings: VideoModelSettings, num_frames: int, region: RegionOfInterest
    ) -> None:
        """Plan the views of a clip of `num_frames` frames, cropped to `region`."""
        x1, y1, x2, y2 = (int(v) for v in region.xyxy)
        self.settings = settings
        self.transform = INPUT_TRANSFORMS[settings.family]
        self.plan: ViewPlan = plan_views(
            num_frames,
            resized_size(y2 - y1, x2 - x1, settings.side),
            num_sampled=settings.num_frames,
            num_clips=settings.temporal_views,
            num_crops=settings.spatial_views,
            crop_rule=self.transform.crop_rule,
            flipped=settings.test_time_flip,
        )
        self._wanted = frozenset(
            int(frame) for view in self.plan.views for frame in view.frame_indices
        )
        self._region = region
        self._frames: dict[int, Picture] = {}

    @property
    def wanted(self) -> frozenset[int]:
        """Frames that some view shows."""
        return self._wanted

    def add(self, frame: int, image: NDArray[np.uint8]) -> None:
        """Keep a whole source frame `(H, W, 3)`, cropped and resized, if a view shows it."""
        if frame in self._wanted:
            self._frames[frame] = resize_short_side(
                crop_region(image, self._region), self.settings.side, self.transform.resize
            )

    def frames_of(self, view: int) -> Picture:
        """The pictures of one distinct view `(T, S, S, 3)`, before normalisation.

        Raises:
            KeyError: A frame of the view was never added.
        """
        shown, side = self.plan.views[view], self.settings.side
        rows, columns = slice(shown.top, shown.top + side), slice(shown.left, shown.left + side)
        turn = slice(None, None, -1) if shown.flipped else slice(None)
        pictures = [self._frames[int(f)][rows, columns][:, turn] for f in shown.frame_indices]
        return cast(Picture, np.stack(pictures))

    def tensors(self) -> Iterator[Tensor]:
        """Normalised input `(1, 3, T, S, S)` of each distinct view."""
        for view in range(len(self.plan.views)):
            pixels = normalise(self.frames_of(view), self.transform.mean, self.transform.std)
            yield pixels[None]
