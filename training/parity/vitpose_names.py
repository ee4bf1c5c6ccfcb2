"""ViTPose's full-size names and shapes: manifests against our builders, key maps against ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from models.layouts.vitpose import convert, rename
from models.vitpose import Head, vitpose_b, vitpose_h, vitpose_l, vitpose_s
from training.parity.report import Comparison, compare, failure, read_json
from training.parity.tolerances import EXACT

BUILDERS = {"small": vitpose_s, "base": vitpose_b, "large": vitpose_l, "huge": vitpose_h}
"""Size in a manifest's name -> the builder that must accept it."""


def compare_manifest(name: str, path: Path) -> Iterator[Comparison]:
    """A full-size checkpoint's names and shapes, converted, against our builder.

    ViTPose++ (`plus`) has a mixture of experts, which the paper does not use: nothing is compared.
    """
    size = re.search("|".join(BUILDERS), path.stem)
    if "plus" in path.stem:
        return
    if size is None:
        raise ValueError(f"{path.name} names no size; expected one of {', '.join(BUILDERS)}")
    shapes = {key: shape for key, (shape, _) in read_json(path)["tensors"].items()}
    head: Head = "simple" if "simple" in path.stem else "classic"
    with torch.device("meta"):
        stored = {key: torch.empty(shape) for key, shape in shapes.items()}
        network = BUILDERS[size[0]](head=head)
        state = convert(stored).state
    yield _same_shapes(name, network.state_dict(), state)


def _same_shapes(name: str, ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> Comparison:
    got = {(key, tuple(value.shape)) for key, value in ours.items()}
    expected = {(key, tuple(value.shape)) for key, value in theirs.items()}
    if got == expected:
        return compare(name, "shapes", 0, 0, EXACT)
    differing = [f"{key} {shape}" for key, shape in sorted(got ^ expected)]
    return failure(name, "shapes", f"{len(differing)} differ, first {', '.join(differing[:3])}")


def compare_keymap(name: str, path: Path) -> Iterator[Comparison]:
    """Pairs of [mmpose's name, the hub's]: ours of both is the same, and no part is missing."""
    partners: dict[str, list[str]] = {}
    for mmpose, hub in read_json(path)["pairs"]:
        partners.setdefault(mmpose, []).append(hub)
    differing = [
        f"{mmpose} -> {hubs}" for mmpose, hubs in partners.items() if not _same(mmpose, hubs)
    ]
    if not differing:
        yield compare(name, "pairs", 0, 0, EXACT)
        return
    yield failure(name, "pairs", f"{len(differing)} differ, first {differing[0]}")


def _same(mmpose: str, hubs: list[str]) -> bool:
    """Whether a tensor of mmpose is that of the hub, or the three of a joint matrix."""
    ours = rename(mmpose, "mmpose")
    parts = ("query", "key", "value") if ".attn.qkv." in mmpose else ("",)
    return [rename(hub, "hub") for hub in hubs] == [ours] * len(parts) and all(
        part in hub for part, hub in zip(parts, hubs, strict=True)
    )
