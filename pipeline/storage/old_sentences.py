"""Warnings of analyses that were stored before their codes were: known again by their sentences.

Those sentences stand on disk and never change, whatever `pipeline.messages` says today. Analyses
that hold codes are not read with this.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from functools import cache

from pipeline.messages import Message

_POINTS = (
    "of the points, {centrality} are for being near the middle of the picture, {posture} for "
    "opening and closing arms and legs, {motion} for moving against the background, {size} for "
    "size and {certainty} for the detector's certainty, all in the frames in which the person is "
    "in view"
)
_POINTS_BEFORE = (
    "most points for size {size}, motion {motion}, posture {posture}, centrality {centrality}, "
    "certainty {certainty}, times presence: person {person} with {points}"
)

SENTENCES: Mapping[str, str] = {
    "weights_untrained": "untrained: the weights of {stages} are random, so what follows from them "
    "is noise; good for timing and for looking around only",
    "weights_demo": "demo: the weights of {stages} were trained on simulated skating; not fit for "
    "judging",
    "weights_people": "research use: the weights of {stages} also learnt from pictures of people "
    "({sets})",
    "several": "{name} holds several videos ({streams}); number {stream} was taken; "
    "choose with --stream N",
    "damaged": "{name} is damaged: {read} of {promised} frames could be read",
    "assumed_rate": "{name} does not tell its frame rate; times are counted at {rate} frames a "
    "second, an assumption",
    "odd_turn": "{name} is turned by an odd angle, which is ignored",
    "interlaced": "{name} is interlaced; every frame was made whole from its two fields",
    "aspect": "{name} has pixels of {aspect} to 1; it is shown and analysed at its true shape, "
    "{size} instead of {stored}",
    "odd_aspect": "{name} says that its pixels are {aspect} to 1, which is ignored",
    "dolby": "{name} is a Dolby Vision recording of profile {profile}, whose colours only Dolby's "
    "own players show; they are used as stored, so green and purple",
    "hdr": "{name} is an HDR recording ({curve}); its colours are used as stored, so pale",
    "ends_before": "{name} ends at {lasts} s, before the out point (--end {end})",
    "uncertain": "it is uncertain who the skater is: person {person} was taken, who has most "
    "points ({points}); close behind: person {others}; choose with --skater N",
    "uncertain_tie": "it is uncertain who the skater is: person {person} was taken, who has the "
    "lowest number of those with most points ({points}); close behind: person {others}; choose "
    "with --skater N",
    "uncertain_led": "it is uncertain who the skater is: person {person} was taken, who has most "
    "points ({points}) by the boxes of which the detector is certain; with its doubtful boxes "
    "too, more than the {led} of person {person} go to person {others}; choose with --skater N",
    "presence": "person {person}, taken for the skater, is in view in only {presence} of the "
    "frames; the others have no box and no skeleton",
    "skater_ignored": "--skater {skater} was ignored: the detector is untrained",
    "not_cached": "the result was not cached: {reason}",
    "nobody_in_view": "no person in view",
    "nobody_looked_for": "nobody was looked for: the detector is untrained",
    "seldom_in_view": "nobody stays in view; most points has person {person}, seen in {presence} "
    "of the frames",
    "chosen": "person {person} was chosen by the user",
    "drawn": "person {person} was marked by hand: the user drew a box in frame {frame}",
    "only_one": "person {person} is the only one in view ({points} points); " + _POINTS,
    "most_points": "person {person} has most points ({points}), next is person {other} "
    "({other_points}); " + _POINTS,
    "tie": "persons {person} and {other} both have most points ({points}), and {person} is the "
    "lower number; " + _POINTS,
    "uncertain_before": "it is uncertain who the skater is: person {person} was taken with "
    "{points} points, close to person {others}; choose with --skater N",
    "only_one_before": _POINTS_BEFORE,
    "most_points_before": _POINTS_BEFORE + ", next person {other} with {other_points}",
}
"""Code -> the sentence as it was written."""

_FREE = {"name", "others", "reason", "sets", "stages", "streams"}
_LONGEST = 1000


def recognised(sentence: str) -> Message:
    """A stored sentence with its code and values; without them where it is another."""
    if len(sentence) <= _LONGEST:  # no name of a file makes one longer
        for code, pattern in _patterns().items():
            match = pattern.fullmatch(sentence)
            if match:
                return Message(sentence, code, match.groupdict())
    return Message(sentence)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {code: re.compile(_pattern(text)) for code, text in SENTENCES.items()}


def _pattern(text: str) -> str:
    parts: list[str] = []
    filled: set[str] = set()
    for words, blank, _, _ in string.Formatter().parse(text):
        parts.append(re.escape(words))
        if blank in filled:
            parts.append(f"(?P={blank})")
        elif blank is not None:
            filled.add(blank)
            # Numbers end at a blank or a comma, so that no sentence takes long to be matched.
            parts.append(f"(?P<{blank}>{'.+?' if blank in _FREE else '[^ ,;()]+'})")
    return "".join(parts)
