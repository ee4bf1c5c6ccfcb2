"""Paints the ice from above: colour, lines and logos under it, scratches on it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rink.camera import HALF_LENGTH_M, HALF_WIDTH_M

Bytes = NDArray[np.uint8]

PIXELS_PER_M = 28
"""Of the whole surface."""
DETAIL_M, DETAIL_SIDE = 4.0, 512
"""Side of the repeated square of scratches, in metres and in pixels."""

_RED, _BLUE = (196, 44, 60), (44, 70, 168)


def paint_ice(rng: np.random.Generator) -> Bytes:
    """The whole sheet as seen from above, RGB: columns run along +x, rows along -y."""
    width, height = int(2 * HALF_LENGTH_M * PIXELS_PER_M), int(2 * HALF_WIDTH_M * PIXELS_PER_M)
    base = np.array(_draw_base(rng), np.float32)
    cloud = rng.standard_normal((7, 12)).astype(np.float32)
    clouds = cv2.resize(cloud, (width // 8, height // 8), interpolation=cv2.INTER_CUBIC)
    lanes = cv2.resize(rng.standard_normal((14, 1)), (1, height // 8))  # of the resurfacer
    shade = base * (1.0 + 0.018 * clouds[..., None] + 0.012 * lanes[..., None])
    shade = np.clip(shade, 0, 255).astype(np.uint8)
    ice = np.asarray(cv2.resize(shade, (width, height)), np.uint8)
    paint = ice.copy()
    kind = rng.random()
    if kind < 0.55:
        _hockey_lines(paint)
    if kind > 0.35:
        _logos(paint, rng)
    cv2.GaussianBlur(paint, (5, 5), 0, dst=paint)
    fade = rng.uniform(0.3, 0.85)
    cv2.addWeighted(paint, fade, ice, 1.0 - fade, 0.0, dst=ice)
    return ice


def _draw_base(rng: np.random.Generator) -> NDArray[np.floating]:
    bright = rng.uniform(186, 244)
    tint = rng.normal(0.0, 7.0)
    base: NDArray[np.floating] = np.array([bright - 3 + tint, bright, bright + 4 - tint])
    return base + rng.normal(0.0, 2.5, 3)


def _at(x: float, y: float) -> tuple[int, int]:
    return (round((x + HALF_LENGTH_M) * PIXELS_PER_M), round((HALF_WIDTH_M - y) * PIXELS_PER_M))


def _hockey_lines(paint: Bytes) -> None:
    """Lines, circles and spots of an IIHF rink, shortened to 60 m."""

    def line(x: float, colour: tuple[int, int, int], thick_m: float) -> None:
        thickness = max(1, round(thick_m * PIXELS_PER_M))
        cv2.line(paint, _at(x, -HALF_WIDTH_M), _at(x, HALF_WIDTH_M), colour, thickness)

    def ring(x: float, y: float, colour: tuple[int, int, int]) -> None:
        cv2.circle(paint, _at(x, y), round(4.5 * PIXELS_PER_M), colour, 2, cv2.LINE_AA)
        cv2.circle(paint, _at(x, y), round(0.3 * PIXELS_PER_M), colour, -1, cv2.LINE_AA)

    line(0.0, _RED, 0.3)
    ring(0.0, 0.0, _BLUE)
    for end in (-1.0, 1.0):
        line(end * 7.0, _BLUE, 0.3)
        line(end * 26.0, _RED, 0.05)
        cv2.ellipse(
            paint, _at(end * 26.0, 0.0), (round(1.8 * PIXELS_PER_M),) * 2, 0.0,
            90.0 if end > 0 else -90.0, 270.0 if end > 0 else 90.0, (120, 170, 220), -1,
        )  # fmt: skip
        for side in (-1.0, 1.0):
            ring(end * 20.0, side * 7.0, _RED)
            spot = _at(end * 5.5, side * 7.0)
            cv2.circle(paint, spot, round(0.3 * PIXELS_PER_M), _RED, -1, cv2.LINE_AA)


def _logos(paint: Bytes, rng: np.random.Generator) -> None:
    """An event's or a club's marks: rings, letters, blocks of colour."""
    for _ in range(int(rng.integers(1, 5))):
        x, y = rng.uniform(-0.7, 0.7) * HALF_LENGTH_M, rng.uniform(-0.6, 0.6) * HALF_WIDTH_M
        size = rng.uniform(1.5, 5.0)
        colour = rng.integers(30, 220, 3).tolist()
        other = rng.integers(30, 240, 3).tolist()
        radius = round(size * PIXELS_PER_M)
        if rng.random() < 0.6:
            cv2.circle(paint, _at(x, y), radius, colour, max(2, radius // 6), cv2.LINE_AA)
            cv2.ellipse(
                paint, _at(x, y), (radius // 2, int(radius * rng.uniform(0.2, 0.7))),
                float(rng.uniform(0, 180)), 0, 360, other, -1, cv2.LINE_AA,
            )  # fmt: skip
        if rng.random() < 0.8:
            scale = size * PIXELS_PER_M / 30
            start = _at(x - 1.4 * size, y + 0.4 * size)
            cv2.putText(
                paint, draw_word(rng), start, cv2.FONT_HERSHEY_DUPLEX, scale, other,
                max(2, round(scale * 2.5)), cv2.LINE_AA,
            )  # fmt: skip


def paint_scratches(rng: np.random.Generator) -> Bytes:
    """A square of scratches that repeats without seams, grey; 128 changes nothing."""
    side = DETAIL_SIDE
    wear = rng.uniform(0.2, 1.0)
    # Arcs begin in one quarter of a canvas of twice the side and are folded back into the square.
    canvas = np.zeros((2 * side, 2 * side), np.float32)
    for brightness in (-0.5, 0.3, 0.6, 1.0):
        arcs = [_arc(rng) for _ in range(int(90 * wear))]
        cv2.polylines(canvas, arcs, False, brightness, 1, cv2.LINE_AA, 3)
    marks = canvas.reshape(2, side, 2, side).sum(axis=(0, 2))
    marks = cv2.GaussianBlur(marks, (3, 3), 0, borderType=cv2.BORDER_REFLECT)
    snow = cv2.resize(rng.standard_normal((32, 32)).astype(np.float32), (side, side))
    grain = rng.standard_normal((side, side), dtype=np.float32)
    detail = 128 + marks * rng.uniform(14, 40) + 2.5 * wear * snow + rng.uniform(0.5, 2.5) * grain
    return np.clip(detail, 0, 255).astype(np.uint8)


def _arc(rng: np.random.Generator) -> NDArray[np.int32]:
    """A skate's trace, in eighths of a pixel."""
    start = rng.uniform(0.5, 1.5, 2) * DETAIL_SIDE
    heading, bend, steps = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.15), int(rng.integers(4, 22))
    angles = heading + bend * np.arange(steps)
    path = start + 12.0 * np.cumsum(np.stack([np.cos(angles), np.sin(angles)], axis=1), axis=0)
    eighths: NDArray[np.int32] = np.rint(path * 8).astype(np.int32)
    return eighths


_SYLLABLES = ("AR", "BEL", "CRO", "DEN", "EL", "FRO", "GLA", "HEL", "ICE", "JO", "KRI", "LUM",
              "MAR", "NOR", "OLI", "PAR", "QUA", "RIN", "SKA", "TOR", "UR", "VAL", "WIN", "YO",
              "ZEN")  # fmt: skip


def draw_word(rng: np.random.Generator) -> str:
    """An invented name for boards, ice and captions."""
    return "".join(rng.choice(_SYLLABLES, size=int(rng.integers(1, 4))))
