"""Comparisons with InfoGCN's golden files: networks, losses, the feeder's arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from models.infogcn.network import InfoGCN, InfoGCNOutput
from models.layouts.infogcn import convert
from models.skeletons import COCO17, NTU25, EdgeDirection, Skeleton
from pipeline.classification.sequence import motion, rotation_matrix, valid_crop_resize
from training.classifiers.losses import InfoGCNLossSettings, infogcn_loss
from training.parity.report import Comparison, compare, failure, read_json, read_tensors
from training.parity.tolerances import tolerance

FAMILY = "infogcn"
FULL_WIDTH = 64
"""From this width on the reference itself is 1.5e-4 off its float64 run."""

SKELETONS: dict[str, tuple[Skeleton, EdgeDirection]] = {
    "coco17": (COCO17, "outward"),
    "ntu25": (NTU25, "inward"),
}
"""As in the stored mode matrices: the published NTU graph's edges point to the root."""
LOSS_PARTS = {"ce": "ce", "mmd": "mmd", "l2": "l2_z_mean"}
"""Name in the feeder's file -> our name."""


def compare_folder(folder: Path) -> Iterator[Comparison]:
    """Compare a golden folder of InfoGCN: a folder a network, and `feeder_loss`."""
    known = False
    for path in sorted(folder.iterdir()):
        case = f"{folder.name}/{path.name}"
        if path.is_dir():
            known = True
            yield from _guarded(case, path)
        elif path.suffix != ".md" and not path.name.startswith(("manifest", "keymap", ".")):
            yield failure(case, "file", "a file that this comparison does not know")
    if not known:
        yield failure(folder.name, "folder", "contains no case of InfoGCN")


def _guarded(case: str, path: Path) -> Iterator[Comparison]:
    """A case that cannot even be run is a failure with its reason."""
    compare_case: Callable[[str, Path], Iterator[Comparison]]
    compare_case = _compare_feeder if (path / "golden.safetensors").exists() else _compare_network
    try:
        yield from compare_case(case, path)
    except (KeyError, ValueError, RuntimeError, OSError, SafetensorError) as error:
        yield failure(case, "case", f"{type(error).__name__}: {error}".splitlines()[0])


def _unknown_files(case: str, path: Path, known: set[str]) -> Iterator[Comparison]:
    for file in sorted(path.iterdir()):
        if file.name not in known and file.suffix != ".md":
            yield failure(case, file.name, "a file that this comparison does not know")


# Networks


@dataclass(frozen=True)
class _Case:
    """A stored network with its input and what it answers."""

    name: str
    config: Mapping[str, Any]
    network: InfoGCN
    x: Tensor
    expected: Mapping[str, Tensor]

    @classmethod
    def read(cls, name: str, path: Path) -> _Case:
        config = read_json(path / "config.json")
        expected = read_tensors(path / "expected.safetensors")
        skeleton, edges = _graph(config)
        network = InfoGCN(
            num_classes=config["num_class"],
            skeleton=skeleton,
            edges=edges,
            num_people=config["num_person"],
            base_channels=config["base_channel"],
            num_heads=config["num_head"],
            k=config["k"],
            noise_ratio=config["noise_ratio"],
            z_prior_gain=config["z_prior_gain"],
        )
        weights = read_tensors(*(path / file for file in config["weights"]))
        network.load_state_dict(convert(weights).state, strict=True)
        x = read_tensors(path / "input.safetensors")["x"]
        return cls(name, config, network.eval(), x, expected)

    def compare(self, tensor: str, got: Any, kind: str, *, stored: str = "") -> Comparison:
        return compare(
            self.name, tensor, got, self.expected[stored or tensor], tolerance(FAMILY, kind)
        )


