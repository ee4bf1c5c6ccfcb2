"""What a camera does to light: colour, contrast, falling-off corners, softness, noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_TILE = 256


@dataclass(frozen=True, kw_only=True)
class Lens:
    """One camera's signature."""

    curve: Bytes
    """`(256, 1, 3)` look-up of every value: white balance, gamma, contrast."""
    saturation: float
    """1 keeps the colours."""
    vignette: float
    """How much darker the corners are, 0 to 1."""
    softness: float
    """Sigma of the blur in pixels of a picture 360 high; 0 for none."""
    sharpening: float
    """Strength of the edges' halo."""
    noise: float
    """Standard deviation in grey levels."""
    seed: int
    """Of the noise."""


class Exposure:
    """A lens before a sensor of a given size."""

    def __init__(
        self, lens: Lens, width: int, height: int, *, whole_height: float | None = None
    ) -> None:
        """`whole_height` is that of the whole picture, where only a part of it is drawn."""
        self._lens = lens
        self._sigma = lens.softness * (whole_height or height) / 360
        self._corners = _corners(width, height, lens.vignette)
        self._grain = _tiled(_noise_tile(lens.seed, lens.noise), width, height)

    def expose(self, frame: Bytes, number: int) -> Bytes:
        """Turn a clean frame, RGB `(H, W, 3)`, into the camera's; `number` moves the noise."""
        lens = self._lens
        frame = np.asarray(cv2.LUT(frame, lens.curve), np.uint8)
        if abs(lens.saturation - 1.0) > 0.02:
            grey = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
            cv2.addWeighted(frame, lens.saturation, grey, 1.0 - lens.saturation, 0.0, dst=frame)
        if self._sigma > 0.25:
            cv2.GaussianBlur(frame, (0, 0), self._sigma, dst=frame)
        if lens.sharpening > 0.05:
            soft = cv2.blur(frame, (3, 3))
            cv2.addWeighted(frame, 1.0 + lens.sharpening, soft, -lens.sharpening, 0.0, dst=frame)
        if lens.vignette > 0.02:
            cv2.multiply(frame, self._corners, dst=frame, scale=1 / 255)
        if lens.noise > 0.3:
            cv2.addWeighted(frame, 1.0, self._grain_at(frame.shape, number), 1.0, -128.0, dst=frame)
        return frame

    def _grain_at(self, shape: tuple[int, ...], number: int) -> Bytes:
        dx, dy = np.random.default_rng((self._lens.seed, number)).integers(0, _TILE, 2)
        return self._grain[dy : dy + shape[0], dx : dx + shape[1]]


def _tiled(tile: Bytes, width: int, height: int) -> Bytes:
    """The tile repeated so that a picture fits at any place within the first one."""
    rows, columns = np.arange(height + _TILE) % _TILE, np.arange(width + _TILE) % _TILE
    return np.take(np.take(tile, rows, axis=0), columns, axis=1)


def _noise_tile(seed: int, sigma: float) -> Bytes:
    rng = np.random.default_rng(seed)
    grey = rng.standard_normal((_TILE, _TILE, 1), dtype=np.float32)
    colour = rng.standard_normal((_TILE, _TILE, 3), dtype=np.float32)
    return np.clip(128.5 + sigma * (0.8 * grey + 0.6 * colour), 0, 255).astype(np.uint8)


def _corners(width: int, height: int, strength: float) -> Bytes:
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    keep = 255 * (1.0 - strength * ((x * x + y * y) / 2) ** 1.5)
    return np.repeat(keep[..., None], 3, axis=2).astype(np.uint8)


def draw_lens(rng: np.random.Generator) -> Lens:
    """A random camera, from a clean broadcast one to a telephone in bad light."""
    values = np.linspace(0.0, 1.0, 256)[:, None]
    gamma = float(np.exp(rng.normal(0.0, 0.12)))
    contrast, gain = rng.normal(1.05, 0.1), rng.normal(1.0, 0.07)
    balance = 1.0 + rng.normal(0.0, 0.045, 3)
    toned = (values**gamma - 0.5) * contrast + 0.5
    curve = np.clip(255 * toned * gain * balance + rng.normal(0, 4), 0, 255)
    return Lens(
        curve=np.rint(curve).astype(np.uint8)[:, None, :],
        saturation=float(rng.normal(1.0, 0.16)) if rng.random() > 0.02 else 0.0,
        vignette=float(rng.beta(1.2, 5.0) * 0.8),
        softness=float(rng.choice([0.0, rng.uniform(0.25, 0.7), rng.uniform(0.7, 1.3)],
                                  p=[0.55, 0.35, 0.1])),
        sharpening=float(rng.choice([0.0, rng.uniform(0.1, 0.9)], p=[0.65, 0.35])),
        noise=float(rng.choice([0.0, rng.gamma(2.0, 1.5)], p=[0.4, 0.6])),
        seed=int(rng.integers(2**31)),
    )  # fmt: skip
