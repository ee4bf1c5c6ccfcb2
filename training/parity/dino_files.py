"""Which file of a DINO golden folder is which case; what both layouts' comparisons share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypedDict

import torch
from safetensors import SafetensorError
from torch import Tensor

from models.dino import Dino, Prediction, ScoredBoxes
from training.parity.report import Comparison, compare, failure, read_json
from training.parity.tolerances import EXACT, tolerance

FileComparer = Callable[[str, Path], Iterator[Comparison]]
"""Name of the case and its file in, comparisons out."""

NETWORK_CASE = "expected.safetensors"
"""The file that makes a folder a case of the whole network."""

COMPANIONS = ("config.json", "aliases.json", "input.safetensors", "weights*.safetensors")
"""What lies beside it and is read along with it."""


def compare_files(folder: Path, comparers: Mapping[str, FileComparer]) -> Iterator[Comparison]:
    """Compare every file of a golden folder; `comparers`: file name pattern -> its comparison."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    known = 0
    for path in files:
        comparer = next((comparers[name] for name in comparers if path.match(name)), None)
        inner = path.parent != folder and path.name in comparers
        case = f"{folder.name}/{path.parent.name if inner else path.stem}"
        if comparer is not None:
            known += 1
            yield from _guarded(case, path, comparer)
        elif not _is_companion(path):
            name = path.relative_to(folder)
            yield failure(case, "file", f"{name} belongs to no case of {folder.name}")
    if not known:
        yield failure(folder.name, "folder", f"no case of {folder.name} in it")


def _is_companion(path: Path) -> bool:
    if path.name.startswith("README"):
        return True
    beside = any(path.match(pattern) for pattern in COMPANIONS)
    return beside and (path.parent / NETWORK_CASE).is_file()


def _guarded(case: str, path: Path, comparer: FileComparer) -> Iterator[Comparison]:
    """A case that breaks off is a line of its own and does not hide the others."""
    try:
        yield from comparer(case, path)
    except (KeyError, ValueError, TypeError, RuntimeError, OSError, SafetensorError) as error:
        sentence = " ".join(str(error).split())
        yield failure(case, "error", f"{type(error).__name__}: {sentence}")


def same_names(case: str, tensor: str, got: set[str], expected: set[str]) -> Comparison:
    """Whether two sets of names agree; the first differences are in the remark."""
    if got == expected:
        return compare(case, tensor, len(got), len(expected), EXACT)
    missing, unexpected = sorted(expected - got), sorted(got - expected)
    return failure(case, tensor, f"missing {missing[:3]}, unexpected {unexpected[:3]}")


def compare_manifest(
    case: str, network: Dino, shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[Comparison]:
    """Whether a full-size network on the meta device takes exactly these keys and shapes."""
    ours = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    got, expected = ({f"{key} {shape}" for key, shape in names.items()} for names in (ours, shapes))
    yield same_names(case, "keys", got, expected)


def manifest_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Key -> shape of a manifest."""
    return {key: tuple(entry[0]) for key, entry in read_json(path)["tensors"].items()}


class ClassSizes(TypedDict):
    """Arguments of a builder that depend on what a checkpoint was trained for."""

    num_classes: int
    num_queries: int
    num_labels: int


def class_sizes(shapes: Mapping[str, tuple[int, ...]]) -> ClassSizes:
    """Those of a manifest with official keys."""
    return {
        "num_classes": shapes["transformer.enc_out_class_embed.bias"][0],
        "num_queries": shapes["transformer.tgt_embed.weight"][0],
        "num_labels": shapes["label_enc.weight"][0],
    }


class CaseTensors:
    """The expected tensors of a case; remembers which of them were compared."""

    def __init__(self, family: str, case: str, expected: Mapping[str, Tensor]) -> None:
        self.family = family
        self.case = case
        self.expected = dict(expected)
        self._left = set(expected)

    def against(
        self, got: Mapping[str, tuple[Any, str]], *, prefix: str = ""
    ) -> Iterator[Comparison]:
        """Compare what there is of `got`: name -> (value, kind of tolerance, or "exact")."""
        for name, (value, kind) in got.items():
            if name in self.expected:
                self._left.discard(name)
                limit = EXACT if kind == "exact" else tolerance(self.family, kind)
                yield compare(self.case, prefix + name, value, self.expected[name], limit)

    def input(self, name: str) -> Tensor:
        """A stored tensor that is fed to a stage; it counts as known."""
        self._left.discard(name)
        return self.expected[name]

    def stored_prediction(self) -> Prediction:
        """The stored result of the network, for the stages after it."""
        return Prediction(self.expected["pred_logits"], self.expected["pred_boxes"])

    def leftovers(self) -> Iterator[Comparison]:
        """A failure for every stored tensor that nothing was compared with."""
        for name in sorted(self._left):
            yield failure(self.case, name, "no stage gives a tensor of this name")


def post_processed(
    scored: ScoredBoxes, boxes_name: str, *, scores_kind: str
) -> dict[str, tuple[Any, str]]:
    """Name -> (value, kind) of the post-processing's results."""
    return {
        "scores": (scored.scores, scores_kind),
        "labels": (scored.labels, "labels"),
        boxes_name: (scored.boxes_xyxy, "boxes_px"),
    }


def padding_mask(sizes_hw: Tensor, batch_hw: tuple[int, int]) -> Tensor:
    """`(B, H, W)` of 1 where an image of a batch is padding."""
    height, width = batch_hw
    rows = torch.arange(height) < sizes_hw[:, :1]
    columns = torch.arange(width) < sizes_hw[:, 1:]
    return ~(rows[:, :, None] & columns[:, None])
