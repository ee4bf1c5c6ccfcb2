"""What the pipeline found, drawn into the video's frames: people, region, skeleton, verdict.

For pictures and `overlay.mp4`; the app draws the same in the browser. Colours are those of Okabe
and Ito, which people with any colour vision can tell apart; left and right limbs differ in colour,
and what the network was less certain of is fainter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.skeletons import COCO17
from pipeline.drawing.primitives import (
    Colour,
    Picture,
    Point,
    dashes,
    dot,
    panel,
    stroke,
    text,
    text_size,
)
from pipeline.drawing.skeleton import SKELETON_LINES, pose_at
from pipeline.types import Analysis, FloatArray, RegionOfInterest, Status
from pipeline.types.basic import check_picture
from pipeline.verdict.calibrated import calibrated_verdict

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True)
class DrawStyle:
    """Colours and sizes. Lengths are shares of the picture's shorter side, 1 pixel at least."""

    skater: Colour = (240, 228, 66)
    """Box of the main skater: yellow."""
    others: Colour = (204, 121, 167)
    """Boxes of everybody else: reddish purple."""
    region: Colour = (0, 158, 115)
    """Region that the networks see, dashed: bluish green."""
    left: Colour = (86, 180, 233)
    """The skater's own left limbs: sky blue."""
    right: Colour = (230, 159, 0)
    """The skater's own right limbs: orange."""
    middle: Colour = (255, 255, 255)
    """Neck, shoulders and hips: white."""
    line_width: float = 0.0045
    """Of boxes, and of the bones of a person who fills the picture."""
    bone_width: float = 0.016
    """Bones are no wider than this share of the skeleton's longer side."""
    text_height: float = 0.022
    """Of a capital letter in the labels; the verdict's are half as high again."""
    score_threshold: float = 0.2
    """Less certain joints are not drawn; from here to 1 they grow from faint to solid."""


@dataclass(frozen=True)
class Caption:
    """The strip at the foot of the picture."""

    title: str
    """The verdict, e.g. `"3Lutz 87 %"`."""
    detail: str = ""
    """How it came about; below the verdict where the picture is too narrow for both."""


def draw_frame(
    image: NDArray[np.uint8],
    *,
    box: FloatArray | None = None,
    skater_id: int | None = None,
    region: RegionOfInterest | None = None,
    people: Mapping[int, FloatArray] | None = None,
    keypoints: FloatArray | None = None,
    scores: FloatArray | None = None,
    caption: Caption | None = None,
    style: DrawStyle | None = None,
) -> NDArray[np.uint8]:
    """Draw what is given onto a copy of one frame.

    Args:
        image: RGB uint8 `(H, W, 3)`.
        box: The main skater's `(4,)`; NaN draws none.
        skater_id: Number in the label of that box.
        region: Dashed.
        people: Number -> box `(4,)` of everybody else.
        keypoints: `(17, 2)` COCO joints; NaN draws none.
        scores: `(17,)` their certainty; all 1 if not given.
        caption: The strip at the foot.
        style: Colours and sizes.

    Raises:
        ValueError: The image is not RGB uint8.
    """
    check_picture("image", image)
    canvas = _Canvas(image, style or DrawStyle())
    if region is not None:
        canvas.region(region.xyxy)
    for number, other in (people or {}).items():
        canvas.person(other, str(number), canvas.style.others)
    if box is not None:
        label = "skater" if skater_id is None else f"skater {skater_id}"
        canvas.person(box, label, canvas.style.skater)
    if keypoints is not None:
        certainty = np.ones(len(keypoints), np.float32) if scores is None else scores
        canvas.skeleton(keypoints, certainty)
    if caption is not None:
        canvas.caption(caption)
    return canvas.picture


def overlay_frames(
    frames: Iterable[NDArray[np.uint8]], analysis: Analysis, style: DrawStyle | None = None
) -> Iterator[NDArray[np.uint8]]:
    """Draw an analysis onto its video, frame by frame.

    Args:
        frames: The T frames of the analysed span, RGB uint8 `(H, W, 3)`.
        analysis: Of the same frames.
        style: Colours and sizes.

    Yields:
        A painted copy of each frame.

    Raises:
        ValueError: There are more or fewer frames than were analysed.
    """
    people, caption, t = analysis.people, caption_of(analysis), -1
    for t, frame in enumerate(frames):
        if t >= len(analysis.timeline):
            break
        keypoints, scores = skeleton_at(analysis, t)
        yield draw_frame(
            frame,
            box=None if people.main is None else people.main.boxes_xyxy[t],
            skater_id=people.main_id,
            region=analysis.region,
            people={
                track.person_id: track.boxes_xyxy[t]
                for track in people.tracks
                if track.person_id != people.main_id
            },
            keypoints=keypoints,
            scores=scores,
            caption=caption,
            style=style,
        )
    if t + 1 != len(analysis.timeline):
        raise ValueError(f"frames: expected {len(analysis.timeline)} as analysed, got {t + 1}")


def caption_of(analysis: Analysis) -> Caption:
    """The verdict in words, and first of all whether it is worth anything."""
    verdict = analysis.verdict
    statuses: set[Status] = {origin.status for origin in analysis.provenance.values()}
    worth = next((f"{s} weights, " for s in ("untrained", "demo") if s in statuses), "")
    calibrated = calibrated_verdict(analysis)
    if calibrated is not None and calibrated.unlike:
        return Caption(
            title="unlike the clips learnt from",
            detail=f"{worth}closest: {verdict.label} {verdict.probability:.0%}",
        )
    return Caption(
        title=f"{verdict.label} {verdict.probability:.0%}",
        detail=f"{worth}{verdict.strategy}, margin {verdict.margin:.2f}",
    )


