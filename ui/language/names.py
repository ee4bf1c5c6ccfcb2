"""How models, classes and joints are called on screen."""

from __future__ import annotations

from models.skeletons import COCO17
from pipeline.elements import ELEMENTS
from ui.language.tables import say

MODEL_NAMES = {"umt": "Unmasked Teacher", "uniformerv2": "UniFormerV2", "infogcn": "InfoGCN"}
"""Proper names, the same in every language."""


def display_name(model: str) -> str:
    """How a model, or an ensemble of them, is called on screen."""
    if model in MODEL_NAMES:
        return MODEL_NAMES[model]
    if model in ("weighted", "vote", "refined"):
        return say(f"strategy_{model}")
    return f"UMT {model.removeprefix('umt_')}" if model.startswith("umt_") else model


def network_name(stage: str) -> str:
    """What stands behind a stage: the detector, the pose network, or a classifier's name."""
    return say(f"network_{stage}") if stage in ("detector", "pose") else display_name(stage)


def element_name(label: str) -> str:
    """What skaters call a class: `3Lutz`, or `勾手三周跳` in Chinese."""
    return say(f"element_{label}")


def class_name(index: int) -> str:
    """`3Lutz (3Lz)`: the element's name and the ISU's code."""
    element = ELEMENTS[index]
    name = element_name(element.label)
    return name if element.code == "-" else f"{name} ({element.code})"


def element_code(index: int) -> str:
    """`3Lz`, or `-` where the ISU has no code."""
    return ELEMENTS[index].code


def joint_name(joint: int) -> str:
    """`left ankle` in the visitor's language."""
    return say(f"joint_{COCO17.joints[joint]}")
