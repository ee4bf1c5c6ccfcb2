"""The further targets: what a perfect head would lose, what is kept and what is dropped."""

from __future__ import annotations

import pytest
import torch

from models.zoo import BUILDERS
from training.classifiers.auxiliary_heads import (
    NAME,
    AuxiliaryHead,
    attach,
    auxiliary_losses,
    kept_tokens,
    only_tokens,
    tokens_near,
)

GRID = (3, 4)


def truth(frames: int = 4) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "joints": torch.rand(2, frames, 17, 2, generator=generator),
        "heading": torch.linspace(0, 3, frames).repeat(2, 1),
        "support": torch.randint(4, (2, frames), generator=generator),
    }


def perfect(known: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What a head that knows everything would say."""
    H, W = GRID
    scaled = known["joints"] * torch.tensor([W, H])
    cell = scaled.floor()
    token = (cell[..., 1] * W + cell[..., 0]).long()  # (B, T, J)
    place = 50.0 * torch.nn.functional.one_hot(token, H * W).float().transpose(2, 3)
    offset = (scaled - cell - 0.5)[:, :, None].expand(-1, -1, H * W, -1, -1)
    heading = known["heading"]
    turn = torch.zeros_like(heading)
    turn[:, :-1] = heading.diff(dim=1) / (2 * torch.pi)
    return {
        "place": place,
        "offset": offset,
        "heading": torch.stack((heading.cos(), heading.sin()), dim=-1),
        "turn": turn,
        "support": 50.0 * torch.nn.functional.one_hot(known["support"], 4).float(),
    }


def test_a_perfect_head_loses_nothing() -> None:
    known = truth()
    losses = auxiliary_losses(perfect(known), known, grid=GRID)
    assert set(losses) == {"joints", "heading", "turn", "support"}
    assert max(float(value) for value in losses.values()) < 1e-5


@pytest.mark.parametrize("name", ["place", "offset", "heading", "turn", "support"])
def test_every_answer_counts(name: str) -> None:
    known = truth()
    predicted = perfect(known)
    predicted[name] = predicted[name].flip(1)  # right, but of another frame
    losses = auxiliary_losses(predicted, known, grid=GRID)
    target = "joints" if name in ("place", "offset") else name
    wrong = {key for key, value in losses.items() if float(value) > 1e-3}
    assert wrong == ({target} if name != "turn" else wrong & {"turn"})


def test_joints_outside_the_view_do_not_count() -> None:
    known = truth()
    predicted = perfect(known)
    known["joints"][:, :, 5:] += 2.0
    predicted["place"][..., 5:] = 0.0
    assert float(auxiliary_losses(predicted, known, grid=GRID)["joints"]) < 1e-5


def test_a_network_of_half_the_frames_is_asked_about_every_second() -> None:
    known = truth(8)
    every_second = {key: value[:, ::2] for key, value in known.items()}
    losses = auxiliary_losses(perfect(every_second), known, grid=GRID)
    assert max(float(value) for value in losses.values()) < 1e-5


@pytest.mark.parametrize(
    ("builder", "shape"),
    [("umt_stem_16x96", (16, 36)), ("uniformerv2_stem_32x96", (16, 37))],
)
def test_the_head_reads_every_frame_of_both_families(builder: str, shape: tuple[int, int]) -> None:
    network = BUILDERS[builder]()
    attach(network)
    head = network.get_submodule(NAME)
    assert isinstance(head, AuxiliaryHead)
    with torch.no_grad(), kept_tokens(network) as kept:
        network(torch.zeros(1, 3, int(builder.split("_")[-1].split("x")[0]), 96, 96))
    (tokens,) = kept
    assert tuple(tokens.shape[:3]) == (1, *shape)
    assert tuple(head(tokens)["turn"].shape) == (1, shape[0])


def test_tokens_that_hold_joints_are_kept_first() -> None:
    joints = torch.rand(2, 4, 3, 2, generator=torch.Generator().manual_seed(1))
    kept = tokens_near(joints, grid=GRID, share=0.5, spread=0.0)
    assert kept.shape == (2, 4, 6)
    assert bool((kept.diff(dim=2) > 0).all())  # each once
    cell = (joints * torch.tensor([GRID[1], GRID[0]])).floor()
    held = cell[..., 1] * GRID[1] + cell[..., 0]  # (B, T, J)
    assert bool((held[..., None] == kept[:, :, None]).any(dim=-1).all())


def test_chance_keeps_tokens_farther_off() -> None:
    joints = torch.full((1, 1, 1, 2), 0.1).expand(1, 64, 1, 2)
    torch.manual_seed(0)
    kept = tokens_near(joints, grid=GRID, share=0.25, spread=10.0)
    assert len(kept.unique()) == GRID[0] * GRID[1]


def test_blocks_see_only_the_tokens_that_are_kept() -> None:
    torch.manual_seed(0)
    network = BUILDERS["umt_tiny_16x112"]().eval()
    video = torch.randn(1, 3, 16, 112, 112)
    everything = torch.arange(49).expand(1, 16, 49)
    with torch.no_grad():
        whole = network(video)
        with only_tokens(network, everything):
            torch.testing.assert_close(network(video), whole)
        few = everything[:, :, ::3]
        with only_tokens(network, few), kept_tokens(network) as kept:
            seen = network(video)
        assert kept[0].shape == (1, 16, 17, 192)
        video[..., :16, 16:32] = 0  # the second patch, which was left out
        with only_tokens(network, few):
            torch.testing.assert_close(network(video), seen)
        assert not torch.equal(seen, whole)
        assert not torch.equal(network(video), seen)  # the hook is gone


def test_a_joint_in_a_patch_that_was_left_out_does_not_count() -> None:
    known = truth()
    predicted = perfect(known)
    everything = torch.arange(12).expand(2, 4, 12)
    some = everything[:, :, [0, 3, 4, 5, 9]]
    index = some[..., None].expand(-1, -1, -1, 17)
    part = {**predicted, "place": predicted["place"].gather(2, index)}
    part["offset"] = predicted["offset"].gather(2, index[..., None].expand(-1, -1, -1, -1, 2))
    assert float(auxiliary_losses(part, known, grid=GRID, kept=some)["joints"]) < 1e-5
    part["place"] = part["place"].flip(2)
    assert float(auxiliary_losses(part, known, grid=GRID, kept=some)["joints"]) > 1