def skeleton_at(analysis: Analysis, t: int) -> tuple[FloatArray, FloatArray | None]:
    """Joints `(17, 2)` of frame `t`, and how certain each is `(17,)`.

    The scores of an untrained network mean nothing: None, so that its skeleton is drawn whole.
    """
    joints, scores = pose_at(analysis.pose, t)
    origin = analysis.provenance.get("pose")
    return joints, None if origin is not None and origin.status == "untrained" else scores


class _Canvas:
    """A copy of one frame, and the sizes that follow from it."""

    def __init__(self, image: NDArray[np.uint8], style: DrawStyle) -> None:
        self.picture: Picture = np.array(image)
        self.style = style
        self.height, self.width = image.shape[:2]
        short = min(self.height, self.width)
        self.line = max(1, round(style.line_width * short))
        self.letter = max(7, round(style.text_height * short))

    def person(self, box: FloatArray, label: str, colour: Colour) -> None:
        if not np.isfinite(box).all():
            return
        for start, end in _sides(box, self.line):
            self._outlined(start, end, colour, self.line)
        self._label(label, int(box[0]), int(box[1]), colour)

    def region(self, box: FloatArray) -> None:
        width, dash = max(1, round(0.6 * self.line)), 6 * self.line
        for start, end in _sides(box, width):
            dashes(self.picture, start, end, colour=self.style.region, width=width, dash=dash)

    def skeleton(self, joints: FloatArray, scores: FloatArray) -> None:
        certain = np.isfinite(joints).all(axis=1) & (scores >= self.style.score_threshold)
        if not certain.any():
            return
        extent = float(np.ptp(joints[certain], axis=0).max())
        width = max(1, min(round(self.style.bone_width * extent), round(1.5 * self.line)))
        for start, end, side in SKELETON_LINES:
            both = [*start, *end]
            if certain[both].all():
                self._outlined(
                    _middle(joints, start),
                    _middle(joints, end),
                    getattr(self.style, side),
                    width,
                    self._opacity(min(scores[j] for j in both)),
                )
        for joint in np.flatnonzero(certain).tolist():
            opacity = self._opacity(scores[joint])
            colour = getattr(self.style, COCO17.joints[joint].split("_")[0], self.style.middle)
            centre = _middle(joints, (joint,))
            dot(self.picture, centre, width + 0.5, colour=BLACK, opacity=opacity / 2)
            dot(self.picture, centre, width - 0.5, colour=colour, opacity=opacity)

    def caption(self, caption: Caption) -> None:
        letter = round(1.5 * self.letter)
        title, detail = (
            text_size(caption.title, letter).width,
            text_size(caption.detail, self.letter).width,
        )
        beside = title + detail + 3 * letter <= self.width
        pitch = round(2.4 * letter)
        strip = pitch if beside else pitch + 2 * self.letter
        top = self.height - strip
        panel(self.picture, 0, top, self.width, strip, colour=BLACK, opacity=0.6)
        baseline = top + (pitch + letter) // 2
        text(self.picture, caption.title, letter, baseline, height=letter, colour=WHITE)
        x = self.width - letter - detail if beside else letter
        below = 0 if beside else 2 * self.letter
        text(self.picture, caption.detail, x, baseline + below, height=self.letter, colour=WHITE)

    def _opacity(self, score: float) -> float:
        floor = self.style.score_threshold
        return float(np.clip(0.35 + 0.65 * (score - floor) / (1 - floor), 0, 1))

    def _outlined(
        self, start: Point, end: Point, colour: Colour, width: int, opacity: float = 1.0
    ) -> None:
        """A line with a dark seam: visible on white ice and on a dark stand."""
        seam = width + 2 * max(1, width // 3)
        stroke(self.picture, start, end, colour=BLACK, width=seam, opacity=opacity / 3)
        stroke(self.picture, start, end, colour=colour, width=width, opacity=opacity)

    def _label(self, words: str, x: int, y: int, colour: Colour) -> None:
        """Above the box's corner, or just inside where there is no room above."""
        pad = max(2, self.letter // 2)
        size = text_size(words, self.letter)
        width, height = size.width + 2 * pad, size.height + 2 * pad
        left = max(0, min(x, self.width - width))
        top = y - height if y >= height else y
        panel(self.picture, left, top, width, height, colour=colour, opacity=0.85)
        baseline = top + pad + size.height
        text(self.picture, words, left + pad, baseline, height=self.letter, colour=BLACK)


def _sides(box: FloatArray, width: int) -> list[tuple[Point, Point]]:
    """Lines that run inside the box on whole pixels: crisp, and visible at the picture's border."""
    x1, y1, x2, y2 = (np.rint(box) + np.array([1, 1, -1, -1]) * width / 2).tolist()
    corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
    return list(zip(corners, corners[1:] + corners[:1], strict=True))


def _middle(joints: FloatArray, which: tuple[int, ...]) -> Point:
    x, y = joints[list(which)].mean(axis=0).tolist()
    return x, y
