"""Strict loading: what fits is taken, what does not is named, nothing stays silently random."""

from __future__ import annotations

import threading
from functools import partial

import pytest
import torch
from torch import nn

from models.checkpoint_files import WeightsError, read_state
from models.checkpoint_writing import write_safetensors
from models.dino import dino_tiny
from models.infogcn.network import infogcn_tiny
from models.umt.network import UMT
from models.weights import (
    build_on_meta,
    check_fit,
    load_strict,
    materialise_untrained,
)

small_umt = partial(UMT, num_frames=2, image_size=32, dim=16, depth=2, num_heads=2)


def a_state(seed: int = 0, **changes) -> dict[str, torch.Tensor]:
    return dict(materialise_untrained(partial(small_umt, **changes), seed).state_dict())


def test_a_network_on_meta_takes_the_tensors_of_the_file(tmp_path):
    expected = a_state()
    write_safetensors(expected, tmp_path / "a.safetensors")
    state = read_state(tmp_path / "a.safetensors")
    model = build_on_meta(small_umt)
    report = load_strict(model, state, source="a.safetensors")
    assert (report.loaded, report.new, report.notes) == (len(expected), (), ())
    assert model.head.weight.data_ptr() == state["head.weight"].data_ptr()
    assert model.head.weight.requires_grad
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, expected[key], rtol=0, atol=0)


def test_what_a_network_computes_is_there_before_any_weights():
    class Graph(nn.Linear):
        def __init__(self) -> None:
            super().__init__(2, 2)
            self.register_buffer("edges", torch.eye(2), persistent=False)

    graph = build_on_meta(Graph)
    assert graph.weight.is_meta
    torch.testing.assert_close(graph.edges, torch.eye(2))


def test_other_threads_build_as_ever_meanwhile():
    elsewhere: list[nn.Module] = []

    def builder() -> nn.Module:
        thread = threading.Thread(target=lambda: elsewhere.append(nn.Linear(2, 2)))
        thread.start()
        thread.join()
        return nn.Linear(2, 2)

    assert build_on_meta(builder).weight.is_meta
    assert not elsewhere[0].weight.is_meta
    assert not nn.Linear(2, 2).weight.is_meta


def test_a_failed_build_changes_nothing_for_the_next():
    with pytest.raises(ValueError, match="multiple of patch_size"):
        build_on_meta(partial(small_umt, image_size=33))
    assert not nn.Linear(2, 2).weight.is_meta


def test_a_built_network_copies(tmp_path):
    model, state = small_umt(), a_state(seed=3)
    load_strict(model, state, source="a")
    assert model.head.weight.data_ptr() != state["head.weight"].data_ptr()
    torch.testing.assert_close(model.head.weight.data, state["head.weight"], rtol=0, atol=0)


def test_halves_become_the_networks_own_type_and_it_says_so():
    state = {key: value.half() for key, value in a_state().items()}
    model = build_on_meta(small_umt)
    report = load_strict(model, state, source="a")
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32}
    assert "float16" in str(report)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.pop("fc_norm.bias"), r"1 missing \(fc_norm\.bias\)"),
        (lambda s: s.update(extra=torch.zeros(1)), r"1 unexpected \(extra\)"),
        (
            lambda s: s.update({"fc_norm.bias": torch.zeros(3)}),
            r"1 of another shape \(fc_norm\.bias \(3,\) for \(16,\)\)",
        ),
        (
            lambda s: [s.pop(key) for key in list(s) if key.startswith("blocks.1.")],
            r"13 missing \(blocks\.1\.norm1\.weight, .* and 8 more\)",
        ),
        (
            lambda s: s.update(
                {"head.weight": torch.zeros(710, 16), "head.bias": torch.zeros(710)}
            ),
            r"head\.weight \(710, 16\) for \(28, 16\).*only the head differs: ask for a new head",
        ),
        (lambda s: s["head.bias"].__setitem__(3, torch.nan), r"head\.bias holds NaN or infinite"),
        (lambda s: s["fc_norm.weight"].__setitem__(0, torch.inf), r"fc_norm\.weight holds NaN or"),
    ],
)
@pytest.mark.parametrize("build", [small_umt, partial(build_on_meta, small_umt)])
def test_what_does_not_fit_is_named(change, words, build):
    state = a_state()
    change(state)
    with pytest.raises(WeightsError, match=words):
        load_strict(build(), state, source="a.safetensors")


def test_a_new_head_keeps_the_networks_own_and_is_reported():
    model = materialise_untrained(small_umt, seed=5)
    own_head = model.head.weight.detach().clone()
    state = a_state(num_classes=710)
    report = load_strict(model, state, source="k710", new_head=True)
    assert report.new == ("head.weight", "head.bias")
    assert "head.weight: (710, 16) in the file, (28, 16) here" in report.notes
    torch.testing.assert_close(model.head.weight.detach(), own_head, rtol=0, atol=0)
    torch.testing.assert_close(
        model.blocks[1].mlp.fc1.weight.detach(), state["blocks.1.mlp.fc1.weight"], rtol=0, atol=0
    )


