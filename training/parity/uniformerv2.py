"""UniFormerV2 against the golden files of OpenGVLab/UniFormerV2.

Sizes and options are read off the stored weights; what no shape tells (heads, where the global
blocks gather, activation) stands in the files' `config`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from safetensors import SafetensorError
from torch import Tensor

from models.layouts import clip
from models.uniformerv2 import Recipe, UniFormerV2, uniformerv2_b16, uniformerv2_l14
from pipeline.classification.sampling import temporal_indices
from training.parity.report import (
    Comparison,
    compare,
    failure,
    read_json,
    read_metadata,
    read_tensors,
)
from training.parity.tolerances import EXACT, tolerance

FAMILY = "uniformerv2"
BUILDERS = {"l14": uniformerv2_l14, "b16": uniformerv2_b16}
RECIPES: dict[str, Recipe] = {"s": "ssv2", "k": "kinetics"}
"""First letter of a manifest's recipe -> the builder's."""

# How the official code lays out what ours keeps as (b, t, l, c) and (b, 1, c).
FRAMES_FIRST = "(b t) l c"
TOKENS_FIRST = "l (b t) c"


def compare_folder(folder: Path) -> Iterator[Comparison]:
    """Compare every case of a golden folder; see `training.parity.report.Comparer`."""
    known = False
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        name = path.relative_to(folder).as_posix()
        if re.fullmatch(DOCUMENTATION, name):
            continue
        case = f"{folder.name}/{name.removesuffix(path.suffix)}"
        comparer = next((c for pattern, c in CASES.items() if re.fullmatch(pattern, name)), None)
        if comparer is None:
            yield failure(case, "file", f"{name} is not a data file of this family")
            continue
        known = True
        try:
            yield from comparer(case, path)
        except (KeyError, ValueError, RuntimeError, OSError, SafetensorError) as error:
            remark = shorten(f"{type(error).__name__}: {error}", width=300)
            yield failure(case, "case", f"cannot be compared: {remark}")
    if not known:
        yield failure(folder.name, "folder", "contains no case of UniFormerV2")


def _weights(case: str, path: Path) -> Iterator[Comparison]:
    state, config = read_tensors(path), _config(path)
    model = UniFormerV2(**_arguments(config, state), num_frames=_frames(config, {}))
    yield _compare_names(case, "keys", model.state_dict(), state)


def _forward(case: str, path: Path) -> Iterator[Comparison]:
    stored = read_tensors(path)
    state = {key[2:]: stored.pop(key) for key in list(stored) if key.startswith("w.")}
    weights = path if state else _weights_beside(path)
    model = _network({**_config(weights), **_config(path)}, state or read_tensors(weights), stored)
    with torch.inference_mode():
        by_stage = _trace(model.eval(), stored, feed_stored=True)
        end_to_end = _trace(model, stored, feed_stored=False)
    expected = [key for key in stored if key != ("input" if "input" in stored else "ln_pre")]
    for key in expected:
        kind = tolerance(FAMILY, "logits" if key == "logits" else "tokens")
        if key not in by_stage:
            yield failure(case, key, "is not a stage of UniFormerV2")
            continue
        yield compare(case, key, by_stage[key], stored[key], kind)
        yield compare(case, f"end_to_end.{key}", end_to_end[key], stored[key], kind)


def _trace(
    model: UniFormerV2, stored: Mapping[str, Tensor], *, feed_stored: bool
) -> dict[str, Tensor]:
    """Every stage's output under its golden name and in the official layout.

    Begins with `input`, or with `ln_pre` where no clip is stored. `feed_stored`: go on from the
    stored output of a stage, where there is one, and not from our own.
    """
    trace: dict[str, Tensor] = {}

    def stage(name: str, ours: str, official: str, value: Tensor) -> Tensor:
        trace[name] = rearrange(value, f"{ours} -> {official}")
        if not (feed_stored and name in stored):
            return value
        return rearrange(stored[name], f"{official} -> {ours}", b=len(value))

    if "input" in stored:
        x = stage("ln_pre", "b t l c", FRAMES_FIRST, model.embed(stored["input"]))
    else:
        clips = stored["logits"].shape[0]
        x = rearrange(stored["ln_pre"], f"{FRAMES_FIRST} -> b t l c", b=clips)
    transformer = model.transformer
    video = transformer.temporal_cls_token.expand(len(x), -1, -1)
    for i, block in enumerate(transformer.resblocks):
        x = stage(f"resblock{i}_LNC", "b t l c", TOKENS_FIRST, block(x))
        if i in transformer.return_list:
            j = transformer.return_list.index(i)
            video = transformer.gather(j, video, x, model.grid)
            video = stage(f"global{j}_cls", "b one c", "one b c", video)
    trace["logits"] = transformer.classify(video, x)
    return trace


def _gradients(case: str, path: Path) -> Iterator[Comparison]:
    """One training step's loss, gradients and running statistics, all dropout being zero."""
    stored, metadata = read_tensors(path), read_metadata(path)
    weights = _weights_beside(path)
    model = _network({**_config(weights), **_config(path)}, read_tensors(weights), stored).train()
    logits = model(stored["input"])
    loss = F.cross_entropy(logits, stored["target"])
    loss.backward()
    got = {
        "logits": logits,
        "loss": loss.reshape(stored["loss"].shape),
        **{f"after.{name}": value for name, value in model.named_buffers()},
        **{f"grad.{n}": p.grad for n, p in model.named_parameters() if p.grad is not None},
    }
    kinds = {"grad": "gradient", "after": "statistics"}
    for key in sorted(stored.keys() - {"input", "target"}):
        if key not in got:
            yield failure(case, key, "the network has no such value")
            continue
        kind = tolerance(FAMILY, kinds.get(key.split(".")[0], "logits"))
        yield compare(case, key, got[key], stored[key], kind)
    if "no_grad_params" in metadata:
        without = [name for name, value in model.named_parameters() if value.grad is None]
        yield _compare_names(
            case, "no_grad_params", without, json.loads(metadata["no_grad_params"])
        )


