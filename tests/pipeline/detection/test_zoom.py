"""The closer look: when it is taken, where, and what becomes of the boxes of both looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from pipeline.config import load_profile
from pipeline.detection.detector import Frame, PersonBoxes
from pipeline.detection.zoom import ZoomSettings, combined, parts, windows
from pipeline.errors import ConfigError
from pipeline.tracking.people import find_people
from pipeline.types import Detections, IntArray, Timeline, Track

SIZE = (640, 360)
SETTINGS = ZoomSettings(below=0.2)


def track(boxes: Sequence[Sequence[float]]) -> Track:
    xyxy = np.array(boxes, np.float32)
    seen = ~np.isnan(xyxy[:, 0])
    return Track(0, xyxy, np.where(seen, 0.9, np.nan).astype(np.float32), seen)


def moving(height: float, frames: int = 20) -> Track:
    x = [100.0 + 20 * t for t in range(frames)]
    return track([[v - 10, 200, v + 10, 200 + height] for v in x])


def found(frame: Sequence[int], boxes: Sequence[Sequence[float]], num_frames: int) -> Detections:
    return Detections(
        num_frames=num_frames,
        key_frames=np.arange(num_frames, dtype=np.int64),
        frame=np.array(frame, np.int64),
        boxes_xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        scores=np.full(len(frame), 0.8, np.float32),
    )


def test_who_is_large_enough_needs_no_zoom() -> None:
    frames = np.arange(0, 20, 4)
    assert windows(moving(80), frames, SIZE, SETTINGS) is None
    assert windows(moving(40), frames, SIZE, ZoomSettings()) is None  # off by default
    assert windows(moving(40), frames, SIZE, SETTINGS) is not None


def test_the_window_follows_the_skater_and_stays_inside() -> None:
    skater = moving(40)
    frames = np.arange(0, 20, 4)
    where = windows(skater, frames, SIZE, SETTINGS)
    assert where is not None
    extents = where[:, 2:] - where[:, :2]
    assert (extents == extents[0]).all()  # one zoom for all: 0.35 of 360 px is three times 40
    assert extents[0].tolist() == [round(640 / 3), 120]
    assert (where[:, :2] >= 0).all()
    assert (where[:, 2:] <= SIZE).all()
    boxes = skater.boxes_xyxy[frames]
    assert (where[:, :2] <= boxes[:, :2]).all()
    assert (boxes[:, 2:] <= where[:, 2:]).all()
    middles = (where[1:-1, 0] + where[1:-1, 2]) / 2
    assert np.abs(middles - (boxes[1:-1, 0] + boxes[1:-1, 2]) / 2).max() <= 1


def test_between_detections_the_window_is_interpolated() -> None:
    boxes = [[90.0, 200, 110, 240]] + [[np.nan] * 4] * 9 + [[290.0, 200, 310, 240]]
    where = windows(track(boxes), np.array([0, 5, 10]), SIZE, SETTINGS)
    assert where is not None
    assert ((where[:, 0] + where[:, 2]) / 2).tolist() == pytest.approx([106.5, 200, 300], abs=1)


def test_where_nobody_was_found_the_middle_is_looked_at() -> None:
    where = windows(None, np.array([0, 1]), SIZE, SETTINGS)
    assert where is not None
    assert where.tolist() == [[160, 90, 480, 270]] * 2


def test_boxes_of_both_looks_become_one_list() -> None:
    where = np.array([[200, 100, 400, 212]])
    whole = found(
        [0, 0, 0],
        [
            [250, 120, 330, 200],  # two people in one box, within the window
            [390, 110, 430, 190],  # reaches out of the window
            [10, 10, 50, 90],  # far from it
        ],
        1,
    )
    closer = found(
        [0, 0, 0],
        [
            [52, 22, 88, 98],  # the two people apart
            [94, 22, 130, 98],
            [188, 10, 200, 90],  # cut off by the window: a part of the second
        ],
        1,
    )
    both = combined(whole, closer, where, SIZE)
    assert both.boxes_xyxy.tolist() == [
        [252, 122, 288, 198], [294, 122, 330, 198], [390, 110, 430, 190], [10, 10, 50, 90],
    ]  # fmt: skip
    assert both.frame.tolist() == [0] * 4
    assert both.scores.tolist() == pytest.approx([0.8] * 4)


def test_who_ends_at_the_rim_of_the_window_is_not_lost() -> None:
    where = np.array([[160, 90, 480, 270]])
    whole = found([0], [[250, 132, 320, 271]], 1)
    closer = found([0], [[90, 42, 160, 179]], 1)  # without the blades
    assert combined(whole, closer, where, SIZE).boxes_xyxy.tolist() == [[250, 132, 320, 271]]


def test_a_side_of_the_frame_cuts_nobody_off() -> None:
    where = np.array([[0, 0, 320, 180]])
    closer = found([0], [[0, 20, 30, 100]], 1)
    assert len(combined(found([], [], 1), closer, where, SIZE).boxes_xyxy) == 1


def test_windows_cut_what_they_say() -> None:
    frame = np.arange(12 * 20 * 3, dtype=np.uint8).reshape(12, 20, 3)
    (part,) = parts(iter([frame]), np.array([[3, 2, 13, 8]]))
    assert np.array_equal(part, frame[2:8, 3:13])


class Painted:
    """Finds bright rectangles that are at least 50 pixels tall, scaled to a height of 360."""

    batch_size = 4

    def people(self, frames: Sequence[Frame]) -> list[PersonBoxes]:
        return [self._one(frame) for frame in frames]

    def _one(self, frame: Frame) -> PersonBoxes:
        rows, columns = np.nonzero(frame[..., 0] > 128)
        if not len(rows) or np.ptp(rows) * 360 / len(frame) < 50:
            return np.empty((0, 4), np.float32), np.empty(0, np.float32)
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        return np.array([box], np.float32), np.array([0.9], np.float32)


@pytest.mark.parametrize(("height", "looks"), [(100, 1), (60, 2), (40, 2)])
def test_a_skater_too_small_for_the_first_look_is_found_by_the_second(
    height: int, looks: int
) -> None:
    T, asked = 40, 0

    def frames(positions: IntArray) -> Iterator[Frame]:
        nonlocal asked
        asked += 1
        for t in positions.tolist():
            frame = np.zeros((360, 640, 3), np.uint8)
            frame[150 : 150 + height, 250 + t : 280 + t] = 255
            yield frame

    timeline = Timeline(np.arange(T), np.arange(T) / 25)
    _, people = find_people(Painted(), frames, timeline, SIZE, load_profile("demo"))
    assert asked == looks
    assert people.main is not None
    expected = [[250 + t, 150, 280 + t, 150 + height] for t in range(0, T - 1, 4)]
    np.testing.assert_allclose(people.main.boxes_xyxy[0 : T - 1 : 4], expected, atol=2)


@pytest.mark.parametrize(
    ("key", "value"), [("below", 1.0), ("wanted", 0.0), ("max_zoom", 0.5), ("unknown_zoom", 0.0)]
)
def test_settings_that_cannot_be_are_named(key: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"^{key}: must be .*, got {value}$"):
        ZoomSettings(**{key: value})