def test_a_new_head_of_infogcn_comes_with_its_own_prior_means():
    state = materialise_untrained(partial(infogcn_tiny, num_classes=60), 0).state_dict()
    model = materialise_untrained(infogcn_tiny, 1)
    own_prior = model.z_prior.clone()
    report = load_strict(model, state, source="ntu60", new_head=True)
    assert set(report.new) == {"decoder.weight", "decoder.bias", "z_prior"}
    assert torch.equal(model.z_prior, own_prior)


def test_a_new_head_excuses_nothing_but_the_head():
    state = a_state(num_classes=710)
    state.pop("blocks.0.norm1.weight")
    with pytest.raises(WeightsError, match=r"1 missing \(blocks\.0\.norm1\.weight\)"):
        load_strict(small_umt(), state, source="k710", new_head=True)


def test_a_fitting_head_is_taken_even_where_a_new_one_is_allowed():
    report = load_strict(small_umt(), a_state(), source="a", new_head=True)
    assert report.new == ()


def test_a_network_without_numbers_is_not_handed_out():
    model = build_on_meta(small_umt)
    with pytest.raises(WeightsError, match=r"contains nothing for head\.weight.*start a training"):
        load_strict(model, a_state(num_classes=710), source="k710", new_head=True)


def test_names_and_shapes_alone_can_be_checked():
    state = dict(build_on_meta(small_umt).state_dict())
    assert check_fit(build_on_meta(small_umt), state, source="names").loaded == len(state)
    state["head.bias"] = torch.empty(29, device="meta")
    with pytest.raises(WeightsError, match=r"head\.bias \(29,\) for \(28,\)"):
        check_fit(build_on_meta(small_umt), state, source="names")


def test_tensors_that_a_network_computes_may_be_absent():
    state = a_state()
    table = state.pop("pos_embed")
    model = build_on_meta(small_umt)
    load_strict(model, state, source="a")
    torch.testing.assert_close(model.pos_embed, table, rtol=0, atol=1e-6)

    detector = materialise_untrained(dino_tiny, 0)
    state = detector.state_dict()
    without = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    assert len(without) < len(state)
    loaded = build_on_meta(dino_tiny)
    load_strict(loaded, without, source="a")
    assert not any(value.is_meta for value in loaded.state_dict().values())


def test_a_checkpoint_of_another_family_says_which():
    with pytest.raises(WeightsError, match=r"looks like a dino checkpoint .*not like umt"):
        load_strict(small_umt(), dino_tiny().state_dict(), source="a")


def test_a_published_layout_asks_for_conversion():
    foreign = {"level_embed": torch.zeros(1), "query_embedding.weight": torch.zeros(1)}
    foreign["memory_trans_fc.weight"] = torch.zeros(1)
    with pytest.raises(WeightsError, match=r"mmdetection layout of dino; convert it first: python"):
        load_strict(dino_tiny(), foreign, source="a")


def test_a_stranger_is_just_a_misfit():
    with pytest.raises(WeightsError, match=r"does not fit UMT: .* missing .* 1 unexpected"):
        load_strict(small_umt(), {"weight": torch.zeros(1)}, source="a")


def test_what_the_network_itself_objects_to_is_passed_on():
    state = dict(materialise_untrained(partial(dino_tiny, shared_heads=False), 0).state_dict())
    state["class_embed.1.weight"] = state["class_embed.1.weight"] + 1
    with pytest.raises(
        WeightsError, match=r"a: class_embed\.1\.weight differs.*shared_heads=False"
    ):
        load_strict(build_on_meta(dino_tiny), state, source="a")


def test_shared_heads_stay_shared_on_meta():
    model = build_on_meta(dino_tiny)
    load_strict(model, materialise_untrained(dino_tiny, 0).state_dict(), source="a")
    assert model.class_embed[0].weight is model.class_embed[2].weight
    assert model.transformer.decoder.class_embed[1].weight is model.class_embed[0].weight


def test_untrained_weights_leave_the_gpus_random_state_alone(monkeypatch):
    monkeypatch.setattr("torch.cuda.manual_seed_all", lambda _: pytest.fail("seeded the GPUs"))
    materialise_untrained(small_umt, 7)


def test_untrained_weights_follow_the_seed_alone():
    before = torch.random.get_rng_state()
    first, again, other = (materialise_untrained(small_umt, seed) for seed in (7, 7, 8))
    assert torch.equal(torch.random.get_rng_state(), before)
    for one, two in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, two)
    assert not torch.equal(first.head.weight, other.head.weight)
    assert not torch.equal(first.blocks[0].mlp.fc1.weight, other.blocks[0].mlp.fc1.weight)
