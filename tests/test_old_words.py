"""Words of our own for which the field has a term: none comes back into code, settings or docs.

The changelog and the dated reports may say how things were called. Four places must know old names:
the table of renamed keys, the sentences of stored analyses, and the tests of both.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.conftest import ROOT
from tests.project_files import project_files

KINDS = (".py", ".toml", ".js", ".css", ".html", ".md")
MAY_SAY_THEM = (
    "CHANGELOG.md",
    "docs/reports/",
    "pipeline/settings.py",
    "pipeline/storage/old_sentences.py",
    "tests/test_old_words.py",
    "tests/training/test_renamed_keys.py",
    "tests/ui/language/",
)

TERMS = {
    r"\b[Tt]wins?\b|_twins?\b": "reference implementation",
    r"[Rr]ecomput": "activation checkpointing",
    r"[Rr]elock": "choose skater",
    r"\b[Oo]pinions?\b": "scores",
    r"\b[Ll]oyal|\b[Dd]earer\b": "penalty, cost",
    r"\b_?[Dd]oubts?\b|_doubtful|DOUBTFUL": "warning, ignored, uncertain",
    r"\b[Jj]olts?\b": "camera-motion compensation",
    r"\b[Ss]ightings?\b": "frame detections",
    r"\b([Ll]ed|[Ll]eads|[Cc]arry|[Cc]arries|[Cc]arried) on\b|\bled_on\b": "low-score association",
    r"_ways\b|\bWays\b|\b_?one_way\b|\b_?Ways\b|\b[Ww]ays sought\b": "trajectories, paths",
    r"\bclass (Trace|Looks|Ground|Answers|Lesson|Division)\b": "the field's term",
    r"\w*Trainee\b": "train step",
    r"\b[Ll]essons?\b": "distillation",
    r"\b[Gg]uides?\b(?!\")": "auxiliary heads",
    r"\bself\._division\b": "batch sharding",
    r"WeightAverage|weight_average": "EMA",
    r"without_duplicates": "nms",
    r"certain_score|CERTAIN_SCORE": "high_score_threshold",
    r"\b_?min_score\b": "score_threshold",
    r"settle_sides|\b[Ss]ettled? (sides|left)\b": "resolve left and right",
    r"flip_averag|^mirrored = true": "test-time flip",
    r"FoundPoses|find_skeleton|\[data\.found": "predicted",
    r"\b(last|earlier|seven|six|five) legs?\b": "fine-tuning stage",
    r"measure\.lanes|draw_lanes|\bimport Lanes\b": "time series",
    r"evaluation\.figures|class \w*Figures\b": "metrics",
    r"CloserLook|\[closer\]": "zoom",
}


@cache
def texts() -> dict[str, str]:
    named = ((path.relative_to(ROOT).as_posix(), path) for path in project_files(*KINDS))
    return {
        name: path.read_text(encoding="utf-8")
        for name, path in named
        if not name.startswith(MAY_SAY_THEM)
    }


@pytest.mark.parametrize("word", TERMS)
def test_an_old_word_is_gone(word: str) -> None:
    pattern = re.compile(word, re.MULTILINE)
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for name, text in texts().items()
        for match in pattern.finditer(text)
    ]
    assert not found, f"say {TERMS[word]}: {found}"


def test_the_search_finds_what_it_is_for() -> None:
    """Every pattern meets the old word that it stands for."""
    said = (
        "the twin, recomputed; relock; opinions; loyalty; doubts; jolt; sighting; led on; "
        "cheapest_ways; class Looks; FlightTrainee; lesson; the guide; self._division; "
        "WeightAverage; without_duplicates; certain_score; min_score; settle_sides; flip_average; "
        "FoundPoses; earlier legs; pipeline.measure.lanes; training.evaluation.figures; "
        "CloserLookSettings"
    )
    assert [word for word in TERMS if not re.search(word, said)] == []
