"""The whole detector: builders, choice of queries, padding, the trainer's seam, checkpoints."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from models.dino import (
    DenoisingQueries,
    Dino,
    ResNet,
    dino_r50,
    dino_swin_l,
    dino_tiny,
    person_class,
)
from models.dino.positions import box_positions, inverse_sigmoid, map_positions
from models.dino.pyramid import Pyramid

PUBLISHED = [
    (dino_r50, {}, 626, 46_893_182),
    (dino_r50, {"num_scales": 5}, 630, 47_255_806),
    (dino_swin_l, {}, 716, 217_230_066),
    (dino_swin_l, {"num_scales": 5}, 722, None),
]
"""Builder, arguments, keys and parameters of the published checkpoint."""


def make_network(*, num_queries: int = 20, shared_heads: bool = True) -> Dino:
    """A tiny network of four scales whose every head says something."""
    torch.manual_seed(0)
    network = Dino(
        ResNet(blocks=(1, 1, 1, 1), width=4, norm="batch"),
        num_classes=3,
        num_queries=num_queries,
        dim=64,
        feedforward_dim=32,
        encoder_layers=1,
        decoder_layers=3,
        shared_heads=shared_heads,
    ).eval()
    for name, parameter in network.named_parameters():
        if "bbox_embed" in name or "sampling_offsets" in name or "class_embed" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    return network


@pytest.mark.parametrize(("builder", "arguments", "keys", "parameters"), PUBLISHED)
def test_builders_have_the_published_size(builder, arguments, keys, parameters):
    with torch.device("meta"):
        network = builder(**arguments)
    assert len(network.state_dict()) == keys
    if parameters is not None:
        assert sum(p.numel() for p in network.parameters()) == parameters
    assert network.state_dict()["class_embed.5.weight"].shape == (91, 256)
    assert network.state_dict()["label_enc.weight"].shape == (92, 256)


def test_separate_heads_are_as_many_as_decoder_layers():
    with torch.device("meta"):
        shared, separate = dino_r50(), dino_r50(shared_heads=False, num_classes=80, num_labels=80)
    assert len({id(head) for head in shared.class_embed}) == 1
    assert len({id(head) for head in separate.bbox_embed}) == 6
    assert separate.transformer.decoder.bbox_embed[3] is separate.bbox_embed[3]
    assert shared.state_dict().keys() == separate.state_dict().keys()
    assert separate.state_dict()["label_enc.weight"].shape == (80, 256)


@pytest.mark.parametrize("num_scales", [3, 6])
def test_other_numbers_of_scales_are_refused(num_scales):
    with pytest.raises(ValueError, match="4 or 5 scales"):
        dino_r50(num_scales=num_scales)


@pytest.mark.parametrize(("num_classes", "person"), [(91, 1), (80, 0), (1, 0)])
def test_person_class(num_classes, person):
    assert person_class(num_classes) == person


def test_person_class_of_an_unknown_list_is_refused():
    with pytest.raises(ValueError, match="7 classes"):
        person_class(7)


def test_an_untrained_network_is_modest_and_starts_at_its_anchors():
    network = dino_tiny(width=4, blocks=(1, 1, 1, 1), dim=64, num_queries=20).eval()
    output = network(torch.randn(1, 3, 64, 96))
    assert output.final.logits.sigmoid().mean() < 0.05
    torch.testing.assert_close(output.final.boxes, output.proposals.anchors, atol=1e-3, rtol=0)


def test_images_of_one_size_do_not_influence_each_other():
    network, pixels = make_network(), torch.randn(3, 3, 72, 104)
    together, alone = network(pixels), network(pixels[1:2])
    torch.testing.assert_close(together.final.logits[1:2], alone.final.logits, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together.final.boxes[1:2], alone.final.boxes, atol=1e-5, rtol=1e-4)


def test_stating_that_nothing_is_padded_changes_nothing():
    network, pixels = make_network(), torch.randn(2, 3, 72, 104)
    stated = network(pixels, torch.tensor([[72, 104]] * 2))
    torch.testing.assert_close(stated.final.boxes, network(pixels).final.boxes)


def test_padded_tokens_do_not_influence_the_rest():
    """From the tokens on; the convolutions before them see the padding, as in the reference."""
    transformer = make_network().transformer
    pyramid = Pyramid.of(
        [torch.empty(2, 64, *size) for size in ((9, 13), (5, 7), (3, 4), (2, 2))],
        (72, 104),
        torch.tensor([[72, 104], [40, 64]]),
    )
    positions = map_positions(pyramid, 64, temperature=20, offset=0)
    clean = torch.randn(2, sum(pyramid.counts), 64)
    garbage = torch.where(pyramid.padding[..., None], torch.randn_like(clean) * 100, clean)
    results = []
    for tokens in (clean, garbage):
        memory = transformer.encoder(tokens, positions, pyramid)
        proposals, refined = transformer.propose(memory, pyramid)
        queries = transformer.tgt_embed.weight.expand(2, -1, -1)
        steps = transformer.decoder(queries, refined, memory, pyramid)
        results.append((proposals.anchors, proposals.prediction.logits, steps[-1].hidden))
    for got, expected in zip(*results, strict=True):
        torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


def test_places_in_the_padding_and_at_the_border_are_never_chosen():
    network = make_network(num_queries=60)
    sizes = torch.tensor([[128, 160], [64, 96]])
    pixels = torch.randn(2, 3, 128, 160)
    pixels[1, :, 64:], pixels[1, :, :, 96:] = 0, 0
    anchors = network(pixels, sizes).proposals.anchors
    assert ((anchors > 0.01) & (anchors < 0.99)).all()


def test_an_image_with_fewer_places_than_queries():
    network = make_network(num_queries=100)
    output = network(torch.randn(1, 3, 40, 40))
    places = 25 + 9 + 4 + 1
    assert output.final.boxes.shape == (1, places, 4)
    assert output.final.boxes.isfinite().all()
    assert output.final.logits.isfinite().all()
    assert len(set(map(tuple, output.proposals.anchors[0].tolist()))) == places


def test_the_heads_of_earlier_layers_run_on_request():
    network, pixels = make_network(shared_heads=False), torch.randn(1, 3, 64, 64)
    everything, last = network(pixels, all_layers=True), network(pixels)
    assert (len(everything.layers), len(last.layers)) == (3, 1)
    assert len(everything.references) == len(last.references) == 3
    torch.testing.assert_close(everything.final.boxes, last.final.boxes)
    refined = everything.proposals.prediction.boxes
    torch.testing.assert_close(everything.references[0], refined)


def make_denoising(network: Dino, batch: int, count: int, *, sees_all: bool) -> DenoisingQueries:
    queries = network.transformer.tgt_embed.num_embeddings
    blocked = torch.zeros(count + queries, count + queries, dtype=torch.bool)
    blocked[count:, :count] = not sees_all
    labels = torch.randint(3, (batch, count))
    return DenoisingQueries(network.label_enc(labels), torch.randn(batch, count, 4), blocked)


def test_denoising_queries_come_first_and_stay_unseen():
    network, pixels = make_network(), torch.randn(2, 3, 64, 96)
    plain = network(pixels)
    hidden = network(pixels, denoising=make_denoising(network, 2, 6, sees_all=False))
    seen = network(pixels, denoising=make_denoising(network, 2, 6, sees_all=True))
    assert hidden.final.logits.shape == (2, 26, 3)
    torch.testing.assert_close(hidden.final.boxes[:, 6:], plain.final.boxes, atol=1e-5, rtol=1e-4)
    assert (seen.final.boxes[:, 6:] - plain.final.boxes).abs().max() > 1e-4


def test_every_parameter_gets_a_gradient_in_training():
    network = make_network().train()
    output = network(
        torch.randn(2, 3, 64, 96),
        denoising=make_denoising(network, 2, 6, sees_all=True),
        all_layers=True,
    )
    predictions = [*output.layers, output.proposals.prediction]
    sum(p.logits.square().sum() + p.boxes.square().sum() for p in predictions).backward()
    without = [name for name, p in network.named_parameters() if p.grad is None]
    assert without == []


def test_boxes_look_forward_twice():
    """A layer's box depends on the box head of the layer before, but not on that of two before."""
    network = make_network(shared_heads=False)
    network(torch.randn(1, 3, 64, 64), all_layers=True).final.boxes.sum().backward()
    gradients = [head.layers[-1].bias.grad for head in network.bbox_embed]
    assert gradients[0] is None
    assert all(gradient is not None and gradient.any() for gradient in gradients[1:])


