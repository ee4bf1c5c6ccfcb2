"""Every variant of the paper's five networks, a small one of each family, and the temporal one.

`<family>_<size>_<frames>x<side>`; an entry is a builder function with its numbers filled in, so
`BUILDERS["umt_l16_16x448"]()` is the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import nn

from models.dino import dino_r50, dino_swin_l, dino_tiny
from models.errors import UserError
from models.infogcn.network import infogcn_coco17, infogcn_small, infogcn_tiny
from models.temporal import temporal_small, temporal_tiny
from models.umt.builders import umt_b16, umt_l16, umt_stem, umt_tiny
from models.uniformerv2 import (
    uniformerv2_b16,
    uniformerv2_l14,
    uniformerv2_stem,
    uniformerv2_tiny,
)
from models.vitpose import vitpose_b, vitpose_h, vitpose_l, vitpose_s, vitpose_tiny

Builder = Callable[..., nn.Module]

# What mmdetection does otherwise than the official DINO: 80 classes, a pair of heads per decoder
# layer, and another limit inside the heads' inverse sigmoid.
_MMDET: dict[str, Any] = {
    "num_classes": 80,
    "num_labels": 80,
    "shared_heads": False,
    "head_eps": 1e-5,
}
# Its "improved" recipe also encodes positions otherwise, which no key or shape tells.
_IMPROVED: dict[str, Any] = {**_MMDET, "position_temperature": 10000.0, "position_offset": -0.5}

BUILDERS_BY_FAMILY: Mapping[str, Mapping[str, Builder]] = {
    "umt": {
        "umt_l16_8x224": partial(umt_l16, num_frames=8, image_size=224),
        "umt_l16_16x224": partial(umt_l16, num_frames=16, image_size=224),
        "umt_l16_32x224": partial(umt_l16, num_frames=32, image_size=224),
        "umt_l16_16x448": partial(umt_l16, num_frames=16, image_size=448),
        "umt_b16_8x224": partial(umt_b16, num_frames=8, image_size=224),
        "umt_b16_16x224": partial(umt_b16, num_frames=16, image_size=224),
        "umt_b16_32x224": partial(umt_b16, num_frames=32, image_size=224),
        "umt_b16_16x448": partial(umt_b16, num_frames=16, image_size=448),
        "umt_tiny_16x112": partial(umt_tiny, num_frames=16, image_size=112),
        "umt_tiny_16x160": partial(umt_tiny, num_frames=16, image_size=160),
        "umt_tiny_32x112": partial(umt_tiny, num_frames=32, image_size=112),
        "umt_stem_16x96": partial(umt_stem, num_frames=16, image_size=96),
        "umt_stem_16x128": partial(umt_stem, num_frames=16, image_size=128),
        "umt_stem_32x96": partial(umt_stem, num_frames=32, image_size=96),
    },
    "uniformerv2": {
        "uniformerv2_l14_8x224": partial(uniformerv2_l14, num_frames=8),
        "uniformerv2_l14_16x224": partial(uniformerv2_l14, num_frames=16),
        "uniformerv2_l14_32x224": partial(uniformerv2_l14, num_frames=32),
        "uniformerv2_b16_8x224": partial(uniformerv2_b16, num_frames=8),
        "uniformerv2_b16_16x224": partial(uniformerv2_b16, num_frames=16),
        "uniformerv2_b16_32x224": partial(uniformerv2_b16, num_frames=32),
        "uniformerv2_l14_8x224_kinetics": partial(uniformerv2_l14, num_frames=8, recipe="kinetics"),
        "uniformerv2_l14_16x224_kinetics": partial(
            uniformerv2_l14, num_frames=16, recipe="kinetics"
        ),
        "uniformerv2_l14_32x224_kinetics": partial(
            uniformerv2_l14, num_frames=32, recipe="kinetics"
        ),
        "uniformerv2_b16_8x224_kinetics": partial(uniformerv2_b16, num_frames=8, recipe="kinetics"),
        "uniformerv2_b16_16x224_kinetics": partial(
            uniformerv2_b16, num_frames=16, recipe="kinetics"
        ),
        "uniformerv2_b16_32x224_kinetics": partial(
            uniformerv2_b16, num_frames=32, recipe="kinetics"
        ),
        "uniformerv2_stem_32x96": partial(uniformerv2_stem, num_frames=32, image_size=96),
        "uniformerv2_tiny_16x112": partial(uniformerv2_tiny, num_frames=16, image_size=112),
    },
    "infogcn": {
        "infogcn_coco17_320": infogcn_coco17,
        "infogcn_small": infogcn_small,
        "infogcn_tiny": infogcn_tiny,
    },
    "temporal": {"temporal_small": temporal_small, "temporal_tiny": temporal_tiny},
    "vitpose": {
        "vitpose_s": vitpose_s,
        "vitpose_b": vitpose_b,
        "vitpose_l": vitpose_l,
        "vitpose_h": vitpose_h,
        "vitpose_s_simple": partial(vitpose_s, head="simple"),
        "vitpose_b_simple": partial(vitpose_b, head="simple"),
        "vitpose_l_simple": partial(vitpose_l, head="simple"),
        "vitpose_h_simple": partial(vitpose_h, head="simple"),
        "vitpose_tiny": vitpose_tiny,
    },
    "dino": {
        "dino_r50_4scale": partial(dino_r50, num_scales=4),
        "dino_r50_5scale": partial(dino_r50, num_scales=5),
        "dino_swin_l_4scale": partial(dino_swin_l, num_scales=4),
        "dino_swin_l_5scale": partial(dino_swin_l, num_scales=5),
        "dino_r50_4scale_mmdet": partial(dino_r50, num_scales=4, **_MMDET),
        "dino_r50_4scale_mmdet_improved": partial(dino_r50, num_scales=4, **_IMPROVED),
        "dino_r50_5scale_mmdet": partial(dino_r50, num_scales=5, **_MMDET),
        "dino_swin_l_4scale_mmdet": partial(dino_swin_l, num_scales=4, **_MMDET),
        "dino_swin_l_5scale_mmdet": partial(dino_swin_l, num_scales=5, **_MMDET),
        "dino_tiny": dino_tiny,
    },
}
"""Family -> name -> builder."""

BUILDERS: Mapping[str, Builder] = {
    name: builder for builders in BUILDERS_BY_FAMILY.values() for name, builder in builders.items()
}
"""All of them by name."""


def family_of(builder: str) -> str:
    """The family that a builder belongs to.

    Raises:
        UserError: There is no such builder.
    """
    for family, builders in BUILDERS_BY_FAMILY.items():
        if builder in builders:
            return family
    raise UserError(f"{builder!r} is not a builder; known are {', '.join(BUILDERS)}")
