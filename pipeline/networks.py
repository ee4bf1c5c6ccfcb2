"""The networks of a profile: found before the work begins, loaded when their turn comes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import cast

from torch import nn

from models.umt.network import UMT
from models.uniformerv2 import UniFormerV2
from models.weights import MissingWeights
from models.zoo import (
    BUILDERS,
    ManifestError,
    checked,
    family_of,
    find_checkpoint,
    load_model,
    read_manifest,
)
from pipeline.classification.views import VideoModelSettings
from pipeline.config import Profile
from pipeline.errors import ConfigError
from pipeline.types import Provenance

TEMPORAL = "temporal"
"""Stage of the network that finds the elements of a whole video; a clip's analysis has none."""

# One network at a time in the whole process: seeding is global, and the libraries that networks
# import when they are first built do not bear two threads.
_LOADING = threading.Lock()


class Networks:
    """Finds, loads and keeps the networks that a profile names.

    Args:
        profile: Names the checkpoints.
        device: `"cpu"` or `"cuda"`.
        untrained: Put seeded random weights into every network; for timing.
        seed: Of those weights.
        stages: Those that are needed; empty: all.

    Raises:
        MissingWeights: A checkpoint is not there; the sentence names the command that gets it.
        ConfigError: The profile names a checkpoint that nobody knows, or of another family.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        device: str = "cpu",
        untrained: bool = False,
        seed: int = 0,
        stages: tuple[str, ...] = (),
    ) -> None:
        self._keep = profile.keep_loaded
        self._device = device
        self._seed = seed
        self._views = {model.name: model for model in profile.video_models}
        self._names = {
            "detector": profile.detector.checkpoint,
            "pose": profile.pose.checkpoint,
            **{model.name: model.checkpoint for model in profile.video_models},
            "infogcn": profile.skeleton_model.checkpoint,
            TEMPORAL: profile.temporal.checkpoint,
        }
        if stages:
            self._names = {stage: self._names[stage] for stage in stages}
        families = {"detector": "dino", "pose": "vitpose", "infogcn": "infogcn"}
        families[TEMPORAL] = TEMPORAL
        families |= {model.name: model.family for model in profile.video_models}
        for stage, name in self._names.items():
            _check_family(stage, name, families[stage])
        self._loaded: dict[str, nn.Module] = {}
        self._untrained = (untrained, profile.untrained_where_absent)
        self.provenance: Mapping[str, Provenance] = {
            stage: _provenance(name, *self._untrained)
            for stage, name in self._names.items()
            if stage != TEMPORAL or TEMPORAL in stages
        }
        """Of every stage of a clip's analysis, known before any network is loaded; of `temporal`
        too where it is among the `stages` asked for."""

    def provenance_of(self, stage: str) -> Provenance:
        """Where the weights of a stage come from, `temporal` among them.

        Raises:
            MissingWeights: The stage's weights are not here.
        """
        known = self.provenance.get(stage)
        return known or _provenance(self._names[stage], *self._untrained)

    def get(self, stage: str) -> nn.Module:
        """The network of a stage (`detector`, `pose`, `temporal`, or a model's key), in eval mode.

        Raises:
            MissingWeights: The temporal network's weights are not here.
            WeightsError: Its weights are damaged, not finite, or another network's.
            ConfigError: It takes views of another size than the profile says.
        """
        with _LOADING:
            if stage not in self._loaded:
                self._loaded[stage] = self._load(stage)
            return self._loaded[stage]

    def _load(self, stage: str) -> nn.Module:
        network, _ = load_model(
            self._names[stage],
            device=self._device,
            untrained=self.is_untrained(stage),
            seed=self._seed,
        )
        if stage in self._views:
            _check_views(self._names[stage], network, self._views[stage])
        return network

    def release(self, stage: str) -> None:
        """Say that a stage is over: its network is dropped unless the profile keeps them all."""
        if not self._keep:
            self._loaded.pop(stage, None)

    def is_untrained(self, stage: str) -> bool:
        """Whether a stage's answers are noise."""
        return self.provenance_of(stage).status == "untrained"


def _check_family(stage: str, name: str, family: str) -> None:
    """Refuse a name that nobody knows, and a network that does other work than the stage."""
    try:
        listed = read_manifest().get(name)
    except ManifestError as error:
        raise ConfigError(str(error)) from error
    if listed is None and name not in BUILDERS:
        raise ConfigError(
            f"{stage}: the profile names {name!r}, which is neither a checkpoint nor a network; "
            "`python -m models.zoo list` shows the checkpoints"
        )
    actual = family_of(name) if listed is None else listed.family
    if actual != family:
        raise ConfigError(
            f"{stage}: the profile names {name}, a network of the family {actual}; "
            f"choose one of the family {family}"
        )


def _check_views(name: str, network: nn.Module, settings: VideoModelSettings) -> None:
    """Refuse a video network that takes other views than the profile has made for it."""
    takes = cast(UMT | UniFormerV2, network)
    side = takes.image_size if isinstance(takes.image_size, int) else takes.image_size[0]
    if (takes.num_frames, side) != (settings.num_frames, settings.side):
        raise ConfigError(
            f"{settings.name}: {name} takes {takes.num_frames} frames of {side} pixels, the "
            f"profile gives {settings.num_frames} of {settings.side}; change num_frames and side"
        )


def _provenance(name: str, untrained: bool, untrained_where_absent: bool) -> Provenance:
    if untrained:
        return Provenance(name, None, "untrained")
    try:
        checkpoint = find_checkpoint(name)
        return Provenance(checkpoint.name, checked(checkpoint), checkpoint.status)
    except MissingWeights:
        if untrained_where_absent:
            return Provenance(name, None, "untrained")
        raise
