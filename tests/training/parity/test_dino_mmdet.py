"""The comparison with mmdetection's DINO can fail, line by line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.training.parity.cases import (
    Move,
    assert_lines_covered,
    assert_move_fails,
    results,
    tensor_names,
)
from training.parity.dino_mmdet import compare_folder

FOLDER = Path(__file__).resolve().parents[2] / "goldens" / "dino_mmdet"
NAMES = r"/keys$|/pairs$|/dropped$|/reorder_keys$"
"""Lines about names, which no number can move; they have tests of their own."""
RESULTS = ("scores", "labels", "bboxes_xyxy_original", "bboxes_xyxy_network")
ALL_BOXES = r"scores$|labels$|bboxes_xyxy_\w+$"
NETWORK = r"logits$|boxes$|decoder_reference\d|" + ALL_BOXES
SPREADS = {
    "pixel_values": NETWORK,
    "img_shapes_hw": NETWORK,
    "ori_shapes_hw": r"bboxes_xyxy_original$",
    "pred_logits": ALL_BOXES,
    "pred_boxes": ALL_BOXES,
}
"""Stored tensor -> lines that are fed with it."""


def moves(folder: Path) -> list[Move]:
    """One for each line of each case."""
    found = []
    for path in sorted(folder.glob("*/*.safetensors")):
        file, case = str(path.relative_to(folder)), path.parent.name
        if path.name.startswith("weights"):
            continue
        prefix = "improved_pe_" if "improved" in path.name else ""
        for key in tensor_names(path):
            spreads = SPREADS.get(key, "")
            if key.startswith("resized"):  # the network's input and the chain start from it
                spreads = r"pixel_values$|end_to_end_"
            if key in RESULTS:  # compared twice: from the stored prediction and end to end
                spreads = rf"{key}$"
                line = f"{case}/{prefix}end_to_end_{key}"
                found.append(Move(file, key, line, spreads=spreads))
            if not key.startswith("source"):
                found.append(Move(file, key, f"{case}/{prefix}{key}", spreads=spreads))
    for key in ("mmdet_hw", "official_hw", "mmdet_scale_factor_wh", "equal"):
        found.append(Move("resize_rule_cases.json", f"cases/2/{key}", f"resize_rule_cases/{key}"))
    return found


@pytest.mark.parametrize("move", moves(FOLDER), ids=str)
def test_a_moved_value_fails(move, tmp_path):
    assert_move_fails(compare_folder, FOLDER, move, tmp_path)


def test_every_line_has_a_move():
    assert_lines_covered(compare_folder, FOLDER, moves(FOLDER), exempt=NAMES)


@pytest.mark.slow
@pytest.mark.needs_shared
def test_complete_set(shared_goldens, tmp_path):
    folder = shared_goldens / "dino_mmdet"
    assert_lines_covered(compare_folder, folder, moves(folder), exempt=NAMES)
    for move in moves(folder):
        assert_move_fails(compare_folder, folder, move, tmp_path)


def failures(folder: Path) -> dict[str, str]:
    return {
        name: line.remark for name, line in results(compare_folder, folder).items() if not line.ok
    }


def test_an_unknown_data_file_fails(tmp_path):
    folder = Path(shutil.copytree(FOLDER, tmp_path / "dino_mmdet"))
    (folder / "anchors.json").write_text("{}")
    assert "belongs to no case" in failures(folder)["anchors/file"]


KEYMAP = {
    "pairs": [
        ["level_embed", "transformer.level_embed"],
        ["query_embedding.weight", "transformer.tgt_embed.weight"],
        ["memory_trans_fc.weight", "transformer.enc_output.weight"],
        ["decoder.layers.0.norms.0.weight", "transformer.decoder.layers.0.norm2.weight"],
        ["decoder.layers.0.norms.1.weight", "transformer.decoder.layers.0.norm1.weight"],
        ["neck.convs.0.conv.weight", "input_proj.0.0.weight"],
        ["(zeros)", "input_proj.0.0.bias"],
        ["bbox_head.cls_branches.0.bias", "class_embed.0.bias"],
        ["bbox_head.cls_branches.0.bias", "transformer.decoder.class_embed.0.bias"],
        ["backbone.stages.0.downsample.norm.bias", "backbone.0.layers.0.downsample.norm.bias"],
    ],
    "dropped": ["backbone.bn1.num_batches_tracked"],
    "reorder_keys": ["backbone.stages.0.downsample.norm.bias"],
}


def swapped_norms(keymap: dict[str, list]) -> None:
    keymap["pairs"][3][1], keymap["pairs"][4][1] = keymap["pairs"][4][1], keymap["pairs"][3][1]


def biased_projection(keymap: dict[str, list]) -> None:
    keymap["pairs"][6][0] = "level_embed"


def nothing_dropped(keymap: dict[str, list]) -> None:
    keymap["dropped"].append("backbone.bn2.num_batches_tracked")
    keymap["dropped"].remove("backbone.bn1.num_batches_tracked")
    keymap["dropped"].append("memory_trans_norm.weight")


def nothing_reordered(keymap: dict[str, list]) -> None:
    keymap["reorder_keys"].clear()


@pytest.mark.parametrize(
    ("mistake", "line"),
    [
        (None, None),
        (swapped_norms, "pairs"),
        (biased_projection, "pairs"),
        (nothing_dropped, "dropped"),
        (nothing_reordered, "reorder_keys"),
    ],
)
def test_a_wrong_key_map_fails(mistake, line, tmp_path):
    keymap = json.loads(json.dumps(KEYMAP))
    if mistake is not None:
        mistake(keymap)
    folder = tmp_path / "dino_mmdet"
    folder.mkdir()
    (folder / "keymap_small_mmdet_to_official.json").write_text(json.dumps(keymap))
    failed = set(failures(folder))
    name = f"keymap_small_mmdet_to_official/{line}"
    assert (name in failed) if line else not failed
