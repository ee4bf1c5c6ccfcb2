"""Skeleton layouts: joint names, the tree of bones, mirrored joints, and InfoGCN's mode matrices.

COCO-17 is what ViTPose predicts (names and order of the COCO keypoint task); as a tree it hangs
from the nose, the layout that skeleton toolboxes use. NTU RGB+D's 25 Kinect joints are here because
the published InfoGCN was trained on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

EdgeDirection = Literal["outward", "inward"]
"""`outward`: P[parent, child] = 1; `inward`: P[child, parent] = 1."""


@dataclass(frozen=True)
class Skeleton:
    """A tree of named joints."""

    name: str
    """Short name, e.g. `"coco17"`."""
    joints: tuple[str, ...]
    """Joint names in the order of the data."""
    parents: tuple[int, ...]
    """Parent of each joint; the root is its own parent."""
    flip_pairs: tuple[tuple[int, int], ...]
    """(left, right) joints that change places when the image is mirrored."""

    def __post_init__(self) -> None:
        if len(self.parents) != len(self.joints):
            raise ValueError(
                f"{self.name}: expected {len(self.joints)} parents, got {len(self.parents)}"
            )
        if sum(joint == parent for joint, parent in enumerate(self.parents)) != 1:
            raise ValueError(f"{self.name}: expected one root (a joint that is its own parent)")
        for joint in range(self.num_joints):
            self._steps_to_root(joint)

    @property
    def num_joints(self) -> int:
        """Number of joints."""
        return len(self.joints)

    @property
    def root(self) -> int:
        """The joint that the tree hangs from."""
        return next(joint for joint, parent in enumerate(self.parents) if joint == parent)

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(child, parent) of every bone."""
        return tuple((j, parent) for j, parent in enumerate(self.parents) if j != parent)

    @property
    def depth(self) -> int:
        """The smallest k with P^k = 0: one more than the bones on the longest path to the root."""
        return 1 + max(self._steps_to_root(joint) for joint in range(self.num_joints))

    @property
    def flip_order(self) -> tuple[int, ...]:
        """Index that puts every joint in its mirrored joint's place."""
        partner = {joint: joint for joint in range(self.num_joints)}
        for left, right in self.flip_pairs:
            partner[left], partner[right] = right, left
        return tuple(partner.values())

    def index(self, joint: str) -> int:
        """Position of a joint by name; ValueError when there is none of that name."""
        if joint not in self.joints:
            raise ValueError(f"{self.name} has no joint {joint!r}; it has {', '.join(self.joints)}")
        return self.joints.index(joint)

    def mode_matrix(self, k: int, edges: EdgeDirection = "outward") -> Tensor:
        """InfoGCN's input of mode k: I - P^k, `(J, J)` float32, multiplied onto the joints.

        k = 1 gives the bones, k >= `depth` the joints themselves (P^k = 0), k between longer spans.
        With `inward` edges a row of k = 1 is joint - parent, with `outward` ones it is joint - sum
        of its children.

        Raises:
            ValueError: k < 1. P^0 = I, so k = 0 would erase every joint.
        """
        if k < 1:
            raise ValueError(
                f"k={k} gives I - P^0 = 0, which erases the input; "
                f"use k=1 for bones or k={self.depth} for the joints themselves"
            )
        adjacency = torch.zeros(self.num_joints, self.num_joints, device="cpu")
        for child, parent in self.bones:
            adjacency[(parent, child) if edges == "outward" else (child, parent)] = 1.0
        identity = torch.eye(self.num_joints, device="cpu")
        return identity - torch.linalg.matrix_power(adjacency, k)

    def _steps_to_root(self, joint: int) -> int:
        steps = 0
        while self.parents[joint] != joint:
            joint, steps = self.parents[joint], steps + 1
            if steps > self.num_joints:
                raise ValueError(f"{self.name}: the bones form a loop")
        return steps


COCO17 = Skeleton(
    name="coco17",
    joints=(
        "nose", "left_eye", "right_eye", "left_ear", "right_ear",
        "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
        "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    ),
    parents=(0, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
    flip_pairs=((1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)),
)  # fmt: skip
"""The 17 keypoints of COCO, root = nose."""

NTU25 = Skeleton(
    name="ntu25",
    joints=(
        "spine_base", "spine_mid", "neck", "head",
        "left_shoulder", "left_elbow", "left_wrist", "left_hand",
        "right_shoulder", "right_elbow", "right_wrist", "right_hand",
        "left_hip", "left_knee", "left_ankle", "left_foot",
        "right_hip", "right_knee", "right_ankle", "right_foot",
        "spine_shoulder", "left_hand_tip", "left_thumb", "right_hand_tip", "right_thumb",
    ),
    parents=(
        1, 1, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, 1, 22, 7, 24, 11,
    ),
    flip_pairs=(
        (4, 8), (5, 9), (6, 10), (7, 11), (12, 16), (13, 17), (14, 18), (15, 19),
        (21, 23), (22, 24),
    ),
)  # fmt: skip
"""The 25 Kinect joints of NTU RGB+D, root = middle of the spine."""