def _clip(case: str, path: Path) -> Iterator[Comparison]:
    """CLIP as the initial state: values, what stays new, and CLIP's own tokens."""
    stored, metadata = read_tensors(path), read_metadata(path)
    expected = _part(stored, "uniformerv2.")
    new = json.loads(metadata["new_keys"])
    arguments = _arguments(_config(path), expected, also=new)
    model = UniFormerV2(**arguments, num_frames=_frames(_config(path), stored))
    converted = clip.convert(_part(stored, "clip."), model).state
    yield _compare_names(case, "keys", converted, expected)
    for key in expected.keys() & converted.keys():
        kind = tolerance(FAMILY, "conversion")
        yield compare(case, f"uniformerv2.{key}", converted[key], expected[key], kind)
    fresh = clip.newly_initialised(converted, model)
    yield _compare_names(case, "new_keys", fresh, new)
    values = model.state_dict()
    zero = [name for name in fresh if not values[name].any()]
    stored_zero = json.loads(metadata["initial_new_values_zero"])
    yield _compare_names(case, "initial_new_values_zero", zero, stored_zero)
    model.load_state_dict(converted, strict=False)
    with torch.inference_mode():
        trace = _trace(model.eval(), {"input": stored["input"]}, feed_stored=False)
    tokens = trace[f"resblock{len(model.transformer.resblocks) - 1}_LNC"]
    for key in ("resblock_last_LNC", "clip_tokens_LNC"):
        yield compare(case, key, tokens, stored[key], tolerance(FAMILY, "tokens"))


def _frame_indices(case: str, path: Path) -> Iterator[Comparison]:
    for entry in read_json(path):
        size, frames, clips = entry["video_size"], entry["num_frames"], entry["num_clips"]
        name = f"{frames}_of_{size}.clip_{entry['clip']}_of_{clips}"
        got = temporal_indices(size, frames, clips)[entry["clip"]]
        yield compare(case, name, got, entry["indices"], tolerance(FAMILY, "indices"))


