"""A saved programme as one file, and back: a zip of its folder, alone or in the one-file sheet.

What comes back may be anything a visitor has: names and sizes are checked before it is believed.
"""

from __future__ import annotations

import base64
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.storage.outside_files import Limits, open_zip, packed_in_page
from pipeline.storage.programme_files import PROGRAMME
from pipeline.storage.programme_schema import ANALYSIS_PLACE
from pipeline.video.writer import replaced_when_done

MAX_UNPACKED_BYTES = 1024 * 2**20
"""More than this is no programme: fifteen minutes with all elements take a tenth of it."""
_MAX_MEMBERS = 4096
"""Of a zip: four files an element and a few of the whole; sixty elements take a tenth of it."""
_OF_NAMES = Limits(2**63, _MAX_MEMBERS)
"""Where only names are looked at, so that a programme that is too large hears that."""
PROGRAMME_EMBEDDED = "rinkside-programme"
"""Id of the element of a sheet that holds the packed programme."""

_FILES = re.compile(r"[\w-][\w.-]*\.(?:json|npz|csv|vtt)")
_OF_ELEMENTS = re.compile(rf"{ANALYSIS_PLACE.pattern}/[\w-][\w.-]*\.(?:json|npz|csv)")
"""What is taken out of a zip. Videos and pages in it are made anew from the rest."""
_HEAD_BYTES = 4
_PAGE = (".html", ".htm")


def pack_programme(folder: Path, target: Path) -> None:
    """Write a zip of a programme's folder: everything that opens again, no video.

    Raises:
        StoreError: The disk is full, or the place cannot be written.
    """
    with (
        replaced_when_done(target) as scratch,
        zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for path, name in _members(folder):
            archive.write(path, name)


def embedded_programme(folder: Path) -> str:
    """The packed programme as an element of an HTML page, which `unpack_programme` finds again."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, name in _members(folder):
            archive.write(path, name)
    packed = base64.b64encode(content.getvalue()).decode()
    return f'<script type="application/zip" id="{PROGRAMME_EMBEDDED}">{packed}</script>'


def _members(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and _is_ours(name):
            yield path, name


def _is_ours(name: str) -> bool:
    return bool(_FILES.fullmatch(name) or _OF_ELEMENTS.fullmatch(name))


def holds_programme(path: Path) -> bool:
    """Whether a file looks like a programme that was saved: a zip, a sheet, or its JSON file."""
    try:
        if path.suffix.lower() in _PAGE:
            return packed_in_page(path, PROGRAMME_EMBEDDED) is not None
        if path.name == PROGRAMME:
            return True
        with path.open("rb") as file:
            if file.read(_HEAD_BYTES) != b"PK\x03\x04":
                return False
        with open_zip(path, path.name, _OF_NAMES) as archive:
            return _root_of(archive.members) is not None
    except (OSError, StoreError):
        return False


def unpack_programme(paths: Sequence[Path], folder: Path) -> Path | None:
    """Put the files of a saved programme into a folder.

    Args:
        paths: A zip, a sheet, or the files of a programme's folder; its video too, if at hand.
        folder: An existing folder of our own.

    Returns:
        The file among them that is none of a programme, so probably its video; None: there is none.

    Raises:
        StoreError: Nothing of the kind, damaged, or far too large.
    """
    if not paths:
        raise StoreError.of("programme_nothing")
    video: Path | None = None
    for path in paths:
        if path.suffix.lower() in _PAGE:
            _extract(_of_sheet(path), path.name, folder)
        elif holds_programme(path) and path.name != PROGRAMME:
            _extract(path, path.name, folder)
        elif _FILES.fullmatch(path.name):
            shutil.copyfile(path, folder / path.name)
        else:
            video = path
    if not (folder / PROGRAMME).is_file():
        raise StoreError.of("programme_nothing")
    return video


def _limits() -> Limits:
    return Limits(MAX_UNPACKED_BYTES, _MAX_MEMBERS)


def _of_sheet(path: Path) -> BytesIO:
    packed = packed_in_page(path, PROGRAMME_EMBEDDED)
    if packed is None:
        raise StoreError.of("open_no_report", name=path.name)
    return packed


def _root_of(names: Iterable[str]) -> str | None:
    """Which folder of a zip holds the programme, `""` or `name/`; None: none does."""
    found = [name for name in names if name.rpartition("/")[2] == PROGRAMME]
    return min(found, key=len).removesuffix(PROGRAMME) if found else None


def _extract(source: Path | BytesIO, name: str, folder: Path) -> None:
    """The files of a programme out of a zip; nothing else, and nothing outside the folder."""
    with open_zip(source, name, _limits()) as archive:
        root = _root_of(archive.members)
        for member in archive.members:
            inner = None if root is None else member.removeprefix(root)
            if inner is not None and member.startswith(root or "") and _is_ours(inner):
                (folder / inner).parent.mkdir(parents=True, exist_ok=True)
                archive.copy(member, folder / inner)
