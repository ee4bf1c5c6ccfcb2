"""A programme's files to take away, made when they are asked for."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.errors import InputError, write_error
from pipeline.sheet.annotated import element_analyses, write_annotated
from pipeline.sheet.files import CAPTIONS, SHEET, TABLE, write_tables
from pipeline.sheet.review_files import FILE, Review
from pipeline.sheet.rows import Corrected
from pipeline.storage.programme_files import PROGRAMME
from pipeline.storage.programme_pack import pack_programme
from pipeline.video import display_name
from ui.language.tables import spoken
from ui.player import Clip
from ui.programme.job import ProgrammeJob
from ui.programme.reviewing import Reviews
from ui.programme.rows import picture_s

FORMATS = ("sheet", "csv", "vtt", "json", "zip", "mp4")
"""What can be taken away; `mp4` takes the longest, so it comes last."""
CHOSEN = ("sheet", "csv", "vtt", "zip")
"""What is made unless the visitor chooses otherwise."""

_NAMES = {"sheet": SHEET, "csv": TABLE, "vtt": CAPTIONS}


def make_files(
    job: ProgrammeJob, reviews: Reviews, formats: Sequence[str], clip: Clip | None
) -> Iterator[tuple[str, list[str]]]:
    """Make the chosen files of a programme that was read, one after another.

    Args:
        job: Which.
        reviews: What people made of the server's programmes.
        formats: Of `FORMATS`.
        clip: Its video, for the pictures; None where it is not here.

    Yields:
        Format and paths, as each is made.

    Raises:
        InputError: It is still being read, its video is not here, or the disk is full.
    """
    if job.going or job.programme is None:
        raise InputError.of("correction_reading")
    review = reviews.of(job)
    pictures = pictures_of(reviews.sheet(job), clip)
    folder = job.programme_folder
    write_tables(job.programme, review, folder, pictures=pictures, language=spoken())
    for name in (name for name in FORMATS if name in formats):
        yield name, [str(path) for path in _made(name, job, reviews.sheet(job), review)]


def _made(name: str, job: ProgrammeJob, sheet: Corrected, review: Review) -> list[Path]:
    folder, stem = job.programme_folder, stem_of(job)
    taken = job.folder / "take-away"
    taken.mkdir(exist_ok=True)
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
    return [_captioned(job, sheet, taken / f"{stem}_captions.mp4")]


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


def _captioned(job: ProgrammeJob, sheet: Corrected, target: Path) -> Path:
    assert job.programme is not None
    here = replace(job.programme.video, path=job.request.path)
    analyses = element_analyses(job.programme, job.programme_folder)
    write_annotated(replace(job.programme, video=here), sheet.rows, target, analyses=analyses)
    return target


def pictures_of(sheet: Corrected, clip: Clip | None) -> dict[str, str]:
    """Small pictures at the take-offs, as data addresses by the keys of rows."""
    if clip is None:
        return {}
    pictures = {}
    for row in sheet.rows:
        data = clip.stills.small(clip.position_at(picture_s(row)))
        pictures[row.key] = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return pictures
