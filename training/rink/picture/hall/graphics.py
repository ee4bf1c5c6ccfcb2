"""What a broadcaster lays over the picture: names, scores, a clock, a channel's mark."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rink.picture.hall.ice import draw_word

Bytes = NDArray[np.uint8]

_FONTS = (cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX)


@dataclass(frozen=True)
class Caption:
    """A small opaque or see-through picture at a fixed place."""

    left: int
    top: int
    picture: Bytes
    """RGB `(h, w, 3)`."""
    opacity: float

    def lay_over(self, frame: Bytes) -> None:
        """Blend into a frame, in place."""
        height, width, _ = self.picture.shape
        part = frame[self.top : self.top + height, self.left : self.left + width]
        shown = self.picture[: part.shape[0], : part.shape[1]]
        cv2.addWeighted(shown, self.opacity, part, 1.0 - self.opacity, 0.0, dst=part)


def draw_captions(rng: np.random.Generator, width: int, height: int) -> tuple[Caption, ...]:
    """None in half of all clips, else a few."""
    if rng.random() < 0.5:
        return ()
    captions = []
    if rng.random() < 0.7:
        captions.append(_score_box(rng, width, height))
    if rng.random() < 0.6:
        captions.append(_mark(rng, width, height))
    if rng.random() < 0.25:
        captions.append(_name_strip(rng, width, height))
    return tuple(captions)


def draw_lower_third(rng: np.random.Generator, width: int, height: int) -> Caption:
    """A large board with name and scores over the lower part of the picture."""
    box_w, box_h = int(width * rng.uniform(0.7, 0.95)), int(height * rng.uniform(0.2, 0.32))
    picture = _plate(rng, box_w, box_h)
    _write_rows(rng, picture, rows=int(rng.integers(2, 4)))
    left = int((width - box_w) * rng.uniform(0.3, 0.7))
    top = height - box_h - int(height * rng.uniform(0.02, 0.06))
    return Caption(left, top, picture, float(rng.uniform(0.85, 1.0)))


def draw_card(rng: np.random.Generator, width: int, height: int) -> Bytes:
    """A picture of its own, RGB `(H, W, 3)`: a start list, the scores, a result."""
    card = _plate(rng, width, height)
    shade = np.linspace(rng.uniform(0.5, 1.0), rng.uniform(0.5, 1.0), height)[:, None, None]
    card = (card * shade).astype(np.uint8)
    board = _plate(rng, int(width * rng.uniform(0.5, 0.85)), int(height * rng.uniform(0.45, 0.8)))
    _write_rows(rng, board, rows=int(rng.integers(3, 10)))
    left = int((width - board.shape[1]) * rng.uniform(0.2, 0.8))
    top = int((height - board.shape[0]) * rng.uniform(0.3, 0.7))
    Caption(left, top, board, float(rng.uniform(0.75, 1.0))).lay_over(card)
    return card


def _write_rows(rng: np.random.Generator, picture: Bytes, *, rows: int) -> None:
    """Names to the left, numbers to the right."""
    height, width, _ = picture.shape
    row_h, ink = height // (rows + 1), _ink(picture)
    size = min(row_h, width // 16)
    for row in range(1, rows + 1):
        name = f"{row} {draw_word(rng)} {draw_word(rng)}"
        for text, x in ((name, 0.04), (f"{rng.uniform(20, 220):.2f}", 0.78)):
            _write(rng, picture, text, (int(x * width), row * row_h), height=size, ink=ink)


def _score_box(rng: np.random.Generator, width: int, height: int) -> Caption:
    """Element points and a running total in a corner."""
    box_w, row_h = int(width * rng.uniform(0.13, 0.24)), max(9, int(height * 0.045))
    rows = int(rng.integers(1, 5))
    picture = _plate(rng, box_w, rows * row_h)
    ink = _ink(picture)
    for row in range(rows):
        label = draw_word(rng)[:6] if rng.random() < 0.6 else "TES"
        number = f"{rng.uniform(1, 130):.2f}"
        _write(rng, picture, label, (3, (row + 1) * row_h - 3), height=row_h, ink=ink)
        _write(
            rng, picture, number, (int(box_w * 0.55), (row + 1) * row_h - 3), height=row_h, ink=ink
        )
    left, top = _corner(rng, width, height, box_w, rows * row_h)
    return Caption(left, top, picture, float(rng.uniform(0.7, 1.0)))


def _mark(rng: np.random.Generator, width: int, height: int) -> Caption:
    """A channel's mark or the word LIVE."""
    box_w, box_h = int(width * rng.uniform(0.06, 0.13)), max(9, int(height * 0.06))
    picture = _plate(rng, box_w, box_h)
    word = "LIVE" if rng.random() < 0.4 else draw_word(rng)[:4]
    _write(rng, picture, word, (3, box_h - 4), height=box_h, ink=_ink(picture))
    left, top = _corner(rng, width, height, box_w, box_h)
    return Caption(left, top, picture, float(rng.uniform(0.4, 1.0)))


def _name_strip(rng: np.random.Generator, width: int, height: int) -> Caption:
    """A skater's name along the lower border."""
    box_w, box_h = int(width * rng.uniform(0.3, 0.7)), int(height * rng.uniform(0.06, 0.11))
    picture = _plate(rng, box_w, box_h)
    name = f"{draw_word(rng)} {draw_word(rng)}"
    _write(
        rng, picture, name, (int(0.06 * box_w), int(0.75 * box_h)), height=box_h, ink=_ink(picture)
    )
    left = int(rng.uniform(0.03, 0.25) * width)
    top = height - box_h - int(height * rng.uniform(0.02, 0.07))
    return Caption(left, top, picture, float(rng.uniform(0.75, 1.0)))


def _plate(rng: np.random.Generator, width: int, height: int) -> Bytes:
    first, second = rng.integers(0, 256, (2, 3)).astype(np.float32)
    share = np.linspace(0, 1, width, dtype=np.float32)[None, :, None] * rng.uniform(0, 0.6)
    row = first * (1 - share) + second * share
    return np.repeat(row.astype(np.uint8), height, axis=0)


def _ink(picture: Bytes) -> tuple[int, int, int]:
    return (16, 16, 20) if picture.mean() > 128 else (245, 245, 245)


def _write(
    rng: np.random.Generator,
    picture: Bytes,
    text: str,
    start: tuple[int, int],
    *,
    height: int,
    ink: tuple[int, int, int],
) -> None:
    font = _FONTS[rng.integers(len(_FONTS))]
    cv2.putText(picture, text, start, font, height / 32, ink, 1, cv2.LINE_AA)


def _corner(
    rng: np.random.Generator, width: int, height: int, box_w: int, box_h: int
) -> tuple[int, int]:
    margin_x, margin_y = (int(side * rng.uniform(0.02, 0.07)) for side in (width, height))
    left = margin_x if rng.random() < 0.5 else width - box_w - margin_x
    top = margin_y if rng.random() < 0.5 else height - box_h - margin_y
    return left, top
