"""Pictures of the rink on disk, to learn from again and again (`training.people.dataset`).

python -m training.people.rink_pictures --out DIR --name SET --seed 7 --pictures 8000 --size 224x224

Drawing a picture costs more than learning from it, so a pool is drawn once. It grows in parts of
`PART` pictures, each with a seed of its own and each complete once its labels are there: the same
command goes on after a kill, and asks for more pictures with a larger `--pictures`.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.atomic_files import write_text
from models.command_line import Parser, StatusLine, run_command
from pipeline.elements import LABELS
from training.rink.files.folder import DataSetError, opened
from training.rink.pictures import RinkPicture, random_pictures

PART = 200
"""Pictures drawn from one seed; the next part's seed is one higher."""
TRAINING_SEEDS = 100_000
"""Seeds to train on lie below."""
JPEG_QUALITY = 95
SEEN_JOINTS = 5
"""People with fewer joints in view are ignored: a pair of legs behind somebody."""
STORED_IGNORED = "doubtful"
"""The key of their labels in the files of a pool's parts."""
WEIGHTS = {"CamelSpin": 4, "SitSpin": 4, "UprightSpin": 4, "Sequence": 5, "NoBasic": 5}
"""How often a class is drawn; a jump once. Jumps are many classes but one sort of picture."""


@dataclass(frozen=True, kw_only=True)
class PoolRecipe:
    """What a pool is made of."""

    seed: int
    """Of the first part."""
    pictures: int
    """At least so many; rounded up to whole parts."""
    size: tuple[int, int]
    """Width and height, pixels."""
    share: tuple[float, float]
    """Least and most that the standing skater takes of the picture's height."""

    def __post_init__(self) -> None:
        last = self.seed + -(-self.pictures // PART) - 1
        if not 0 <= self.seed <= last < TRAINING_SEEDS:
            raise DataSetError(
                f"--seed {self.seed}, --pictures {self.pictures}: the parts' seeds must lie below "
                f"{TRAINING_SEEDS}, and there must be a picture"
            )
        if any(side % 2 or not 64 <= side <= 4096 for side in self.size):
            raise DataSetError(f"--size {self.size}: both sides must be even, from 64 to 4096")
        if not 0 < self.share[0] <= self.share[1] < 1:
            raise DataSetError(f"--share {self.share}: must be 0 < LOW <= HIGH < 1")


def draw_part(recipe: PoolRecipe, part: int) -> Iterator[RinkPicture]:
    """`PART` pictures; their labels differ as `WEIGHTS` says."""
    labels = [label for label in LABELS for _ in range(WEIGHTS.get(label, 1))]
    pictures = random_pictures(
        recipe.seed + part, size=recipe.size, share=recipe.share, labels=labels
    )
    return itertools.islice(pictures, PART)


def coco_entries(picture: RinkPicture) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Certain and ignored people of a picture, without ids.

    Ignored ones are written as `training.people.dataset` reads them: found by a teacher with a low
    score.
    """
    certain, ignored = [], []
    for box, joints, seen in zip(
        picture.boxes_xyxy, picture.keypoints_xy, picture.visibility, strict=True
    ):
        known = np.where(seen[:, None] > 0, joints, 0).round(2)
        entry = {
            "bbox": [round(float(v), 2) for v in (*box[:2], *(box[2:] - box[:2]))],
            "keypoints": np.column_stack((known, seen)).ravel().tolist(),
        }
        if (seen == 2).sum() >= SEEN_JOINTS:
            certain.append(entry)
        else:
            ignored.append({**entry, "score": 0.2, "matches_annotation": None})
    return certain, ignored


def fill(folder: Path, name: str, recipe: PoolRecipe, status: StatusLine) -> None:
    """Draw what is missing of a pool and write its two label files.

    Raises:
        DataSetError: The folder holds another pool of this name, or other data.
    """
    parts = -(-recipe.pictures // PART)
    fixed = {"seed": recipe.seed, "size": recipe.size, "share": recipe.share}
    with opened(folder, name, fixed, (name, f"{name}_parts")):
        for part in range(parts):
            labels = _labels_path(folder, name, part)
            if not labels.is_file():
                rows = list(_drawn(folder, name, part, recipe))
                write_text(labels, json.dumps(rows))
            status.show(f"{name}: {(part + 1) * PART} pictures", (part + 1) / parts)
        _merge(folder, name, parts)
    status.close()


def _drawn(folder: Path, name: str, part: int, recipe: PoolRecipe) -> Iterator[dict[str, Any]]:
    """Write the pictures of one part; yields the labels of each."""
    for number, picture in enumerate(draw_part(recipe, part), part * PART):
        file_name = f"{name}/{number:06d}.jpg"
        pixels = cv2.cvtColor(picture.image, cv2.COLOR_RGB2BGR)
        _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        (folder / file_name).write_bytes(data.tobytes())
        certain, ignored = coco_entries(picture)
        yield {"file_name": file_name, "certain": certain, STORED_IGNORED: ignored}


def _merge(folder: Path, name: str, parts: int) -> None:
    """All labels of a pool as one hand-drawn and one teacher's file of COCO."""
    paths = [_labels_path(folder, name, part) for part in range(parts)]
    rows = [row for path in paths for row in json.loads(path.read_text(encoding="utf-8"))]
    images = [{"id": i, "file_name": row["file_name"]} for i, row in enumerate(rows)]
    write_text(
        folder / f"{name}.json",
        json.dumps({"images": images, "annotations": _numbered(rows, "certain")}),
    )
    ignored = {"annotations": _numbered(rows, STORED_IGNORED)}
    write_text(folder / f"{name}_teacher.json", json.dumps(ignored))


def _numbered(rows: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    entries = [{**entry, "image_id": i} for i, row in enumerate(rows) for entry in row[key]]
    return [{**entry, "id": number} for number, entry in enumerate(entries)]


def _labels_path(folder: Path, name: str, part: int) -> Path:
    return folder / f"{name}_parts" / f"{part:04d}.json"


def _numbers(text: str, separator: str) -> tuple[float, float]:
    first, _, second = text.partition(separator)
    try:
        return float(first), float(second)
    except ValueError:
        raise DataSetError(f"{text}: expected two numbers with {separator!r} between") from None


def _parser() -> Parser:
    parser = Parser(prog="python -m training.people.rink_pictures", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--name", required=True, help="name of the set in DIR")
    parser.add_argument("--seed", type=int, required=True, help="random seed of the first part")
    parser.add_argument("--pictures", type=int, required=True)
    parser.add_argument("--size", required=True, metavar="WxH")
    parser.add_argument(
        "--share",
        default="0.07,0.95",
        metavar="LOW,HIGH",
        help="the standing skater's share of the picture's height",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input, 130 interrupted."""
    parsed = _parser().parse_args(arguments)
    status = StatusLine()

    def command() -> int:
        width, height = _numbers(parsed.size, "x")
        share = _numbers(parsed.share, ",")
        recipe = PoolRecipe(
            seed=parsed.seed,
            pictures=parsed.pictures,
            size=(int(width), int(height)),
            share=share,
        )
        fill(parsed.out, parsed.name, recipe, status)
        return 0

    return run_command(command, status)


if __name__ == "__main__":
    sys.exit(main())