def test_bf16_autocast_keeps_boxes_in_float32():
    network, pixels = make_network(), torch.randn(1, 3, 96, 128)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        reduced = network(pixels)
    assert reduced.final.boxes.dtype == torch.float32
    with torch.inference_mode():
        exact = network(pixels)
    # Rounding may change which places are chosen, so queries are compared by their anchors.
    anchors = exact.proposals.anchors[0].tolist()
    pairs = [
        (i, anchors.index(anchor))
        for i, anchor in enumerate(reduced.proposals.anchors[0].tolist())
        if anchor in anchors
    ]
    assert len(pairs) >= 0.8 * len(anchors)


def test_a_checkpoint_with_a_head_per_layer_does_not_load_into_shared_heads():
    separate, shared = make_network(shared_heads=False), make_network()
    with pytest.raises(RuntimeError, match="shared_heads=False"):
        shared.load_state_dict(separate.state_dict())


def test_a_checkpoint_with_shared_heads_loads_everywhere():
    shared = make_network()
    pixels = torch.randn(1, 3, 64, 64)
    for target in (make_network(), make_network(shared_heads=False)):
        torch.nn.init.normal_(target.class_embed[0].weight)
        target.load_state_dict(shared.state_dict(), strict=True)
        torch.testing.assert_close(target(pixels).final.logits, shared(pixels).final.logits)


