"""How a person looks: skin, hair, clothes, boots; drawn at random, whatever the class."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.rink.body import Sex

Colour = tuple[float, float, float]
"""Red, green, blue, 0 to 255."""
Role = Literal["skater", "trainee", "official"]
"""In costume; in training clothes; off the ice."""
HairStyle = Literal["short", "bun", "tail", "bald", "bob"]
Legwear = Literal["trousers", "leggings", "skirt", "dress"]
Pattern = Literal["plain", "gradient", "stripes", "panels", "sequins", "blossoms", "lettering"]

_SKIN = ((255, 220, 196), (240, 198, 166), (224, 172, 134), (198, 140, 98), (150, 98, 64),
         (106, 68, 46), (72, 46, 34))  # fmt: skip
_HAIR = ((22, 18, 18), (40, 28, 22), (70, 46, 30), (112, 74, 42), (170, 124, 70), (214, 180, 120),
         (122, 52, 28), (150, 148, 146))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Look:
    """One person's appearance."""

    role: Role
    skin: Colour
    hair: Colour
    hair_style: HairStyle
    hat: Colour | None
    """A cap's colour."""
    top: Colour
    top_second: Colour
    top_pattern: Pattern
    sleeve: float
    """Where sleeves end along the arm: 0 shoulder, 1 elbow, 2 wrist."""
    neckline: float
    """Bare share of the upper chest."""
    legwear: Legwear
    legs: Colour
    legs_second: Colour
    legs_pattern: Pattern
    tights: Colour
    """What shows under a skirt."""
    looseness: float
    """Metres of air between the clothes and the body."""
    skirt_length: float
    """Metres from waist to hem."""
    boots: Colour
    boots_covered: bool
    """Tights or trousers worn over the boots."""
    gloves: Colour | None
    sheen: float
    """How much the cloth shines, 0 to 1."""
    seed: int
    """Of the patterns."""


def draw_look(rng: np.random.Generator, sex: Sex, *, role: Role | None = None) -> Look:
    """A random appearance; a third of all skaters wear training clothes."""
    if role is None:
        role = "trainee" if rng.random() < 0.35 else "skater"
    skin = _jitter(rng, _SKIN[rng.integers(len(_SKIN))], 8)
    legwear = _draw_legwear(rng, sex, role)
    top, legs = _draw_colour(rng, role), _draw_colour(rng, role)
    if role == "skater" and rng.random() < 0.55:
        legs = top
    bare = role == "skater" and rng.random() < 0.5
    return Look(
        role=role, skin=skin, hair=_jitter(rng, _HAIR[rng.integers(len(_HAIR))], 6),
        hair_style=_draw_hair(rng, sex),
        hat=_draw_colour(rng, role) if rng.random() < _HAT[role] else None,
        top=top, top_second=_draw_colour(rng, role), top_pattern=_draw_pattern(rng, role),
        sleeve=float(rng.choice([0.0, 0.35, 0.9, 1.95], p=_SLEEVES[role])),
        neckline=float(rng.uniform(0.1, 0.6) if bare else rng.uniform(0.0, 0.12)),
        legwear=legwear, legs=legs, legs_second=_draw_colour(rng, role),
        legs_pattern=_draw_pattern(rng, role) if rng.random() < 0.4 else "plain",
        tights=_draw_tights(rng, skin),
        looseness=float(abs(rng.normal(0.0, 0.012)) + (0.03 if role == "official" else 0.004)),
        skirt_length=float(rng.uniform(0.24, 0.42)),
        boots=_draw_boots(rng, sex, role), boots_covered=bool(rng.random() < 0.25),
        gloves=_draw_colour(rng, role) if rng.random() < 0.15 else None,
        sheen=float(rng.beta(1.2, 4.0)), seed=int(rng.integers(2**31)),
    )  # fmt: skip


_HAT = {"skater": 0.0, "trainee": 0.12, "official": 0.3}
_SLEEVES = {
    "skater": (0.25, 0.1, 0.05, 0.6),
    "trainee": (0.12, 0.35, 0.03, 0.5),
    "official": (0.0, 0.08, 0.0, 0.92),
}


def _draw_legwear(rng: np.random.Generator, sex: Sex, role: Role) -> Legwear:
    if role == "official":
        return "trousers"
    choices: tuple[Legwear, ...] = ("trousers", "leggings", "skirt", "dress")
    if role == "trainee":
        odds = (0.3, 0.55, 0.12, 0.03) if sex == "female" else (0.55, 0.45, 0.0, 0.0)
    else:
        odds = (0.06, 0.14, 0.25, 0.55) if sex == "female" else (0.7, 0.3, 0.0, 0.0)
    return choices[rng.choice(4, p=odds)]


def _draw_hair(rng: np.random.Generator, sex: Sex) -> HairStyle:
    styles: tuple[HairStyle, ...] = ("short", "bun", "tail", "bald", "bob")
    odds = (0.08, 0.5, 0.32, 0.0, 0.1) if sex == "female" else (0.84, 0.02, 0.05, 0.05, 0.04)
    return styles[rng.choice(5, p=odds)]


def _draw_pattern(rng: np.random.Generator, role: Role) -> Pattern:
    patterns: tuple[Pattern, ...] = (
        "plain", "gradient", "stripes", "panels", "sequins", "blossoms", "lettering",
    )  # fmt: skip
    if role == "skater":
        return patterns[rng.choice(7, p=(0.14, 0.2, 0.06, 0.2, 0.25, 0.15, 0.0))]
    return patterns[rng.choice(7, p=(0.5, 0.03, 0.12, 0.15, 0.0, 0.0, 0.2))]


def _draw_tights(rng: np.random.Generator, skin: Colour) -> Colour:
    if rng.random() < 0.15:
        return (28.0, 26.0, 28.0)
    tan = np.array(skin) * 0.72 + np.array((206.0, 156.0, 116.0)) * 0.28
    return _jitter(rng, tan, 6)


def _draw_boots(rng: np.random.Generator, sex: Sex, role: Role) -> Colour:
    shades = ((236.0, 234.0, 230.0), (26.0, 25.0, 26.0), (196.0, 164.0, 132.0))
    odds = (0.72, 0.14, 0.14) if sex == "female" else (0.22, 0.72, 0.06)
    if role == "official":
        odds = (0.2, 0.7, 0.1)
    return _jitter(rng, shades[rng.choice(3, p=odds)], 8)


def _draw_colour(rng: np.random.Generator, role: Role) -> Colour:
    """A cloth's colour: blacks, whites and greys beside every hue."""
    kind = rng.random()
    if kind < (0.5 if role != "skater" else 0.28):
        return _jitter(rng, (np.ones(3) * rng.choice([18.0, 30.0, 62.0, 128.0, 232.0])), 8)
    hue, saturation = rng.random(), rng.uniform(0.35, 1.0)
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, rng.uniform(0.25, 0.98))
    return (255 * red, 255 * green, 255 * blue)


def _jitter(rng: np.random.Generator, colour: object, amount: float) -> Colour:
    red, green, blue = np.clip(np.asarray(colour) + rng.normal(0, amount, 3), 8, 250).tolist()
    return (red, green, blue)
