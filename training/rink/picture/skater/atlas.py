"""Paints a person's texture: skin, face, hair, cloth and its patterns, all in one small picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.rink.picture.skater.looks import Colour, Look, Pattern

Paint = NDArray[np.float32]

WIDTH, HEIGHT = 256, 352

REGIONS: dict[str, tuple[int, int, int, int]] = {
    "trunk": (0, 0, 128, 128),
    "skirt": (128, 0, 128, 64),
    "lining": (128, 64, 128, 32),
    "hat": (128, 96, 64, 32),
    "neck": (192, 96, 64, 32),
    "leg": (0, 128, 64, 160),
    "arm": (64, 128, 64, 160),
    "head": (128, 128, 128, 128),
    "hair": (128, 256, 64, 64),
    "boot": (192, 256, 64, 32),
    "shaft": (192, 288, 64, 32),
    "hand": (0, 288, 64, 32),
    "blade": (64, 288, 64, 32),
}
"""x, y, width, height of each part's region; u runs around the part from its front over its left
(trunk, head) or right (limbs), v along it: trunk and head upwards, limbs downwards."""


def paint_atlas(look: Look) -> NDArray[np.uint8]:
    """The texture of a look, RGB `(HEIGHT, WIDTH, 3)`."""
    rng = np.random.default_rng(look.seed)
    atlas = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    painters = {
        "trunk": _trunk, "skirt": _skirt, "lining": _lining, "hat": _hat, "neck": _neck,
        "leg": _leg, "arm": _arm, "head": _head, "hair": _hair, "boot": _boot, "shaft": _shaft,
        "hand": _hand, "blade": _blade,
    }  # fmt: skip
    for name, (x, y, width, height) in REGIONS.items():
        atlas[y : y + height, x : x + width] = painters[name](look, rng, width, height)
    return np.clip(atlas, 0, 255).astype(np.uint8)


def _plain(colour: Colour, width: int, height: int) -> Paint:
    paint = np.empty((height, width, 3), np.float32)
    paint[:] = colour
    return paint


def _noise(rng: np.random.Generator, width: int, height: int, grain: int) -> Paint:
    """Smooth noise about 1, `(height, width, 1)`; `grain` is the size of its spots in texels."""
    small = rng.standard_normal((height // grain + 2, width // grain + 2)).astype(np.float32)
    smooth = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth, np.float32)[..., None]


def _cloth(
    colour: Colour,
    second: Colour,
    pattern: Pattern,
    rng: np.random.Generator,
    size: tuple[int, int],
) -> Paint:
    width, height = size
    paint = _plain(colour, width, height)
    other = np.array(second, np.float32)
    _PATTERNS[pattern](paint, other, rng)
    folds = 1.0 + 0.05 * _noise(rng, width, height, 14) + 0.035 * _noise(rng, width, height, 5)
    folded: Paint = paint * folds
    return folded


def _no_pattern(paint: Paint, second: Paint, rng: np.random.Generator) -> None:
    return


def _gradient(paint: Paint, second: Paint, rng: np.random.Generator) -> None:
    share = np.linspace(0, 1, len(paint), dtype=np.float32)[:, None, None] ** rng.uniform(0.5, 2)
    paint *= 1 - share
    paint += share * second


def _stripes(paint: Paint, second: Paint, rng: np.random.Generator) -> None:
    axis, period = int(rng.integers(2)), int(rng.integers(8, 40))
    line = np.arange(paint.shape[axis]) % period < period * rng.uniform(0.15, 0.5)
    paint[line if axis == 0 else (slice(None), line)] = second


def _panels(paint: Paint, second: Paint, rng: np.random.Generator) -> None:
    width = paint.shape[1]
    half = int(width * rng.uniform(0.08, 0.2))
    for center in (width // 4, 3 * width // 4) if rng.random() < 0.6 else (width // 2, 0):
        columns = np.arange(center - half, center + half) % width
        paint[:, columns] = second


def _sequins(paint: Paint, second: Paint, rng: np.random.Generator) -> None:
    _gradient(paint, second, rng)
    height, width, _ = paint.shape
    count = int(width * height * rng.uniform(0.01, 0.05))
    y = (height * rng.beta(2.0, 1.2, count)).astype(np.intp) % height
    paint[y, rng.integers(0, width, count)] = rng.uniform(200, 255, (count, 1))


def _blossoms(paint: Paint, second: Paint, rng: np.random.Generator) -> None:
    height, width, _ = paint.shape
    for _ in range(int(rng.integers(6, 30))):
        center = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (int(rng.integers(2, 9)), int(rng.integers(2, 14)))
        cv2.ellipse(paint, center, axes, float(rng.uniform(0, 180)), 0, 360, second.tolist(), -1)


def _lettering(paint: Paint, second: Paint, rng: np.random.Generator) -> None:
    height, width, _ = paint.shape
    word = "".join(rng.choice(list("ABCDEFGHIKLMNOPRSTUVW"), size=int(rng.integers(3, 7))))
    upright = np.zeros((height, width), np.uint8)
    size = width / 260
    for x in (int(0.38 * width), 2):
        start = (x, int(0.3 * height))
        cv2.putText(upright, word, start, cv2.FONT_HERSHEY_DUPLEX, size, 255, 1, cv2.LINE_AA)
    mask = upright[::-1, :, None].astype(np.float32) / 255  # v runs upwards on the trunk
    paint *= 1 - mask
    paint += mask * second


_PATTERNS = {
    "plain": _no_pattern, "gradient": _gradient, "stripes": _stripes, "panels": _panels,
    "sequins": _sequins, "blossoms": _blossoms, "lettering": _lettering,
}  # fmt: skip


def _trunk(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    paint = _cloth(look.top, look.top_second, look.top_pattern, rng, (width, height))
    if look.legwear != "dress":
        waist = int(height * 0.42)
        paint[:waist] = _cloth(
            look.legs, look.legs_second, look.legs_pattern, rng, (width, height)
        )[:waist]
    around = np.abs((np.arange(width) / width + 0.5) % 1.0 - 0.5) * 2  # 0 front, 1 back
    deep = look.neckline * np.where(around < 0.5, 1.0 - 1.6 * around, 0.9 * (around - 0.5))
    bare = np.arange(height)[:, None] > height * (0.93 - 0.35 * np.clip(deep, 0, 1))[None]
    paint[bare] = look.skin
    return paint


def _skirt(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    colour = look.top if look.legwear == "dress" else look.legs
    paint = _cloth(colour, look.top_second, look.top_pattern, rng, (width, height))
    pleats = 1.0 + 0.08 * np.sin(np.linspace(0, 2 * np.pi * 14, width, endpoint=False))
    pleated: Paint = paint * pleats[None, :, None].astype(np.float32)
    return pleated


def _lining(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    colour = look.top if look.legwear == "dress" else look.legs
    return _plain(colour, width, height) * np.float32(0.72)


def _hat(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    return _plain(look.hat or look.hair, width, height)


def _neck(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    return _plain(look.skin, width, height) * np.float32(0.9)


def _leg(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    if look.legwear in ("skirt", "dress"):
        paint = _plain(look.tights, width, height)
        return paint * (1.0 + 0.02 * _noise(rng, width, height, 16))
    return _cloth(look.legs, look.legs_second, look.legs_pattern, rng, (width, height))


def _arm(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    paint = _plain(look.skin, width, height)
    end = int(height * np.clip((look.sleeve + 0.17) / 2.19, 0.0, 1.0))
    pattern = look.top_pattern if look.top_pattern != "lettering" else "plain"
    paint[:end] = _cloth(look.top, look.top_second, pattern, rng, (width, height))[:end]
    if look.sleeve < 0.1:
        paint[: int(0.05 * height)] = look.top
        paint[int(0.05 * height) :] = look.skin
    return paint


def _head(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    """The face stands in the middle of a doubled row of columns, then rolled to u = 0."""
    paint = _plain(look.skin, width, height)
    skin = np.array(look.skin, np.float32)
    middle = width // 2

    def row(metres: float) -> int:
        return int((metres + 0.125) / 0.249 * height)

    dark = tuple((0.25 * np.array(look.hair) + 0.08 * skin).tolist())
    white = tuple((0.55 * skin + 100).tolist())
    for sign in (-1, 1):
        eye = (middle + sign * int(0.062 * width), row(0.030))
        cv2.ellipse(paint, eye, (4, 3), 0, 0, 360, white, -1, cv2.LINE_AA)
        cv2.circle(paint, eye, 2, (44, 34, 30), -1, cv2.LINE_AA)
        brow = (eye[0], row(0.030) + 11)
        cv2.ellipse(paint, brow, (8, 2), 0, 0, 360, dark, -1, cv2.LINE_AA)
        cheek = (middle + sign * int(0.09 * width), row(-0.02))
        cv2.circle(paint, cheek, 6, tuple((skin * (1.02, 0.92, 0.9)).tolist()), -1, cv2.LINE_AA)
        shade = (middle + sign * 4, row(-0.040))
        cv2.circle(paint, shade, 2, tuple((skin * 0.72).tolist()), -1, cv2.LINE_AA)
    lips = tuple((skin * (0.86, 0.55, 0.55)).tolist())
    cv2.ellipse(paint, (middle, row(-0.072)), (8, 3), 0, 0, 360, lips, -1, cv2.LINE_AA)
    paint[: row(-0.112)] *= 0.9
    face = np.roll(paint, -middle, axis=1)
    return np.asarray(cv2.GaussianBlur(face, (3, 3), 0), np.float32)


def _hair(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    strands = 1.0 + 0.16 * rng.standard_normal((1, width, 1)).astype(np.float32)
    shine = 1.0 + 0.25 * np.exp(-((np.linspace(-2, 2, height)[:, None, None] - 0.6) ** 2) * 4)
    combed: Paint = _plain(look.hair, width, height) * strands * shine.astype(np.float32)
    return combed


def _boot(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    upper = look.tights if look.boots_covered else look.boots
    paint = _plain(upper, width, height)
    sole = slice(int(0.36 * width), int(0.64 * width))
    paint[:, sole] = (58, 40, 30) if sum(look.boots) > 300 else (20, 18, 18)
    if not look.boots_covered:
        paint[int(0.45 * height) :: 3, : int(0.08 * width)] *= 0.7
    return paint


def _shaft(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    upper = look.tights if look.boots_covered else look.boots
    paint = _plain(upper, width, height)
    if not look.boots_covered:
        paint[::4, -3:] *= 0.65
        paint[::4, :3] *= 0.65
    return paint


def _hand(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    return _plain(look.gloves or look.skin, width, height)


def _blade(look: Look, rng: np.random.Generator, width: int, height: int) -> Paint:
    return _plain((168.0, 172.0, 180.0), width, height)
