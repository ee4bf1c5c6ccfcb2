"""Comparisons with the official DINO-DETR: network, post-processing, shared names, manifests."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.dino import Dino, DinoOutput, best_pairs, dino_r50, dino_swin_l, pad_batch
from models.layouts.dino import convert
from training.parity.dino_files import (
    NETWORK_CASE,
    CaseTensors,
    class_sizes,
    compare_files,
    compare_manifest,
    manifest_shapes,
    padding_mask,
    post_processed,
    same_names,
)
from training.parity.dino_network import network_for
from training.parity.report import Comparison, compare, failure, read_json, read_tensors
from training.parity.tolerances import EXACT

BUILDERS = {"r50": dino_r50, "swinL": dino_swin_l}
"""Trunk in a manifest's name -> the builder that must accept it."""


def compare_folder(folder: Path) -> Iterator[Comparison]:
    """Compare every file of a golden folder with our implementation."""
    yield from compare_files(
        folder, {NETWORK_CASE: _compare_case, "manifests/manifest_*.json": _manifest}
    )


def _compare_case(case: str, path: Path) -> Iterator[Comparison]:
    folder = path.parent
    config = read_json(folder / "config.json")
    weights = read_tensors(*sorted(folder.glob("weights*.safetensors")))
    network = network_for(
        convert(weights).state, num_heads=config["over"].get("nheads", 8), head_eps=1e-3
    )
    yield from _compare_names(case, network, config, read_json(folder / "aliases.json"))

    stored = CaseTensors("dino", case, read_tensors(path))
    images = read_tensors(folder / "input.safetensors")
    pixels, sizes = pad_batch([images[f"image{index}"] for index in range(len(images))])
    with torch.inference_mode():
        output = network(pixels, sizes, all_layers=True)
    originals = stored.input("orig_sizes_hw")
    yield compare(case, "orig_sizes_hw", config["orig_sizes"], originals, EXACT)
    yield from stored.against(_network_tensors(pixels, sizes, output))

    num_select = config["num_select"]
    stages = {"": stored.stored_prediction(), "end_to_end_": output.final}
    for prefix, prediction in stages.items():
        scored = best_pairs(prediction, originals, num_select=num_select)
        results = post_processed(scored, "boxes_xyxy_abs", scores_kind="boxes")
        yield from stored.against(results, prefix=prefix)
    yield from stored.leftovers()


def _network_tensors(
    pixels: Tensor, sizes: Tensor, output: DinoOutput
) -> dict[str, tuple[Any, str]]:
    proposals = output.proposals
    tensors: dict[str, tuple[Any, str]] = {
        "batched_tensors_shape": (list(pixels.shape), "exact"),
        "mask": (padding_mask(sizes, (pixels.shape[2], pixels.shape[3])), "exact"),
        "init_box_proposal": (proposals.anchors, "boxes"),
        "interm_logits": (proposals.prediction.logits, "logits"),
        "interm_boxes": (proposals.prediction.boxes, "boxes"),
        "pred_logits": (output.final.logits, "logits"),
        "pred_boxes": (output.final.boxes, "boxes"),
    }
    for index, layer in enumerate(output.layers[:-1]):
        tensors[f"aux{index}_logits"] = (layer.logits, "logits")
        tensors[f"aux{index}_boxes"] = (layer.boxes, "boxes")
    return tensors


def _compare_names(
    case: str, network: Dino, config: Mapping[str, Any], aliases: Mapping[str, str]
) -> Iterator[Comparison]:
    """Numbers of keys and parameters, and which keys are one tensor."""
    num_params = sum(parameter.numel() for parameter in network.parameters())
    yield compare(case, "n_params", num_params, config["n_params"], EXACT)
    yield compare(case, "n_keys", len(network.state_dict()), config["n_keys"], EXACT)
    yield _compare_aliases(case, network, aliases)


def _compare_aliases(case: str, network: Dino, aliases: Mapping[str, str]) -> Comparison:
    expected: defaultdict[str, set[str]] = defaultdict(set)
    for other, first in aliases.items():
        expected[first] |= {first, other}
    shared = defaultdict(set)
    for name, parameter in network.named_parameters(remove_duplicate=False):
        shared[parameter].add(name)
    groups = (
        {" = ".join(sorted(names)) for names in grouped if len(names) > 1}
        for grouped in (shared.values(), expected.values())
    )
    return same_names(case, "aliases", *groups)


def _manifest(case: str, path: Path) -> Iterator[Comparison]:
    named = re.fullmatch(r"manifest_dino_(\w+)_(\d)scale", path.stem)
    if named is None or named[1] not in BUILDERS:
        yield failure(case, "keys", f"{path.name} names none of {', '.join(BUILDERS)}")
        return
    manifest, shapes = read_json(path), manifest_shapes(path)
    with torch.device("meta"):
        network = BUILDERS[named[1]](num_scales=int(named[2]), **class_sizes(shapes))
        state = {key: torch.empty(shape) for key, shape in shapes.items()}
    yield from compare_manifest(case, network, shapes)
    num_params = sum(parameter.numel() for parameter in network.parameters())
    yield compare(case, "n_params", num_params, manifest["n_params"], EXACT)
    yield _compare_aliases(case, network, manifest["aliases"])
    network.load_state_dict(convert(state).state, strict=True, assign=True)
