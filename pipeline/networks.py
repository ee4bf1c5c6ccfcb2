"""The networks of a profile: found before the work begins, loaded when their turn comes."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from models.weights import MissingWeights, WeightsError
from models.zoo import checked, find_checkpoint, load_model
from pipeline.config import Profile
from pipeline.errors import ConfigError
from pipeline.types import Provenance


class Networks:
    """Finds, loads and keeps the networks that a profile names.

    Args:
        profile: Names the checkpoints.
        device: `"cpu"` or `"cuda"`.
        untrained: Put seeded random weights into every network; for timing.
        seed: Of those weights.

    Raises:
        MissingWeights: A checkpoint is not there; the sentence names the command that gets it.
        ConfigError: The profile names a checkpoint that nobody knows.
    """

    def __init__(
        self, profile: Profile, *, device: str = "cpu", untrained: bool = False, seed: int = 0
    ) -> None:
        self._keep = profile.keep_loaded
        self._device = device
        self._seed = seed
        self._names = {
            "detector": profile.detector.checkpoint,
            "pose": profile.pose.checkpoint,
            **{model.name: model.checkpoint for model in profile.video_models},
            "infogcn": profile.skeleton_model.checkpoint,
        }
        self._loaded: dict[str, nn.Module] = {}
        self.provenance: Mapping[str, Provenance] = {
            stage: _provenance(name, untrained, profile.untrained_where_absent)
            for stage, name in self._names.items()
        }
        """Of every stage, known before any network is loaded."""

    def get(self, stage: str) -> nn.Module:
        """The network of a stage (`detector`, `pose`, or a model's key), in eval mode."""
        if stage not in self._loaded:
            untrained = self.provenance[stage].status == "untrained"
            self._loaded[stage], _ = load_model(
                self._names[stage], device=self._device, untrained=untrained, seed=self._seed
            )
        return self._loaded[stage]

    def release(self, stage: str) -> None:
        """Say that a stage is over: its network is dropped unless the profile keeps them all."""
        if not self._keep:
            self._loaded.pop(stage, None)

    def is_untrained(self, stage: str) -> bool:
        """Whether a stage's answers are noise."""
        return self.provenance[stage].status == "untrained"


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
    except WeightsError:
        raise
    except ValueError as error:
        raise ConfigError(f"the profile names what nobody knows: {error}") from error
