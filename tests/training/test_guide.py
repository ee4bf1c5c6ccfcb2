"""The further targets: what a perfect head would lose, what is kept and what is dropped."""

from __future__ import annotations

import pytest
import torch

from models.zoo import BUILDERS
from training.guide import GuideHead, attach, guide_losses, kept_tokens

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
    losses = guide_losses(perfect(known), known, grid=GRID)
    assert set(losses) == {"joints", "heading", "turn", "support"}
    assert max(float(value) for value in losses.values()) < 1e-5


@pytest.mark.parametrize("name", ["place", "offset", "heading", "turn", "support"])
def test_every_answer_counts(name: str) -> None:
    known = truth()
    found = perfect(known)
    found[name] = found[name].flip(1)  # right, but of another frame
    losses = guide_losses(found, known, grid=GRID)
    target = "joints" if name in ("place", "offset") else name
    wrong = {key for key, value in losses.items() if float(value) > 1e-3}
    assert wrong == ({target} if name != "turn" else wrong & {"turn"})


def test_joints_outside_the_view_do_not_count() -> None:
    known = truth()
    found = perfect(known)
    known["joints"][:, :, 5:] += 2.0
    found["place"][..., 5:] = 0.0
    assert float(guide_losses(found, known, grid=GRID)["joints"]) < 1e-5


def test_a_network_of_half_the_frames_is_asked_about_every_second() -> None:
    known = truth(8)
    every_second = {key: value[:, ::2] for key, value in known.items()}
    losses = guide_losses(perfect(every_second), known, grid=GRID)
    assert max(float(value) for value in losses.values()) < 1e-5


@pytest.mark.parametrize(
    ("builder", "shape"),
    [("umt_stem_16x96", (16, 36)), ("uniformerv2_stem_32x96", (16, 37))],
)
def test_the_head_reads_every_frame_of_both_families(builder: str, shape: tuple[int, int]) -> None:
    network = BUILDERS[builder]()
    attach(network)
    head = network.get_submodule("guide")
    assert isinstance(head, GuideHead)
    with torch.no_grad(), kept_tokens(network) as kept:
        network(torch.zeros(1, 3, int(builder.split("_")[-1].split("x")[0]), 96, 96))
    (tokens,) = kept
    assert tuple(tokens.shape[:3]) == (1, *shape)
    assert tuple(head(tokens)["turn"].shape) == (1, shape[0])
