"""InfoGCN written out: the reference that `models.infogcn.network` must equal, head by head.

Attention maps of all frames and heads lie in memory, every layer is a call of its own in the usual
`(B, C, T, V)` memory, and autograd keeps what it likes. For tests and for the cost figures.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from models.infogcn.blocks import EncodingBlock, SpatialGraphConv, TemporalConv
from models.infogcn.network import InfoGCN, InfoGCNOutput


def written_out(model: InfoGCN, x: Tensor) -> InfoGCNOutput:
    """`model(x, with_latent=True)`, the plain way, with the same weights and statistics."""
    B, _, _, V, M = x.shape
    joints = model.A_vector @ rearrange(x, "b c t v m -> (b m t) v c")
    embedded = model.to_joint_embedding(joints) + model.pos_embedding
    embedded = rearrange(embedded, "(b m t) v c -> b (m v c) t", b=B, m=M)
    features = rearrange(model.data_bn(embedded), "b (m v c) t -> (b m) c t v", m=M, v=V)
    features = features.contiguous()
    for block in model.blocks:
        features = _block(cast(EncodingBlock, block), features)
    latent = model.sample(model.pool(features))
    return InfoGCNOutput(model.decoder(latent), latent)


def _block(block: EncodingBlock, x: Tensor) -> Tensor:
    spatial = F.relu(block.agcn.bn(_mix(block.agcn, x)) + block.agcn.down(x))
    views = [_branch(cast(nn.Sequential, branch), spatial) for branch in block.tcn.branches]
    temporal = F.relu(torch.cat(views, dim=1))
    residual = block.residual
    shortcut = _temporal(residual, x) if isinstance(residual, TemporalConv) else x
    return F.relu(temporal + shortcut)


def _mix(agcn: SpatialGraphConv, x: Tensor) -> Tensor:
    B = len(x)
    frames = rearrange(x, "b c t v -> (b t) v c")
    mixing = agcn.attn(frames) * agcn.shared_topology
    total = torch.zeros((), dtype=x.dtype, device=x.device)
    for head, conv in enumerate(agcn.conv_d):
        mixed = mixing[:, head] @ frames
        total = total + conv(rearrange(mixed, "(b t) v c -> b c t v", b=B))
    return total


def _branch(branch: nn.Sequential, x: Tensor) -> Tensor:
    for layer in branch:
        x = _temporal(layer, x) if isinstance(layer, TemporalConv) else layer(x)
    return x


def _temporal(layer: TemporalConv, x: Tensor) -> Tensor:
    return cast(Tensor, layer.bn(layer.conv(x)))
