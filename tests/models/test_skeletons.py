from __future__ import annotations

import dataclasses

import pytest
import torch
from safetensors.torch import load_file

from models.skeletons import COCO17, NTU25, Skeleton

SKELETONS = [COCO17, NTU25]
CHAIN = Skeleton("chain", ("a", "b", "c"), (0, 0, 1), ())


def by_name(skeleton):
    return skeleton.name


@pytest.mark.parametrize(
    ("skeleton", "edges"), [(COCO17, "outward"), (NTU25, "inward")], ids=["coco17", "ntu25"]
)
def test_mode_matrices_are_the_published_ones(goldens, skeleton, edges):
    stored = load_file(goldens / "infogcn" / "feeder_loss" / "golden.safetensors")
    for k in range(1, 9):
        expected = stored[f"mode_{skeleton.name}_k{k}"]
        torch.testing.assert_close(skeleton.mode_matrix(k, edges), expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("k", "edges", "expected"),
    [
        (1, "outward", [[1, -1, 0], [0, 1, -1], [0, 0, 1]]),
        (1, "inward", [[1, 0, 0], [-1, 1, 0], [0, -1, 1]]),
        (2, "inward", [[1, 0, 0], [0, 1, 0], [-1, 0, 1]]),
        (3, "outward", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    ],
)
def test_mode_matrix_of_a_chain(k, edges, expected):
    assert CHAIN.mode_matrix(k, edges).tolist() == expected


@pytest.mark.parametrize("skeleton", SKELETONS, ids=by_name)
@pytest.mark.parametrize("edges", ["outward", "inward"])
def test_depth_is_where_the_joints_themselves_begin(skeleton, edges):
    identity = torch.eye(skeleton.num_joints)
    assert torch.equal(skeleton.mode_matrix(skeleton.depth, edges), identity)
    assert torch.equal(skeleton.mode_matrix(skeleton.depth + 3, edges), identity)
    assert not torch.equal(skeleton.mode_matrix(skeleton.depth - 1, edges), identity)


@pytest.mark.parametrize("skeleton", SKELETONS, ids=by_name)
def test_inward_bones_are_joint_minus_parent(skeleton):
    joints = torch.randn(skeleton.num_joints, 3)
    bones = skeleton.mode_matrix(1, "inward") @ joints
    for child, parent in skeleton.bones:
        torch.testing.assert_close(bones[child], joints[child] - joints[parent])
    torch.testing.assert_close(bones[skeleton.root], joints[skeleton.root])


@pytest.mark.parametrize("k", [0, -1])
def test_mode_zero_is_refused(k):
    with pytest.raises(ValueError, match=r"erases the input; use k=1 for bones or k=5"):
        COCO17.mode_matrix(k)


@pytest.mark.parametrize("skeleton", SKELETONS, ids=by_name)
def test_mirroring_exchanges_left_and_right(skeleton):
    order = skeleton.flip_order
    assert [order[i] for i in order] == list(range(skeleton.num_joints))
    for joint, mirrored in zip(skeleton.joints, order, strict=True):
        exchanged = joint.replace("left", "L").replace("right", "left").replace("L", "right")
        assert skeleton.joints[mirrored] == exchanged


@pytest.mark.parametrize("skeleton", SKELETONS, ids=by_name)
def test_mirroring_keeps_the_bones(skeleton):
    order = skeleton.flip_order
    mirrored = {(order[child], order[parent]) for child, parent in skeleton.bones}
    assert mirrored == set(skeleton.bones)


def test_joints_are_found_by_name():
    assert COCO17.index("left_hip") == 11
    with pytest.raises(ValueError, match="coco17 has no joint 'tail'; it has nose, "):
        COCO17.index("tail")


@pytest.mark.parametrize(
    ("parents", "complaint"),
    [
        ((0, 0), "expected 3 parents, got 2"),
        ((0, 1, 0), "expected one root"),
        ((1, 2, 0), "expected one root"),
        ((0, 2, 1), "the bones form a loop"),
    ],
)
def test_what_is_no_tree_is_refused(parents, complaint):
    with pytest.raises(ValueError, match=complaint):
        dataclasses.replace(CHAIN, parents=parents)
