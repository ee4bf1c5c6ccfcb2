"""Comparisons with mmdetection's DINO: sizes, resized images, network, boxes, names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.dino import (
    DinoOutput,
    Prediction,
    best_pairs,
    dino_r50,
    dino_swin_l,
    normalise,
    pad_batch,
    resize,
    resized_hw,
)
from models.layouts.mmdet import convert
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

BUILDERS = {"r50": dino_r50, "swin-l": dino_swin_l}
"""Trunk in a manifest's name -> the builder that must accept it."""

NUM_HEADS = 8
"""Of every published configuration; no shape tells it."""

IMPROVED = "expected_improved_pe.safetensors"
"""Results of the same weights with the positions of the "improved" recipe."""


def compare_folder(folder: Path) -> Iterator[Comparison]:
    """Compare every file of a golden folder with our implementation."""
    yield from compare_files(
        folder,
        {
            NETWORK_CASE: _compare_case,
            IMPROVED: _compare_improved,
            "manifest_*.json": _manifest,
            "keymap_*.json": _keymap,
            "resize_rule_cases.json": _resize_rules,
        },
    )


def _compare_case(case: str, path: Path) -> Iterator[Comparison]:
    config = read_json(path.parent / "config.json")
    inputs = CaseTensors("dino_mmdet", case, read_tensors(path.parent / "input.safetensors"))
    yield from _compare_inputs(inputs, config)
    yield from inputs.leftovers()
    yield from _compare_results(case, path, config["positional_encoding"], prefix="")


def _compare_improved(case: str, path: Path) -> Iterator[Comparison]:
    config = read_json(path.parent / "config.json")
    yield from _compare_results(case, path, config["improved_pe"], prefix="improved_pe_")


def _compare_inputs(inputs: CaseTensors, config: Mapping[str, Any]) -> Iterator[Comparison]:
    """Sizes and resized images from the sources, the network's input from the stored images."""
    sides = config["resize_scale"]
    count = sum(name.startswith("source") for name in inputs.expected)
    sources = [inputs.input(f"source{index}_bgr_uint8") for index in range(count)]
    shapes = [
        resized_hw(*image.shape[:2], short_side=min(sides), long_side=max(sides), rule="mmdet")
        for image in sources
    ]
    for index, (source, shape) in enumerate(zip(sources, shapes, strict=True)):
        resized = resize(source.permute(2, 0, 1)[None], shape, rule="mmdet")[0].permute(1, 2, 0)
        yield from inputs.against({f"resized{index}_bgr_uint8": (resized, "resized")})
    originals = [tuple(image.shape[:2]) for image in sources]
    factors = [
        (new[1] / old[1], new[0] / old[0]) for new, old in zip(shapes, originals, strict=True)
    ]
    pixels, sizes = _network_input(inputs.expected)
    mask = padding_mask(sizes, (pixels.shape[2], pixels.shape[3]))
    yield from inputs.against(
        {
            "img_shapes_hw": (shapes, "exact"),
            "ori_shapes_hw": (originals, "exact"),
            "scale_factors_wh": (factors, "exact"),
            "pixel_values": (pixels, "pixels"),
            "mask": (mask, "exact"),
        }
    )


