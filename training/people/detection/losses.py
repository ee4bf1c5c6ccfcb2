"""The detector's losses: focal for "is there a person", L1 and generalised IoU for the box."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from models.dino import DinoOutput, Prediction
from pipeline.settings import settings
from training.people.detection.boxes import overlaps
from training.people.detection.denoising import Denoising
from training.people.detection.matcher import ALPHA, GAMMA, MatchCosts, Matches, match

IGNORED_IOU = 0.4
"""A query this close to an ignored person is not told that there is nobody."""


@settings()
class LossSettings:
    """Weights of the terms, as published."""

    confidence: float = 1.0
    """Focal loss."""
    distance: float = 5.0
    """L1 distance."""
    overlap: float = 2.0
    """1 - generalised IoU."""
    places: float = 1.0
    """Of the encoder's answers, against the decoder's."""
    queries_per_person: int = 6
    """Places of the encoder that learn the same person, since they need not compete."""
    costs: MatchCosts = field(default_factory=MatchCosts)
    """For the matching."""


@dataclass(frozen=True)
class Truth:
    """What there is in a batch."""

    boxes: list[Tensor]
    """B tensors `(G, 4)` cxcywh."""
    ignored: list[Tensor]
    """B tensors `(D, 4)`: maybe persons; neither to be found nor to be denied."""


def focal_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Per element (Lin et al. 2017); `target` is 0 or 1."""
    plain = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    score = logits.sigmoid()
    missing = torch.where(target > 0, 1 - score, score)
    balance = torch.where(target > 0, ALPHA, 1 - ALPHA)
    return balance * missing**GAMMA * plain


def prediction_loss(
    prediction: Prediction,
    matches: Matches,
    *,
    settings: LossSettings,
    ignored: Tensor,
    person: int = 0,
) -> dict[str, Tensor]:
    """Of one layer, as means over the persons to be found.

    Args:
        prediction: `(B, Q, ...)`.
        matches: Queries that are to find somebody.
        settings: Weights.
        ignored: Bool `(B, Q)`: queries whose confidence is left alone unless they are matched.
        person: Index of the class.
    """
    logits = prediction.logits.float()
    target = torch.zeros_like(logits)
    target[matches.image, matches.query, person] = 1
    counted = (~ignored)[..., None] | (target > 0)
    found = prediction.boxes.float()[matches.image, matches.query]
    _, generalised = overlaps(found, matches.boxes)
    number = max(len(matches.boxes), 1)
    return {
        "confidence": settings.confidence * (focal_loss(logits, target) * counted).sum() / number,
        "distance": settings.distance * (found - matches.boxes).abs().sum() / number,
        "overlap": settings.overlap * (1 - generalised).sum() / number,
    }


def detector_loss(
    output: DinoOutput, truth: Truth, denoising: Denoising | None, settings: LossSettings
) -> dict[str, Tensor]:
    """Of all decoder layers, their denoising parts and the encoder's places.

    Returns:
        `loss`, what is minimised, and its parts: `matching_*` of the last layer, `denoising` and
        `places`.
    """
    count = denoising.count if denoising else 0
    total, parts = torch.zeros((), device=output.final.boxes.device), {}
    for layer in output.layers:
        own = _matched_loss(_part(layer, slice(count, None)), truth, settings)
        total = total + sum(own.values())
        parts = {f"matching_{name}": value for name, value in own.items()}
    if denoising:
        repaired = sum(_denoising_loss(layer, denoising, settings) for layer in output.layers)
        parts["denoising"] = torch.as_tensor(repaired)
    if output.proposals.everywhere is not None:
        repeats = settings.queries_per_person
        places = _matched_loss(output.proposals.everywhere, truth, settings, repeats=repeats)
        parts["places"] = settings.places * torch.stack(list(places.values())).sum()
    extra = [parts[name] for name in ("denoising", "places") if name in parts]
    return {"loss": total + torch.stack(extra).sum() if extra else total, **parts}


def near_ignored(boxes: Tensor, ignored: list[Tensor]) -> Tensor:
    """Bool `(B, Q)`: queries that overlap an ignored person."""
    rows = []
    for own, unsure in zip(boxes.detach(), ignored, strict=True):
        iou, _ = overlaps(own[:, None], unsure[None])  # (Q, D)
        rows.append((iou > IGNORED_IOU).any(1))
    return torch.stack(rows)


def _matched_loss(
    prediction: Prediction, truth: Truth, settings: LossSettings, *, repeats: int = 1
) -> dict[str, Tensor]:
    matches = match(prediction, truth.boxes, costs=settings.costs, repeats=repeats)
    ignored = near_ignored(prediction.boxes, truth.ignored)
    return prediction_loss(prediction, matches, settings=settings, ignored=ignored)


def _denoising_loss(layer: Prediction, denoising: Denoising, settings: LossSettings) -> Tensor:
    part = _part(layer, slice(denoising.count))
    terms = prediction_loss(part, denoising.repairs, settings=settings, ignored=denoising.padding)
    return torch.stack(list(terms.values())).sum()


def _part(prediction: Prediction, queries: slice) -> Prediction:
    return Prediction(prediction.logits[:, queries], prediction.boxes[:, queries])
