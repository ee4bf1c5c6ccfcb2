"""The model card of a checkpoint: what the manifest says of it, as a hub shows it."""

from __future__ import annotations

import re

from huggingface_hub import ModelCardData

from models.zoo import Checkpoint, Figure

TITLES = {
    "umt": "Unmasked Teacher",
    "uniformerv2": "UniFormerV2",
    "infogcn": "InfoGCN",
    "vitpose": "ViTPose",
    "dino": "DINO-DETR",
}
PIPELINE_TAGS = {
    "umt": "video-classification",
    "uniformerv2": "video-classification",
    "infogcn": "other",
    "vitpose": "keypoint-detection",
    "dino": "object-detection",
}
USES = {
    "trained": "Recognising figure-skating elements in clips that hold one element each.",
    "demo": "Trying the software out. The network is small and its data simulated or little: not "
    "fit for judging.",
    "untrained": "Starting a training from. Its answers are noise.",
}
_SPDX = re.compile(r"^[A-Za-z0-9.+-]+$")


def model_card(checkpoint: Checkpoint) -> str:
    """The text of `README.md`: YAML head, use, data, figures, licence, how to load it."""
    parts = [
        f"---\n{_head(checkpoint).to_yaml()}\n---",
        f"# {checkpoint.name}\n",
        f"{TITLES[checkpoint.family]}, builder `{checkpoint.builder}` of Rinkside"
        + (f" with `{dict(checkpoint.arguments)}`" if checkpoint.arguments else "")
        + f". Status: **{checkpoint.status}**.\n",
        f"## Use\n\n{USES[checkpoint.status]}\n",
        f"## Data and training\n\n{checkpoint.source}.\n\n{checkpoint.note}".rstrip() + "\n",
        f"## Figures\n\n{_figures(checkpoint.figures)}\n",
        f"## Licence\n\n{checkpoint.licence}\n",
        "## Loading\n\nPut the file and the entry of `entry.toml` into `checkpoints/`; "
        "`python -m models.zoo verify` checks the hash\n"
        f"(`{checkpoint.sha256}`).\n",
        "```python\nfrom models.zoo import load_model\n\n"
        f'model, _ = load_model("{checkpoint.name}")\n```',
    ]
    return "\n".join(parts) + "\n"


def _head(checkpoint: Checkpoint) -> ModelCardData:
    licence = checkpoint.licence
    known = _SPDX.match(licence) is not None
    slug = re.sub(r"[^a-z0-9]+", "-", licence.lower()).strip("-")
    return ModelCardData(
        license=licence.lower() if known else "other",
        license_name=None if known else slug,
        library_name="rinkside",
        pipeline_tag=PIPELINE_TAGS[checkpoint.family],
        tags=["figure-skating", checkpoint.family, checkpoint.status],
    )


def _figures(figures: tuple[Figure, ...]) -> str:
    if not figures:
        return "None were measured."
    rows = [f"| {f.name} | {f.value:g} | `{f.command}` |" for f in figures]
    return "\n".join(["| what | figure | measured by |", "| --- | --- | --- |", *rows])
