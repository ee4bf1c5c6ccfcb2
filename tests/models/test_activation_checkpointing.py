from __future__ import annotations

import pytest
import torch
from torch import nn

from models.activation_checkpointing import activations_kept, checkpointed, computed_again


@pytest.fixture
def layer() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 4)).double()


def gradients(result, *tensors):
    weight = torch.linspace(-1, 1, result.numel(), dtype=result.dtype).view_as(result)
    return torch.autograd.grad(result, tensors, weight)


@pytest.mark.parametrize("rows", [None, 1, 3, 7, 100])
def test_value_and_gradients_are_those_of_the_stage(layer, rows):
    x, y = torch.randn(2, 7, 4, dtype=torch.float64, requires_grad=True).unbind()
    parameters = list(layer.parameters())

    def stage(a, b):
        return layer(a) * b + a

    plain = stage(x, y)
    ours = checkpointed(stage, x, y, parameters=parameters, rows=rows)
    torch.testing.assert_close(ours, plain, rtol=0, atol=0 if rows is None else 1e-15)
    expected = gradients(plain, x, y, *parameters)
    torch.testing.assert_close(gradients(ours, x, y, *parameters), expected)


def test_only_the_inputs_are_stored(layer):
    x = torch.randn(1000, 4, dtype=torch.float64, requires_grad=True)
    stored: list[int] = []

    def remember(value):
        stored.append(value.untyped_storage().data_ptr())
        return value

    with torch.autograd.graph.saved_tensors_hooks(remember, lambda value: value):
        checkpointed(layer, x, parameters=list(layer.parameters()))
    expected = {value.untyped_storage().data_ptr() for value in (x, *layer.parameters())}
    assert set(stored) == expected


@pytest.mark.parametrize("frozen", [0, 3])
def test_frozen_parameters_get_no_gradient(layer, frozen):
    parameters = list(layer.parameters())
    parameters[frozen].requires_grad_(False)
    x = torch.randn(5, 4, dtype=torch.float64)  # needs no gradient either
    checkpointed(layer, x, parameters=parameters, rows=2).sum().backward()
    got = [parameter.grad is not None for parameter in parameters]
    assert got == [index != frozen for index in range(4)]


def test_a_stage_without_parameters():
    x = torch.randn(5, 4, requires_grad=True)
    checkpointed(torch.sin, x, parameters=[], rows=2).sum().backward()
    torch.testing.assert_close(x.grad, x.detach().cos())


def test_a_repetition_knows_that_it_is_one(layer):
    seen: list[bool] = []

    def stage(x):
        seen.append(computed_again())
        return layer(x)

    x = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    result = checkpointed(stage, x, parameters=list(layer.parameters()))
    assert seen == [False]
    result.sum().backward()
    assert seen == [False, True]
    assert not computed_again()


def test_a_failing_repetition_leaves_no_trace(layer):
    def stage(x):
        if computed_again():
            raise RuntimeError("broken")
        return layer(x)

    x = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    result = checkpointed(stage, x, parameters=list(layer.parameters()))
    with pytest.raises(RuntimeError, match="broken"):
        result.sum().backward()
    assert not computed_again()


def test_a_repetition_computes_in_the_precision_of_the_first_time(layer):
    layer.float()
    dtypes: list[torch.dtype] = []

    def stage(x):
        result = layer(x)
        dtypes.append(result.dtype)
        return result

    x = torch.randn(5, 4, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = checkpointed(stage, x, parameters=list(layer.parameters()))
    result.float().sum().backward()  # outside of autocast, as trainers do
    assert dtypes == [torch.bfloat16, torch.bfloat16]
    assert x.grad.dtype == layer[0].weight.grad.dtype == torch.float32


@pytest.mark.parametrize("rows", [None, 3])
def test_kept_activations_change_nothing_but_the_memory(layer, rows):
    x = torch.randn(7, 4, dtype=torch.float64, requires_grad=True)
    parameters = list(layer.parameters())
    again = checkpointed(layer, x, parameters=parameters, rows=rows)
    with activations_kept():
        stored = checkpointed(layer, x, parameters=parameters, rows=rows)
    torch.testing.assert_close(stored, again)
    expected = gradients(again, x, *parameters)
    torch.testing.assert_close(gradients(stored, x, *parameters), expected)
