"""The families of networks: which published key layouts each reads, and what of it is its head."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from models.layouts import clip, dino, infogcn, mmdet, temporal, umt, uniformerv2, vitpose
from models.layouts.base import Converted
from models.umt.positions import adapt_positions


@dataclass(frozen=True)
class Layout:
    """One published way to name a network's tensors."""

    name: str
    """As the user reads it."""
    matches: Callable[[Iterable[str]], Any]
    """Whether a set of keys is of this layout."""
    convert: Callable[..., Converted]
    """Its state dict under our keys."""
    needs_model: bool = False
    """`convert` also takes the network that the tensors are for."""
    as_ours: bool = False
    """Files of this layout are loaded like our own, without a conversion before."""


@dataclass(frozen=True)
class Family:
    """A family of networks and what its checkpoints look like."""

    name: str
    """Key of `FAMILIES`."""
    layouts: tuple[Layout, ...]
    """Published layouts, ours among them; the first that matches counts."""
    head: tuple[str, ...]
    """Beginnings of the keys that depend on the number of classes or joints."""
    counted_by: Mapping[str, str]
    """Builder argument -> key whose first axis is that long."""
    adapt: Callable[..., tuple[dict[str, Tensor], str | None]] | None = None
    """Fits a state to a network of another input size: `(state, model, from_8_frames=...)`."""


def _vitpose_layout(name: str) -> Layout:
    # The weights that ship, and those that were converted by earlier versions, are the hub's.
    hub = name == "hub"
    return Layout(name, lambda keys: vitpose.matches(keys) == name, vitpose.convert, as_ours=hub)


_CLASSES = "num_classes"

FAMILIES = {
    family.name: family
    for family in (
        Family(
            "umt",
            (Layout("official", umt.matches, umt.convert),),
            # Files that were only pre-trained lack the norm after pooling too.
            head=("head.", "fc_norm."),
            counted_by={_CLASSES: "head.weight"},
            adapt=adapt_positions,
        ),
        Family(
            "uniformerv2",
            (
                Layout("official", uniformerv2.matches, uniformerv2.convert),
                Layout("CLIP", clip.matches, clip.convert, needs_model=True),
            ),
            head=("transformer.proj.2.",),
            counted_by={_CLASSES: "transformer.proj.2.weight"},
        ),
        Family(
            "infogcn",
            (Layout("official", infogcn.matches, infogcn.convert),),
            head=("decoder.", "z_prior"),
            counted_by={_CLASSES: "decoder.weight"},
        ),
        Family(
            "vitpose",
            tuple(_vitpose_layout(name) for name in ("hub", "mmpose", "official")),
            head=("keypoint_head.final_layer.",),
            counted_by={"num_joints": "keypoint_head.final_layer.weight"},
        ),
        Family(
            "dino",
            (
                Layout("mmdetection", mmdet.matches, mmdet.convert),
                Layout("official", dino.matches, dino.convert),
            ),
            head=(
                "class_embed.",
                "transformer.decoder.class_embed.",
                "transformer.enc_out_class_embed.",
                "label_enc.",
            ),
            counted_by={_CLASSES: "class_embed.0.weight", "num_labels": "label_enc.weight"},
        ),
        Family(
            "temporal",
            (Layout("own", temporal.matches, temporal.convert),),
            head=("first.leave.", "refine."),
            counted_by={},
        ),
    )
}
"""By name, in the order of the paper's figures; `temporal` is not the paper's."""


def recognise(keys: Iterable[str]) -> tuple[Family, Layout] | None:
    """The family and layout that a state dict's keys look like; None when they look like none."""
    present = set(keys)
    for family in FAMILIES.values():
        for layout in family.layouts:
            if layout.matches(present):
                return family, layout
    return None
