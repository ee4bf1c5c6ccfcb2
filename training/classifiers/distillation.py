"""A trained network that teaches another one while it learns: its logits and its tokens.

The Unmasked Teacher's pre-training has a student reach its teacher's tokens where it is allowed to
look (Li et al., 2023, Sec. 3.2); a student that sees the very pictures its teacher sees, augmented
alike, learns from its logits too (Hinton et al., 2015; Beyer et al., 2022). The student may have
fewer frames or other sizes than the teacher. The head that compares tokens is dropped with the
training, as the auxiliary heads are.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from models.umt.network import UMT
from models.uniformerv2 import UniFormerV2
from models.zoo import family_of, find_checkpoint, load_model
from pipeline.classification.transforms import INPUT_TRANSFORMS, InputTransform
from pipeline.errors import ConfigError
from pipeline.settings import NotNegative, Positive, settings
from training.classifiers.auxiliary_heads import kept_tokens
from training.network import naming

NAME = "teacher"
"""Of the head within the network in training, as checkpoints of runs have it."""


@settings(kw_only=True)
class DistillationSettings:
    """Who teaches, and how much it counts."""

    checkpoint: str = ""
    """A video network of the manifest; empty: nobody teaches."""
    logits: NotNegative = 1.0
    """Weight of the divergence from its softened probabilities."""
    temperature: Positive = 2.0
    """Both logits are divided by it; the divergence is multiplied by its square."""
    tokens: NotNegative = 1.0
    """Weight of the distance from its last block's tokens, each of length one."""

    def __post_init__(self) -> None:
        if self.checkpoint and self._family not in INPUT_TRANSFORMS:
            raise ConfigError(
                f"distillation.checkpoint: {self.checkpoint} does not look at clips; choose an "
                "Unmasked Teacher or a UniFormerV2"
            )

    @property
    def active(self) -> bool:
        """Whether there is a teacher."""
        return bool(self.checkpoint)

    @property
    def _family(self) -> str:
        with naming("distillation.checkpoint"):
            return family_of(find_checkpoint(self.checkpoint).builder)


