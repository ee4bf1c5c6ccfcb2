"""DINO-DETR, the person detector of the paper (Sec. II-A)."""

from models.dino.build import dino_r50, dino_swin_l, dino_tiny, person_class
from models.dino.dino import Dino
from models.dino.images import ResizeRule, normalise, pad_batch, resize, resized_hw
from models.dino.outputs import DenoisingQueries, DinoOutput, Prediction, Proposals
from models.dino.postprocess import ScoredBoxes, best_pairs, to_xyxy
from models.dino.resnet import ResNet
from models.dino.swin import SwinTransformer

__all__ = [
    "DenoisingQueries",
    "Dino",
    "DinoOutput",
    "Prediction",
    "Proposals",
    "ResNet",
    "ResizeRule",
    "ScoredBoxes",
    "SwinTransformer",
    "best_pairs",
    "dino_r50",
    "dino_swin_l",
    "dino_tiny",
    "normalise",
    "pad_batch",
    "person_class",
    "resize",
    "resized_hw",
    "to_xyxy",
]
