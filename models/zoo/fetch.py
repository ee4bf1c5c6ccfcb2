"""Fetch a published checkpoint: download, check, convert, and note its sha256."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from models.checkpoint_files import WeightsError
from models.checkpoint_writing import reason_of
from models.weights import MissingWeights
from models.zoo.convert import convert_file
from models.zoo.download import Unreachable, download
from models.zoo.load import check_checkpoint, sidecar
from models.zoo.manifest import MANIFEST, UNKNOWN, Checkpoint, fetched_folders


def fetch(checkpoint: Checkpoint, manifest: Path = MANIFEST) -> Iterator[str]:
    """Bring a checkpoint's weights here; yields what is worth telling.

    The published file is removed once it is converted. An interrupted download goes on where it
    stopped when the command is run again.

    Raises:
        MissingWeights: It has no address; the sentence says how to come by it.
        WeightsError: The download failed, the file is not the published one, or does not convert.
    """
    path = checkpoint.path(manifest)
    if path.is_file():
        sha256 = check_checkpoint(checkpoint, manifest)
        yield f"{checkpoint.name} is already here: {path}, sha256 {sha256}"
        return
    if not checkpoint.urls:
        raise MissingWeights(
            f"{checkpoint.name} cannot be fetched automatically; {checkpoint.remedy}"
        )
    folder = fetched_folders(manifest)[0]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WeightsError(f"cannot make the folder {folder}: {reason_of(error)}") from error
    published = folder / PurePosixPath(urlsplit(checkpoint.urls[0]).path).name
    known = "" if checkpoint.sha256 == UNKNOWN else checkpoint.sha256
    try:
        source_sha256 = download(checkpoint.urls, published, sha256=known)
    except Unreachable as error:
        by_hand = f"or download the file by hand and run: {checkpoint.conversion}"
        raise Unreachable(f"{error}, {by_hand}") from error
    checked = "as expected" if known else "not published, so it could not be checked"
    yield f"{published.name}: sha256 {source_sha256}, {checked}"
    try:
        conversion = convert_file(
            published,
            folder / f"{checkpoint.name}.safetensors",
            family=checkpoint.family,
            builder=checkpoint.builder,
        )
        _note_sha256(conversion.out, conversion.sha256)
        check_checkpoint(checkpoint, manifest)
    except ValueError:
        for leftover in (path, sidecar(path), *(() if known else (published,))):
            leftover.unlink(missing_ok=True)
        raise
    with suppress(OSError):
        published.unlink()
    yield from conversion.lines()


def _note_sha256(path: Path, sha256: str) -> None:
    note = sidecar(path)
    try:
        note.write_text(f"{sha256}  {path.name}\n", encoding="utf-8")
    except OSError as error:
        note.unlink(missing_ok=True)
        raise WeightsError(f"cannot write {note}: {reason_of(error)}") from error
