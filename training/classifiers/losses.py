"""InfoGCN's loss: label-smoothing cross-entropy and the information bottleneck's two distances.

Chi et al. pull the mean latent vector of each class towards that class's prior mean, and the mean
of all latent vectors towards the origin; both are first moments of what the paper calls MMD.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from models.infogcn.network import InfoGCNOutput
from pipeline.settings import settings
from training.data.augment import soft_targets
from training.long_tail import cross_entropy


@settings()
class InfoGCNLossSettings:
    """Weights of the terms, as the authors' defaults."""

    smoothing: float = 0.1
    """Share of the label spread over all classes."""
    lambda_1: float = 1e-4
    """Weight of the distance of all latent vectors' mean from the origin."""
    lambda_2: float = 1e-1
    """Weight of the distance of the class means from their priors."""


def class_mean_distance(latent: Tensor, prior: Tensor, labels: Tensor) -> Tensor:
    """Mean squared distance of class means from their prior means, over the batch's classes.

    Sums over classes by one matrix product, so that a GPU never waits for the labels.

    Args:
        latent: z, `(B, D)`.
        prior: Prior means `(K, D)`.
        labels: `(B,)` int64.
    """
    member = F.one_hot(labels, len(prior)).to(latent.dtype)  # (B, K)
    counts = member.sum(dim=0)  # (K,)
    means = (member.T @ latent) / counts.clamp(min=1)[:, None]  # (K, D)
    squared = (means - prior.to(latent.dtype)).square().mean(dim=1)
    present = (counts > 0).to(latent.dtype)
    return (squared * present).sum() / present.sum()


def overall_mean_distance(latent: Tensor) -> Tensor:
    """Distance of the mean latent vector from the origin, from z `(B, D)`."""
    return torch.linalg.vector_norm(latent.mean(dim=0))


def infogcn_loss(
    output: InfoGCNOutput,
    prior: Tensor,
    labels: Tensor,
    settings: InfoGCNLossSettings | None = None,
    *,
    focal: float = 0.0,
) -> dict[str, Tensor]:
    """The loss and its parts.

    Args:
        output: Logits `(B, K)` and z `(B, D)`.
        prior: The network's `z_prior` `(K, D)`.
        labels: `(B,)` int64.
        settings: Weights of the terms.
        focal: `LongTailSettings.focal`.

    Returns:
        `loss`, and `ce`, `mmd`, `l2_z_mean`, of which it is the weighted sum.
    """
    settings = settings or InfoGCNLossSettings()
    logits, latent = output.logits.float(), output.latent.float()
    parts = {
        "ce": _classification(logits, labels, settings.smoothing, focal),
        "mmd": class_mean_distance(latent, prior.float(), labels),
        "l2_z_mean": overall_mean_distance(latent),
    }
    total = parts["ce"] + settings.lambda_2 * parts["mmd"] + settings.lambda_1 * parts["l2_z_mean"]
    return {"loss": total, **parts}


def _classification(logits: Tensor, labels: Tensor, smoothing: float, focal: float) -> Tensor:
    if not focal:
        return F.cross_entropy(logits, labels, label_smoothing=smoothing)
    targets = soft_targets(labels, logits.shape[1], smoothing)
    return cross_entropy(logits, targets, focal=focal)
