"""Paints what stands around the ice: boards with their advertising, tiers of seats, walls, roof."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rink.picture.hall.ice import draw_word

Bytes = NDArray[np.uint8]

BOARD_PIXELS_PER_M = 40
STANDS_M, STANDS_PIXELS_PER_M = 30.0, 28
"""Length of the repeated piece of stands; its rows run upwards along the slope."""
ROW_M = 0.9
WALL_M, WALL_PIXELS_PER_M = 80.0, 12
ROOF_M, ROOF_SIDE = 80.0, 256


def paint_boards(rng: np.random.Generator, length_m: float, height_m: float) -> Bytes:
    """The boards once around, RGB; the top row is their upper edge."""
    width, height = int(length_m * BOARD_PIXELS_PER_M), int(height_m * BOARD_PIXELS_PER_M)
    base = rng.choice([(240, 241, 243), (60, 90, 160), (36, 40, 52), (190, 205, 225)])
    boards = np.empty((height, width, 3), np.uint8)
    boards[:] = base
    if rng.random() < 0.85:
        _advertise(boards, rng)
    kick = rng.choice([(236, 202, 52), (236, 202, 52), (60, 110, 200), (230, 230, 230)])
    boards[int(0.84 * height) :] = kick
    rail = rng.choice([(200, 40, 48), (40, 70, 170), (245, 245, 245), (30, 30, 32)])
    boards[: max(2, int(0.06 * height))] = rail
    seam = int(2.4 * BOARD_PIXELS_PER_M)
    boards[:, ::seam] = boards[:, ::seam] // 2 + 50
    return boards


def _advertise(boards: Bytes, rng: np.random.Generator) -> None:
    """Panels of one or many sponsors, side by side."""
    height, width, _ = boards.shape
    uniform = rng.random() < 0.35
    colour, ink = _draw_pair(rng)
    word = draw_word(rng)
    gap = int(rng.uniform(0.0, 3.0) * BOARD_PIXELS_PER_M) if rng.random() < 0.6 else 0
    x = 0
    while x < width:
        if not uniform:
            (colour, ink), word = _draw_pair(rng), draw_word(rng)
        panel = int(rng.uniform(2.0, 7.0) * BOARD_PIXELS_PER_M)
        top, bottom = int(0.08 * height), int(0.82 * height)
        cv2.rectangle(boards, (x, top), (x + panel, bottom), colour, -1)
        scale = rng.uniform(0.55, 1.0) * height / 38
        text_width = cv2.getTextSize(word, cv2.FONT_HERSHEY_DUPLEX, scale, 2)[0][0]
        scale *= min(1.0, 0.9 * panel / text_width)
        start = (x + int(0.06 * panel), int(0.64 * height))
        cv2.putText(boards, word, start, cv2.FONT_HERSHEY_DUPLEX, scale, ink, 2, cv2.LINE_AA)
        x += panel + gap


def _draw_pair(rng: np.random.Generator) -> tuple[list[int], list[int]]:
    """A panel's colour and a readable colour for its letters."""
    colour = rng.integers(0, 256, 3)
    if rng.random() < 0.4:
        colour = np.full(3, rng.choice([245, 250, 20]))
    ink = np.where(colour.mean() > 128, rng.integers(0, 110, 3), rng.integers(170, 256, 3))
    return colour.tolist(), ink.tolist()


