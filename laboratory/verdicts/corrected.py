"""What follows from a researcher's decisions: other figures at once, and a list to train on."""

from __future__ import annotations

from collections.abc import Iterator

from laboratory.table.clips import ClipTable
from laboratory.table.predictions import UNKNOWN
from laboratory.verdicts.record import Record


def corrected_table(table: ClipTable, record: Record) -> ClipTable:
    """The run with the classes that the researcher gave.

    A label that is wrong without another one being known, and a clip that is unclear, tell nothing
    about a network: their class becomes unknown, and no figure counts them.
    """
    doubted = {stem: UNKNOWN for stem, decision in record.decisions.items()
               if decision.kind != "model_wrong"}  # fmt: skip
    return table.relabelled({**doubted, **record.corrected})


def training_list(table: ClipTable, record: Record) -> str:
    """`train.txt`: `<stem> <class index>` a line, of the clips whose class is known after all."""
    return "".join(_lines(corrected_table(table, record)))


def _lines(table: ClipTable) -> Iterator[str]:
    for stem, label in zip(table.stems.tolist(), table.labels.tolist(), strict=True):
        if label != UNKNOWN:
            yield f"{stem} {label}\n"
