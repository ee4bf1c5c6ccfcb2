"""DINO-DETR (Zhang et al. 2023), the paper's person detector (Sec. II-A): network and its outputs.

Follows github.com/IDEA-Research/DINO, whose state-dict names it keeps. Boxes are cxcywh in [0, 1]
of the un-padded image throughout.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.dino.initialise import class_head, refuse_unequal_copies, reset_parameters
from models.dino.outputs import DenoisingQueries, DinoOutput, Prediction, Proposals
from models.dino.positions import inverse_sigmoid, map_positions
from models.dino.pyramid import Pyramid
from models.dino.resnet import ResNet
from models.dino.swin import SwinTransformer
from models.dino.transformer import (
    BoxMlp,
    Decoder,
    DecoderLayer,
    DecoderStep,
    Encoder,
    EncoderLayer,
)

GROUPS = 32
"""Of the group norm after each input projection."""


class Transformer(nn.Module):
    """Encoder, choice of queries and decoder; a holder of parameters under official names."""

    def __init__(
        self,
        dim: int,
        *,
        encoder: Encoder,
        decoder: Decoder,
        num_levels: int,
        num_queries: int,
        num_classes: int,
    ) -> None:
        super().__init__()
        self.level_embed = nn.Parameter(torch.empty(num_levels, dim).normal_())
        self.encoder = encoder
        self.decoder = decoder
        self.tgt_embed = nn.Embedding(num_queries, dim)
        self.enc_output = nn.Linear(dim, dim)
        self.enc_output_norm = nn.LayerNorm(dim)
        self.enc_out_class_embed = class_head(dim, num_classes)
        self.enc_out_bbox_embed = BoxMlp(dim, dim, 4, num_layers=3)

    def propose(
        self, memory: Tensor, pyramid: Pyramid, *, everywhere: bool = False
    ) -> tuple[Proposals, Tensor]:
        """Choose the places that look most like any object.

        The published code lets padded places and places within 1 % of the border compete with an
        infinite box; here they rank behind all others.

        Args:
            memory: `(B, N, C)` from the encoder.
            pyramid: The maps behind the N tokens.
            everywhere: Whether boxes of the places that are not chosen are wanted too.

        Returns:
            The proposals, and their refined boxes `(B, Q, 4)` before the sigmoid. Q is the number
            of learned queries, or N where an image has fewer places than that.
        """
        hidden = self.enc_output_norm(self.enc_output(memory))
        logits = self.enc_out_class_embed(hidden)
        places = _places(pyramid).expand(len(memory), -1, -1)
        usable = ((places > 0.01) & (places < 0.99)).all(-1)
        if pyramid.padding is not None:
            usable = usable & ~pyramid.padding
        scores = logits.detach().amax(-1).masked_fill(~usable, -torch.inf)
        count = min(self.tgt_embed.num_embeddings, scores.shape[1])
        chosen = scores.topk(count, dim=1).indices[..., None]  # (B, Q, 1)

        anchors = places.take_along_dim(chosen, 1)
        delta = self.enc_out_bbox_embed(hidden.take_along_dim(chosen, 1))
        # The clamp touches no usable place; it keeps the others finite.
        refined = delta + anchors.clamp(0.01, 0.99).logit()
        prediction = Prediction(logits.take_along_dim(chosen, 1), refined.sigmoid())
        others = None
        if everywhere:
            boxes = self.enc_out_bbox_embed(hidden) + places.clamp(0.01, 0.99).logit()
            others = Prediction(logits, boxes.sigmoid())
        return Proposals(prediction, anchors, others), refined


def _places(pyramid: Pyramid) -> Tensor:
    """Box that each token stands for, `(B | 1, N, 4)`: 5 % of the image, twice that a level up."""
    centres = pyramid.centres()
    sides = [
        centres.new_full((count, 2), 0.05 * 2**level) for level, count in enumerate(pyramid.counts)
    ]
    return torch.cat([centres, torch.cat(sides).expand_as(centres)], dim=-1)


class Dino(nn.Module):
    """The detector: pixels to class logits and boxes of a fixed number of queries.

    Args:
        backbone: Trunk with `out_channels`.
        num_classes: K of the class heads: 91 (official, COCO ids), 80 (mmdetection), 1 (persons).
        num_levels: Feature maps: the trunk's, and as many strided convolutions as are missing.
        num_queries: Learned queries.
        dim: Channels C of the transformer.
        num_heads: Attention heads.
        num_points: Points that a head looks at on each map.
        feedforward_dim: Inner width of the feed-forward parts.
        encoder_layers: Encoder layers.
        decoder_layers: Decoder layers.
        shared_heads: One pair of heads for all decoder layers (official) or one each (mmdetection).
        head_eps: Of the heads' inverse sigmoid: 1e-3 (official) or 1e-5 (mmdetection).
        position_temperature: Of the map positions: 20, or 10000 in mmdetection's "improved" recipe.
        position_offset: Of the map positions: 0, or -0.5 in the "improved" recipe.
        num_labels: Rows of `label_enc`, which training alone uses; K + 1 (official) by default.
    """

    def __init__(
        self,
        backbone: ResNet | SwinTransformer,
        *,
        num_classes: int = 91,
        num_levels: int = 4,
        num_queries: int = 900,
        dim: int = 256,
        num_heads: int = 8,
        num_points: int = 4,
        feedforward_dim: int = 2048,
        encoder_layers: int = 6,
        decoder_layers: int = 6,
        shared_heads: bool = True,
        head_eps: float = 1e-3,
        position_temperature: float = 20.0,
        position_offset: float = 0.0,
        num_labels: int | None = None,
    ) -> None:
        super().__init__()
        self.dim = dim
        self.num_classes = num_classes
        self.head_eps = head_eps
        self.position_temperature = position_temperature
        self.position_offset = position_offset
        self.backbone = nn.ModuleList([backbone])
        self.input_proj = _input_projections(backbone.out_channels, dim, num_levels)
        self.label_enc = nn.Embedding(num_classes + 1 if num_labels is None else num_labels, dim)

        copies = 1 if shared_heads else decoder_layers
        classes = [class_head(dim, num_classes) for _ in range(copies)]
        boxes = [BoxMlp(dim, dim, 4, num_layers=3) for _ in range(copies)]
        self.class_embed = nn.ModuleList(classes * (decoder_layers // copies))
        self.bbox_embed = nn.ModuleList(boxes * (decoder_layers // copies))
        sizes = {
            "feedforward_dim": feedforward_dim,
            "num_heads": num_heads,
            "num_levels": num_levels,
            "num_points": num_points,
        }
        self.transformer = Transformer(
            dim,
            encoder=Encoder(EncoderLayer(dim, **sizes) for _ in range(encoder_layers)),
            decoder=Decoder(
                dim,
                (DecoderLayer(dim, **sizes) for _ in range(decoder_layers)),
                heads=(self.class_embed, self.bbox_embed),
            ),
            num_levels=num_levels,
            num_queries=num_queries,
            num_classes=num_classes,
        )
        reset_parameters(self)
        for head in (*boxes, self.transformer.enc_out_bbox_embed):
            head.zero_output()
        self.register_load_state_dict_pre_hook(refuse_unequal_copies)

    def forward(
        self,
        pixels: Tensor,
        sizes_hw: Tensor | None = None,
        *,
        denoising: DenoisingQueries | None = None,
        all_layers: bool = False,
    ) -> DinoOutput:
        """Detect.

        Args:
            pixels: `(B, 3, H, W)`, normalised, zero-padded at the bottom and the right.
            sizes_hw: `(B, 2)` heights and widths before padding; None: nothing is padded.
            denoising: A trainer's extra queries.
            all_layers: Whether the heads of the earlier decoder layers run as well, and the
                encoder's on every place.
        """
        features = self._features(pixels)
        pyramid = Pyramid.of(features, (pixels.shape[2], pixels.shape[3]), sizes_hw)
        positions = self._positions(pyramid)
        tokens = torch.cat([feature.flatten(2).transpose(1, 2) for feature in features], dim=1)
        memory = self.transformer.encoder(tokens, positions, pyramid)

        proposals, refined = self.transformer.propose(memory, pyramid, everywhere=all_layers)
        anchors = refined.detach()
        B, Q, _ = anchors.shape
        queries = self.transformer.tgt_embed.weight[:Q].expand(B, -1, -1)
        bias = None
        if denoising is not None:
            queries = torch.cat([denoising.contents, queries], dim=1)
            anchors = torch.cat([denoising.anchors, anchors], dim=1)
            bias = denoising.bias()
        steps = self.transformer.decoder(queries, anchors, memory, pyramid, bias=bias)
        first = 0 if all_layers else len(steps) - 1
        layers = tuple(self._predict(i, steps[i]) for i in range(first, len(steps)))
        return DinoOutput(layers, tuple(step.reference for step in steps), proposals)

    def _features(self, pixels: Tensor) -> list[Tensor]:
        trunk = self.backbone[0](pixels)
        features: list[Tensor] = []
        for level, project in enumerate(self.input_proj):
            source = trunk[min(level, len(trunk) - 1)] if level <= len(trunk) else features[-1]
            features.append(project(source))
        return features

    def _positions(self, pyramid: Pyramid) -> Tensor:
        positions = map_positions(
            pyramid, self.dim, temperature=self.position_temperature, offset=self.position_offset
        )
        embeddings = zip(self.transformer.level_embed, pyramid.counts, strict=True)
        return positions + torch.cat([row.expand(count, -1) for row, count in embeddings])

    def _predict(self, layer: int, step: DecoderStep) -> Prediction:
        delta = self.bbox_embed[layer](step.hidden)
        boxes = (delta + inverse_sigmoid(step.reference, self.head_eps)).sigmoid()
        return Prediction(self.class_embed[layer](step.hidden), boxes)


def _input_projections(channels: list[int], dim: int, num_levels: int) -> nn.ModuleList:
    """1x1 convolutions for the trunk's maps, strided 3x3 ones for the coarser maps it lacks."""
    if num_levels < len(channels):
        raise ValueError(f"{len(channels)} maps of the backbone do not fit in {num_levels} levels")
    convolutions = [nn.Conv2d(count, dim, 1) for count in channels]
    for level in range(len(channels), num_levels):
        source = channels[-1] if level == len(channels) else dim
        convolutions.append(nn.Conv2d(source, dim, 3, stride=2, padding=1))
    return nn.ModuleList(nn.Sequential(conv, nn.GroupNorm(GROUPS, dim)) for conv in convolutions)