def _graph(config: Mapping[str, Any]) -> tuple[Skeleton, EdgeDirection]:
    """The golden's graph: from the edges that its config lists, else NTU's."""
    inward, joints = config.get("coco17_inward"), config["num_point"]
    if not inward:
        return SKELETONS["ntu25"]
    parents = list(range(joints))
    for child, parent in inward:
        parents[child] = parent
    names = tuple(str(joint) for joint in range(joints))
    return Skeleton(str(config["graph"]), names, tuple(parents), ()), "outward"


@torch.no_grad()
def _compare_network(case_name: str, path: Path) -> Iterator[Comparison]:
    case = _Case.read(case_name, path)
    files = {"config.json", "expected.safetensors", "input.safetensors", *case.config["weights"]}
    yield from _unknown_files(case_name, path, files)
    kind = "logits_full" if case.config["base_channel"] >= FULL_WIDTH else "logits_small"
    expected, network = case.expected, case.network
    yield case.compare("A_vector", network.A_vector, "mode_matrix")
    latent = network.encode(case.x)
    yield case.compare("z", latent, kind)
    yield case.compare("z_fp64", latent, kind)
    # Each stage from the stored output of the stage before it ...
    yield case.compare("logits", network.decoder(expected["z"]), kind)
    stored = InfoGCNOutput(expected["logits"], expected["z"])
    parts = infogcn_loss(stored, expected["z_prior"], expected["labels"])
    for name in ("ce", "mmd", "l2_z_mean"):
        yield case.compare(name, parts[name][None], "loss")
    # ... then the whole chain.
    output = network(case.x, with_latent=True)
    yield case.compare("end_to_end.logits", output.logits, kind, stored="logits")
    yield case.compare("logits_fp64", output.logits, kind)


# The feeder and the losses


def _compare_feeder(case: str, path: Path) -> Iterator[Comparison]:
    yield from _unknown_files(case, path, {"config.json", "golden.safetensors"})
    config, stored = read_json(path / "config.json"), read_tensors(path / "golden.safetensors")
    done: set[str] = set()

    def line(tensor: str, got: Any, kind: str, *inputs: str) -> Comparison:
        done.update((tensor, *inputs))
        return compare(case, tensor, got, stored[tensor], tolerance(FAMILY, kind))

    for i, entry in enumerate(config["cases"]):
        raw = stored[f"raw{i}"].numpy()
        resized = valid_crop_resize(
            raw, entry["valid"], tuple(entry["p_interval"]), entry["window"]
        )
        yield line(f"resized{i}", resized, "feeder", f"raw{i}")
        yield line(f"vel{i}", motion(stored[f"resized{i}"].numpy()), "feeder")
    matrices = rotation_matrix(stored["rot_angles"].double().numpy())
    yield line("rot_matrices", matrices, "feeder", "rot_angles")
    yield from _mode_matrices(stored, line)
    yield from _losses(config, stored, line)
    for tensor in sorted(set(stored) - done):
        yield failure(case, tensor, "a tensor that this comparison does not know")


def _mode_matrices(
    stored: Mapping[str, Tensor], line: Callable[..., Comparison]
) -> Iterator[Comparison]:
    for tensor in sorted(name for name in stored if name.startswith("mode_")):
        _, name, k = tensor.split("_")
        skeleton, edges = SKELETONS[name]
        matrix = skeleton.mode_matrix(int(k.removeprefix("k")), edges)
        yield line(tensor, matrix, "mode_matrix")


def _losses(
    config: Mapping[str, Any], stored: Mapping[str, Tensor], line: Callable[..., Comparison]
) -> Iterator[Comparison]:
    settings = InfoGCNLossSettings(config["smoothing"], config["lambda_1"], config["lambda_2"])
    output = InfoGCNOutput(stored["loss_logits"], stored["loss_z"])
    parts = infogcn_loss(output, stored["loss_z_prior"], stored["loss_labels"], settings)
    inputs = ("loss_logits", "loss_z", "loss_z_prior", "loss_labels")
    for stored_name, name in LOSS_PARTS.items():
        yield line(f"loss_{stored_name}", parts[name][None], "loss", *inputs)
