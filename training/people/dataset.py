"""Real pictures of people in COCO's format: hand labels, and a teacher network's beside them.

A folder holds sets: `<set>.json` (hand labels, file names relative to the folder) and
`<set>_teacher.json` (boxes, scores and joints of a public detector and pose network; an entry that
shows a hand-labelled person names it in `matches_annotation`). Where a hand label exists it wins;
the teacher adds the joints that nobody labelled (the face) and the people who were left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.settings import ShareBetween, settings
from pipeline.types import NUM_JOINTS, FloatArray
from training.people.photo import Rng

JOINT_THRESHOLD = 0.4
"""Teacher joints with a lower score are left out."""
HOLD_OUT = 20
"""One picture in so many is kept for validation."""


@settings()
class PicturesSettings:
    """Which pictures."""

    folder: str
    """Holds the sets; where it lies is the user's affair: `--set data.folder=DIR`."""
    sets: tuple[str, ...] = ("lspet", "pennfudan", "coco128")
    """Names of the sets in it."""
    rink_folder: str = ""
    """Another one, of pictures that `training.people.rink_pictures` drew; empty: none."""
    rink_sets: tuple[str, ...] = ()
    """Names of the sets in that."""
    rink_share: ShareBetween = 0.5
    """How much of what is seen comes from there."""

    def __post_init__(self) -> None:
        if bool(self.rink_folder) != bool(self.rink_sets):
            raise ConfigError("data: rink_folder and rink_sets go together")


@dataclass(frozen=True)
class Person:
    """One person in a picture."""

    box_xyxy: FloatArray
    """`(4,)` pixels."""
    score: float
    """The teacher's; 1 where a hand drew a label too."""
    joints: FloatArray
    """`(17, 2)` x, y in pixels; anything where `labelled` is False."""
    labelled: NDArray[np.bool_]
    """`(17,)` which joints are known."""


@dataclass(frozen=True)
class Picture:
    """A picture and everybody in it who is known."""

    path: Path
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Pixels:
    """The pictures themselves, decoded once and kept (about 0.6 GB for 6,000 small ones)."""

    kept: dict[Path, NDArray[np.uint8]] = field(default_factory=dict)

    def of(self, path: Path) -> NDArray[np.uint8]:
        """RGB `(H, W, 3)`.

        Raises:
            ConfigError: No picture there.
        """
        if path not in self.kept:
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if picture is None:
                raise ConfigError(f"{path}: is missing or not a picture")
            self.kept[path] = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        return self.kept[path]


@dataclass(frozen=True)
class Group:
    """Pictures of one origin, and how often one of them is to be seen."""

    pictures: list[Picture]
    """In the order of the files."""
    share: float
    """Of all that is seen; the shares of all groups make 1."""


class PeoplePictures:
    """All pictures of some sets, divided into training and validation.

    Raises:
        ConfigError: A set is not there, or not in the expected form.
    """

    def __init__(self, settings: PicturesSettings) -> None:
        if not settings.folder:
            raise ConfigError("data.folder: say where the pictures are, --set data.folder=DIR")
        share = settings.rink_share if settings.rink_folder else 0.0
        self._groups = [Group(_read_sets(settings.folder, settings.sets), 1 - share)]
        if share:
            self._groups.append(Group(_read_sets(settings.rink_folder, settings.rink_sets), share))

    @cached_property
    def training(self) -> list[Group]:
        """To learn from."""
        return [
            Group([p for i, p in enumerate(group.pictures) if i % HOLD_OUT], group.share)
            for group in self._groups
        ]

    @cached_property
    def validation(self) -> list[Group]:
        """To select by; no picture of `training`."""
        return [Group(group.pictures[::HOLD_OUT], group.share) for group in self._groups]


def mixed_order(sizes: Sequence[int], shares: Sequence[float], rng: Rng) -> list[int]:
    """An epoch over groups: each gets its share of it, and nobody twice before all once.

    Args:
        sizes: Members of each group.
        shares: Of the epoch, which is as long as all groups together.
        rng: Draws the order.

    Returns:
        Indices into the groups one after the other.
    """
    ends = (np.cumsum(shares) / np.sum(shares) * sum(sizes)).round().astype(int)
    parts, start, first = [], 0, 0
    for size, end in zip(sizes, ends.tolist(), strict=True):
        rounds = [rng.permutation(size) for _ in range(-(-(end - start) // max(size, 1)))]
        parts.append(first + np.concatenate([*rounds, np.empty(0, np.int64)])[: end - start])
        start, first = end, first + size
    order = np.concatenate(parts).astype(np.int64)
    return [int(index) for index in rng.permutation(order)]


def _read_sets(folder: str, names: Iterable[str]) -> list[Picture]:
    return [picture for name in names for picture in read_pictures(Path(folder), name)]


def read_pictures(folder: Path, name: str) -> list[Picture]:
    """The pictures of one set, in the order of its file.

    Raises:
        ConfigError: Names the file and what is wrong.
    """
    hand, teacher = (_read(folder / f"{name}{part}.json") for part in ("", "_teacher"))
    try:
        predicted = _by_picture(teacher["annotations"])
        labelled = _by_picture(hand["annotations"])
        return [
            Picture(
                folder / image["file_name"],
                tuple(merge_labels(labelled[image["id"]], predicted[image["id"]])),
            )
            for image in hand["images"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{folder / name}*.json: not COCO keypoints JSON ({error!r})") from error


def merge_labels(
    labelled: Iterable[Mapping[str, Any]], predicted: Sequence[Mapping[str, Any]]
) -> list[Person]:
    """Everybody in one picture, once.

    Args:
        labelled: Hand annotations of COCO; `keypoints` are x, y, visibility.
        predicted: The teacher's; `keypoints` are x, y, score. Of several that match one hand
            annotation the most certain stays.
    """
    by_hand = {entry["id"]: entry for entry in labelled if not entry.get("iscrowd")}
    people = []
    for entry in sorted(predicted, key=lambda entry: -entry["score"]):
        match = entry["matches_annotation"]
        if match is not None and match not in by_hand:
            continue  # a second box on the same person
        people.append(_person(entry, by_hand.pop(match, None)))
    people += [_person(None, entry) for entry in by_hand.values()]
    return people


def _person(predicted: Mapping[str, Any] | None, by_hand: Mapping[str, Any] | None) -> Person:
    joints, labelled = np.zeros((NUM_JOINTS, 2), np.float32), np.zeros(NUM_JOINTS, np.bool_)
    for entry, threshold in ((predicted, JOINT_THRESHOLD), (by_hand, 0.5)):  # the hand's come last
        if entry is not None:
            keypoints = np.array(entry["keypoints"], np.float32).reshape(NUM_JOINTS, 3)
            known = keypoints[:, 2] >= threshold
            joints[known], labelled[known] = keypoints[known, :2], True
    # The teacher's box fits the whole body; a hand's may be no more than the span of its joints.
    x, y, width, height = (predicted or by_hand or {})["bbox"]
    box = np.array([x, y, x + width, y + height], np.float32)
    score = predicted["score"] if predicted and not by_hand else 1.0
    return Person(box, score, joints, labelled)


def _by_picture(entries: Iterable[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    grouped: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries:
        grouped[entry["image_id"]].append(entry)
    return grouped


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
