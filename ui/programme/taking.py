"""A programme's files to take away, made when they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.errors import InputError, write_error
from pipeline.sheet.annotated import element_analyses, write_annotated
from pipeline.sheet.files import CAPTIONS, SHEET, TABLE, write_tables
from pipeline.sheet.pictures import element_pictures
from pipeline.sheet.review_files import FILE, Review
from pipeline.sheet.rows import Corrected
from pipeline.storage.programme_files import PROGRAMME
from pipeline.storage.programme_pack import pack_programme
from pipeline.types.programme import Programme
from pipeline.video import display_name
from ui.language.tables import spoken
from ui.programme.job import ProgrammeJob
from ui.programme.reviewing import Reviews

FORMATS = ("sheet", "csv", "vtt", "json", "zip", "mp4")
"""What can be taken away; `mp4` takes the longest, so it comes last."""
CHOSEN = ("sheet", "csv", "vtt", "zip")
"""What is made unless the visitor chooses otherwise."""

_NAMES = {"sheet": SHEET, "csv": TABLE, "vtt": CAPTIONS}


def make_files(
    job: ProgrammeJob, reviews: Reviews, formats: Sequence[str], video: str | None
) -> Iterator[tuple[str, list[str]]]:
    """Make the chosen files of a programme that was read, one after another.

    Args:
        job: Which.
        reviews: What people made of the server's programmes.
        formats: Of `FORMATS`.
        video: Where its video lies; None where it is not here.

    Yields:
        Format and paths, as each is made.

    Raises:
        InputError: It is still being read, its video is not here, or the disk is full.
    """
    if job.going or job.programme is None:
        raise InputError.of("correction_reading")
    programme = _with_video(job.programme, video)
    review, sheet = reviews.of(job), reviews.sheet(job)
    pictures = element_pictures(programme, sheet.rows)
    folder = job.programme_folder
    write_tables(job.programme, review, folder, pictures=pictures, language=spoken())
    for name in (name for name in FORMATS if name in formats):
        yield name, [str(path) for path in _made(name, job, review, (programme, sheet))]


def _with_video(programme: Programme, video: str | None) -> Programme:
    """The programme with the place where its video lies here."""
    return (
        programme
        if video is None
        else replace(programme, video=replace(programme.video, path=video))
    )


def _made(
    name: str, job: ProgrammeJob, review: Review, shown: tuple[Programme, Corrected]
) -> list[Path]:
    programme, sheet = shown
    folder, stem = job.programme_folder, stem_of(job)
    taken = job.taken_folder
    try:
        taken.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise write_error(display_name(taken), error) from error
    if name in _NAMES:
        source = folder / _NAMES[name]
        return [_copied(source, taken / f"{stem}_{source.name}")]
    if name == "json":
        names = [PROGRAMME, *([FILE] if review != Review() else [])]
        return [_copied(folder / one, taken / f"{stem}_{one}") for one in names]
    if name == "zip":
        target = taken / f"{stem}_programme.zip"
        pack_programme(folder, target)
        return [target]
    target = taken / f"{stem}_annotated.mp4"
    analyses = element_analyses(programme, job.programme_folder)
    write_annotated(programme, sheet.rows, target, analyses=analyses)
    return [target]


def stem_of(job: ProgrammeJob) -> str:
    """The video's name without its ending, fit for the name of a file."""
    plain = re.sub(r"[^\w.-]+", "_", Path(job.title).stem).strip("._")
    return plain[:60] or "programme"


def _copied(source: Path, target: Path) -> Path:
    try:
        target.write_bytes(source.read_bytes())
    except OSError as error:
        raise write_error(display_name(target.parent), error) from error
    return target
