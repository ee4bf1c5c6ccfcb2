"""Options for rare classes; the paper has none, though its metric counts each class alike.

Class-balanced sampling, logit adjustment (Menon et al., 2021) and focal loss (Lin et al., 2017);
all are off by default, and without effect when they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.elements import NUM_CLASSES
from pipeline.settings import NotNegative, Share, settings
from pipeline.types import IntArray


@settings(kw_only=True)
class LongTailSettings:
    """What is done for rare classes."""

    balance: Share = 0.0
    """0: clips are drawn as they are, each once an epoch; 1: every class as often; 0.5: by the root
    of its size. Above 0 clips are drawn with replacement."""
    logit_adjustment: NotNegative = 0.0
    """While training, this much of the logarithm of a class's share is added to its logit, so that
    the network itself learns to do without it; 1 fits a mean over classes."""
    focal: NotNegative = 0.0
    """Exponent of (1 - p): the surer a right answer, the less it counts. 2 is common."""


def epoch_order(
    labels: Sequence[int] | IntArray, *, seed: int, epoch: int, balance: float = 0.0
) -> IntArray:
    """Which clip stands at each position of an epoch `(N,)`.

    Args:
        labels: `(N,)` classes of the clips.
        seed: Of the run.
        epoch: From 0.
        balance: `LongTailSettings.balance`.
    """
    generator = np.random.default_rng((seed, epoch))
    if not balance:
        return generator.permutation(len(labels))
    index = np.asarray(labels, dtype=np.int64)
    weight = np.bincount(index, minlength=NUM_CLASSES)[index].astype(np.float64) ** -balance
    return generator.choice(len(index), size=len(index), p=weight / weight.sum())


def log_shares(labels: Sequence[int] | IntArray) -> Tensor:
    """Logarithm of each class's share of the clips `(28,)`; an empty class counts half a clip."""
    counts = np.bincount(np.asarray(labels, dtype=np.int64), minlength=NUM_CLASSES)
    shares = np.maximum(counts, 0.5) / max(len(labels), 1)
    return torch.from_numpy(np.log(shares)).float()


def adjusted(logits: Tensor, log_share: Tensor, settings: LongTailSettings) -> Tensor:
    """Logits `(B, 28)` as the training loss sees them."""
    if not settings.logit_adjustment:
        return logits
    return logits + settings.logit_adjustment * log_share.to(logits)


def cross_entropy(logits: Tensor, targets: Tensor, *, focal: float = 0.0) -> Tensor:
    """Mean cross-entropy of logits `(B, K)` with targets `(B, K)` that sum to one, focal or not."""
    if not focal:
        return F.cross_entropy(logits, targets)
    log_p = F.log_softmax(logits, dim=1)
    # 1 - p from its logarithm, so that a certain answer has a finite gradient.
    weight = (1 - log_p.exp()).clamp(min=1e-6) ** focal
    return -(targets * weight * log_p).sum(dim=1).mean()
