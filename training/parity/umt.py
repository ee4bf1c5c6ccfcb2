"""Comparisons with the published Unmasked Teacher: which file of a golden folder is which case."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from models.layouts.umt import convert
from models.umt.builders import umt_b16, umt_l16
from models.umt.network import UMT
from models.umt.positions import Grid, interpolate_position_table, sinusoid_table
from pipeline.classification.sampling import temporal_indices, validation_indices
from training.optim import DecayRule, cosine_schedule, parameter_settings
from training.parity.report import (
    Comparison,
    compare,
    failure,
    read_json,
    read_metadata,
    read_tensors,
)
from training.parity.tolerances import EXACT, tolerance
from training.parity.umt_network import compare_forward, compare_gradients, compare_sensitivity

BUILDERS = {"l16": umt_l16, "b16": umt_b16}
"""`size` of a manifest -> the builder that must accept it."""


def compare_folder(folder: Path) -> Iterator[Comparison]:
    """Compare every file of a golden folder with our implementation."""
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    known = 0
    for file in files:
        case = f"{folder.name}/{file.with_suffix('') if file.parent.name else file.stem}"
        comparer = _comparer_of(file)
        if comparer is not None:
            known += 1
            yield from _guarded(case, folder / file, comparer)
        elif not _is_companion(file):
            yield failure(case, "file", f"{file.name} is not a case of Unmasked Teacher")
    if not known:
        yield failure(folder.name, "folder", "no case of Unmasked Teacher in it")


CaseComparer = Callable[[str, Path], Iterator[Comparison]]
"""Name of the case and its file in, comparisons out."""


def _guarded(case: str, path: Path, comparer: CaseComparer) -> Iterator[Comparison]:
    """A case that breaks off is a line of its own and does not hide the others."""
    try:
        yield from comparer(case, path)
    except (KeyError, ValueError, TypeError, RuntimeError, OSError, SafetensorError) as error:
        sentence = " ".join(str(error).split())
        yield failure(case, "error", f"{type(error).__name__}: {sentence}")


def _comparer_of(file: Path) -> CaseComparer | None:
    return next((comparer for pattern, comparer in CASES.items() if file.match(pattern)), None)


def _is_companion(file: Path) -> bool:
    """Files that are read along with a case, or are for people."""
    return file.name == "weights.safetensors" or file.name.startswith("README")


def _grid(text: str) -> Grid:
    T, H, W = (int(number) for number in text.split("x"))
    return T, H, W


def _tables(case: str, path: Path) -> Iterator[Comparison]:
    for name, expected in read_tensors(path).items():
        got = sinusoid_table(expected.shape[-1], _grid(name))
        yield compare(case, name, got, expected, tolerance("umt", "table"))


def _interpolation(case: str, path: Path) -> Iterator[Comparison]:
    tensors = read_tensors(path)
    before = next(value for name, value in tensors.items() if name.startswith("before"))
    from_grid = _grid(read_metadata(path)["before"])
    for name, expected in tensors.items():
        if name.startswith("after_"):
            got = interpolate_position_table(before, from_grid, _grid(name.removeprefix("after_")))
            yield compare(case, name, got, expected, tolerance("umt", "table"))


def _parameter_groups(case: str, path: Path) -> Iterator[Comparison]:
    stated = re.search(r"layer_decay_([\d.]+)_depth(\d+)$", path.stem)
    if stated is None:
        raise ValueError(f"{path.name} does not name layer decay and depth")
    depth, groups = int(stated[2]), read_json(path)
    decayed = [group["weight_decay"] for group in groups.values() if group["weight_decay"]]
    rule = DecayRule(weight_decay=max(decayed, default=0.0), layer_decay=float(stated[1]))
    with torch.device("meta"):
        model = UMT(depth=depth, dim=64, num_heads=4)
    # The published optimiser lists the position table as well, though it never gets a gradient.
    dimensions = {name: value.ndim for name, value in model.state_dict().items()}
    yield _same_names(case, "names", set(dimensions), set(groups))
    shared = [name for name in groups if name in dimensions]
    got = [parameter_settings(name, dimensions[name], rule, depth=depth) for name in shared]
    for field in ("lr_scale", "weight_decay"):
        expected = [groups[name][field] for name in shared]
        values = [getattr(settings, field) for settings in got]
        yield compare(case, field, values, expected, tolerance("umt", "optimiser"))


def _learning_rates(case: str, path: Path) -> Iterator[Comparison]:
    stated = read_json(path)
    got = cosine_schedule(
        base=stated["base"],
        minimum=stated["min"],
        warmup_start=stated["warmup_start"],
        epochs=stated["epochs"],
        steps_per_epoch=stated["iters_per_epoch"],
        warmup_epochs=stated["warmup_epochs"],
    )
    yield compare(case, "values", got, stated["values"], tolerance("umt", "optimiser"))


def _frame_indices(case: str, path: Path) -> Iterator[Comparison]:
    by_protocol: dict[str, list[dict[str, Any]]] = {}
    for row in read_json(path):
        protocol = row.get("mode") or f"{row['num_segments']}_segments"
        name = f"{row['video_size']}_frames_{row['num_frames']}_sampled_{protocol}"
        by_protocol.setdefault(name, []).append(row)
    for name, rows in by_protocol.items():
        got = [_indices_of(row) for row in rows]
        yield compare(case, name, got, [row["indices"] for row in rows], EXACT)


def _indices_of(row: dict[str, Any]) -> list[int]:
    size, num_sampled = row["video_size"], row["num_frames"]
    if row.get("mode") == "validation":
        return [int(index) for index in validation_indices(size, num_sampled)]
    clips = temporal_indices(size, num_sampled, row["num_segments"])
    return [int(index) for index in clips[row["clip"]]]


def _manifest(case: str, path: Path) -> Iterator[Comparison]:
    stated = read_json(path)
    with torch.device("meta"):
        model = BUILDERS[stated["size"]](
            num_frames=stated["frames"],
            image_size=stated["img"],
            num_classes=stated["num_classes"],
        )
        state: dict[str, Tensor] = {
            key: torch.empty(entry["shape"]) for key, entry in stated["keys"].items()
        }
    state = convert(state).state
    expected = {f"{key} {tuple(value.shape)}" for key, value in state.items()}
    ours = {f"{key} {tuple(value.shape)}" for key, value in model.state_dict().items()}
    if "pos_embed" not in state:  # computed when a file lacks it
        ours = {entry for entry in ours if not entry.startswith("pos_embed ")}
    same = _same_names(case, "keys", ours, expected)
    if same.ok:
        model.load_state_dict(state, strict=True, assign=True)
    yield same


def _same_names(case: str, tensor: str, got: set[str], expected: set[str]) -> Comparison:
    missing, unexpected = sorted(expected - got), sorted(got - expected)
    if missing or unexpected:
        remark = f"missing {missing[:3]}, unexpected {unexpected[:3]}"
        return failure(case, tensor, remark)
    return compare(case, tensor, len(got), len(expected), EXACT)


CASES: dict[str, CaseComparer] = {
    "forward_*.safetensors": compare_forward,
    "lowvar_*.safetensors": compare_forward,
    "gradients*.safetensors": compare_gradients,
    "sensitivity.json": compare_sensitivity,
    "sincos_tables.safetensors": _tables,
    "pos_embed_checkpoint_interpolation.safetensors": _interpolation,
    "param_groups_layer_decay_*.json": _parameter_groups,
    "lr_schedule.json": _learning_rates,
    "test_frame_indices.json": _frame_indices,
    "manifests/*.json": _manifest,
}
"""File name -> what compares it."""
