"""A list of elements against the rules of a season: what is too much, too little, or repeated.

It counts; whether an element fulfils its own requirements is for the panel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.programme.element_code import ElementCode, JumpCode
from pipeline.sheet.season import SegmentRules

_TRIPLE = 3


@dataclass(frozen=True)
class Finding:
    """One thing that the rules say of a list; its sentence is a text of `pipeline.sheet.words`."""

    key: str
    values: Mapping[str, int | str] = field(default_factory=dict)
    """What fills the sentence's blanks."""


def check_rules(elements: Sequence[ElementCode], rules: SegmentRules) -> tuple[Finding, ...]:
    """What a panel would count of a list in its order.

    Args:
        elements: What was skated.
        rules: Of the segment.
    """
    return (*_counts(elements, rules), *_kinds(elements, rules), *_repeats(elements, rules))


def _counts(elements: Sequence[ElementCode], rules: SegmentRules) -> Iterator[Finding]:
    jumps = [element for element in elements if element.family == "jump"]
    sequences = Counter(element.sequence for element in elements)
    counts = {
        "jump_elements": (len(jumps), rules.jump_elements),
        "combinations": (sum(len(e.jumps) > 1 for e in jumps), rules.combinations),
        "spins": (sum(e.family == "spin" for e in elements), rules.spins),
        "step_sequences": (sequences["StSq"], rules.step_sequences),
        "choreographic_sequences": (sequences["ChSq"], rules.choreographic_sequences),
    }
    for name, (count, most) in counts.items():
        if count > most:
            yield Finding(f"rules_many_{name}", {"count": count, "most": most})
        elif count < most and rules.exact:
            yield Finding(f"rules_few_{name}", {"count": count, "most": most})
    long = [e for e in jumps if len(e.jumps) > max(rules.jumps_in_combination, 1)]
    for place, element in enumerate(long):
        most = rules.jumps_in_combination + (place < rules.longer_combinations)
        if len(element.jumps) > most:
            yield Finding("rules_long", {"code": str(element), "most": most})


def _kinds(elements: Sequence[ElementCode], rules: SegmentRules) -> Iterator[Finding]:
    jumps = [jump for element in elements for jump in element.jumps]
    spins = [element for element in elements if element.family == "spin"]
    if rules.axel and not any(jump.kind == "A" and jump.turns > 0 for jump in jumps):
        yield Finding("rules_no_axel")
    if rules.combination_spin and not any(spin.position == "combination" for spin in spins):
        yield Finding("rules_no_combination_spin")
    if rules.flying_spin and not any(spin.flying for spin in spins):
        yield Finding("rules_no_flying_spin")
    same = Counter((s.flying, s.change, s.position) for s in spins)
    for spin in {(s.flying, s.change, s.position): s for s in spins}.values():
        if same[spin.flying, spin.change, spin.position] > 1:
            bare = ElementCode("spin", (), spin.position, spin.flying, spin.change)
            yield Finding("rules_same_spin", {"code": str(bare)})


def _repeats(elements: Sequence[ElementCode], rules: SegmentRules) -> Iterator[Finding]:
    skated = Counter(_name(jump) for element in elements for jump in element.jumps)
    high = {name: count for name, count in skated.items() if int(name[0]) >= _TRIPLE}
    for name, count in high.items():
        if rules.same_jump is not None and count > rules.same_jump:
            yield Finding(
                "rules_same_jump", {"code": name, "count": count, "most": rules.same_jump}
            )
    again = [name for name, count in high.items() if count > 1]
    fours = [name for name in again if int(name[0]) > _TRIPLE]
    for key, names, most in (
        ("rules_repeated", again, rules.repeated_jumps),
        ("rules_repeated_quadruples", fours, rules.repeated_quadruples),
    ):
        if most is not None and len(names) > most:
            yield Finding(key, {"codes": ", ".join(names), "count": len(names), "most": most})
    if rules.double_axels is not None and skated["2A"] > rules.double_axels:
        yield Finding("rules_double_axels", {"count": skated["2A"], "most": rules.double_axels})
    if rules.jump_elements_differ:
        in_elements = Counter(name for e in elements for name in {_name(j) for j in e.jumps})
        for name, count in in_elements.items():
            if count > 1 and int(name[0]) >= _TRIPLE:
                yield Finding("rules_again", {"code": name, "count": count})


def _name(jump: JumpCode) -> str:
    return f"{jump.turns}{jump.kind}"
