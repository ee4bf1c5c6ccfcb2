"""What a user should know of the weights behind an analysis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from models.zoo import read_manifest
from pipeline.messages import Message
from pipeline.types import Provenance

WEIGHT_WARNINGS = ("weights_untrained", "weights_demo", "weights_people")
"""Codes of what follows from the weights alone."""


def weight_warnings(provenance: Mapping[str, Provenance]) -> tuple[Message, ...]:
    """What the weights are worth; nothing of trained ones."""
    messages = []
    for status in ("untrained", "demo"):
        stages = [stage for stage, p in provenance.items() if p.status == status]
        if stages:
            messages.append(Message.of(f"weights_{status}", stages=", ".join(stages)))
    for sets, stages in _taught_by_people(provenance).items():
        messages.append(Message.of("weights_people", stages=", ".join(stages), sets=sets))
    return tuple(messages)


def _taught_by_people(provenance: Mapping[str, Provenance]) -> dict[str, list[str]]:
    """Sets of pictures of real people, and the stages whose weights learnt from them."""
    known, result = read_manifest(), defaultdict[str, list[str]](list)
    for stage, origin in provenance.items():
        checkpoint = known.get(origin.checkpoint)
        if checkpoint is not None and checkpoint.people and origin.status != "untrained":
            result[checkpoint.people].append(stage)
    return dict(result)
