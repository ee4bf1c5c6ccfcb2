"""Networks with their weights, by name: what the pipeline, training and `zoo verify` call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import torch
from torch import Tensor, nn

from models.checkpoint_files import (
    WeightsError,
    check_sha256,
    kind_of,
    read_metadata,
    read_state,
)
from models.errors import UserError
from models.families import recognise
from models.weights import (
    LoadReport,
    MissingWeights,
    build_on_meta,
    check_finite,
    check_fit,
    load_strict,
    materialise_untrained,
)
from models.zoo.builders import BUILDERS, family_of
from models.zoo.manifest import MANIFEST, Checkpoint, Status, read_manifest


@dataclass(frozen=True)
class ModelProvenance:
    """Where a network's weights come from."""

    checkpoint: str
    """Name in the manifest, or of the builder when untrained."""
    sha256: str | None
    """Of the safetensors file; None for seeded random weights."""
    status: Status
    """What the weights are worth."""


def load_model(
    name_or_checkpoint: str | Checkpoint,
    *,
    device: torch.device | str = "cpu",
    untrained: bool = False,
    seed: int = 0,
    manifest: Path = MANIFEST,
) -> tuple[nn.Module, ModelProvenance]:
    """A network in eval mode with the weights of a checkpoint, checked by sha256.

    Args:
        name_or_checkpoint: A checkpoint of the manifest, or a builder: then the first of its
            checkpoints that is here.
        device: Where the network goes.
        untrained: Take seeded random weights instead, for timing and tests.
        seed: Of those.
        manifest: The list of checkpoints.

    Raises:
        MissingWeights: They are not here; the sentence names the command that brings them.
        WeightsError: They are damaged, or do not fit the builder.
        UserError: Nothing is called so.
    """
    if untrained:
        name, builder = _builder_of(name_or_checkpoint, manifest)
        model = materialise_untrained(builder, seed)
        return model.to(device).eval(), ModelProvenance(name, None, "untrained")
    checkpoint = find_checkpoint(name_or_checkpoint, manifest)
    sha256 = checked(checkpoint, manifest)
    path = checkpoint.path(manifest)
    fresh = _newly_initialised(path)
    model = build_on_meta(builder_of(checkpoint))
    load_strict(model, read_state(path), source=checkpoint.name, fresh=fresh)
    return model.to(device).eval(), ModelProvenance(checkpoint.name, sha256, checkpoint.status)


def initialise(
    model: nn.Module,
    name_or_path: str | Path,
    *,
    new_head: bool = False,
    from_8_frames: bool = False,
    manifest: Path = MANIFEST,
) -> LoadReport:
    """Give a network that is to be trained the weights of a checkpoint.

    Unlike `load_model`, the checkpoint may be of another input size (UMT's position table is
    interpolated), of another number of classes, or a CLIP tower that holds only part of the
    network; the report says what was done and what stays newly initialised.

    Args:
        model: A network with its own first values, on any device.
        name_or_path: A checkpoint of the manifest, or a safetensors file.
        new_head: Accept another number of classes.
        from_8_frames: Take UMT's published 8-frame position table instead of the file's.
        manifest: The list of checkpoints.

    Raises:
        MissingWeights: They are not here.
        WeightsError: They are damaged or do not fit.
    """
    path, source = Path(name_or_path), str(name_or_path)
    if path.suffix != ".safetensors":
        checkpoint = find_checkpoint(source, manifest)
        checked(checkpoint, manifest)
        path = checkpoint.path(manifest)
    fresh = _newly_initialised(path)
    state, note = _adapted(read_state(path), model, source, from_8_frames=from_8_frames)
    report = load_strict(model, state, source=source, new_head=new_head, fresh=fresh)
    return replace(report, notes=(note, *report.notes)) if note else report


def find_checkpoint(name: str | Checkpoint, manifest: Path = MANIFEST) -> Checkpoint:
    """The checkpoint that is meant; for a builder's name, the first of its checkpoints at hand.

    Raises:
        MissingWeights: The builder has no checkpoint here; the sentence says what to do.
        UserError: Nothing is called so.
    """
    if isinstance(name, Checkpoint):
        return name
    checkpoints = read_manifest(manifest)
    if name in checkpoints:
        return checkpoints[name]
    if name not in BUILDERS:
        raise UserError(
            f"no checkpoint or network is called {name!r}; `python -m models.zoo list` shows all"
        )
    fitting = [
        c
        for c in checkpoints.values()
        if c.builder == name and not c.arguments and c.status != "untrained"
    ]
    for checkpoint in fitting:
        if checkpoint.path(manifest).is_file():
            return checkpoint
    if fitting:
        raise _missing(name, fitting[0])
    raise MissingWeights(_training_remedy(name, checkpoints))


