"""Programmes made from records, as the page gets them: of a rink programme's truth, or made up."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.elements import ELEMENTS, class_index
from pipeline.programme.frame_classes import FRAME_CLASSES
from pipeline.types import VideoInfo
from pipeline.types.programme import (
    Candidate,
    FoundElement,
    FoundJump,
    FoundPosition,
    FrameScores,
    Programme,
    Shot,
)

_RIVALS = {"3Lutz": "3Flip", "3Flip": "3Lutz", "4Loop": "4Flip", "2Toeloop": "3Toeloop"}
_LETTERS = {"camel": "C", "sit": "S", "upright": "U", "layback": "L"}


def make_programme(video: VideoInfo | None = None, *, copies: int = 1) -> Programme:
    """Five elements in a minute: a jump, a combination, spins and a sequence; two shots, a replay.

    Args:
        video: Its file; one that is nowhere by default.
        copies: How many minutes alike.
    """
    minute = (
        jump(5.2, "3Lutz", confidence=0.97),
        combination(14.0, ("3Lutz", 0.6), ("3Toeloop", 1.3), confidence=0.88),
        spin(24.0, 6.0, "camel", "sit", "upright", flying=True, confidence=0.93),
        sequence(34.0, 9.0, confidence=0.71),
        jump(50.0, "2Axel", confidence=0.55),
    )
    elements = tuple(
        replace(shifted(element, 60.0 * copy), number=1 + i + copy * len(minute))
        for copy in range(copies)
        for i, element in enumerate(minute)
    )
    length = 60.0 * copies
    shots = [Shot(0.0, 20.0, "skating", "start"), Shot(20.0, length - 6, "skating")]
    return programme(elements, (*shots, Shot(length - 6, length, "replay", "fade")), length, video)


def programme(
    elements: tuple[FoundElement, ...],
    shots: tuple[Shot, ...],
    length_s: float,
    video: VideoInfo | None = None,
) -> Programme:
    """A finished programme of these elements."""
    return Programme(
        profile="demo",
        video=video or _nowhere(length_s),
        shots=shots,
        elements=elements,
        frame_scores=hips(elements, length_s),
        provenance={},
        timings_s={"total": 1.0},
        read_until_s=length_s,
    )


def programme_of_rink(folder: Path, video: VideoInfo) -> Programme:
    """What a perfect engine would find in a programme of `training.rink program`."""
    truth = json.loads((folder / "program.json").read_text())
    by_number: dict[int, list[dict[str, Any]]] = {}
    for row in truth["elements"]:
        by_number.setdefault(row["number"], []).append(row)
    elements = [_of_truth(rows) for rows in by_number.values()]
    starts = [*(shot["start_s"] for shot in truth["shots"]), video.duration_s]
    shots = tuple(
        Shot(start, end, "skating", "cut" if start else "start") for start, end in pairwise(starts)
    )
    numbered = tuple(replace(e, number=i) for i, e in enumerate(elements, 1))
    return programme(numbered, shots, video.duration_s, video)


def _of_truth(rows: list[dict[str, Any]]) -> FoundElement:
    first = rows[0]
    if first["takeoff_s"] is not None:
        found = tuple(
            FoundJump(row["takeoff_s"], row["landing_s"], candidates(row["label"]), "elements/01")
            for row in rows
        )
        start, end = found[0].takeoff_s - 0.3, found[-1].landing_s + 0.3
        return _jumps(found, start, end, 0.9)
    held = [(name.removesuffix("Spin").lower(), a, b) for name, a, b in first["positions"]]
    made = spin(first["start_s"], first["end_s"] - first["start_s"], "camel", confidence=0.93)
    positions = tuple(FoundPosition(name, a, b) for name, a, b in held)
    code = "CoSp" if len({name for name, _, _ in held}) > 1 else f"{_LETTERS[held[0][0]]}Sp"
    return replace(made, positions=positions, code=code)


def candidates(label: str, probability: float = 0.7) -> tuple[Candidate, ...]:
    """A likely class and two rivals."""
    likely = Candidate(label, probability)
    rest = [_RIVALS.get(label, "2Lutz"), "1Axel"]
    shares = (0.7 * (1 - probability), 0.2 * (1 - probability))
    return (likely, *(Candidate(one, share) for one, share in zip(rest, shares, strict=True)))


def jump(takeoff_s: float, label: str, *, confidence: float = 0.9) -> FoundElement:
    """A jump of 0.62 s in the air."""
    found = FoundJump(takeoff_s, takeoff_s + 0.62, candidates(label), "elements/01")
    return _jumps((found,), takeoff_s - 0.4, takeoff_s + 1.1, confidence)


def combination(start_s: float, *jumps: tuple[str, float], confidence: float = 0.9) -> FoundElement:
    """Jumps at their distances from the start."""
    found = tuple(
        FoundJump(start_s + at, start_s + at + 0.55, candidates(label)) for label, at in jumps
    )
    return _jumps(found, start_s, found[-1].landing_s + 0.5, confidence)


def _jumps(
    found: tuple[FoundJump, ...], start_s: float, end_s: float, confidence: float
) -> FoundElement:
    code = "+".join(ELEMENTS[class_index(one.label)].code for one in found)
    family = "jump" if len(found) == 1 else "combination"
    return FoundElement(1, family, start_s, end_s, code, confidence, jumps=found)


def spin(
    start_s: float, lasts_s: float, *held: str, flying: bool = False, confidence: float = 0.9
) -> FoundElement:
    """A spin that holds its positions for equally long."""
    step = lasts_s / len(held)
    positions = tuple(
        FoundPosition(name, start_s + i * step, start_s + (i + 1) * step)
        for i, name in enumerate(held)
    )
    code = f"{'F' * flying}{'Co' if len(held) > 1 else _LETTERS[held[0]]}Sp"
    return FoundElement(
        1, "spin", start_s, start_s + lasts_s, code, confidence, positions=positions,
        flying=flying, candidates=candidates("CamelSpin", 0.5), analysis="elements/01",
    )  # fmt: skip


def sequence(start_s: float, lasts_s: float, *, confidence: float = 0.9) -> FoundElement:
    """A step sequence."""
    said = (Candidate("Sequence", 0.8), Candidate("NoBasic", 0.2))
    return FoundElement(
        1, "sequence", start_s, start_s + lasts_s, "StSq", confidence, candidates=said,
        analysis="elements/01",
    )  # fmt: skip


def shifted(element: FoundElement, by_s: float) -> FoundElement:
    """The same element later."""
    return replace(
        element,
        start_s=element.start_s + by_s,
        end_s=element.end_s + by_s,
        jumps=tuple(
            replace(one, takeoff_s=one.takeoff_s + by_s, landing_s=one.landing_s + by_s)
            for one in element.jumps
        ),
        positions=tuple(
            replace(one, start_s=one.start_s + by_s, end_s=one.end_s + by_s)
            for one in element.positions
        ),
    )


def hips(elements: tuple[FoundElement, ...], length_s: float) -> FrameScores:
    """Scores of 25 moments a second; the hips rise in jumps and sink in sit spins."""
    times = np.arange(0.0, length_s, 0.04)
    height = 0.03 * np.sin(times) + 0.02 * np.sin(7 * times)
    for element in elements:
        for one in element.jumps:
            t = (times - one.takeoff_s) / one.air_s
            height += np.where((t > 0) & (t < 1), 1.6 * t * (1 - t), 0)
        for position in element.positions:
            inside = (times > position.start_s) & (times < position.end_s)
            height -= np.where(inside & (position.position == "sit"), 0.25, 0)
    N = len(times)
    shares = np.full((N, len(FRAME_CLASSES)), 1 / len(FRAME_CLASSES), np.float32)
    moments = np.zeros((N, 2), np.float32)
    return FrameScores(times, shares, moments, height.astype(np.float32))


def _nowhere(length_s: float) -> VideoInfo:
    return VideoInfo(
        path="short_programme.mp4", sha256="0" * 64, width=1280, height=720, rotation=0,
        frames=round(25 * length_s), fps=25.0, variable_frame_rate=False, duration_s=length_s,
        codec="h264", start_s=0.0, end_s=length_s,
    )  # fmt: skip
