"""`python -m benchmarks.rink.contact_sheet`: one picture of each class in three looks.

Writes `docs/rink/contact_sheet.jpg`. Each picture is the moment that shows the element best: a
jump's flight, the middle of anything else.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from pipeline.elements import ELEMENTS, Element
from training.rink.render import render
from training.rink.scene import Shot, draw_scene

SEED = 500_000
LOOKS = 3
TILE = (240, 135)
COLUMNS = 12
TARGET = Path("docs/rink/contact_sheet.jpg")


def best_moment(shot: Shot) -> float:
    """Seconds into the clip."""
    flight = (shot.performance.takeoff_s + shot.performance.landing_s) / 2
    return flight if np.isfinite(flight) else 0.5 * shot.performance.duration_s


def tile(element: Element, look: int) -> np.ndarray:
    """One picture with its label, RGB."""
    seed = (SEED, 5, element.class_index, look)
    scene = draw_scene(element.label, seed, size=(640, 360), share=(0.3, 0.75))
    frame = next(render(scene, np.array([best_moment(scene)])))
    picture = cv2.resize(frame.image, TILE, interpolation=cv2.INTER_AREA)
    cv2.putText(picture, element.label, (4, 130), cv2.FONT_HERSHEY_DUPLEX, 0.4, (20, 20, 20), 3)
    cv2.putText(picture, element.label, (4, 130), cv2.FONT_HERSHEY_DUPLEX, 0.4, (255,) * 3, 1)
    return np.asarray(picture)


def main() -> int:
    """Draw the sheet."""
    tiles = [tile(element, look) for element in ELEMENTS for look in range(LOOKS)]
    rows = [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    sheet = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(TARGET), sheet, [cv2.IMWRITE_JPEG_QUALITY, 72])
    print(f"{TARGET}: {TARGET.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