def _missing(name: str, checkpoint: Checkpoint) -> MissingWeights:
    return MissingWeights(f"{name}: the weights are not here; {checkpoint.remedy}")


def checked(checkpoint: Checkpoint, manifest: Path = MANIFEST) -> str:
    """The sha256 of a checkpoint's file, compared with the known one.

    Raises:
        MissingWeights: The file is not here.
        WeightsError: It is another file than the manifest or the conversion noted.
    """
    path = checkpoint.path(manifest)
    if not path.is_file():
        raise _missing(checkpoint.name, checkpoint)
    kind_of(path)  # says more than a wrong sha256 about a pointer or a page in place of weights
    known = checkpoint.sha256 if checkpoint.file else _noted_sha256(path)
    status = path.stat()
    return _checked_once(path, known, status.st_size, status.st_mtime_ns)


def check_checkpoint(checkpoint: Checkpoint, manifest: Path = MANIFEST) -> str:
    """The sha256 of a checkpoint that is here, after every check but running it.

    Raises:
        WeightsError: The file is damaged, another one, or does not fit its builder.
    """
    sha256 = checked(checkpoint, manifest)
    path = checkpoint.path(manifest)
    fresh, state = _newly_initialised(path), read_state(path)
    check_finite(state, source=checkpoint.name)
    check_fit(build_on_meta(builder_of(checkpoint)), state, source=checkpoint.name, fresh=fresh)
    return sha256


def builder_of(checkpoint: Checkpoint) -> partial[nn.Module]:
    """The builder of a checkpoint's network, its arguments filled in."""
    return partial(BUILDERS[checkpoint.builder], **checkpoint.arguments)


def sidecar(path: Path) -> Path:
    """Where the sha256 of a converted file is noted, in the form of `sha256sum`."""
    return path.with_name(f"{path.name}.sha256")


@cache
def _checked_once(path: Path, known: str, size: int, mtime_ns: int) -> str:
    """`check_sha256`, once for a file as it is: gigabytes take seconds."""
    return check_sha256(path, known)


def _noted_sha256(path: Path) -> str:
    note = sidecar(path)
    words = note.read_text(encoding="utf-8", errors="replace").split() if note.exists() else []
    return words[0] if words else ""


def _newly_initialised(path: Path) -> tuple[str, ...]:
    """What the conversion noted that the file does not hold (CLIP towers)."""
    try:
        return tuple(json.loads(read_metadata(path).get("newly_initialised", "[]")))
    except json.JSONDecodeError as error:
        raise WeightsError(
            f"{path}: its metadata newly_initialised is not JSON; {error}"
        ) from error


def _adapted(
    state: dict[str, Tensor], model: nn.Module, source: str, *, from_8_frames: bool
) -> tuple[dict[str, Tensor], str | None]:
    """The state brought to the network's input size, where its family knows how."""
    found = recognise(state)
    if found is None or found[0].adapt is None or found != recognise(model.state_dict()):
        return state, None
    try:
        return found[0].adapt(state, model, from_8_frames=from_8_frames)
    except ValueError as error:
        raise WeightsError(f"{source}: {error}") from error


def _builder_of(name: str | Checkpoint, manifest: Path) -> tuple[str, partial[nn.Module]]:
    if isinstance(name, Checkpoint):
        return name.name, builder_of(name)
    if name in BUILDERS:
        return name, partial(BUILDERS[name])
    return name, builder_of(find_checkpoint(name, manifest))


def _training_remedy(name: str, checkpoints: Mapping[str, Checkpoint]) -> str:
    """How to come by weights that nobody has published."""
    size = "_".join(name.split("_")[:2])
    starts = [c for c in checkpoints.values() if c.builder.startswith(size) and c.urls]
    start = f"`python -m models.zoo fetch {starts[0].name}`, then " if starts else ""
    demo = any(f"_{size}" in name for size in ("tiny", "small", "stem"))
    recipe = f"demo_{family_of(name)}" if demo else name
    return (
        f"{name}: no weights for the 28 elements are published; train them ({start}"
        f"`python -m training.finetune training/recipes/{recipe}.toml`) and enter them in "
        "checkpoints/manifest.toml, or run with --untrained to time it"
    )
