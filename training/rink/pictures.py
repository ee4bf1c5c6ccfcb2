"""Pictures of the rink without end, with everybody in them: what detector and pose train on.

for picture in random_pictures(7, size=(640, 360)):
    picture.image, picture.boxes_xyxy, picture.keypoints_xy, picture.visibility
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from pipeline.elements import LABELS
from pipeline.types import FloatArray
from training.rink.render import RenderedFrame, render
from training.rink.scene import draw_scene

STREAM = 2
"""Second number of these pictures' seeds: 0 and 1 are the clips of data sets."""


@dataclass(frozen=True)
class RinkPicture:
    """One picture and the P people that can be seen in it, the skater first."""

    image: NDArray[np.uint8]
    """RGB `(H, W, 3)`."""
    boxes_xyxy: FloatArray
    """`(P, 4)` pixels, within the picture."""
    keypoints_xy: FloatArray
    """`(P, 17, 2)` COCO joints in pixels, of joints outside the picture too."""
    visibility: NDArray[np.uint8]
    """`(P, 17)` as in COCO: 0 outside the picture, 1 covered, 2 seen."""
    has_skater: bool
    """Whether the first of them is the skater whom the camera follows."""


def random_pictures(
    seed: int,
    *,
    size: tuple[int, int] | None = None,
    share: tuple[float, float] | None = None,
    labels: Sequence[str] = LABELS,
    per_scene: int = 4,
    blur: bool = True,
) -> Iterator[RinkPicture]:
    """Random moments of random performances, for ever; the same arguments give the same pictures.

    Args:
        seed: Below 100,000 for training, 100,000 to 199,999 for validation.
        size: Width and height, even (any shape: 192x256 is near a pose network's crop); drawn for
            each scene by default, 360p to 1080p.
        share: Least and most that the standing skater may take of the picture's height; by
            default 0.07 to 0.95.
        labels: Classes to draw from, each as often.
        per_scene: Pictures of one scene; more is quicker, fewer more varied.
        blur: Whether a picture may be blurred by motion.
    """
    for number in count():
        rng = np.random.default_rng((seed, STREAM, number, 0))
        label = labels[int(rng.integers(len(labels)))]
        scene = draw_scene(label, (seed, STREAM, number), size=size, share=share, blur=blur)
        moments = np.sort(rng.uniform(0.0, scene.performance.duration_s, per_scene))
        for frame in render(scene, moments):
            yield _without_absent(frame)


def _without_absent(frame: RenderedFrame) -> RinkPicture:
    present = ~np.isnan(frame.boxes_xyxy[:, 0])
    return RinkPicture(
        frame.image,
        frame.boxes_xyxy[present],
        frame.keypoints_xy[present],
        frame.visibility[present],
        bool(present[0]),
    )
