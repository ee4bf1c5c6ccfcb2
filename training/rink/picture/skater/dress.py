"""The parts of a person: a body of given proportions in the clothes of a given look.

Girths are those of an average skater of 1.65 m, in metres, and grow with the body's height and
girth (Contini's and Pheasant's tables of breadths and circumferences).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.rink.body import Body
from training.rink.picture.hall.stacks import (
    along_foot,
    along_limb,
    along_neck,
    along_tail,
    along_trunk,
    beyond_wrist,
    in_head,
    over_thighs,
    skirt_around,
)
from training.rink.picture.skater.figure import SIDES, Part, ellipses
from training.rink.picture.skater.looks import Look

Table = NDArray[np.float64]


# place along the spine, half depth, half width, forward shift
_TRUNK: Table = np.array(
    [
        (-0.26, 0.020, 0.030, 0.00),
        (-0.22, 0.075, 0.085, -0.01),
        (-0.10, 0.104, 0.150, -0.014),
        (0.02, 0.106, 0.164, -0.014),
        (0.16, 0.094, 0.152, -0.006),
        (0.32, 0.080, 0.122, 0.0),
        (0.45, 0.080, 0.116, 0.0),
        (0.60, 0.092, 0.130, 0.0),
        (0.76, 0.100, 0.146, -0.004),
        (0.88, 0.088, 0.146, -0.012),
        (0.97, 0.066, 0.122, -0.016),
        (1.05, 0.046, 0.070, -0.012),
        (1.10, 0.020, 0.030, -0.008),
    ]
)
_MALE_WIDTH = np.array([1, 1, 0.96, 0.93, 0.95, 1.1, 1.18, 1.14, 1.1, 1.08, 1.05, 1.05, 1.0])
_BUST = np.array([0, 0, 0, 0, 0, 0, 0.006, 0.022, 0.026, 0.006, 0, 0, 0])

# place along the leg, half depth, half width, forward shift
_LEG: Table = np.array(
    [
        (-0.16, 0.020, 0.020, 0.0),
        (-0.09, 0.070, 0.062, 0.0),
        (0.02, 0.088, 0.082, -0.004),
        (0.22, 0.088, 0.082, 0.0),
        (0.48, 0.076, 0.070, 0.004),
        (0.78, 0.060, 0.056, 0.002),
        (0.98, 0.055, 0.052, 0.004),
        (1.10, 0.050, 0.050, 0.0),
        (1.30, 0.056, 0.054, -0.012),
        (1.50, 0.050, 0.048, -0.012),
        (1.76, 0.038, 0.036, -0.006),
        (1.96, 0.036, 0.034, 0.0),
    ]
)
_ARM: Table = np.array(
    [
        (-0.17, 0.012, 0.012, 0.0),
        (-0.12, 0.040, 0.038, 0.0),
        (0.04, 0.052, 0.047, 0.0),
        (0.30, 0.045, 0.042, 0.0),
        (0.70, 0.038, 0.036, 0.0),
        (1.00, 0.036, 0.036, 0.0),
        (1.22, 0.039, 0.038, 0.0),
        (1.60, 0.030, 0.031, 0.0),
        (1.96, 0.022, 0.026, 0.0),
        (2.02, 0.012, 0.014, 0.0),
    ]
)
# metres beyond the wrist, half thickness, half breadth
_HAND: Table = np.array(
    [(-0.02, 0.018, 0.024), (0.03, 0.018, 0.036), (0.09, 0.015, 0.040), (0.14, 0.011, 0.030),
     (0.18, 0.004, 0.012)]
)  # fmt: skip
# metres above the ears, half depth, half width, forward shift
_SKULL: Table = np.array(
    [
        (-0.125, 0.018, 0.016, 0.066),
        (-0.112, 0.040, 0.036, 0.052),
        (-0.080, 0.070, 0.054, 0.024),
        (-0.040, 0.086, 0.066, 0.010),
        (0.000, 0.094, 0.073, 0.004),
        (0.040, 0.098, 0.076, 0.0),
        (0.075, 0.092, 0.071, -0.004),
        (0.102, 0.070, 0.054, -0.008),
        (0.118, 0.040, 0.030, -0.008),
        (0.124, 0.006, 0.006, -0.008),
    ]
)
# along the blade, middle of the boot above its edge, half height, half width
_BOOT: Table = np.array(
    [
        (-0.02, 0.085, 0.010, 0.010),
        (0.02, 0.092, 0.040, 0.028),
        (0.18, 0.100, 0.050, 0.034),
        (0.40, 0.092, 0.044, 0.038),
        (0.62, 0.078, 0.032, 0.042),
        (0.82, 0.070, 0.025, 0.040),
        (0.96, 0.066, 0.018, 0.026),
        (1.00, 0.064, 0.006, 0.008),
    ]
)
# along the blade, height of the metal
_BLADE: Table = np.array(
    [(0.0, 0.018), (0.06, 0.026), (0.12, 0.052), (0.26, 0.052), (0.32, 0.026), (0.62, 0.026),
     (0.68, 0.048), (0.84, 0.048), (0.94, 0.030), (1.0, 0.016)]
)  # fmt: skip


def dress(body: Body, look: Look) -> tuple[Part, ...]:
    """Everything there is to draw of a person."""
    size = body.girth * body.height / 1.65
    parts = [_trunk(body, look, size), _neck(size), *_head(body, look)]
    for side in ("left", "right"):
        parts += [_leg(look, side, size), _arm(look, side, size), _hand(look, side, size)]
        parts += _skate(body, look, side)
    if look.legwear in ("skirt", "dress"):
        parts += _skirt(look, size)
    return tuple(parts)


def _trunk(body: Body, look: Look, size: float) -> Part:
    place, depth, width, shift = _TRUNK.T
    if body.sex == "male":
        width = width * _MALE_WIDTH
    shoulders = body.shoulder_width / (0.19 * 1.65)
    width = width * size * np.where(place > 0.7, shoulders / size, 1.0)
    worn = np.where((place > -0.2) & (place < 1.0), look.looseness, 0.0)
    outline = ellipses(depth * size + worn, width + worn, forward=shift * size)
    if body.sex == "female":
        angle = np.linspace(0.0, 2.0 * np.pi, SIDES + 1)
        outline[..., 0] += _BUST[:, None] * np.clip(np.cos(angle), 0.0, 1.0) ** 1.5
    return Part("trunk", outline, _rows(place), along_trunk(place), gloss=0.4 * look.sheen)


def _neck(size: float) -> Part:
    radius = np.array([0.062, 0.054, 0.050, 0.050]) * size
    return Part("neck", ellipses(radius, radius), np.linspace(0, 1, 4), along_neck(4))


def _head(body: Body, look: Look) -> list[Part]:
    size = body.head / 0.294
    height, depth, width, shift = (_SKULL * size).T
    head = ellipses(depth, width, forward=shift)
    head[3, [0, -1], 0] += 0.016 * size  # the nose
    parts = [Part("head", head, _rows(height), in_head(height), gloss=0.06)]
    if look.hat is not None:
        parts.append(_cap(size))
    elif look.hair_style != "bald":
        parts.append(_hair(look, size))
    if look.hair_style == "bun":
        radius = np.array([0.004, 0.030, 0.040, 0.034, 0.004]) * size
        place = along_tail(0.07 * size, 5, 0.075 * size)
        parts.append(Part("hair", ellipses(radius, radius), np.linspace(0, 1, 5), place, 0.1))
    if look.hair_style == "tail":
        radius = np.array([0.012, 0.024, 0.028, 0.024, 0.017, 0.003])
        length = 0.2 + 0.2 * ((look.seed % 97) / 97)
        rows = np.linspace(0, 1, 6)
        parts.append(
            Part("hair", ellipses(radius, radius), rows, along_tail(length, 6, 0.085 * size), 0.12)
        )
    return parts


def _hair(look: Look, size: float) -> Part:
    """A shell outside the skull that dives under the skin where the face is."""
    height, depth, width, shift = _SKULL.T
    bottom = 1 if look.hair_style == "bob" else 3
    height, depth, width, shift = height[bottom:], depth[bottom:], width[bottom:], shift[bottom:]
    thick = 0.008 if look.hair_style in ("bun", "tail") else 0.014
    depth, width = depth + thick, width + thick
    shell = ellipses(depth * size, width * size, forward=shift * size)
    angle = np.linspace(0.0, 2.0 * np.pi, SIDES + 1)
    front = np.minimum(angle, 2.0 * np.pi - angle)  # 0 at the face, pi at the back
    edge = np.where(height > 0.085, -1.0, np.where(height > 0.06, 0.8, 1.4))
    inside = front[None, :] < edge[:, None]
    shell[inside] *= 0.86
    return Part("hair", shell, _rows(height), in_head((height + 0.35 * thick) * size), 0.12)


def _cap(size: float) -> Part:
    height, depth, width, shift = _SKULL[4:].T
    shell = ellipses((depth + 0.014) * size, (width + 0.014) * size, forward=shift * size)
    shell[0, [0, 1, -2, -1], 0] += 0.05 * size  # the peak
    return Part("hat", shell, _rows(height), in_head((height + 0.03) * size))


def _leg(look: Look, side: str, size: float) -> Part:
    place, depth, width, shift = _LEG.T
    air = np.zeros_like(place)
    if look.legwear == "trousers":
        flare = np.clip((place - 0.8) / 1.2, 0.0, 1.0) ** 2
        air = look.looseness + flare * (0.012 + 1.2 * look.looseness)
        place = np.where(place > 1.9, 2.08, place)
    air[0] = 0.0
    outline = ellipses(depth * size + air, width * size + air, forward=shift * size)
    joints = (f"{side}_hip", f"{side}_knee", f"{side}_ankle")
    return Part(
        "leg", outline, _rows(place), along_limb(joints, place, arm=False), 0.3 * look.sheen
    )


def _arm(look: Look, side: str, size: float) -> Part:
    place, depth, width, shift = _ARM.T
    air = np.where((place < look.sleeve) & (place > -0.15), look.looseness, 0.0)
    outline = ellipses(depth * size + air, width * size + air, forward=shift)
    joints = (f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist")
    return Part("arm", outline, _rows(place), along_limb(joints, place, arm=True), 0.3 * look.sheen)


def _hand(look: Look, side: str, size: float) -> Part:
    place, thickness, breadth = (_HAND * size).T
    outline = ellipses(breadth, thickness)
    return Part("hand", outline, _rows(place), beyond_wrist(side, place))


def _skate(body: Body, look: Look, side: str) -> list[Part]:
    size = body.blade / 0.256
    place, middle, half_height, half_width = _BOOT.T
    boot = ellipses(half_height * size, half_width * size)
    shaft = np.array([1.70, 1.72, 1.82, 1.92, 2.02])
    radius = np.array([0.02, 0.048, 0.044, 0.042, 0.044]) * size
    shaft_outline = ellipses(radius * 1.08, radius)
    leg = (f"{side}_hip", f"{side}_knee", f"{side}_ankle")
    blade_place, top = _BLADE.T
    metal = ellipses(top * size / 2, np.full(len(top), 0.0035))
    return [
        Part("boot", boot, _rows(place), along_foot(side, place, middle * size), 0.12),
        Part("shaft", shaft_outline, _rows(shaft), along_limb(leg, shaft, arm=False), 0.12),
        Part(
            "blade", metal, _rows(blade_place), along_foot(side, blade_place, top * size / 2), 0.5
        ),
    ]


def _skirt(look: Look, size: float) -> list[Part]:
    lengths = np.linspace(0.0, look.skirt_length, 6)
    waist = 0.34
    depth, width = np.full(6, 0.088 * size), np.full(6, 0.128 * size)
    outline = ellipses(depth, width)
    pleats = 1.0 + 0.05 * np.where(np.arange(SIDES) % 2 == 0, 1.0, -1.0)
    pleats = np.append(pleats, pleats[0])
    share = (lengths / look.skirt_length)[:, None]
    outline *= (1.0 + share * (pleats - 1.0)[None])[..., None].astype(np.float32)
    rows = lengths / look.skirt_length
    place = skirt_around(lengths, waist)
    inside = np.ascontiguousarray(outline[:, ::-1]) * np.float32(0.985)
    return [
        Part("skirt", outline, rows, place, 0.4 * look.sheen, over_thighs(0.105 * size)),
        Part("lining", inside, rows, place, 0.0, over_thighs(0.099 * size)),
    ]


def _rows(places: NDArray[np.floating]) -> NDArray[np.floating]:
    rows: NDArray[np.floating] = (places - places[0]) / (places[-1] - places[0])
    return rows
