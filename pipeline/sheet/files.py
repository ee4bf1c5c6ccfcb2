"""The files of a sheet in a programme's folder: `elements.csv`, `elements.vtt`, `sheet.html`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.sheet.html.page import sheet_html
from pipeline.sheet.pictures import element_pictures
from pipeline.sheet.review_files import FILE as REVIEW
from pipeline.sheet.review_files import Review, save_review
from pipeline.sheet.sheet import make_sheet
from pipeline.sheet.tables import elements_csv, elements_vtt
from pipeline.sheet.words import LANGUAGES
from pipeline.storage.programme_pack import embedded_programme
from pipeline.types import Programme
from pipeline.video.writer import replaced_when_done

TABLE, CAPTIONS, SHEET = "elements.csv", "elements.vtt", "sheet.html"


def write_tables(
    programme: Programme,
    review: Review,
    folder: Path,
    *,
    pictures: Mapping[str, str] | None = None,
    language: str = LANGUAGES[0],
) -> None:
    """Write what a person takes away into the folder where the programme is saved.

    Args:
        programme: As it is saved in `folder`.
        review: What a person added; written beside it, and taken away where there is nothing.
        folder: Of `save_programme`.
        pictures: Key of a row -> data address of a small picture; None: they are made of the
            programme's video where it is here.
        language: Of the texts of sheet and captions.

    Raises:
        InputError: The corrections do not fit the programme, or there is no such season.
        StoreError: The disk is full, or the folder cannot be written.
    """
    sheet = make_sheet(programme, review)
    if review != Review():
        save_review(programme, review, folder)
    else:
        (folder / REVIEW).unlink(missing_ok=True)
    if pictures is None:
        pictures = element_pictures(programme, sheet.corrected.rows, folder)
    _write(folder / TABLE, elements_csv(sheet))
    _write(folder / CAPTIONS, elements_vtt(sheet, language))
    embedded = embedded_programme(folder)
    page = sheet_html(sheet, pictures=pictures, embedded=embedded, language=language)
    _write(folder / SHEET, page)


def _write(path: Path, text: str) -> None:
    with replaced_when_done(path) as scratch:
        # A file's name may hold bytes that are no text.
        scratch.write_text(text, encoding="utf-8", errors="replace", newline="")
