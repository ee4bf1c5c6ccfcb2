"""mmdetection's own DINO as the detector, where its packages are installed (docs/openmmlab.md).

A profile asks for it with `backend = "mmdet"` under `[detector]`. The checkpoint is read and
checked as ever; its weights then go into mmdetection's network of the same size, which is fed by
mmdetection's own transforms. Nothing of it is imported before that.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import torch

from models.dino import Dino, ResNet, SwinTransformer, person_class
from models.dino.swin import SwinBlock, SwinStage
from models.dino.transformer import EncoderLayer
from models.layouts.mmdet import restore
from pipeline.detection.detector import DetectorSettings, Frame, PersonBoxes
from pipeline.errors import ConfigError

DIM = 256
"""Channels of its transformer: the decoder encodes a box with 128 numbers a coordinate."""

OPERATORS = "mmcv._ext"
"""mmcv's compiled operators."""


class MMDetDetector:
    """mmdetection's DINO on the device where ours was.

    Args:
        network: Ours, with the weights.
        settings: Size of the input, threshold, batch size.

    Raises:
        ConfigError: The packages are not installed, or mmdetection has no such network.
    """

    def __init__(self, network: Dino, settings: DetectorSettings) -> None:
        _check(network, settings)
        _import_mmdet()
        from mmcv.transforms import Compose
        from mmdet.registry import MODELS

        self.batch_size = settings.batch_size
        self._score_threshold = settings.score_threshold
        self._person = person_class(network.num_classes)
        model = MODELS.build(_configuration(network))
        model.load_state_dict(restore(network.state_dict(), model.state_dict()), strict=True)
        self._model = model.to(next(network.parameters()).device).eval()
        scale = (settings.long_side, settings.short_side)
        keys = ("img_shape", "ori_shape", "scale_factor")
        self._transform = Compose(
            [
                {"type": "mmdet.LoadImageFromNDArray"},
                {"type": "mmdet.Resize", "scale": scale, "keep_ratio": True},
                {"type": "mmdet.PackDetInputs", "meta_keys": keys},
            ]
        )

    @torch.inference_mode()
    def people(self, frames: Sequence[Frame]) -> list[PersonBoxes]:
        """Persons in each of the frames."""
        packed = [self.packed(frame) for frame in frames]
        batch = {name: [sample[name] for sample in packed] for name in ("inputs", "data_samples")}
        return [self._people(sample.pred_instances) for sample in self._model.test_step(batch)]

    def packed(self, frame: Frame) -> dict[str, Any]:
        """One frame as mmdetection's network takes it: resized BGR `inputs` and `data_samples`."""
        packed: dict[str, Any] = self._transform({"img": np.ascontiguousarray(frame[..., ::-1])})
        return packed

    def _people(self, found: Any) -> PersonBoxes:
        """All pairs of a query and a class come, best first."""
        kept = (found.labels == self._person) & (found.scores >= self._score_threshold)
        return found.bboxes[kept].float().cpu().numpy(), found.scores[kept].float().cpu().numpy()


def _check(network: Dino, settings: DetectorSettings) -> None:
    fits = network.dim == DIM and network.head_eps == 1e-5 and settings.rule == "mmdet"
    if not fits:
        raise ConfigError(
            f"detector.backend: mmdet runs the `_mmdet` checkpoints and rule = 'mmdet' alone, not "
            f"{settings.checkpoint}; leave backend out"
        )


def _import_mmdet() -> None:
    """Import it and let it know its own transforms and models.

    mmcv-lite, which needs no compiler, lacks the compiled operators; mmdetection imports their
    names for networks that DINO does not need on any device.
    """
    try:
        if OPERATORS not in sys.modules and find_spec("mmcv") and not find_spec(OPERATORS):
            sys.modules[OPERATORS] = _NoOperators(OPERATORS)
        from mmdet.utils import register_all_modules
    except ImportError as error:
        raise ConfigError(
            f"detector.backend: mmdet cannot be imported ({error}); see docs/openmmlab.md, or "
            "leave backend out"
        ) from error
    register_all_modules()


class _NoOperators(ModuleType):
    """Stands for mmcv's compiled operators, none of which is here."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def absent(*_arguments: Any, **_named: Any) -> None:
            raise ConfigError(f"detector.backend: mmcv-lite has no {name}; install the full mmcv")

        return absent


def _configuration(network: Dino) -> Any:
    """The published configuration with the network's sizes and without its downloads."""
    import mmdet
    from mmengine.config import Config

    trunk = cast(ResNet | SwinTransformer, network.backbone[0])
    if isinstance(trunk, SwinTransformer):
        name, sizes = "dino-5scale_swin-l_8xb2-12e_coco.py", _swin_sizes(trunk)
    else:
        name, sizes = "dino-4scale_r50_8xb2-12e_coco.py", _resnet_sizes(trunk)
    folder = Path(mmdet.__file__).parent / ".mim" / "configs" / "dino"
    config = Config.fromfile(folder / name)
    transformer = network.transformer
    levels = len(transformer.level_embed)
    layer = cast(EncoderLayer, transformer.encoder.layers[0])
    inner = {"ffn_cfg": {"feedforward_channels": layer.linear1.out_features}}
    crossed = {"num_levels": levels, "num_heads": layer.self_attn.num_heads}
    pairs = transformer.tgt_embed.num_embeddings * network.num_classes
    changes = {
        "num_queries": transformer.tgt_embed.num_embeddings,
        "num_feature_levels": levels,
        "backbone": {"init_cfg": None, "out_indices": trunk.out_stages, **sizes},
        "neck": {"in_channels": trunk.out_channels, "num_outs": levels},
        "bbox_head": {"num_classes": network.num_classes},
        "positional_encoding": {
            "temperature": network.position_temperature,
            "offset": network.position_offset,
        },
        "encoder": {
            "num_layers": len(transformer.encoder.layers),
            "layer_cfg": {"self_attn_cfg": crossed, **inner},
        },
        "decoder": {
            "num_layers": len(transformer.decoder.layers),
            "layer_cfg": {"cross_attn_cfg": crossed, **inner},
        },
        "test_cfg": {"max_per_img": pairs},  # no person is crowded out by other classes
    }
    config.merge_from_dict({"model": changes})
    return config.model


def _resnet_sizes(trunk: ResNet) -> dict[str, Any]:
    width = trunk.body.conv1.out_channels
    return {"base_channels": width, "stem_channels": width}


def _swin_sizes(trunk: SwinTransformer) -> dict[str, Any]:
    stages = [cast(SwinStage, stage) for stage in trunk.layers]
    blocks = [cast(SwinBlock, stage.blocks[0]) for stage in stages]
    return {
        "embed_dims": trunk.patch_embed.proj.out_channels,
        "depths": [len(stage.blocks) for stage in stages],
        "num_heads": [block.attn.num_heads for block in blocks],
        "window_size": stages[0].window,
        "with_cp": False,
        "convert_weights": False,
    }