def _manifest(case: str, path: Path) -> Iterator[Comparison]:
    """The full-size builder, on the meta device, has exactly the published keys and shapes."""
    manifest = read_json(path)
    with torch.device("meta"):
        model = BUILDERS[manifest["size"]](
            num_frames=manifest["frames"],
            recipe=RECIPES[manifest["recipe"][0]],
            num_classes=manifest["num_classes"],
            image_size=manifest["img"],
        )
    ours = {f"{k} {list(v.shape)} {v.dtype}" for k, v in model.state_dict().items()}
    theirs = {f"{k} {v['shape']} torch.{v['dtype']}" for k, v in manifest["keys"].items()}
    yield _compare_names(case, "keys", ours, theirs)
    if "n_params" in manifest:
        parameters = sum(parameter.numel() for parameter in model.parameters())
        yield compare(case, "n_params", parameters, manifest["n_params"], EXACT)


CASES: dict[str, Callable[[str, Path], Iterator[Comparison]]] = {
    r"[^/]+_weights\.safetensors": _weights,
    r"[^/]+_forward\.safetensors": _forward,
    r"lowvar[^/]*\.safetensors": _forward,
    r"[^/]+_gradients\.safetensors": _gradients,
    r"clip_to_[^/]+\.safetensors": _clip,
    r"test_frame_indices\.json": _frame_indices,
    r"manifests/[^/]+\.json": _manifest,
}
"""Path within the folder -> what compares such a file."""
DOCUMENTATION = r"README[^/]*|sensitivity\.json|keymap[^/]*"


def _network(
    config: Mapping[str, Any], state: Mapping[str, Tensor], stored: Mapping[str, Tensor]
) -> UniFormerV2:
    model = UniFormerV2(**_arguments(config, state), num_frames=_frames(config, stored))
    model.load_state_dict(dict(state))
    return model


def _arguments(
    config: Mapping[str, Any], state: Mapping[str, Tensor], *, also: Iterable[str] = ()
) -> dict[str, Any]:
    """Constructor arguments of the network that a state dict belongs to, all dropout zero.

    `also`: names of tensors that the network has besides.
    """
    names = {*state, *also}
    width, _, kernel, _, patch = state["conv1.weight"].shape
    side = round((state["positional_embedding"].shape[0] - 1) ** 0.5)
    heads = config.get("heads", max(1, width // 64))
    inner = state.get("transformer.resblocks.0.lmhra1.pos_embed.1.weight")
    hidden = state.get("transformer.dec.0.mlp.c_fc.weight")
    head = state.get("transformer.proj.2.weight")
    return {
        "image_size": config.get("img", side * patch),
        "patch_size": patch,
        "width": width,
        "depth": _count(names, r"transformer\.resblocks\.(\d+)\."),
        "heads": heads,
        "num_classes": config["nc"] if head is None else head.shape[0],
        "temporal_downsample": config.get("temporal_downsample", kernel > 1),
        "temporal_kernel_size": kernel,
        "no_lmhra": not any(".lmhra1." in name for name in names),
        "double_lmhra": any(".lmhra2." in name for name in names),
        # Half a channel more than was found, so that rounding down meets it.
        "dw_reduction": config.get(
            "dw_reduction", 1.5 if inner is None else width / (inner.shape[0] + 0.5)
        ),
        "return_list": config["return_list"],
        "global_heads": config.get("n_head", heads),
        "mlp_factor": 4.0 if hidden is None else hidden.shape[0] / width,
        "frozen": "transformer.balance" not in names,
        "act": config.get("act", "quickgelu"),
        "mlp_dropout": 0.0,
        "cls_dropout": 0.0,
    }


def _count(names: Iterable[str], pattern: str) -> int:
    return len({found[1] for found in (re.match(pattern, name) for name in names) if found})


def _frames(config: Mapping[str, Any], stored: Mapping[str, Tensor]) -> int:
    return int(stored["input"].shape[2] if "input" in stored else config["frames"])


def _config(path: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(read_metadata(path).get("config", "{}"))
    return config


def _weights_beside(path: Path) -> Path:
    """The weights that a case names in its metadata, or those that share its first name."""
    stem = path.stem.rsplit("_", 1)[0]
    return path.with_name(read_metadata(path).get("weights", f"{stem}_weights.safetensors"))


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _compare_names(case: str, name: str, got: Iterable[str], expected: Iterable[str]) -> Comparison:
    """Whether two sets of names are the same; the difference is the number of odd ones."""
    odd = sorted(set(got) ^ set(expected))
    remark = f"not in both: {', '.join(odd[:3])}" if odd else ""
    return Comparison(case, name, float(len(odd)), 0.0, ok=not odd, remark=remark)
