"""Augmentation of clips on the device: RandAugment, erasing, mixup and cutmix (UMT's recipe).

Every clip draws for itself, all frames of a clip alike. Magnitudes and probabilities are those of
the published recipe, timm's `rand-m7-n4-mstd0.5-inc1`: of 15 operations four are drawn with
replacement, each is applied with probability 0.5. kornia's own RandAugment draws otherwise (without
replacement, always applied, magnitudes of another scale), so its operations are used, not its
policy; its mixup draws an even share for every clip where the recipe draws one from a beta
distribution for the batch.

Pixels are floats in 0..1 here; random numbers come from torch's global generator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple

import torch
import torch.nn.functional as F
from kornia.enhance import equalize, invert, posterize, sharpness
from pydantic import Field
from torch import Tensor

from pipeline.settings import NotNegative, Range, Share, ShareRange, WholeNumber, settings

FILL = (0.485, 0.456, 0.406)
"""What geometric operations show where the picture ends: ImageNet's mean colour."""


@settings(kw_only=True)
class AugmentSettings:
    """How clips are varied; the defaults vary nothing."""

    crop_scale: ShareRange = (1.0, 1.0)
    """Area of the random crop, as a share of the region; (1, 1) is the test's centre crop."""
    crop_ratio: Range = (1.0, 1.0)
    """Width to height of the random crop."""
    jitter: NotNegative = 0.0
    """The region's edges move by up to this share of its sides, as a detector's would."""
    flip: Share = 0.0
    """Probability of mirroring a clip. It turns a skater's sense of rotation around, which leaves
    the element what it is."""
    operations: WholeNumber = 0
    """RandAugment: operations drawn for a clip; 0: none."""
    magnitude: Annotated[float, Field(ge=0, le=10)] = 7.0
    """Of 10."""
    magnitude_std: NotNegative = 0.5
    """Normal deviation of the magnitude."""
    operation_probability: Share = 0.5
    """That a drawn operation is applied."""
    erase: Share = 0.0
    """Probability of a rectangle of noise, at one place in all frames."""
    mixup: NotNegative = 0.0
    """Alpha of the beta distribution; 0: never."""
    cutmix: NotNegative = 0.0
    """Alpha of the beta distribution; 0: never."""
    mix_probability: Share = 1.0
    """That a batch is mixed at all."""
    cutmix_share: Share = 0.5
    """Of the mixed batches, where both are on."""

    @property
    def blends(self) -> bool:
        """Whether clips are blended, so that no longer one thing is true of them."""
        return bool(self.mixup or self.cutmix)


def rand_augment(clips: Tensor, settings: AugmentSettings) -> Tensor:
    """Apply RandAugment to clips `(B, T, 3, H, W)`."""
    if not settings.operations:
        return clips
    return torch.stack([_augmented(clip, settings) for clip in clips])


def random_erasing(clips: Tensor, probability: float) -> Tensor:
    """Put noise into a rectangle of some clips, in place; normalised pixels `(B, 3, T, H, W)`.

    Rectangles cover 2 to 33 % of the picture and are up to 3.3 times as high as wide, or the other
    way around.
    """
    for clip in clips:
        if _uniform() < probability:
            H, W = clip.shape[-2:]
            area = _uniform(0.02, 1 / 3) * H * W
            ratio = torch.tensor(_uniform(-1.0, 1.0) * 1.194).exp().item()  # ln 3.3 = 1.194
            h, w = (min(max(round(side), 1), limit) for side, limit in (
                ((area * ratio) ** 0.5, H), ((area / ratio) ** 0.5, W)))  # fmt: skip
            top, left = (int(_uniform(0, room + 1)) for room in (H - h, W - w))
            clip[..., top : top + h, left : left + w].normal_()
    return clips


class Mixed(NamedTuple):
    """A batch whose clips are blends of two."""

    clips: Tensor
    """As they came."""
    targets: Tensor
    """`(B, K)`, rows sum to 1."""


def soft_targets(labels: Tensor, num_classes: int, smoothing: float) -> Tensor:
    """Class indices `(B,)` to `(B, K)` with label smoothing."""
    targets = F.one_hot(labels, num_classes).float()
    return targets * (1 - smoothing) + smoothing / num_classes


def mix(clips: Tensor, targets: Tensor, settings: AugmentSettings) -> Mixed:
    """Blend every clip with the one as far from the batch's end, as timm's mixup in batch mode.

    Args:
        clips: `(B, ..., H, W)`.
        targets: `(B, K)`.
        settings: Of which `mixup`, `cutmix` and their probabilities count.
    """
    if not (settings.mixup or settings.cutmix) or _uniform() >= settings.mix_probability:
        return Mixed(clips, targets)
    share = settings.cutmix_share if settings.mixup else 1.0
    cut = bool(settings.cutmix) and _uniform() < share
    alpha = torch.tensor(settings.cutmix if cut else settings.mixup)
    kept = float(torch.distributions.Beta(alpha, alpha).sample())
    if cut:
        clips, kept = _cut_in(clips, kept)
    else:
        clips = clips * kept + clips.flip(0) * (1 - kept)
    return Mixed(clips, targets * kept + targets.flip(0) * (1 - kept))


