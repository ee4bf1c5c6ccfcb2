"""What a network sees before it answers is kept beside its answer."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from models.infogcn.network import infogcn_tiny
from models.umt.builders import umt_tiny
from models.uniformerv2 import uniformerv2_tiny
from pipeline.classification.classify import classify_skeleton
from pipeline.classification.features import pooling


@torch.inference_mode()
def test_a_skeletons_features_are_those_of_the_middle_block() -> None:
    torch.manual_seed(0)
    network, sequence = infogcn_tiny().eval(), torch.randn(3, 64, 17, 1)
    features = network.embed(sequence[None])
    for block in network.blocks[:5]:
        features = block(features)
    scores = classify_skeleton(network, sequence)
    assert scores.features == pytest.approx(features.mean(dim=(0, 2, 3)).numpy(), abs=1e-5)
    assert not network.l5._forward_hooks


@torch.inference_mode()
def test_a_videos_features_are_the_mean_of_its_views() -> None:
    torch.manual_seed(0)
    network = uniformerv2_tiny(num_frames=4, image_size=64).eval()
    views = [torch.randn(1, 3, 4, 64, 64) for _ in range(2)]
    each = []
    for taken in ([views[0]], [views[1]], views):
        with pooling(network) as pooled:
            for view in taken:
                network(view)
        each.append(pooled.mean())
    one, other, both = each
    assert np.abs(one - other).max() > 1e-4
    assert both == pytest.approx((one + other) / 2, abs=1e-6)
    tokens = network.embed(views[0])
    for block in network.transformer.resblocks:
        tokens = block(tokens)
    assert one == pytest.approx(tokens.mean(dim=(0, 1, 2)).numpy(), abs=1e-5)


def test_only_some_networks_and_only_this_thread() -> None:
    video, skeleton = umt_tiny(num_frames=4, image_size=64).eval(), infogcn_tiny().eval()
    with pooling(video) as pooled:
        video(torch.randn(1, 3, 4, 64, 64))
    assert pooled.mean() is None
    with pooling(skeleton) as pooled:
        other = threading.Thread(target=skeleton, args=(torch.randn(1, 3, 64, 17, 1),))
        other.start()
        other.join()
    assert pooled.mean() is None