def paint_stands(rng: np.random.Generator, rows: int) -> Bytes:
    """Seats and spectators, RGB; the bottom row of the picture is the lowest tier."""
    width = int(STANDS_M * STANDS_PIXELS_PER_M)
    row_height = int(ROW_M * STANDS_PIXELS_PER_M)
    seat = rng.choice([(224, 180, 40), (40, 70, 150), (150, 36, 40), (90, 96, 104), (30, 100, 80)])
    stands = np.empty((rows * row_height, width, 3), np.uint8)
    stands[:] = (np.array(seat) * rng.uniform(0.35, 0.6)).astype(np.uint8)
    filled = float(rng.choice([0.0, 0.15, 0.6, 0.95], p=[0.25, 0.2, 0.25, 0.3]))
    pitch = int(0.52 * STANDS_PIXELS_PER_M)
    for row in range(rows):
        floor = (row + 1) * row_height
        stands[floor - 3 : floor] = 70
        for x in range(pitch // 2, width, pitch):
            if rng.random() < filled:
                _spectator(stands, x + int(rng.integers(-2, 3)), floor, rng)
            else:
                top_left = (x - pitch // 2 + 1, floor - int(0.5 * row_height))
                cv2.rectangle(stands, top_left, (x + pitch // 2 - 1, floor - 4), seat.tolist(), -1)
    aisle = int(rng.uniform(0.05, 0.9) * width)
    stands[:, aisle : aisle + int(1.1 * STANDS_PIXELS_PER_M)] = (118, 118, 120)
    return stands


def _spectator(stands: Bytes, x: int, floor: int, rng: np.random.Generator) -> None:
    size = STANDS_PIXELS_PER_M * rng.uniform(0.85, 1.1)
    tone, hue = rng.uniform(15, 200), rng.normal(0.0, 0.35, 3)
    cloth = np.clip(tone * (1.0 + hue), 5, 235).astype(int).tolist()
    skin = (np.array((232, 190, 160)) * rng.uniform(0.35, 1.0)).astype(int).tolist()
    hair = (np.array((90, 70, 50)) * rng.uniform(0.2, 1.6)).astype(int).tolist()
    shoulders = (x, floor - int(0.28 * size))
    cv2.ellipse(stands, shoulders, (int(0.24 * size), int(0.36 * size)), 0, 0, 360, cloth, -1)
    head = (x, floor - int(0.74 * size))
    cv2.circle(stands, (head[0], head[1] - 1), int(0.14 * size), hair, -1)
    cv2.circle(stands, (head[0], head[1] + 1), int(0.11 * size), skin, -1)


def paint_walls(rng: np.random.Generator, height_m: float) -> Bytes:
    """The hall's walls once around, RGB; the top row is under the roof."""
    width, height = int(WALL_M * WALL_PIXELS_PER_M), max(24, int(height_m * WALL_PIXELS_PER_M))
    tone = rng.choice([24.0, 60.0, 120.0, 190.0])
    walls = np.empty((height, width, 3), np.uint8)
    walls[:] = np.clip(tone + rng.normal(0, 8, 3), 0, 255).astype(np.uint8)
    for x in range(0, width, int(rng.integers(50, 140))):
        walls[:, x : x + int(rng.integers(2, 9))] = int(tone * rng.uniform(0.5, 1.4)) % 256
    for _ in range(int(rng.integers(0, 14))):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        corner = (x + int(rng.integers(8, 90)), y + int(rng.integers(6, 30)))
        colour, ink = _draw_pair(rng)
        cv2.rectangle(walls, (x, y), corner, colour, -1)
        if rng.random() < 0.5:
            cv2.putText(walls, draw_word(rng), (x + 2, corner[1] - 3), cv2.FONT_HERSHEY_DUPLEX,
                        0.5, ink, 1, cv2.LINE_AA)  # fmt: skip
    return walls


def paint_roof(rng: np.random.Generator) -> Bytes:
    """The roof from below, RGB, with its trusses and lamps; covers `ROOF_M` squared."""
    roof = np.empty((ROOF_SIDE, ROOF_SIDE, 3), np.uint8)
    roof[:] = int(rng.choice([16, 40, 90, 150]))
    pitch = int(rng.integers(14, 40))
    roof[:, ::pitch] = 70
    roof[::pitch, :] = 55
    lamp, gap = int(rng.integers(1, 4)), int(rng.integers(12, 36))
    for y in range(gap // 2, ROOF_SIDE, gap):
        for x in range(gap // 2, ROOF_SIDE, max(8, gap // 2)):
            cv2.rectangle(roof, (x, y), (x + 3 * lamp, y + lamp), (255, 253, 246), -1)
    return roof