def _cut_in(clips: Tensor, kept: float) -> tuple[Tensor, float]:
    """Put a rectangle of the partner into every clip; returns the share that is left."""
    H, W = clips.shape[-2:]
    side = (1 - kept) ** 0.5
    spans = []
    for size in (H, W):
        middle, half = int(_uniform(0, size)), int(size * side) // 2
        spans.append((max(middle - half, 0), min(middle + half, size)))
    (top, bottom), (left, right) = spans
    mixed = clips.clone()
    mixed[..., top:bottom, left:right] = clips.flip(0)[..., top:bottom, left:right]
    return mixed, 1 - (bottom - top) * (right - left) / (H * W)


Operation = Callable[[Tensor, float], Tensor]
"""Frames `(T, 3, H, W)` and a magnitude in 0..1 -> frames."""


def _augmented(clip: Tensor, settings: AugmentSettings) -> Tensor:
    drawn = torch.randint(len(OPERATIONS), (settings.operations,)).tolist()
    for operation in drawn:
        if _uniform() < settings.operation_probability:
            deviation = settings.magnitude_std * torch.randn(()).item()
            magnitude = min(max(settings.magnitude + deviation, 0.0), 10.0) / 10
            clip = OPERATIONS[operation](clip, magnitude)
    return clip


def _uniform(low: float = 0.0, high: float = 1.0) -> float:
    return low + (high - low) * torch.rand(()).item()


def _signed(value: float) -> float:
    return value if _uniform() < 0.5 else -value


def _blend(first: Tensor, second: Tensor, magnitude: float) -> Tensor:
    """PIL's enhancers: `second` at factor 1, away from or towards `first` by up to 0.9."""
    factor = 1 + _signed(0.9 * magnitude)
    return (first + (second - first) * factor).clamp(0, 1)


def _grey(frames: Tensor) -> Tensor:
    weights = frames.new_tensor((0.299, 0.587, 0.114)).view(3, 1, 1)
    return (frames * weights).sum(dim=1, keepdim=True)  # (T, 1, H, W)


def _auto_contrast(frames: Tensor, _magnitude: float) -> Tensor:
    low, high = frames.amin((2, 3), keepdim=True), frames.amax((2, 3), keepdim=True)
    spread = high - low
    return torch.where(spread > 0, (frames - low) / spread.clamp(min=1e-6), frames)


def _posterize(frames: Tensor, magnitude: float) -> Tensor:
    return posterize(frames, 4 - int(4 * magnitude))


def _solarize(frames: Tensor, magnitude: float) -> Tensor:
    threshold = 1 - magnitude
    return torch.where(frames < threshold, frames, 1 - frames)


def _solarize_add(frames: Tensor, magnitude: float) -> Tensor:
    return torch.where(frames < 0.5, (frames + magnitude * 110 / 255).clamp(max=1), frames)


def _colour(frames: Tensor, magnitude: float) -> Tensor:
    return _blend(_grey(frames), frames, magnitude)


def _contrast(frames: Tensor, magnitude: float) -> Tensor:
    return _blend(_grey(frames).mean((2, 3), keepdim=True), frames, magnitude)


def _brightness(frames: Tensor, magnitude: float) -> Tensor:
    return _blend(torch.zeros_like(frames), frames, magnitude)


def _sharpness(frames: Tensor, magnitude: float) -> Tensor:
    return sharpness(frames, 1 + _signed(0.9 * magnitude))


def _rotate(frames: Tensor, magnitude: float) -> Tensor:
    angle = torch.tensor(_signed(30 * magnitude)).deg2rad()
    cos, sin = angle.cos().item(), angle.sin().item()
    return _affine(frames, ((cos, -sin, 0.0), (sin, cos, 0.0)))


def _shear_x(frames: Tensor, magnitude: float) -> Tensor:
    return _affine(frames, ((1.0, _signed(0.3 * magnitude), 0.0), (0.0, 1.0, 0.0)))


def _shear_y(frames: Tensor, magnitude: float) -> Tensor:
    return _affine(frames, ((1.0, 0.0, 0.0), (_signed(0.3 * magnitude), 1.0, 0.0)))


def _translate_x(frames: Tensor, magnitude: float) -> Tensor:
    return _affine(frames, ((1.0, 0.0, _signed(0.9 * magnitude)), (0.0, 1.0, 0.0)))


def _translate_y(frames: Tensor, magnitude: float) -> Tensor:
    return _affine(frames, ((1.0, 0.0, 0.0), (0.0, 1.0, _signed(0.9 * magnitude))))


def _affine(frames: Tensor, rows: tuple[tuple[float, float, float], ...]) -> Tensor:
    """Resample frames; `rows` map output to input places, both from -1 to 1 over the picture."""
    matrix = frames.new_tensor(rows)[None].expand(len(frames), 2, 3)
    grid = F.affine_grid(matrix, list(frames.shape), align_corners=False)
    fill = frames.new_tensor(FILL).view(3, 1, 1)
    return F.grid_sample(frames - fill, grid, mode="bilinear", align_corners=False) + fill


OPERATIONS: tuple[Operation, ...] = (
    _auto_contrast,
    lambda frames, _magnitude: equalize(frames),
    lambda frames, _magnitude: invert(frames),
    _rotate,
    _posterize,
    _solarize,
    _solarize_add,
    _colour,
    _contrast,
    _brightness,
    _sharpness,
    _shear_x,
    _shear_y,
    _translate_x,
    _translate_y,
)
"""RandAugment's operations in timm's order, those of the "increasing" kind."""
