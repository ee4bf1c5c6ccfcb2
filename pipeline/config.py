"""Profiles: everything that decides what an analysis computes, read once from TOML.

A profile names its checkpoints and carries the settings of every stage; the settings themselves are
defined beside the code that uses them. Unknown keys and wrong types are refused.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import field
from pathlib import Path

from pipeline.classification.ensemble import FUSED, EnsembleSettings
from pipeline.classification.sequence import SequenceSettings
from pipeline.classification.views import VideoModelSettings
from pipeline.detection.detector import DetectorSettings
from pipeline.detection.zoom import ZoomSettings
from pipeline.errors import ConfigError
from pipeline.pose import PoseSettings
from pipeline.settings import (
    Positive,
    WholeNumber,
    load_toml,
    read_settings,
    settings,
    with_stored_keys,
)
from pipeline.tracking.candidates import MainSkaterSettings
from pipeline.tracking.region import RegionSettings
from pipeline.tracking.tracks import TrackSettings
from pipeline.types import OMITTED_AT_DEFAULT, Precision, ReaderName, deciding_fields

PROFILES = Path(__file__).with_name("profiles")

NAME = re.compile(r"[\w-]+")
"""Of a profile: never a path, which would lead to a file of whoever reads it."""
NAME_IN_WORDS = "a name of letters, digits, - and _"


@settings()
class SkeletonModelSettings:
    """The skeleton network and how its input is made."""

    checkpoint: str
    """Name in the checkpoint manifest."""
    sequence: SequenceSettings = field(default_factory=SequenceSettings)
    """From poses to the network's frames."""
    test_time_flip: bool = False
    """Whether the skeleton is also scored flipped left to right, and both scores averaged.
    Beyond the paper, whose skeleton network has one view."""


@settings()
class TemporalSettings:
    """What finds the elements of a whole video."""

    checkpoint: str = "temporal_small"
    """Name in the checkpoint manifest."""


@settings()
class ProgrammeSettings:
    """How a whole programme is read, as opposed to a clip of one element."""

    detector_hz: Positive = 3.2
    """Times a second that the detector looks; every eighth frame of 25 a second."""
    pose_hz: Positive = 30.0
    """At most about so many skeletons a second: of faster videos, every second frame or less."""
    flip_test: bool = True
    """Average every skeleton with the flipped crop's, whatever `pose` says; doubles the cost."""
    precision: Precision = "bf16"
    """Arithmetic of detector and pose network in the pass; `fp32` where the processor has no
    `bf16`."""


@settings()
class Profile:
    """One complete configuration of the pipeline."""

    name: str
    """As given with `--profile`, or of a profile of one's own; analyses are saved with it."""
    summary: str
    """What it is for, in a line."""
    detector: DetectorSettings
    """DINO."""
    pose: PoseSettings
    """ViTPose."""
    video_models: tuple[VideoModelSettings, ...]
    """Unmasked Teachers and UniFormerV2."""
    skeleton_model: SkeletonModelSettings
    """InfoGCN."""
    zoom: ZoomSettings = field(default_factory=ZoomSettings)
    """When the detector looks at a small skater again, enlarged."""
    track: TrackSettings = field(default_factory=TrackSettings)
    """How boxes become people."""
    main_skater: MainSkaterSettings = field(default_factory=MainSkaterSettings)
    """Who of them is the skater."""
    region: RegionSettings = field(default_factory=RegionSettings)
    """What is cropped."""
    programme: ProgrammeSettings = field(default=ProgrammeSettings(), metadata=OMITTED_AT_DEFAULT)
    """How a whole programme is read."""
    ensemble: EnsembleSettings = field(default_factory=EnsembleSettings)
    """How the models' scores become one verdict."""
    precision: Precision = "fp32"
    """Arithmetic of the classifiers; `bf16` on processors and GPUs that have it."""
    untrained_where_absent: bool = False
    """Run networks whose weights are not here on seeded random ones, and say so, instead of
    refusing: for as long as no demo weights ship."""
    keep_loaded: bool = True
    """Whether all networks stay in memory between analyses; the paper's do not fit."""
    buffer_mib: WholeNumber = 512
    """Decoded frames up to this size are kept, and the video is decoded once."""
    temporal: TemporalSettings = field(default=TemporalSettings(), metadata=OMITTED_AT_DEFAULT)
    """The temporal network of whole videos."""
    reader: ReaderName = field(default="pyav", metadata=OMITTED_AT_DEFAULT)
    """Which library decodes the video; a file that it cannot read exactly is refused."""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):  # an analysis that says so could not be opened again
            raise ConfigError(f"name: expected {NAME_IN_WORDS}, got {self.name!r}")
        names = [model.name for model in self.video_models]
        families = {model.family for model in self.video_models}
        if families != {"umt", "uniformerv2"}:
            raise ConfigError(f"{self.name}: video_models needs both umt and uniformerv2 networks")
        expected = [
            f"umt_{m.num_frames}x{m.side}" if m.family == "umt" else "uniformerv2"
            for m in self.video_models
        ]
        if names != expected or len(set(names)) != len(names):
            raise ConfigError(
                f"{self.name}: video_models must be called {', '.join(expected)}, once each"
            )

    @property
    def networks(self) -> tuple[str, ...]:
        """Keys of the single networks that are scored, in order."""
        return (*(model.name for model in self.video_models), FUSED[-1])

    def costs(self) -> dict[str, float]:
        """Relative cost of an analysis' stages: pixels that each network sees."""
        pixels = {
            m.name: float(m.num_frames * m.side**2 * m.temporal_views * m.spatial_views)
            for m in self.video_models
        }
        total = sum(pixels.values())
        return {"detect": total / 3, "pose": total / 2, **pixels, "infogcn": total / 50}

    def fingerprint(self) -> str:
        """Hash of every setting; changes when a result could."""
        deciding = deciding_fields(self)
        settings = {n: v for n, v in dataclasses.asdict(self).items() if n in deciding}
        text = json.dumps(with_stored_keys(settings), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def profile_names() -> tuple[str, ...]:
    """The profiles that ship."""
    return tuple(sorted(path.stem for path in PROFILES.glob("*.toml")))


def load_profile(name: str) -> Profile:
    """A profile by name, or from the path of a TOML file.

    Raises:
        ConfigError: No such profile, unknown keys, or values of the wrong type.
    """
    path = Path(name) if name.endswith(".toml") else PROFILES / f"{name}.toml"
    try:
        content = load_toml(path)
    except FileNotFoundError:
        known = ", ".join(profile_names())
        raise ConfigError.of("profile_unknown", profile=name, known=known) from None
    return read_settings(Profile, content, source=str(path))


def load_shipped_profile(name: str) -> Profile:
    """A profile that ships, by name: for names that somebody else wrote, such as an analysis's.

    Raises:
        ConfigError: None that ships has this name; a path is never followed.
    """
    if name not in profile_names():
        known = ", ".join(profile_names())
        raise ConfigError.of("profile_unknown", profile=name, known=known)
    return load_profile(name)
