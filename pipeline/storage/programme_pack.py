"""A saved programme as one file, and back: a zip of its folder, alone or in the one-file sheet.

What comes back may be anything a visitor has: names and sizes are checked before it is believed.
"""

from __future__ import annotations

import base64
import binascii
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.storage.programme_files import PROGRAMME
from pipeline.storage.programme_schema import ANALYSIS_PLACE
from pipeline.video.writer import replaced_when_done

MAX_UNPACKED_BYTES = 1024 * 2**20
"""More than this is no programme: fifteen minutes with all elements take a tenth of it."""
PROGRAMME_EMBEDDED = "rinkside-programme"
"""Id of the element of a sheet that holds the packed programme."""

_FILES = re.compile(r"[\w-][\w.-]*\.(?:json|npz|csv|vtt)")
_OF_ELEMENTS = re.compile(rf"{ANALYSIS_PLACE.pattern}/[\w-][\w.-]*\.(?:json|npz|csv)")
"""What is taken out of a zip. Videos and pages in it are made anew from the rest."""
_EMBEDDED = re.compile(rf'id="{PROGRAMME_EMBEDDED}"[^>]*>([A-Za-z0-9+/=\s]*)<'.encode())
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
            return _EMBEDDED.search(path.read_bytes()) is not None
        if path.name == PROGRAMME:
            return True
        with path.open("rb") as file:
            if file.read(_HEAD_BYTES) != b"PK\x03\x04":
                return False
        with zipfile.ZipFile(path) as archive:
            return _root_of(archive.namelist()) is not None
    except (OSError, zipfile.BadZipFile):
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
    _check_arrays(folder)
    return video


def _check_arrays(folder: Path) -> None:
    """Refuse arrays that would fill the memory; what else is wrong with them reading tells."""
    for path in folder.rglob("*.npz"):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise StoreError.of("open_too_large", name=path.name)


def _of_sheet(path: Path) -> BytesIO:
    match = _EMBEDDED.search(path.read_bytes())
    if match is None:
        raise StoreError.of("open_no_report", name=path.name)
    try:
        return BytesIO(base64.b64decode(b"".join(match[1].split()), validate=True))
    except binascii.Error as error:
        raise StoreError.of("open_damaged", name=path.name, detail=str(error)) from error


def _root_of(names: Sequence[str]) -> str | None:
    """Which folder of a zip holds the programme, `""` or `name/`; None: none does."""
    slashed = [name.replace("\\", "/") for name in names]
    found = [name for name in slashed if name.rpartition("/")[2] == PROGRAMME]
    return min(found, key=len).removesuffix(PROGRAMME) if found else None


def _extract(source: Path | BytesIO, name: str, folder: Path) -> None:
    """The files of a programme out of a zip; nothing else, and nothing outside the folder."""
    try:
        with zipfile.ZipFile(source) as archive:
            root = _root_of(archive.namelist())
            members = [m for m in archive.infolist() if not m.is_dir()]
            if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise StoreError.of("open_too_large", name=name)
            for member in members:
                inner = member.filename.replace("\\", "/")
                if root is None or not inner.startswith(root):
                    continue
                inner = inner.removeprefix(root)
                if not _is_ours(inner):
                    continue
                (folder / inner).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, (folder / inner).open("wb") as file:
                    shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise StoreError.of("open_no_zip", name=name, detail=str(error)) from error
    except OSError as error:
        detail = error.strerror or str(error)
        raise StoreError.of("open_no_zip", name=name, detail=detail) from error
