"""A pose network's weights in a video network: the same features, frame by frame."""

from __future__ import annotations

import pytest
import torch

from models.vitpose import ViTPose, vitpose_tiny
from models.zoo import BUILDERS
from pipeline.errors import ConfigError
from training.classifiers.pose_start import start_from_pose


@pytest.fixture(scope="module")
def pose() -> ViTPose:
    """A pose network of random weights, none of them zero."""
    torch.manual_seed(3)
    network = vitpose_tiny(image_size=(96, 96))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return network.eval()


@torch.no_grad()
def features_before_norm(pose: ViTPose, pictures: torch.Tensor) -> torch.Tensor:
    tokens = pose.backbone.embed(pictures)
    for block in pose.backbone.blocks:
        tokens = block(tokens)
    return tokens


@torch.no_grad()
def test_one_frame_of_umt_is_the_pose_network(pose: ViTPose) -> None:
    network = BUILDERS["umt_stem_16x96"](num_frames=1).eval()
    pictures = torch.randn(2, 3, 96, 96)
    start_from_pose(network, pose.state_dict(), pose_grid=(6, 6), pictures=pictures)
    found = network.transform(network.embed(pictures[:, :, None]))
    torch.testing.assert_close(found, features_before_norm(pose, pictures), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_uniformerv2_frames_follow_the_pose_network(pose: ViTPose) -> None:
    network = BUILDERS["uniformerv2_stem_32x96"]().eval()
    pictures = torch.randn(32, 3, 96, 96)
    start_from_pose(network, pose.state_dict(), pose_grid=(6, 6), pictures=pictures)
    tokens = network.embed(pictures.transpose(0, 1)[None])[0]  # (16, 1 + N, C)
    expected = pose.backbone.embed(pictures)[::2]
    similarity = torch.cosine_similarity(tokens[:, 1:].flatten(), expected.flatten(), dim=0)
    assert similarity > 0.95  # the norm before the blocks is no identity, but nearly one
    assert torch.equal(
        network.transformer.resblocks[2].mlp.c_fc.weight,
        pose.backbone.blocks[2].mlp.fc1.weight,
    )


@pytest.mark.parametrize("builder", ["umt_tiny_16x112", "uniformerv2_tiny_16x112"])
def test_networks_without_a_stem_are_refused(pose: ViTPose, builder: str) -> None:
    with pytest.raises(ConfigError, match="no convolutional stem"):
        start_from_pose(
            BUILDERS[builder](), pose.state_dict(), pose_grid=(6, 6),
            pictures=torch.zeros(1, 3, 112, 112),
        )  # fmt: skip


def test_weights_of_other_sizes_are_refused() -> None:
    with pytest.raises(ConfigError, match="do not fit"):
        start_from_pose(
            BUILDERS["umt_stem_16x96"](), {}, pose_grid=(6, 6), pictures=torch.zeros(1, 3, 96, 96)
        )


@torch.no_grad()
def test_uniformerv2_goes_on_from_umt_as_from_the_pose_network(pose: ViTPose) -> None:
    pictures = torch.randn(4, 3, 96, 96)
    umt, direct, around = (
        BUILDERS[name]() for name in ("umt_stem_16x96", *["uniformerv2_stem_32x96"] * 2)
    )
    given = {"pose_grid": (6, 6), "pictures": pictures}
    start_from_pose(umt, pose.state_dict(), **given)
    start_from_pose(direct, pose.state_dict(), **given)
    start_from_pose(around, umt.state_dict(), **given)
    expected, found = direct.transformer.state_dict(), around.transformer.state_dict()
    for key in expected:
        if "resblocks" in key and "lmhra" not in key and "in_proj_bias" not in key:
            assert torch.equal(found[key], expected[key]), key
    torch.testing.assert_close(
        around.positional_embedding[1:], direct.positional_embedding[1:], rtol=1e-4, atol=1e-5
    )
