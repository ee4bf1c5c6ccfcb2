"""Comparisons with the published Unmasked Teacher's network: forward, gradients, known mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.umt.network import UMT, Block
from models.umt.positions import sinusoid_table
from training.optim import count_blocks
from training.parity.report import (
    Comparison,
    compare,
    failure,
    read_json,
    read_metadata,
    read_tensors,
)
from training.parity.tolerances import EXACT, tolerance

WEIGHTS = "weights.safetensors"
OWN_WEIGHTS = "w."
"""Prefix of the weights that a case brings along."""


def compare_forward(case: str, path: Path) -> Iterator[Comparison]:
    """Compare all stored activations, each stage fed by the stored one before; then end to end."""
    model, stored = _model_and_tensors(path)
    x = video = stored.pop("input")
    logits = stored["logits"]
    if "pos_embed" in stored:
        positions = stored.pop("pos_embed")
        table = sinusoid_table(positions.shape[-1], model.grid)
        yield compare(case, "pos_embed", table, positions, tolerance("umt", "table"))
    with torch.no_grad():
        for name, stage in _stages(model):
            x = stage(x)
            if name in stored:
                kind = "logits" if name in ("features", "logits") else "tokens"
                yield compare(case, name, x, stored[name], tolerance("umt", kind))
                x = stored.pop(name)
        end_to_end = model(video)
    for name in stored:
        yield failure(case, name, "no such stage")
    yield compare(case, "logits_end_to_end", end_to_end, logits, tolerance("umt", "logits"))


def compare_gradients(case: str, path: Path) -> Iterator[Comparison]:
    """Compare the loss and its gradients in training mode (there is no dropout in the case)."""
    metadata = read_metadata(path)
    model, stored = _model_and_tensors(path, metadata.get("weights", WEIGHTS))
    loss = F.cross_entropy(model.train()(stored["input"]), stored["target"])
    loss.backward()
    expected_loss = stored["loss"]
    got_loss = loss.reshape(expected_loss.shape)
    yield compare(case, "loss", got_loss, expected_loss, tolerance("umt", "logits"))
    parameters = dict(model.named_parameters())
    for key, expected in stored.items():
        if key.startswith("grad."):
            gradient = parameters[key.removeprefix("grad.")].grad
            yield compare(case, key, gradient, expected, tolerance("umt", "gradient"))
    still = json.loads(metadata.get("no_grad_params", "[]"))
    yield compare(case, "no_grad_params", len(set(still) & set(parameters)), 0, EXACT)


def compare_sensitivity(case: str, path: Path) -> Iterator[Comparison]:
    """Make the mistakes whose effect is on record: our network must move just as far.

    Entries about the published code's own noise or crashes have nothing to be compared with.
    """
    stated = read_json(path)
    for forward in sorted(path.parent.glob("forward_*.safetensors")):
        shape = forward.stem.removeprefix("forward_")
        effects = stated.get(shape, {})
        for mistake in (name for name in MISTAKES if name in effects):
            yield _compare_effect(f"{case}/{shape}", forward, mistake, effects[mistake])
    lowvar = path.parent / "lowvar_layernorm_eps.safetensors"
    effect = stated.get("lowvar: effect of eps=1e-5")
    if lowvar.exists() and effect is not None:
        yield _compare_effect(f"{case}/lowvar", lowvar, "ln_eps_1e5", effect)


def _compare_effect(case: str, path: Path, mistake: str, effect: float) -> Comparison:
    model, stored = _model_and_tensors(path)
    with torch.no_grad():
        MISTAKES[mistake](model)
        distance = (model(stored["input"]) - stored["logits"]).abs().max()
    return compare(case, mistake, distance, effect, tolerance("umt", "logits"))


def _stages(model: UMT) -> Iterator[tuple[str, Callable[[Tensor], Tensor]]]:
    """The network as a chain; the names are those of the stored activations."""
    yield "patch_embed", model.patch_embed
    yield "positions", lambda tokens: tokens + model.pos_embed
    for index, block in enumerate(model.blocks):
        yield f"block{index}", block
    yield "features", model.pool
    yield "logits", model.head


def _model_and_tensors(path: Path, weights: str = WEIGHTS) -> tuple[UMT, dict[str, Tensor]]:
    """The network of a case in eval mode, and what the case's file holds besides weights."""
    tensors = read_tensors(path)
    stored = {key: value for key, value in tensors.items() if not key.startswith(OWN_WEIGHTS)}
    state = {
        key.removeprefix(OWN_WEIGHTS): value
        for key, value in tensors.items()
        if key.startswith(OWN_WEIGHTS)
    }
    if not state:
        state = read_tensors(path.parent / weights)
    if "pos_embed" in stored:
        state["pos_embed"] = stored["pos_embed"]
    hidden, dim = state["blocks.0.mlp.fc1.weight"].shape
    _, _, T, _, side = stored["input"].shape
    model = UMT(
        num_frames=T,
        image_size=side,
        num_classes=len(state["head.bias"]),
        dim=dim,
        depth=count_blocks(state),
        num_heads=_num_heads(path),
        patch_size=state["patch_embed.proj.weight"].shape[-1],
        mlp_ratio=hidden / dim,
    )
    model.load_state_dict(state, strict=True)
    return model.eval(), stored


def _num_heads(path: Path) -> int:
    """Heads of the case, from its own config or from that of a forward file beside it."""
    for file in (path, *sorted(path.parent.glob("forward_*.safetensors"))):
        config = json.loads(read_metadata(file).get("config", "{}"))
        if "heads" in config:
            return int(config["heads"])
    raise ValueError(f"{path.name}: neither it nor a forward file beside it states the heads")


def _drop_q_bias(model: UMT) -> None:
    for name, parameter in model.named_parameters():
        if name.endswith("q_bias"):
            parameter.zero_()


def _drop_v_bias(model: UMT) -> None:
    for name, parameter in model.named_parameters():
        if name.endswith("v_bias"):
            parameter.zero_()


def _tanh_gelu(model: UMT) -> None:
    for block in list(model.modules()):
        if isinstance(block, Block):
            maps = block.mlp
            block.add_module("mlp", nn.Sequential(maps.fc1, nn.GELU("tanh"), maps.fc2))


def _large_layer_norm_eps(model: UMT) -> None:
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-5


MISTAKES: dict[str, Callable[[UMT], None]] = {
    "drop_q_bias": _drop_q_bias,
    "drop_v_bias": _drop_v_bias,
    "tanh_gelu": _tanh_gelu,
    "ln_eps_1e5": _large_layer_norm_eps,
}
"""Name in `sensitivity.json` -> how to make the mistake."""
