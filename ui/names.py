"""How models, classes and joints are called on screen."""

from __future__ import annotations

from models.skeletons import COCO17
from pipeline.elements import ELEMENTS
from ui.language import say

MODEL_NAMES = {"umt": "Unmasked Teacher", "uniformerv2": "UniFormerV2", "infogcn": "InfoGCN"}
"""Proper names, the same in every language."""


def display_name(model: str) -> str:
    """How a model, or an ensemble of them, is called on screen."""
    if model in MODEL_NAMES:
        return MODEL_NAMES[model]
    if model in ("weighted", "vote"):
        return say(f"strategy_{model}")
    return f"UMT {model.removeprefix('umt_')}" if model.startswith("umt_") else model


def class_name(index: int) -> str:
    """`3Lutz (3Lz)`: the challenge's name and the ISU's."""
    element = ELEMENTS[index]
    return element.label if element.code == "-" else f"{element.label} ({element.code})"


def element_code(index: int) -> str:
    """`3Lz`, or `-` where the ISU has no code."""
    return ELEMENTS[index].code


def joint_name(joint: int) -> str:
    """`left ankle` in the visitor's language."""
    return say(f"joint_{COCO17.joints[joint]}")
