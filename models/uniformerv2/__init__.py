"""UniFormerV2 (paper, Sec. II-B; reference: OpenGVLab/UniFormerV2), written from its description.

A CLIP image transformer runs on every frame; local blocks mix neighbouring frames, global blocks
gather all tokens of the clip into one video token. State-dict names are the official ones.
"""

from models.uniformerv2.builders import (
    Recipe,
    uniformerv2_b16,
    uniformerv2_l14,
    uniformerv2_stem,
    uniformerv2_tiny,
)
from models.uniformerv2.network import UniFormerV2
from models.uniformerv2.positions import resize_positions

__all__ = [
    "Recipe",
    "UniFormerV2",
    "resize_positions",
    "uniformerv2_b16",
    "uniformerv2_l14",
    "uniformerv2_stem",
    "uniformerv2_tiny",
]
