from __future__ import annotations

import copy

import pytest
import torch
from safetensors.torch import load_file

from models.infogcn import blocks as infogcn_blocks
from models.infogcn.network import InfoGCN, infogcn_coco17, infogcn_tiny, orthogonal_prior
from models.infogcn.reference import written_out
from models.layouts import infogcn as layout
from models.skeletons import COCO17, NTU25
from models.weights import build_on_meta, load_strict


def scattered(network: InfoGCN, seed: int = 0) -> InfoGCN:
    """Random numbers in all parameters and statistics, so that every layer shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in [*network.named_parameters(), *network.named_buffers()]:
            if name == "A_vector" or not value.is_floating_point():
                continue
            noise = torch.randn(value.shape, generator=generator, dtype=value.dtype)
            if name.endswith("running_var"):
                value.copy_(0.5 + noise.abs())
            else:
                value.copy_(noise * (value[0].numel() ** -0.5 if value.ndim > 1 else 0.3))
    return network


def small(**options) -> InfoGCN:
    """In double precision, where the order of sums does not show."""
    settings = {"num_classes": 5, "base_channels": 8, "num_heads": 2, **options}
    return scattered(InfoGCN(**settings).double())


def sequences(network: InfoGCN, *, B: int = 3, T: int = 12, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = (B, network.in_channels, T, network.num_joints, network.num_people)
    return torch.randn(shape, generator=generator, dtype=network.A_vector.dtype)


# The network and its reference implementation


@pytest.mark.parametrize(
    ("options", "T"),
    [
        ({}, 12),
        ({"num_people": 2, "k": 5}, 9),
        ({"skeleton": NTU25, "edges": "inward", "num_heads": 3}, 17),
        ({"base_channels": 16, "in_channels": 2}, 4),
    ],
)
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_equals_the_plain_network(options, T, training):
    network = small(**options).train(training)
    reference = copy.deepcopy(network)
    x = sequences(network, T=T).requires_grad_()
    y = x.detach().clone().requires_grad_()
    torch.manual_seed(7)  # the latent noise
    ours = network(x, with_latent=True)
    torch.manual_seed(7)
    plain = written_out(reference, y)
    torch.testing.assert_close(ours, plain, rtol=1e-9, atol=1e-9)
    for output in (ours, plain):
        (output.logits.square().sum() + output.latent.sum()).backward()
    torch.testing.assert_close(x.grad, y.grad, rtol=1e-7, atol=1e-8)
    for (name, p), q in zip(network.named_parameters(), reference.parameters(), strict=True):
        if p.grad is None:  # the noise's size, in evaluation
            assert name.startswith("fc_logvar")
            assert q.grad is None
            continue
        torch.testing.assert_close(
            p.grad, q.grad, rtol=1e-7, atol=1e-8, msg=lambda m, n=name: n + m
        )
    for p, q in zip(network.buffers(), reference.buffers(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-9, atol=1e-9)


def test_pieces_change_nothing(monkeypatch):
    network = small().train()
    x = sequences(network)
    torch.manual_seed(7)
    whole = torch.autograd.grad(network(x).sum(), network.l4.agcn.shared_topology)
    monkeypatch.setattr(infogcn_blocks, "PIECE_BYTES", 20_000)
    torch.manual_seed(7)
    pieces = torch.autograd.grad(network(x).sum(), network.l4.agcn.shared_topology)
    torch.testing.assert_close(whole, pieces)


def test_statistics_move_once_a_step():
    network = small().train()
    network(sequences(network)).sum().backward()
    counters = [v for name, v in network.named_buffers() if name.endswith("num_batches_tracked")]
    assert counters
    assert all(counter == 1 for counter in counters)


def test_training_stores_little():
    def stored_bytes(forward) -> int:
        stored: dict[int, int] = {}

        def remember(value):
            storage = value.untyped_storage()
            stored[storage.data_ptr()] = storage.nbytes()
            return value

        with torch.autograd.graph.saved_tensors_hooks(remember, lambda value: value):
            kept = forward(network, x)
        del kept
        return sum(stored.values())

    network = infogcn_tiny().train()
    x = sequences(network, B=2, T=64)
    plain = stored_bytes(written_out)
    assert stored_bytes(InfoGCN.__call__) < 0.2 * plain


def test_a_frozen_stem_trains_the_rest():
    network = small().train()
    for part in (network.to_joint_embedding, network.data_bn):
        part.requires_grad_(False)
    network.pos_embedding.requires_grad_(False)
    network(sequences(network)).sum().backward()
    assert network.to_joint_embedding.weight.grad is None
    assert network.l1.agcn.conv_d[0].weight.grad.abs().max() > 0
    assert network.l9.tcn.branches[3][0].weight.grad.abs().max() > 0


@pytest.mark.parametrize("training", [False, True])
def test_bfloat16_autocast(training):
    network = scattered(infogcn_tiny()).train(training)
    x = sequences(network, T=16)
    torch.manual_seed(7)
    exact = network(x)
    torch.manual_seed(7)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = network(x)
    assert rough.dtype == torch.bfloat16
    assert (rough.float() - exact).abs().max() < 0.1 * exact.abs().max()
    rough.float().sum().backward()
    gradient = network.l1.agcn.shared_topology.grad
    assert gradient.dtype == torch.float32
    assert gradient.isfinite().all()


# What goes in and what comes out


@pytest.mark.parametrize("T", [1, 2, 5, 40])
def test_any_number_of_frames(T):
    network = small().eval()
    with torch.inference_mode():
        assert network(sequences(network, T=T)).shape == (3, 5)


@pytest.mark.parametrize(
    "shape", [(2, 3, 8, 17), (2, 2, 8, 17, 1), (2, 3, 8, 25, 1), (2, 3, 8, 17, 2)]
)
def test_other_shapes_are_refused(shape):
    expected = rf"expected sequences \(B, 3, T, 17, 1\), got \({shape[0]}, {shape[1]}"
    with pytest.raises(ValueError, match=expected):
        infogcn_tiny()(torch.zeros(shape))


def test_mode_zero_is_refused():
    with pytest.raises(ValueError, match=r"k=0 .* erases the input"):
        infogcn_coco17(k=0)


def test_width_that_the_heads_cannot_share_is_refused():
    with pytest.raises(ValueError, match="multiple of 8, got 12"):
        InfoGCN(num_classes=2, base_channels=12)


def test_evaluation_takes_the_mean_and_training_a_sample():
    network = small()
    x = sequences(network)
    with torch.no_grad():
        pooled = network.eval().pool(torch.randn(3, 32, 4, 17, dtype=torch.float64))
        mean = network.fc_mu(pooled)
        assert torch.equal(network.sample(pooled), mean)
        assert torch.equal(network(x), network(x))
        network.train()
        samples = torch.stack([network.sample(pooled) for _ in range(2000)])
    expected = (network.noise_ratio * network.fc_logvar(pooled)).exp()
    torch.testing.assert_close(samples.std(0), expected, rtol=0.15, atol=0)
    assert (samples.mean(0) - mean).abs().max() < 5 * expected.max() / 2000**0.5


def test_noise_is_bounded():
    network = small().train()
    with torch.no_grad():
        network.fc_logvar.bias.fill_(1e4)
    pooled = torch.zeros(400, 32, dtype=torch.float64, requires_grad=True)
    noise = network.sample(pooled) - network.fc_mu(pooled)
    assert noise.std().item() == pytest.approx(100, rel=0.05)
    noise.sum().backward()
    assert pooled.grad.isfinite().all()


def test_people_are_averaged():
    network = small(num_people=2)
    features = torch.randn(6, 32, 4, 17, dtype=torch.float64)
    exchanged = features.view(3, 2, 32, 4, 17).flip(1).reshape_as(features)
    torch.testing.assert_close(network.pool(features), network.pool(exchanged))


# State dict, prior means, builders


def test_the_published_state_dict_loads_strictly(goldens):
    case = goldens / "infogcn" / "tiny"
    state = layout.convert(load_file(case / "weights.safetensors")).state
    network = InfoGCN(
        num_classes=7, num_people=2, base_channels=16, num_heads=2, k=2, z_prior_seed=3
    )
    prior = network.z_prior.clone()
    network.load_state_dict(state, strict=True)
    assert torch.equal(network.z_prior, prior)
    assert set(network.state_dict()) == {*state, "z_prior"}


def test_the_prior_means_travel_with_our_checkpoints():
    trained, other = (
        infogcn_tiny(),
        InfoGCN(num_classes=28, base_channels=16, num_heads=2, z_prior_seed=9),
    )
    assert not torch.equal(trained.z_prior, other.z_prior)
    other.load_state_dict(trained.state_dict(), strict=True)
    assert torch.equal(trained.z_prior, other.z_prior)


@pytest.mark.parametrize(("num_classes", "latent"), [(28, 256), (5, 5), (40, 32)])
def test_prior_means_are_orthogonal(num_classes, latent):
    prior = orthogonal_prior(num_classes, latent, gain=3.0, seed=1)
    gram = prior @ prior.T if num_classes <= latent else prior.T @ prior
    torch.testing.assert_close(gram, 9 * torch.eye(len(gram)), rtol=0, atol=1e-4)
    assert torch.equal(prior, orthogonal_prior(num_classes, latent, gain=3.0, seed=1))


def test_a_network_on_the_meta_device_keeps_its_constants():
    source = scattered(infogcn_tiny(k=2))
    state = source.state_dict()
    del state["z_prior"]
    network = build_on_meta(lambda: infogcn_tiny(k=2))
    load_strict(network, state, source="a file of the authors")
    assert torch.equal(network.A_vector, COCO17.mode_matrix(2))
    x = sequences(source)
    assert torch.equal(network.eval()(x), source.eval()(x))


@pytest.mark.parametrize(
    ("builder", "parameters"), [(infogcn_coco17, 1_534_775), (infogcn_tiny, 88_000)]
)
def test_sizes(builder, parameters):
    found = sum(p.numel() for p in build_on_meta(builder).parameters())
    assert found == pytest.approx(parameters, rel=0 if builder is infogcn_coco17 else 0.05)


def test_the_layout_is_recognised():
    state = infogcn_tiny().state_dict()
    assert layout.matches(state)
    assert not layout.matches({"patch_embed.proj.weight"})
    assert layout.convert(state).notes == ()
    del state["z_prior"]
    assert "its own seeded ones" in layout.convert(state).notes[0]
    assert layout.matches(state)
