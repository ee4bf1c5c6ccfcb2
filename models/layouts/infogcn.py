"""Published InfoGCN checkpoints: a plain state dict under the names that are ours too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

from models.layouts.base import Converted

SIGNATURE = {"to_joint_embedding.weight", "l1.agcn.shared_topology", "fc_logvar.weight"}
PRIOR = "z_prior"


def matches(keys: Iterable[str]) -> bool:
    """Whether the keys look like an InfoGCN of any size."""
    return set(keys) >= SIGNATURE


def convert(state: Mapping[str, Tensor]) -> Converted:
    """Nothing is renamed; says when the classes' prior means are missing."""
    note = (
        "no prior means (z_prior), which only training needs: the network keeps its own seeded ones"
    )
    return Converted(dict(state), notes=() if PRIOR in state else (note,))
