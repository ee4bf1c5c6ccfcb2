"""Deformable attention against a reference implementation, and the bias of the shared attention."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.dino.deformable_attention import DeformableAttention, sample_and_sum
from models.dino.pyramid import Pyramid
from models.layers import attention, attention_kernel

SHAPES = [(5, 7), (3, 4), (1, 2)]


def pyramid_of(
    shapes: list[tuple[int, int]],
    batch_hw: tuple[int, int] = (40, 56),
    sizes_hw: Tensor | None = None,
) -> Pyramid:
    return Pyramid.of([torch.empty(1, 1, *shape) for shape in shapes], batch_hw, sizes_hw)


def written_out_sampling(
    value: Tensor, points: Tensor, weights: Tensor, shapes: list[tuple[int, int]]
) -> Tensor:
    """The sum over points, corner by corner: `value[y, x]` is 0 outside of the map."""
    B, Q, heads, _, P, _ = points.shape
    out = []
    for b in range(B):
        for q in range(Q):
            for h in range(heads):
                total = torch.zeros(value.shape[-1])
                start = 0
                for level, (height, width) in enumerate(shapes):
                    cells = value[b, start : start + height * width, h].view(height, width, -1)
                    for p in range(P):
                        x, y = points[b, q, h, level, p] - 0.5
                        left, top = int(x.floor()), int(y.floor())
                        for row in (top, top + 1):
                            for column in (left, left + 1):
                                if 0 <= row < height and 0 <= column < width:
                                    share = (1 - (x - column).abs()) * (1 - (y - row).abs())
                                    share = share * weights[b, q, h, level, p]
                                    total = total + share * cells[row, column]
                    start += height * width
                out.append(total)
    return torch.stack(out).view(B, Q, -1)


def random_inputs(seed: int, *, beyond: float = 3.0) -> tuple[Tensor, Tensor, Tensor]:
    """Values, points up to `beyond` places outside of the maps, weights."""
    torch.manual_seed(seed)
    B, Q, heads, P, D = 2, 6, 2, 3, 4
    N = sum(height * width for height, width in SHAPES)
    sizes = torch.tensor([(width, height) for height, width in SHAPES])[:, None]
    points = torch.rand(B, Q, heads, len(SHAPES), P, 2) * (sizes + 2 * beyond) - beyond
    weights = torch.rand(B, Q, heads, len(SHAPES), P)
    return torch.randn(B, N, heads, D), points, weights


@pytest.mark.parametrize("seed", range(3))
def test_sampling_agrees_with_the_written_out_reference(seed):
    value, points, weights = random_inputs(seed)
    got = sample_and_sum(value, points, weights, pyramid_of(SHAPES))
    expected = written_out_sampling(value, points, weights, SHAPES)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


def test_gradients_agree_with_the_written_out_reference():
    gradients = []
    for function in (
        lambda *inputs: sample_and_sum(*inputs, pyramid_of(SHAPES)),
        lambda *inputs: written_out_sampling(*inputs, SHAPES),
    ):
        inputs = [tensor.requires_grad_() for tensor in random_inputs(0)]
        function(*inputs).square().sum().backward()
        gradients.append([tensor.grad for tensor in inputs])
    for got, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("corner", [(0.0, 0.0), (-1.0, -1.0), (7.0, 5.0), (8.0, 6.0), (1e9, -1e9)])
def test_points_on_and_beyond_the_border(corner):
    """The last border row and column lead past the table's end if they are counted wrongly."""
    value, points, weights = random_inputs(0)
    points = torch.tensor(corner).expand_as(points)
    got = sample_and_sum(value, points, weights, pyramid_of(SHAPES))
    expected = written_out_sampling(value, points, weights, SHAPES)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


def test_points_that_are_not_numbers_do_not_pass_for_numbers():
    value, points, weights = random_inputs(0)
    points[0, 0] = torch.nan
    got = sample_and_sum(value, points, weights, pyramid_of(SHAPES))
    assert got[0, 0].isnan().all()
    assert got[0, 1:].isfinite().all()


def test_a_point_in_the_middle_of_a_place_reads_that_place():
    value, points, weights = random_inputs(0)
    points = torch.tensor([2.5, 3.5]).expand_as(points)
    weights = torch.zeros_like(weights)
    weights[:, :, :, 0, 0] = 1
    got = sample_and_sum(value, points, weights, pyramid_of(SHAPES))
    torch.testing.assert_close(got, value[:, [3 * 7 + 2]].flatten(2).expand_as(got))


def make_attention() -> DeformableAttention:
    torch.manual_seed(0)
    layer = DeformableAttention(16, num_levels=len(SHAPES), num_heads=4, num_points=2)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return layer


def test_padded_places_are_not_looked_at():
    layer, pyramid = make_attention(), pyramid_of(SHAPES, (40, 56), torch.tensor([[24, 32]]))
    N = sum(pyramid.counts)
    query, memory = torch.randn(1, 5, 16), torch.randn(1, N, 16)
    reference = torch.rand(1, 5, len(SHAPES), 2)
    garbage = torch.where(pyramid.padding[..., None], 1e4, memory)
    assert pyramid.padding.any()
    expected = layer(query, reference, memory, pyramid)
    torch.testing.assert_close(layer(query, reference, garbage, pyramid), expected)


def test_offsets_from_a_box_are_in_units_of_its_size():
    layer, pyramid = make_attention(), pyramid_of(SHAPES)
    torch.nn.init.zeros_(layer.sampling_offsets.weight)
    query, memory = torch.randn(1, 3, 16), torch.randn(1, sum(pyramid.counts), 16)
    centre = torch.rand(1, 3, len(SHAPES), 2)
    dots = torch.cat([centre, torch.zeros_like(centre)], dim=-1)  # boxes without extent
    with_boxes = layer(query, dots, memory, pyramid)
    torch.nn.init.zeros_(layer.sampling_offsets.bias)
    torch.testing.assert_close(layer(query, centre, memory, pyramid), with_boxes)


def test_untrained_points_step_outwards_in_as_many_directions_as_heads():
    layer = DeformableAttention(16, num_levels=1, num_heads=4, num_points=2)
    layer.reset_parameters()
    offsets = layer.sampling_offsets.bias.view(4, 2, 2)
    expected = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    torch.testing.assert_close(offsets, torch.stack([expected, 2 * expected], 1), atol=1e-6, rtol=0)


@pytest.mark.parametrize("kernel", ["sdpa", "written_out"])
def test_a_bias_of_minus_infinity_hides_a_key(kernel):
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 2, 4, 8)
    bias = torch.tensor([0.0, 0.0, -torch.inf, 0.0]).expand(4, 4)
    with attention_kernel(kernel):
        got = attention(q, k, v, bias=bias)
        expected = attention(q, k[:, :, [0, 1, 3]], v[:, :, [0, 1, 3]])
    torch.testing.assert_close(got, expected)
