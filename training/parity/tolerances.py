"""The one table of tolerances, `(family, kind of tensor)`; the figures are the golden READMEs'."""

from __future__ import annotations

from training.parity.report import Tolerance

EXACT = Tolerance(0.0)

TOLERANCES: dict[tuple[str, str], Tolerance] = {
    # Unmasked Teacher: re-runs are equal, float64 differs by 1.1e-6; tanh-GELU would be 2e-4 off.
    ("umt", "logits"): Tolerance(1e-5),
    ("umt", "tokens"): Tolerance(1e-5, relative_to_max=1e-6),
    ("umt", "table"): Tolerance(1e-6),
    ("umt", "gradient"): Tolerance(1e-7, relative_to_max=1e-4),
    ("umt", "optimiser"): Tolerance(1e-12),
    # UniFormerV2: the smallest wrong variant (GELU for QuickGELU) is 2.3e-2 off.
    ("uniformerv2", "logits"): Tolerance(2e-5),
    ("uniformerv2", "gradient"): Tolerance(1e-7, relative_to_max=1e-4),
    ("uniformerv2", "tokens"): Tolerance(2e-5, relative_to_max=2e-6),
    ("uniformerv2", "statistics"): Tolerance(2e-5, relative_to_max=1e-6),
    ("uniformerv2", "conversion"): EXACT,
    ("uniformerv2", "indices"): EXACT,
    # InfoGCN: the reference itself is 1.5e-4 off its float64 run at full size.
    ("infogcn", "logits_full"): Tolerance(1e-3),
    ("infogcn", "logits_small"): Tolerance(2e-4),
    ("infogcn", "feeder"): Tolerance(1e-5),
    ("infogcn", "loss"): Tolerance(0.0, relative_to_max=1e-5),
    ("infogcn", "mode_matrix"): EXACT,
    # ViTPose (original): crops to a grey level, decoding to a hundredth of a pixel.
    ("vitpose", "geometry"): Tolerance(1e-5, relative_to_max=1e-6),
    ("vitpose", "scales"): Tolerance(1e-6, relative_to_max=1e-6),
    ("vitpose", "pixels"): Tolerance(1e-5),
    ("vitpose", "crop"): Tolerance(1.0),
    ("vitpose", "heatmaps"): Tolerance(5e-5),
    ("vitpose", "keypoints"): Tolerance(1e-2),
    ("vitpose", "own_keypoints"): Tolerance(0.5, fraction=0.95),
    # ViTPose (mmpose): made with OpenCV 4.11, whose warps differ a little from 5.x.
    ("vitpose_mmpose", "geometry"): Tolerance(1e-5, relative_to_max=1e-6),
    ("vitpose_mmpose", "pixels"): Tolerance(1e-5),
    ("vitpose_mmpose", "crop"): Tolerance(1.0, fraction=0.99, hard_limit=8.0),
    ("vitpose_mmpose", "heatmaps"): Tolerance(5e-5),
    ("vitpose_mmpose", "keypoints"): Tolerance(1e-2),
    ("vitpose_mmpose", "own_keypoints"): Tolerance(0.5, fraction=0.95),
    # DINO-DETR: reference against float64 2.5e-6 in logits, 4e-7 in boxes.
    ("dino", "logits"): Tolerance(1e-4),
    ("dino", "boxes"): Tolerance(1e-5),
    ("dino", "boxes_px"): Tolerance(0.02),
    ("dino", "labels"): EXACT,
    # The same network in mmdetection's layout.
    ("dino_mmdet", "pixels"): Tolerance(1e-5),
    ("dino_mmdet", "resized"): Tolerance(1.0, fraction=0.99, hard_limit=8.0),
    ("dino_mmdet", "logits"): Tolerance(2e-4),
    ("dino_mmdet", "boxes"): Tolerance(1e-5),
    ("dino_mmdet", "scores"): Tolerance(2e-5),
    ("dino_mmdet", "boxes_px"): Tolerance(0.02),
    ("dino_mmdet", "labels"): EXACT,
}


def tolerance(family: str, kind: str) -> Tolerance:
    """The tolerance of one kind of tensor of one family; KeyError for a kind that has none."""
    return TOLERANCES[(family, kind)]
