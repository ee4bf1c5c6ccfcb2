"""What a found segment may be: from what the ensemble and the temporal network say to a code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.elements import ELEMENTS, LABELS, Family, class_index
from pipeline.programme.element_code import ElementCode, JumpCode, parse_code
from pipeline.programme.segments import Segment
from pipeline.types import Analysis, Candidate, FoundJump
from pipeline.types.programme import FoundPosition
from pipeline.verdict.calibrated import calibrated_verdict

MOST = 6
"""Candidates of one element or jump; improbable ones are left out."""
LEAST = 0.005
POSITION_SHARE = 0.5
"""What the position that the temporal network saw counts beside the ensemble."""
EULER_AIR_S, SHORTEST_AIR_S = 0.42, 0.22
"""The hop between two jumps flies shorter than the first, no jump of a combination shorter than the
second."""
FOLLOWS = {
    "Toeloop": 1.0, "Loop": 1.0, "Axel": 0.3, "Salchow": 0.1, "Flip": 0.1, "Lutz": 0.1,
}  # fmt: skip
"""Jumps are landed on the right back outside edge, from which two of them leave; what each kind is
worth as the next one. The others need an Euler or a step between."""
FOLLOWS_EULER = {
    "Salchow": 1.0, "Flip": 1.0, "Axel": 0.1, "Toeloop": 0.1, "Loop": 0.1, "Lutz": 0.1,
}  # fmt: skip
"""The same after an Euler, which is landed on the left back inside edge."""
NO_ELEMENT, UNSURE = 0.9, 0.6
"""From the first probability of NoBasic on, a segment less confident than the second is none."""

_CLASS_OF_POSITION = {"camel": "CamelSpin", "sit": "SitSpin", "upright": "UprightSpin"}


def jump_candidates(
    analysis: Analysis, worth: Mapping[str, float] | None = None
) -> tuple[Candidate, ...]:
    """The jumps by the ensemble's probability over all 28 classes; calibrated ones are shown.

    Args:
        analysis: Of the jump.
        worth: Kind -> what it is worth where the jump is, `FOLLOWS` or `FOLLOWS_EULER`; it decides
            on the order alone.
    """
    jumps = _of_family(_probabilities(analysis), "jump")
    shown = _of_family(_calibrated(analysis), "jump")
    return _likeliest(jumps, shown, None if worth is None else {c: worth[_kind(c)] for c in jumps})


def spin_candidates(analysis: Analysis, segment: Segment) -> tuple[Candidate, ...]:
    """The spins by the ensemble's probability and by how long each position was seen.

    The probabilities add up to the ensemble's for any spin.
    """
    seen: dict[str, float] = {}
    for position in segment.positions:
        if label := _CLASS_OF_POSITION.get(position.position):
            seen[label] = seen.get(label, 0.0) + position.end_s - position.start_s
    said = _of_family(_probabilities(analysis), "spin")
    shown = _of_family(_calibrated(analysis), "spin")
    return _likeliest(_with_positions(said, seen), _with_positions(shown, seen))


def _with_positions(said: Mapping[str, float], seen: Mapping[str, float]) -> dict[str, float]:
    """What is said of the spins, and how long each position was seen, in one."""
    whole, lasting = sum(said.values()), sum(seen.values())
    if lasting == 0 or whole == 0:
        return dict(said)
    share = POSITION_SHARE
    return {
        c: (1 - share) * p + share * whole * seen.get(c, 0.0) / lasting for c, p in said.items()
    }


def sequence_candidates(analysis: Analysis) -> tuple[Candidate, ...]:
    """The sequence, by the ensemble's probability."""
    label = "Sequence"
    return (Candidate(label, min(_calibrated(analysis)[label], 1.0)),)


def is_vetoed(analyses: Sequence[Analysis], confidence: float) -> bool:
    """Whether the ensemble sees no element in a segment that was not sure itself."""
    none = [_probabilities(analysis)["NoBasic"] for analysis in analyses]
    return bool(none) and confidence < UNSURE and min(none) >= NO_ELEMENT


def is_euler(segment: Segment, jump: int, after: Analysis | None) -> bool:
    """Whether a jump of a combination is the hop between two others.

    Args:
        segment: The combination.
        jump: Which of its jumps.
        after: Of the jump after it.
    """
    takeoff_s, landing_s = segment.jumps[jump]
    air_s = landing_s - takeoff_s
    if not 0 < jump < len(segment.jumps) - 1 or air_s >= EULER_AIR_S:
        return False
    if after is None:
        return air_s < SHORTEST_AIR_S
    of_kind = dict.fromkeys(FOLLOWS, 0.0)
    for label, probability in _probabilities(after).items():
        if _family(label) == "jump":
            of_kind[_kind(label)] += probability
    from_inside = of_kind["Salchow"] + of_kind["Flip"]
    return air_s < SHORTEST_AIR_S or from_inside > of_kind["Toeloop"] + of_kind["Loop"]


def jump_code(jumps: Sequence[FoundJump]) -> str:
    """Code of a jump or combination; empty where one of the jumps was not classified."""
    codes = [_code_of(jump) for jump in jumps]
    known = [code for code in codes if code is not None]
    return str(ElementCode("jump", tuple(known))) if len(known) == len(codes) else ""


def spin_code(
    positions: Sequence[FoundPosition], candidates: Sequence[Candidate], *, flying: bool
) -> str:
    """Code of a spin, without change of foot, which is not seen; empty where nothing is known."""
    held = set(position.position for position in positions)
    if len(held) > 1:
        position = "combination"
    elif held == {"layback"}:
        position = "layback"
    elif candidates:
        position = parse_code(ELEMENTS[class_index(candidates[0].label)].code).position
    else:
        position = next(iter(held), "")
    return str(ElementCode("spin", position=position, flying=flying)) if position else ""


def sequence_code() -> str:
    """Code of a sequence; whether it is of steps or choreographic is not seen."""
    return str(ElementCode("sequence", sequence="StSq"))


def _code_of(jump: FoundJump) -> JumpCode | None:
    if jump.euler:
        return JumpCode("Eu", 1)
    if not jump.candidates:
        return None
    return parse_code(ELEMENTS[class_index(jump.label)].code).jumps[0]


def _probabilities(analysis: Analysis) -> dict[str, float]:
    return dict(zip(LABELS, map(float, analysis.verdict.probabilities), strict=True))


def _calibrated(analysis: Analysis) -> dict[str, float]:
    """What is shown: calibrated where numbers were fitted for the weights, else as they are."""
    found = calibrated_verdict(analysis)
    if found is None:
        return _probabilities(analysis)
    return dict(zip(LABELS, map(float, found.probabilities), strict=True))


def _of_family(probabilities: Mapping[str, float], family: Family) -> dict[str, float]:
    return {c: p for c, p in probabilities.items() if _family(c) == family}


def _family(label: str) -> Family:
    return ELEMENTS[class_index(label)].family


def _kind(label: str) -> str:
    return ELEMENTS[class_index(label)].kind


def _likeliest(
    probabilities: Mapping[str, float],
    shown: Mapping[str, float],
    worth: Mapping[str, float] | None = None,
) -> tuple[Candidate, ...]:
    """In the order of the ensemble's probabilities, with those that are shown."""

    def rank(label: str) -> float:
        return -probabilities[label] * (1.0 if worth is None else worth[label])

    ranked = sorted(probabilities, key=rank)
    kept = [c for place, c in enumerate(ranked) if place == 0 or shown[c] >= LEAST]
    return tuple(Candidate(c, min(shown[c], 1.0)) for c in kept[:MOST])
