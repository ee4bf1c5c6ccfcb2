"""InfoGCN (Chi et al., CVPR 2022): a skeleton sequence to logits; the paper's pose branch.

Joints are embedded after a fixed mode matrix I - P^k (bones, or the joints themselves), nine blocks
encode them, and a latent vector z, which the loss pulls towards one prior mean a class, is decoded
into logits. The names of the state dict are the authors'; the code follows the paper and their
network's numbers, as their repository carries no licence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, overload

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from models.infogcn.blocks import EncodingBlock
from models.skeletons import COCO17, EdgeDirection, Skeleton

WIDTHS = ((1, 1), (1, 1), (1, 1), (1, 2), (2, 2), (2, 2), (2, 4), (4, 4), (4, 4))
"""l1 to l9: channels in and out in units of `base_channels`."""

STRIDES = (1, 1, 1, 2, 1, 1, 2, 1, 1)
"""l1 to l9 over time, as published."""

MAX_DEVIATION = 100.0
"""Bound of the latent noise's standard deviation."""


class InfoGCNOutput(NamedTuple):
    """What a training step needs."""

    logits: Tensor
    """`(B, K)`."""
    latent: Tensor
    """z, `(B, D)`: the mean in evaluation, a sample in training."""


class InfoGCN(nn.Module):
    """Skeleton sequences of any length to logits.

    Besides the authors' tensors the state dict holds `z_prior` `(K, D)`, the classes' prior means:
    random but fixed, so a training that goes on elsewhere must find the same ones. A state dict
    without it, such as theirs, loads strictly and leaves the ones of `z_prior_seed`.

    Args:
        num_classes: K, length of the logits.
        skeleton: Joints and bones.
        num_people: M, people in a sequence; their features are averaged.
        in_channels: Numbers a joint; three are (x, y, score).
        base_channels: Width of the first blocks; D, that of the latent vector, is four times it.
        num_heads: Attention heads of every block.
        strides: Of the nine blocks over time.
        k: Mode of the input, see `Skeleton.mode_matrix`.
        edges: Direction of the bones in that matrix.
        noise_ratio: Factor on the log-variance of the latent noise in training.
        dropout: Probability, on the pooled features.
        z_prior_gain: Length of the prior means.
        z_prior_seed: Of their directions.
    """

    A_vector: Tensor
    z_prior: Tensor

    def __init__(
        self,
        *,
        num_classes: int,
        skeleton: Skeleton = COCO17,
        num_people: int = 1,
        in_channels: int = 3,
        base_channels: int = 64,
        num_heads: int = 3,
        strides: Sequence[int] = STRIDES,
        k: int = 1,
        edges: EdgeDirection = "outward",
        noise_ratio: float = 0.5,
        dropout: float = 0.0,
        z_prior_gain: float = 3.0,
        z_prior_seed: int = 0,
    ) -> None:
        super().__init__()
        if base_channels % 8:
            raise ValueError(f"base_channels must be a multiple of 8, got {base_channels}")
        if len(strides) != len(WIDTHS):
            raise ValueError(f"strides: expected {len(WIDTHS)}, one a block, got {len(strides)}")
        J, latent = skeleton.num_joints, WIDTHS[-1][1] * base_channels
        self.in_channels, self.num_joints, self.num_people = in_channels, J, num_people
        self.noise_ratio = noise_ratio
        # Constants stay on the processor when the network is built on the meta device.
        self.register_buffer("A_vector", skeleton.mode_matrix(k, edges), persistent=False)
        prior = orthogonal_prior(num_classes, latent, gain=z_prior_gain, seed=z_prior_seed)
        self.register_buffer("z_prior", prior)
        self.register_load_state_dict_pre_hook(_keep_prior)
        self.to_joint_embedding = nn.Linear(in_channels, base_channels)
        self.pos_embedding = nn.Parameter(torch.randn(1, J, base_channels))
        self.data_bn = nn.BatchNorm1d(num_people * J * base_channels)
        blocks = zip(WIDTHS, strides, strict=True)
        for number, ((before, after), stride) in enumerate(blocks, start=1):
            block = EncodingBlock(
                before * base_channels,
                after * base_channels,
                num_joints=J,
                num_heads=num_heads,
                stride=stride,
            )
            self.add_module(f"l{number}", block)
        self.fc = nn.Linear(latent, latent)
        self.dropout = nn.Dropout(dropout)
        self.fc_mu = nn.Linear(latent, latent)
        self.fc_logvar = nn.Linear(latent, latent)
        self.decoder = nn.Linear(latent, num_classes)
        nn.init.normal_(self.decoder.weight, std=math.sqrt(2 / num_classes))

    @property
    def blocks(self) -> tuple[nn.Module, ...]:
        """l1 to l9."""
        return tuple(self.get_submodule(f"l{number + 1}") for number in range(len(WIDTHS)))

    @overload
    def forward(self, x: Tensor, *, with_latent: Literal[False] = False) -> Tensor: ...

    @overload
    def forward(self, x: Tensor, *, with_latent: Literal[True]) -> InfoGCNOutput: ...

    def forward(self, x: Tensor, *, with_latent: bool = False) -> Tensor | InfoGCNOutput:
        """Classify sequences.

        Args:
            x: `(B, C, T, J, M)`, any T.
            with_latent: Also give z, which the loss needs.

        Returns:
            Logits `(B, K)`, alone or with z.

        Raises:
            ValueError: `x` has other channels, joints or people.
        """
        latent = self.encode(x)
        logits = self.decoder(latent)
        return InfoGCNOutput(logits, latent) if with_latent else logits

    def encode(self, x: Tensor) -> Tensor:
        """Sequences `(B, C, T, J, M)` to z `(B, D)`."""
        expected = (self.in_channels, self.num_joints, self.num_people)
        if x.ndim != 5 or (x.shape[1], *x.shape[3:]) != expected:
            C, J, M = expected
            raise ValueError(f"expected sequences (B, {C}, T, {J}, {M}), got {tuple(x.shape)}")
        features = self.embed(x)
        for block in self.blocks:
            features = block(features)
        return self.sample(self.pool(features))

    def embed(self, x: Tensor) -> Tensor:
        """Joints to features `(B * M, C, T, V)`; in full precision, as they are coordinates."""
        B, *_, M = x.shape
        with torch.autocast(x.device.type, enabled=False):
            joints = rearrange(x.to(self.A_vector.dtype), "b c t v m -> b t m v c")
            embedded = self.to_joint_embedding(self.A_vector @ joints) + self.pos_embedding
            embedded = self.data_bn(rearrange(embedded, "b t m v c -> (b t) (m v c)"))
        frames = rearrange(embedded, "(b t) (m v c) -> (b m) t v c", b=B, m=M, v=self.num_joints)
        return rearrange(frames, "b t v c -> b c t v")

    def pool(self, features: Tensor) -> Tensor:
        """Mean over frames and joints, then over people, and one layer: `(B, D)`."""
        per_person = features.mean(dim=(2, 3))
        pooled = rearrange(per_person, "(b m) c -> b m c", m=self.num_people).mean(dim=1)
        return self.dropout(F.relu(self.fc(pooled)))

    def sample(self, pooled: Tensor) -> Tensor:
        """z: its mean in evaluation, in training a normal sample around it."""
        mean = self.fc_mu(pooled)
        if not self.training:
            return mean
        # Bounded before exp, whose infinity would make the gradient NaN.
        exponent = (self.noise_ratio * self.fc_logvar(pooled)).clamp(max=math.log(MAX_DEVIATION))
        return mean + torch.randn_like(mean) * exponent.exp()