class DistillationHead(nn.Module):
    """A student's tokens as the teacher would have them."""

    def __init__(self, dim: int, teacher_dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.map = nn.Linear(dim, teacher_dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens `(B, T, K, C)` to `(B, T, K, C')` of length one."""
        return F.normalize(self.map(self.norm(tokens)), dim=-1)


class Teacher:
    """A frozen video network and what it teaches.

    Args:
        settings: With a checkpoint.

    Raises:
        ConfigError: Nothing is called so.
        WeightsError: Its weights are not here or damaged.
    """

    def __init__(self, settings: DistillationSettings) -> None:
        self._settings = settings
        with naming("distillation.checkpoint"):
            network, provenance = load_model(settings.checkpoint)
            family = family_of(find_checkpoint(provenance.checkpoint).builder)
        self._network = cast(UMT | UniFormerV2, network.requires_grad_(False))
        self._transform = INPUT_TRANSFORMS[family]

    @property
    def num_frames(self) -> int:
        """T that it looks at."""
        return self._network.num_frames

    @property
    def side(self) -> int:
        """Of its square frames, pixels."""
        return max(_sides(self._network))

    def attach_head(self, student: nn.Module) -> None:
        """Give a network in training the head: `NAME.*` in its state dict."""
        student.add_module(NAME, DistillationHead(_dim(student), _dim(self._network)))

    @torch.no_grad()
    def taught(self, clips: Tensor, transform: InputTransform) -> tuple[Tensor, Tensor]:
        """What it makes of clips.

        Args:
            clips: `(B, 3, T, S, S)`, normalised for the student; T is a multiple of the frames that
                it looks at, every so many of which it sees.
            transform: How.

        Returns:
            Logits `(B, K)` and tokens `(B, T', h, w, C')`.
        """
        self._network.to(clips.device)
        clips = thinned(clips, num_frames=self.num_frames, side=self.side)
        frames = _renormalised(clips, transform, self._transform)
        with kept_tokens(self._network) as kept:
            logits = self._network(frames)
        tokens = kept[0] if isinstance(self._network, UMT) else kept[0][:, :, 1:]
        h, w = self._network.grid[-2:]
        return logits.float(), tokens.float().unflatten(2, (h, w))

    def losses(
        self,
        student: nn.Module,
        *,
        logits: Tensor,
        tokens: Tensor,
        taught: tuple[Tensor, Tensor],
        kept: Tensor | None = None,
    ) -> dict[str, tuple[Tensor, float]]:
        """How far a student is from its teacher, and the weights of that.

        Args:
            student: With its head.
            logits: `(B, K)` its own.
            tokens: `(B, T, K', C)` its last block's, as `kept_tokens` has them.
            taught: Of the same clips.
            kept: `(B, T, K')` patches of which the tokens are; None: all.

        Returns:
            `teacher`, of the logits, and `teacher_tokens`.
        """
        target, seen = taught
        heat = self._settings.temperature
        divergence = F.kl_div(
            F.log_softmax(logits.float() / heat, dim=1),
            F.log_softmax(target / heat, dim=1),
            reduction="batchmean",
            log_target=True,
        )
        if isinstance(student, UniFormerV2):
            tokens = tokens[:, :, 1:]  # the frame's own token stands in front
        grid = cast(UMT | UniFormerV2, student).grid[-2:]
        wanted = _laid_out(seen, tokens.shape[1], (grid[0], grid[1]), kept)
        predicted = cast(DistillationHead, student.get_submodule(NAME))(tokens.float())
        apart = 2 - 2 * (predicted * F.normalize(wanted, dim=-1)).sum(dim=-1)
        return {
            "teacher": (divergence * heat**2, self._settings.logits),
            "teacher_tokens": (apart.mean(), self._settings.tokens),
        }


def thinned(clips: Tensor, *, num_frames: int, side: int) -> Tensor:
    """Every so many frames of clips `(B, 3, T, S, S)`, scaled: bilinear with antialias."""
    clips = clips[:, :, :: clips.shape[2] // num_frames]
    if clips.shape[-1] == side:
        return clips
    frames = rearrange(clips, "b c t h w -> (b t) c h w")
    frames = F.interpolate(frames, (side, side), mode="bilinear", antialias=True)
    return rearrange(frames, "(b t) c h w -> b c t h w", b=len(clips))


def _renormalised(clips: Tensor, one: InputTransform, other: InputTransform) -> Tensor:
    mean, std, wanted_mean, wanted_std = (
        clips.new_tensor(v).view(3, 1, 1, 1) for v in (one.mean, one.std, other.mean, other.std)
    )
    return (clips * std + mean - wanted_mean) / wanted_std


def _laid_out(tokens: Tensor, frames: int, grid: tuple[int, int], kept: Tensor | None) -> Tensor:
    """The teacher's tokens `(B, T', h, w, C)` where the student has its own: `(B, T, K, C)`."""
    B, T = tokens.shape[:2]
    if tuple(tokens.shape[2:4]) != grid:
        image = rearrange(tokens, "b t h w c -> (b t) c h w")
        image = F.interpolate(image, grid, mode="bilinear", align_corners=False)
        tokens = rearrange(image, "(b t) c h w -> b t h w c", b=B)
    # Frames and the teacher's tokens divide the clip's time alike, one side more finely.
    which = torch.arange(frames, device=tokens.device) * T // frames
    tokens = tokens[:, which].flatten(2, 3)
    if kept is None:
        return tokens
    return tokens.gather(2, kept[..., None].expand(-1, -1, -1, tokens.shape[-1]))


def _sides(network: UMT | UniFormerV2) -> tuple[int, ...]:
    size = network.image_size
    return (size,) if isinstance(size, int) else tuple(size)


def _dim(network: nn.Module) -> int:
    if isinstance(network, UMT):
        return network.head.in_features
    return cast(UniFormerV2, network).class_embedding.numel()
