"""`classes` and `models`: what the networks can say, and which weights are here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import gradio as gr

from models.zoo.manifest import read_manifest
from pipeline.config import load_shipped_profile, profile_names
from pipeline.elements import ELEMENTS
from ui.endpoints.fields import answered
from ui.language.names import element_name


def classes(request: gr.Request) -> list[dict[str, Any]]:
    """The 28 classes in index order: ISU code, family, rotations, and name in your language."""
    with answered(request):
        return [{**asdict(one), "name": element_name(one.label)} for one in ELEMENTS]


def models(request: gr.Request) -> dict[str, Any]:
    """The profiles with their networks, and all weights: which there are, and which are here.

    `profiles` names the networks of each; `weights` has a row for each set: name, family,
    status (trained, demo, untrained), whether it is present, licence, source, sha256, figures.
    """
    with answered(request):
        profiles = {name: list(load_shipped_profile(name).networks) for name in profile_names()}
        weights = [
            {
                "name": one.name,
                "family": one.family,
                "status": one.status,
                "present": one.path().is_file(),
                "licence": one.licence,
                "source": one.source,
                "sha256": one.sha256,
                "figures": [asdict(figure) for figure in one.figures],
            }
            for one in read_manifest().values()
        ]
        return {"profiles": profiles, "weights": weights}
