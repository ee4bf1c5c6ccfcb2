"""An element of a programme comes to the desk: its saved analysis, and the way back."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path

from pipeline.errors import InputError
from pipeline.sheet.rows import Corrected, Row
from pipeline.storage.analysis_files import load
from ui.language.tables import say
from ui.programme.job import ProgrammeJob
from ui.programme.rows import analyses
from ui.runs import OfProgramme, Run, RunStore
from ui.views.cards import message_card


def open_element(
    runs: RunStore, visitor: str, job: ProgrammeJob, row: Row, folder: str = ""
) -> Run:
    """A run of the saved analysis of an element, or of one of its jumps.

    Args:
        runs: Of the server.
        visitor: Who opens it.
        job: The programme.
        row: The element as it stands on the sheet.
        folder: Which of its analyses, relative to the programme's; the first by default.

    Raises:
        InputError: It has no such analysis, or that is damaged.
    """
    kept = analyses(row)
    if not kept or (folder and folder not in kept):
        raise InputError.of("element_not_kept", number=row.number, element=row.code)
    told = say("programme_on_desk", number=row.number, code=row.code, name=job.title)
    element = OfProgramme(job.job_id, row.key, folder or kept[0], told, kept)
    for run in runs.history(visitor):
        if _same(run.element, element):
            run.element = element  # its number or code may be another by now
            runs.look_at(visitor, run.run_id)
            return run
    analysis = load(job.programme_folder / element.folder)
    here = Path(job.request.path)
    if here.is_file():
        analysis = replace(analysis, video=replace(analysis.video, path=str(here)))
    run = runs.adopt(visitor, analysis, f"{job.title} {row.number}: {row.code}")
    run.element = element
    run.card = message_card(say("programme_opened", number=row.number, code=row.code), kind="done")
    return run


def _same(one: OfProgramme | None, other: OfProgramme) -> bool:
    return one is not None and (one.job_id, one.folder) == (other.job_id, other.folder)


def beside(sheet: Corrected, key: str, step: int) -> Row | None:
    """The next element with an analysis before or after one; None where there is none.

    Args:
        sheet: The list as it stands.
        key: The one that is open.
        step: 1 for those after it, -1 for those before it.
    """
    here = sheet.row(key)
    if here is None:
        return None
    rows = sheet.rows if step > 0 else sheet.rows[::-1]
    return next(
        (row for row in rows if analyses(row) and (row.number - here.number) * step > 0), None
    )


def way_back(element: OfProgramme | None) -> str:
    """The line above the desk's views: which element this is, and the way on and back."""
    if element is None:
        return ""
    return (
        f'<div class="rs-opened" data-job="{escape(element.job_id)}" '
        f'data-key="{escape(element.key)}"><p><b>{escape(element.told)}</b></p>'
        f'<nav aria-label="{escape(say("programme_steps"))}">{_jumps(element)}'
        f"{_step(say('programme_previous'), -1, 'ArrowUp')}"
        f"{_step(say('programme_next'), 1, 'ArrowDown')}"
        '<button type="button" class="rs-take" data-back aria-keyshortcuts="Escape" title="Esc">'
        f"{escape(say('programme_back'))}</button></nav></div>"
    )


def _step(words: str, step: int, key: str) -> str:
    return (
        f'<button type="button" class="rs-take" data-step="{step}" aria-keyshortcuts="Alt+{key}" '
        f'title="Alt+{key.removeprefix("Arrow")}">{escape(words)}</button>'
    )


def _jumps(element: OfProgramme) -> str:
    """Of a combination, a button for each jump."""
    if len(element.jumps) < 2:
        return ""
    return "".join(
        f'<button type="button" class="rs-take" data-folder="{escape(folder)}" '
        f'aria-pressed="{str(folder == element.folder).lower()}">'
        f"{escape(say('programme_jump', number=number))}</button>"
        for number, folder in enumerate(element.jumps, 1)
    )
