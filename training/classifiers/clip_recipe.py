"""Experiments with a video network: which clips, and how it learns."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.settings import ShareBelow1, ShareBetween, settings
from training.classifiers.auxiliary_heads import (
    AuxiliarySettings,
)
from training.classifiers.distillation import DistillationSettings
from training.data.augment import AugmentSettings
from training.data.build import StoreSettings
from training.data.challenge import (
    Split,
)
from training.data.rendered import RenderedClips, check_apart
from training.long_tail import LongTailSettings
from training.network import NetworkSettings
from training.recipe import Recipe


@settings(kw_only=True)
class RinkClips:
    """Drawn clips to learn from and to validate on."""

    training: RenderedClips
    """Seed below 100,000."""
    validation: RenderedClips
    """Seed 100,000 to 199,999."""

    def __post_init__(self) -> None:
        check_apart(self.training, self.validation)


@settings(kw_only=True)
class ClipDataSettings:
    """Which clips."""

    folder: str = ""
    """A data set in the challenge's layout; its train split is learned."""
    validation: str = ""
    """Another data set to validate on, never `folder`; empty: sources held out of the train split.
    """
    validation_split: Split = "test"
    """Which split of that other data set."""
    validation_share: ShareBetween = 0.1
    """Of the sources, where there is no other data set."""
    store: StoreSettings = field(default_factory=StoreSettings)
    """What is kept of a clip once it was decoded."""
    rink: RinkClips | None = None
    """Clips drawn by the simulated rink, without a data set."""
    cache: str = ""
    """Where it is kept; empty: `clips` in Rinkside's cache."""

    def __post_init__(self) -> None:
        if bool(self.folder) == (self.rink is not None):
            raise ConfigError("data: needs either a folder or [data.rink]")
        if self.folder and self.validation and _same(self.folder, self.validation):
            raise ConfigError(
                "data.validation: is data.folder, whose train split is learned and on whose test "
                "split nothing may be chosen; leave it out to hold out sources, or name another "
                "data set"
            )


@settings(kw_only=True)
class ClipRecipe(Recipe):
    """An experiment with a video network."""

    network: NetworkSettings
    """Unmasked Teacher or UniFormerV2."""
    data: ClipDataSettings
    """Which clips."""
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    """How they are varied."""
    auxiliary: AuxiliarySettings = field(default_factory=AuxiliarySettings)
    """Further targets while training, where the rink tells them."""
    distillation: DistillationSettings = field(default_factory=DistillationSettings)
    """A trained network from which this one learns besides."""
    start_from_pose: str = ""
    """A pose network's weights, a checkpoint of the manifest or a safetensors file: its stem and
    blocks are the start of a network that has the same ones."""
    label_smoothing: ShareBelow1 = 0.0
    """Share of the target that goes to all classes alike."""
    long_tail: LongTailSettings = field(default_factory=LongTailSettings)
    """What is done for rare classes."""

    def __post_init__(self) -> None:
        self.network.check_family("umt", "uniformerv2")
        if self.auxiliary.active and self.data.rink is None:
            raise ConfigError("auxiliary: only [data.rink] knows these truths; leave it out")
        if self.auxiliary.active and (self.augment.operations or self.augment.blends):
            raise ConfigError(
                "auxiliary: augment.operations, mixup and cutmix would move the truth; "
                "set them to 0"
            )
        if self.auxiliary.tokens < 1 and self.network.family != "umt":
            raise ConfigError("auxiliary.tokens: only an Unmasked Teacher can leave tokens out")
        if self.start_from_pose and self.network.start:
            raise ConfigError("start_from_pose: network.start is another start; keep one of them")


def _same(one: str, other: str) -> bool:
    """Whether two paths lead to one folder, however they are written."""
    return Path(one).resolve() == Path(other).resolve()
