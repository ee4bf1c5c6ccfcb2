"""Which pictures a detector sees, and in what mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.errors import ConfigError
from pipeline.settings import NotNegative, Range, settings
from training.people.dataset import Group, Picture, Pixels
from training.people.detection.compose import (
    Scene,
    ice,
    log_uniform,
    pasted,
    side_by_side,
    zoomed,
    zoomed_out,
)
from training.people.photo import Rng, degraded, recoloured

Size = tuple[int, int]
"""Height and width of a canvas, pixels."""

EMPTY_SHARE = 0.2
"""Of cells and pasted pieces, those without a person."""


@settings()
class Mixture:
    """How canvases are made; shares are relative to each other."""

    zoomed: NotNegative = 0.25
    """Parts of one picture."""
    zoomed_out: NotNegative = 0.3
    """One picture, its border continued."""
    side_by_side: NotNegative = 0.2
    """Two to six parts of different pictures."""
    pasted: NotNegative = 0.25
    """People on an empty background."""
    nobody: NotNegative = 0.0
    """Pictures without a person."""
    heights: Range = (0.08, 0.9)
    """People's height as a share of the canvas's."""
    findable: float = 0.05
    """People lower than this are ignored."""
    scenes: float = 0.4
    """Share of the pictures drawn from those with more than one person."""
    degraded: float = 0.25
    """Share of canvases that are blurred or of low resolution."""

    def __post_init__(self) -> None:
        if not sum(self.shares):
            raise ConfigError("mixture: shares must not all be 0")

    @property
    def shares(self) -> tuple[float, ...]:
        """In the order of the fields."""
        return self.zoomed, self.zoomed_out, self.side_by_side, self.pasted, self.nobody


@dataclass(frozen=True)
class _Source:
    """The pictures of one group, by who is in them."""

    shown: list[Picture]
    crowds: list[Picture]
    empty: list[Picture]

    @classmethod
    def of(cls, pictures: Sequence[Picture]) -> _Source:
        shown = [p for p in pictures if any(one.score == 1 for one in p.people)]
        if not shown:
            raise ConfigError("data: these pictures show no person")
        crowds = [p for p in shown if len(p.people) > 2] or shown
        return cls(shown, crowds, [p for p in pictures if not p.people])


class Canvases:
    """Random canvases from labelled pictures.

    Args:
        groups: Pictures with and without people; every piece of a canvas comes from one of the
            groups by their shares.
        mixture: How they are combined.

    Raises:
        ConfigError: Nobody is in the pictures.
    """

    def __init__(self, groups: Sequence[Group], mixture: Mixture) -> None:
        self._mixture, self._pixels = mixture, Pixels()
        self._sources = [_Source.of(group.pictures) for group in groups]
        self._shares = np.array([group.share for group in groups])
        self._empty = [p for source in self._sources for p in source.empty]

    def draw(self, rng: Rng, size_hw: Size) -> Scene:
        """One canvas of a size."""
        kinds = self._zoomed, self._zoomed_out, self._side_by_side, self._pasted, self._background
        shares = np.array(self._mixture.shares)
        scene = kinds[rng.choice(len(kinds), p=shares / shares.sum())](rng, size_hw)
        scene = scene.flipped() if rng.random() < 0.5 else scene
        pixels = recoloured(scene.pixels, rng)
        if rng.random() < self._mixture.degraded:
            pixels = degraded(pixels, rng)
        small = (scene.boxes[:, 3] - scene.boxes[:, 1]) < self._mixture.findable * size_hw[0]
        ignored = np.concatenate((scene.ignored, scene.boxes[small]))
        return Scene(pixels, scene.boxes[~small], ignored)

    def _zoomed(self, rng: Rng, size_hw: Size) -> Scene:
        return zoomed(self._someone(rng), size_hw, rng, heights=self._mixture.heights)

    def _zoomed_out(self, rng: Rng, size_hw: Size) -> Scene:
        return zoomed_out(self._someone(rng), size_hw, rng, heights=self._mixture.heights)

    def _side_by_side(self, rng: Rng, size_hw: Size) -> Scene:
        rows, columns = ((1, 2), (1, 3), (2, 2), (2, 3))[rng.integers(4)]
        size = -(-size_hw[0] // rows), -(-size_hw[1] // columns)
        heights = (0.25, 0.95)
        cells = [
            zoomed(self._anything(rng), size, rng, heights=heights) for _ in range(rows * columns)
        ]
        return side_by_side(cells, size_hw, columns)

    def _pasted(self, rng: Rng, size_hw: Size) -> Scene:
        scene = self._background(rng, size_hw)
        for _ in range(rng.integers(1, 6)):
            height = log_uniform(rng, self._mixture.heights) * size_hw[0]
            scene = pasted(scene, self._anything(rng), rng, height=height)
        return scene

    def _background(self, rng: Rng, size_hw: Size) -> Scene:
        if not self._empty or rng.random() < 0.5:
            return ice(size_hw, rng)
        return zoomed(self._nobody(rng), size_hw, rng, heights=self._mixture.heights)

    def _anything(self, rng: Rng) -> Scene:
        nobody = self._empty and rng.random() < EMPTY_SHARE
        return self._nobody(rng) if nobody else self._someone(rng)

    def _someone(self, rng: Rng) -> Scene:
        source = self._sources[rng.choice(len(self._sources), p=self._shares)]
        crowd = rng.random() < self._mixture.scenes
        return self._opened(source.crowds if crowd else source.shown, rng)

    def _nobody(self, rng: Rng) -> Scene:
        return self._opened(self._empty, rng)

    def _opened(self, pictures: Sequence[Picture], rng: Rng) -> Scene:
        picture = pictures[int(rng.integers(len(pictures)))]
        return Scene.of(self._pixels.of(picture.path), picture)