def orthogonal_prior(num_classes: int, latent: int, *, gain: float, seed: int) -> Tensor:
    """Prior means of the classes, `(K, D)`: rows of length `gain`, orthogonal while K <= D."""
    generator = torch.Generator(device="cpu").manual_seed(seed)
    prior = torch.empty(num_classes, latent, device="cpu")
    return nn.init.orthogonal_(prior, gain=gain, generator=generator)


def _keep_prior(module: nn.Module, state: dict[str, Tensor], prefix: str, *_rest: Any) -> None:
    """The authors' files lack the prior means: the network then keeps its own."""
    state.setdefault(f"{prefix}z_prior", module.get_buffer("z_prior"))


def infogcn_coco17(
    *,
    num_classes: int = 28,
    num_people: int = 1,
    k: int = 1,
    edges: EdgeDirection = "outward",
    num_heads: int = 3,
    noise_ratio: float = 0.5,
    z_prior_gain: float = 3.0,
    dropout: float = 0.0,
) -> InfoGCN:
    """The paper's skeleton network on COCO-17 joints (1.53 M parameters; 320 frames in Sec. II-B).

    Assumption: the paper is silent on `k`. 1 (bones) is what the authors' README trains with; 5 and
    more give the joints themselves. `edges` only matters below that: `outward` is the direction of
    the golden files, `inward` (joint - parent) that of the authors' own skeletons. Heads, latent
    noise and prior gain, on which it is silent too, default to the authors' own.
    """
    return InfoGCN(
        num_classes=num_classes,
        num_people=num_people,
        k=k,
        edges=edges,
        num_heads=num_heads,
        noise_ratio=noise_ratio,
        z_prior_gain=z_prior_gain,
        dropout=dropout,
    )


def infogcn_tiny(
    *,
    num_classes: int = 28,
    k: int = 1,
    edges: EdgeDirection = "outward",
    strides: Sequence[int] = STRIDES,
) -> InfoGCN:
    """A small one (0.09 M parameters) for tests and quick studies."""
    return InfoGCN(
        num_classes=num_classes,
        base_channels=16,
        num_heads=2,
        k=k,
        edges=edges,
        strides=strides,
    )


def infogcn_small(
    *, num_classes: int = 28, k: int = 1, edges: EdgeDirection = "outward"
) -> InfoGCN:
    """The demo's (0.86 M parameters): narrower, and its first two blocks halve the frames.

    A jump of 44 frames, drawn out to 320, loses nothing by that; the network needs a quarter of the
    time, and its last blocks see the whole clip.
    """
    return InfoGCN(
        num_classes=num_classes,
        base_channels=48,
        strides=(2, 2, 1, 2, 1, 1, 2, 1, 1),
        k=k,
        edges=edges,
    )