def test_more_maps_than_levels_are_refused():
    with pytest.raises(ValueError, match="do not fit in 3 levels"):
        Dino(ResNet(width=4, out_stages=(0, 1, 2, 3)), num_levels=3)


@pytest.mark.parametrize("eps", [1e-3, 1e-5])
def test_inverse_sigmoid_inverts_within_its_limits(eps):
    x = torch.linspace(eps, 1 - eps, 50)
    torch.testing.assert_close(inverse_sigmoid(x, eps).sigmoid(), x, atol=1e-6, rtol=1e-4)
    ends = inverse_sigmoid(torch.tensor([-1.0, 0.0, 1.0, 2.0]), eps).sigmoid()
    torch.testing.assert_close(
        ends, torch.tensor([eps, eps, 1 - eps, 1 - eps]), atol=2 * eps**2, rtol=1e-4
    )


def written_out_position(
    place: float, count: int, dim: int, temperature: float, offset: float
) -> Tensor:
    angle = (place + offset) / (count + 1e-6) * 2 * torch.pi
    values = []
    for i in range(dim // 2):
        x = torch.tensor(angle / temperature ** (2 * (i // 2) / (dim // 2)))
        values.append(x.sin() if i % 2 == 0 else x.cos())
    return torch.stack(values)


@pytest.mark.parametrize(("temperature", "offset"), [(20.0, 0.0), (10000.0, -0.5)])
def test_map_positions_count_the_image_alone(temperature, offset):
    sizes = torch.tensor([[32, 48], [16, 24]])
    pyramid = Pyramid.of([torch.empty(2, 1, 4, 6)], (32, 48), sizes)
    got = map_positions(pyramid, 16, temperature=temperature, offset=offset).view(2, 4, 6, 16)
    for image, (rows, columns) in enumerate([(4, 6), (2, 3)]):
        y = written_out_position(2, rows, 16, temperature, offset)
        x = written_out_position(3, columns, 16, temperature, offset)
        torch.testing.assert_close(got[image, 1, 2], torch.cat([y, x]).float(), atol=1e-5, rtol=0)


def test_box_positions_name_y_first():
    boxes = torch.tensor([0.1, 0.2, 0.3, 0.4])
    parts = box_positions(boxes, 8).chunk(4)
    for part, value in zip(parts, (0.2, 0.1, 0.3, 0.4), strict=True):
        assert float(part[0]) == pytest.approx(math.sin(2 * math.pi * value), abs=1e-6)