def _network_input(inputs: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Pixels and sizes of a batch from the stored resized images."""
    count = sum(name.startswith("resized") for name in inputs)
    images = [inputs[f"resized{index}_bgr_uint8"] for index in range(count)]
    return pad_batch([normalise(x.flip(-1).permute(2, 0, 1)[None])[0] for x in images])


def _compare_results(
    case: str, path: Path, positions: Mapping[str, float], *, prefix: str
) -> Iterator[Comparison]:
    """The network from the stored pixels, the boxes from the stored prediction, then the chain."""
    folder = path.parent
    weights = read_tensors(*sorted(folder.glob("weights*.safetensors")))
    network = network_for(
        convert(weights).state,
        num_heads=NUM_HEADS,
        head_eps=1e-5,
        position_temperature=positions["temperature"],
        position_offset=positions["offset"],
    )
    inputs = read_tensors(folder / "input.safetensors")
    expected = CaseTensors("dino_mmdet", case, read_tensors(path))
    with torch.inference_mode():
        output = network(inputs["pixel_values"], inputs["img_shapes_hw"], all_layers=True)
        chained = network(*_network_input(inputs))
    yield from expected.against(_network_tensors(output), prefix=prefix)

    num_select = read_json(folder / "config.json")["max_per_img"]
    stages = {"": expected.stored_prediction(), "end_to_end_": chained.final}
    for stage, prediction in stages.items():
        boxes = _box_tensors(prediction, inputs, num_select)
        yield from expected.against(boxes, prefix=prefix + stage)
    yield from expected.leftovers()


def _network_tensors(output: DinoOutput) -> dict[str, tuple[Any, str]]:
    tensors: dict[str, tuple[Any, str]] = {
        "enc_topk_logits": (output.proposals.prediction.logits, "logits"),
        "enc_topk_boxes": (output.proposals.prediction.boxes, "boxes"),
        "pred_logits": (output.final.logits, "logits"),
        "pred_boxes": (output.final.boxes, "boxes"),
    }
    for index, layer in enumerate(output.layers[:-1]):
        tensors[f"aux{index}_logits"] = (layer.logits, "logits")
        tensors[f"aux{index}_boxes"] = (layer.boxes, "boxes")
    for index, reference in enumerate(output.references):
        tensors[f"decoder_reference{index}"] = (reference, "boxes")
    return tensors


def _box_tensors(
    prediction: Prediction, inputs: Mapping[str, Tensor], num_select: int
) -> dict[str, tuple[Any, str]]:
    """Mmdetection's results, in the pixels of the original and of the resized image."""
    tensors: dict[str, tuple[Any, str]] = {}
    sizes = {"bboxes_xyxy_network": "img_shapes_hw", "bboxes_xyxy_original": "ori_shapes_hw"}
    for name, size in sizes.items():
        scored = best_pairs(prediction, inputs[size], num_select=num_select, clamp=True)
        tensors |= post_processed(scored, name, scores_kind="scores")
    return tensors


def _resize_rules(case: str, path: Path) -> Iterator[Comparison]:
    stated = read_json(path)
    scale = re.search(r"scale=\((\d+),\s*(\d+)\)", stated["rule"])
    if scale is None:
        raise ValueError(f"{path.name}: no scale=(long, short) in its rule {stated['rule']!r}")
    short_side, long_side = sorted(int(side) for side in scale.groups())
    rows = stated["cases"]
    sizes: dict[str, list[tuple[int, int]]] = {}
    for rule in ("mmdet", "official"):
        sizes[rule] = [
            resized_hw(*row["source_hw"], short_side=short_side, long_side=long_side, rule=rule)
            for row in rows
        ]
        expected = [row[f"{rule}_hw"] for row in rows]
        yield compare(case, f"{rule}_hw", sizes[rule], expected, EXACT)
    factors = [
        (size[1] / row["source_hw"][1], size[0] / row["source_hw"][0])
        for size, row in zip(sizes["mmdet"], rows, strict=True)
    ]
    expected = [row["mmdet_scale_factor_wh"] for row in rows]
    yield compare(case, "mmdet_scale_factor_wh", factors, expected, EXACT)
    equal = [one == other for one, other in zip(*sizes.values(), strict=True)]
    yield compare(case, "equal", equal, [row["equal"] for row in rows], EXACT)


def _manifest(case: str, path: Path) -> Iterator[Comparison]:
    named = re.fullmatch(r"manifest_dino-(\d)scale_([\w-]+)", path.stem)
    if named is None or named[2] not in BUILDERS:
        yield failure(case, "keys", f"{path.name} names none of {', '.join(BUILDERS)}")
        return
    with torch.device("meta"):
        shapes = manifest_shapes(path)
        state = convert({key: torch.empty(shape) for key, shape in shapes.items()}).state
        converted = {key: tuple(value.shape) for key, value in state.items()}
        network = BUILDERS[named[2]](
            num_scales=int(named[1]), shared_heads=False, **class_sizes(converted)
        )
    yield from compare_manifest(case, network, converted)
    network.load_state_dict(state, strict=True, assign=True)


def _keymap(case: str, path: Path) -> Iterator[Comparison]:
    """Our conversion of tensors that carry their key's number, against the stated pairs."""
    stated = read_json(path)
    pairs = [(source, target) for source, target in stated["pairs"] if source != "(zeros)"]
    keys = list(dict.fromkeys([source for source, _ in pairs] + stated["dropped"]))
    tags = {key: 4.0 * index + torch.arange(4) for index, key in enumerate(keys)}
    converted = convert(tags)

    expected = {target: tags[source] for source, target in pairs}
    expected |= {
        target: torch.zeros(4) for source, target in stated["pairs"] if source == "(zeros)"
    }
    got = {f"{_tag(value)} -> {key}" for key, value in converted.state.items()}
    yield same_names(case, "pairs", got, {f"{_tag(x)} -> {key}" for key, x in expected.items()})
    yield same_names(case, "dropped", set(converted.dropped), set(stated["dropped"]))
    reordered = {
        source
        for source, target in pairs
        if not torch.equal(converted.state.get(target, tags[source]), tags[source])
    }
    yield same_names(case, "reorder_keys", reordered, set(stated["reorder_keys"]))


def _tag(value: Tensor) -> str:
    """What the tensor of a key carries, in whatever order."""
    return str(value.sort().values.tolist())
