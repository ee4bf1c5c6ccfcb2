"""The table of a run: a row a clip, a column each of what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from laboratory.table.facts import FILE as FACTS
from laboratory.table.facts import read_facts
from laboratory.table.predictions import UNKNOWN, Problem, RunScores, read_answers
from laboratory.table.sources import source_of
from laboratory.table.voters import MISSED, vote_shares, voters_of
from pipeline.classification.ensemble import FUSED, Probabilities
from pipeline.types import FloatArray, IntArray

ANSWERS = "predictions.parquet"


@dataclass(frozen=True)
class Voter:
    """What a network or an ensemble says about N clips."""

    said: IntArray
    """`(N,)` class index, or `MISSED`."""
    probabilities: FloatArray
    """`(N, 28)`; NaN where it has no answer; of a vote the shares of votes."""
    confidence: FloatArray
    """`(N,)` probability of the class that it says."""
    margin: FloatArray
    """`(N,)` by how much that is more than the next one's."""
    entropy: FloatArray
    """`(N,)` of the probabilities, 0 (sure) to 1 (all classes alike)."""


@dataclass(frozen=True)
class ClipTable:
    """N clips of one run, by stem."""

    stems: NDArray[np.str_]
    """`(N,)`, sorted, unique."""
    labels: IntArray
    """`(N,)` class index, or `UNKNOWN`."""
    voters: Mapping[str, Voter]
    """Ensembles, the three models, single networks."""
    agreement: FloatArray
    """`(N,)` share of the votes for the class that most give: of the three models where the run
    has them, else of all its networks; NaN where one is missing."""
    facts: Mapping[str, NDArray[Any]]
    """Columns of `laboratory.table.facts` that are known; `source` always is."""
    problems: tuple[Problem, ...] = ()
    """What was left out."""

    def __len__(self) -> int:
        return len(self.stems)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """`(N,)` whose class is known."""
        return self.labels != UNKNOWN

    def right(self, voter: str) -> NDArray[np.bool_]:
        """`(N,)` where a voter says the class; False too where either is unknown."""
        return (self.voters[voter].said == self.labels) & self.labelled

    def place(self, stem: str) -> int | None:
        """The row of a clip; None where there is none."""
        row = int(np.searchsorted(self.stems, stem))
        return row if row < len(self) and self.stems[row] == stem else None

    def relabelled(self, labels: Mapping[str, int]) -> ClipTable:
        """The same answers with other classes of some clips; unknown stems are passed over."""
        changed = self.labels.copy()
        for stem, label in labels.items():
            if (row := self.place(stem)) is not None:
                changed[row] = label
        return replace(self, labels=changed)


def read_table(run: Path) -> ClipTable:
    """The table of a run's folder.

    Raises:
        RunError: It has no answers that can be read.
    """
    answers = read_answers(run / ANSWERS)
    return table_of(answers, read_facts(run / FACTS, answers.stems))


def table_of(answers: RunScores, facts: Mapping[str, NDArray[Any]]) -> ClipTable:
    """The table of answers and of the clips' facts."""
    probabilities, said = voters_of(answers)
    voters = {name: _voter(rows, said[name]) for name, rows in probabilities.items()}
    # A source that somebody wrote is better than the one that a name tells.
    sources = np.array([source_of(stem) for stem in answers.stems.tolist()])
    told = facts.get("source")
    known = sources if told is None else np.where(told == "", sources, told)
    asked = FUSED if set(FUSED) <= set(said) else answers.networks
    ballots = np.stack([said[name] for name in asked], axis=1)
    most = vote_shares(ballots).max(axis=1)
    agreement = np.where((ballots == MISSED).any(axis=1), np.nan, most).astype(np.float32)
    return ClipTable(
        answers.stems, answers.labels, voters, agreement, {**facts, "source": known},
        answers.problems,
    )  # fmt: skip


def _voter(probabilities: Probabilities, said: IntArray) -> Voter:
    two = np.partition(probabilities, -2, axis=1)[:, -2:]  # the two largest; NaN stay NaN
    confidence = np.take_along_axis(probabilities, np.maximum(said, 0)[:, None], axis=1)[:, 0]
    logarithm = np.log(np.where(probabilities > 0, probabilities, 1.0))
    entropy = -(probabilities * logarithm).sum(axis=1) / np.log(probabilities.shape[1])
    single = (probabilities, confidence, two[:, 1] - two[:, 0], entropy)
    return Voter(said, *(values.astype(np.float32) for values in single))
