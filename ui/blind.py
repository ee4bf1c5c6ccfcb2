"""Blind mode: the visitor's own call first, the verdict after, and how often both agree."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pipeline.elements import LABELS
from ui.language.names import element_name
from ui.language.tables import say
from ui.runs import Run


def call(run: Run, label: str | None) -> str:
    """Enter a visitor's call; it cannot be changed afterwards.

    Inputs: run, label. Outputs: a sentence when there is something wrong, else nothing.
    """
    if label not in LABELS:
        return say("blind_choose_first")
    if run.own_call is None:
        run.own_call = label
    return ""


def called(runs: Sequence[Run]) -> list[Run]:
    """Finished runs with a blind call, the oldest first."""
    return [r for r in reversed(runs) if r.own_call is not None and r.analysis is not None]


def tally(runs: Sequence[Run]) -> str:
    """How many blind calls agree with the verdict; nothing without calls."""
    found = called(runs)
    if not found:
        return ""
    agreed = sum(run.own_call == run.analysis.verdict.label for run in found if run.analysis)
    return say("blind_tally", agreed=agreed, calls=len(found))


def call_table(runs: Sequence[Run]) -> pd.DataFrame:
    """A row a blind call."""
    rows = []
    for run in called(runs):
        assert run.analysis is not None
        verdict = run.analysis.verdict.label
        rows.append(
            {
                say("blind_column_clip"): run.title,
                say("blind_column_own"): element_name(run.own_call or ""),
                say("blind_column_verdict"): element_name(verdict),
                say("blind_column_agree"): say(
                    "blind_yes" if run.own_call == verdict else "blind_no"
                ),
            }
        )
    return pd.DataFrame(rows)
