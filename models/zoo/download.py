"""A large file over HTTP: resumed where it broke off, checked, and whole or not there at all.

An unfinished transfer stays as `<name>.part`, so that the same command goes on where it stopped; a
note of the server's version of the file (its ETag) keeps two versions from being mixed.
"""

from __future__ import annotations

import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from models.checkpoint_files import WeightsError, check_sha256
from models.checkpoint_writing import reason_of
from models.command_line import StatusLine, readable_size

TIMEOUT_S = 30.0
CHUNK_BYTES = 1 << 20

_NETWORK_ERRORS = (OSError, http.client.HTTPException)


class DownloadError(WeightsError):
    """A file that could not be fetched; says why and what to do."""


class Unreachable(DownloadError):
    """No address gave the file."""


class _NoAnswer(Exception):
    """One address does not give the file; another one may."""


def download(urls: Sequence[str], target: Path, *, sha256: str = "") -> str:
    """Fetch a file from the first of several addresses that gives it.

    Args:
        urls: Addresses of the same file.
        target: Where to put it, in a folder that exists; the unfinished file lies beside it. Where
            it is already, it is checked only.
        sha256: Of the file, or the first digits of it; empty when nobody knows it.

    Returns:
        The file's whole sha256.

    Raises:
        Unreachable: No address gave the file.
        DownloadError: The transfer broke off, or the disk is full.
        WeightsError: The sha256 differs; the file is removed.
    """
    if target.is_file():
        return _checked_or_gone(target, sha256)
    part = target.with_name(f"{target.name}.part")
    version = target.with_name(f"{target.name}.part.version")
    try:
        _fetch_any(urls, part, version)
        actual = _checked_or_gone(part, sha256)
    except DownloadError:
        if not part.exists():
            version.unlink(missing_ok=True)
        raise
    except WeightsError:
        version.unlink(missing_ok=True)
        raise
    version.unlink(missing_ok=True)
    part.replace(target)  # not `written`: what came so far stays after an error
    return actual


def _checked_or_gone(path: Path, sha256: str) -> str:
    """Another file would stand in the way for ever."""
    try:
        return check_sha256(path, sha256)
    except WeightsError:
        path.unlink()
        raise


def _fetch_any(urls: Sequence[str], part: Path, version: Path) -> None:
    failures = []
    for url in urls:
        try:
            return _fetch(url, part, version)
        except _NoAnswer as error:
            failures.append(f"{urlsplit(url).hostname}: {error}")
    raise Unreachable(
        f"cannot fetch {urls[0]} ({'; '.join(failures)}); check the network and run the command "
        "again"
    )


def _fetch(url: str, part: Path, version: Path) -> None:
    """Bring the file, or the rest of it, into `part`."""
    have = part.stat().st_size if part.exists() and version.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "rinkside"})
    if have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", version.read_text(encoding="utf-8"))
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.headers.get("Content-Range") == f"bytes */{have}" and have:
            return  # it was whole already
        raise _NoAnswer(f"the server answered {error.code} {error.reason}") from error
    except _NETWORK_ERRORS as error:
        raise _NoAnswer(_words(error)) from error
    with response:
        if response.status != http.client.PARTIAL_CONTENT:
            have = 0
        _remember_version(response, version)
        _receive(response, part, have)


def _remember_version(response: http.client.HTTPResponse, version: Path) -> None:
    """Note by what the server tells this file from a later one; without it nothing is resumed."""
    etag = response.headers.get("ETag", "")
    mark = etag if etag.startswith('"') else response.headers.get("Last-Modified")
    if mark:
        version.write_text(mark, encoding="utf-8")
    else:
        version.unlink(missing_ok=True)


def _receive(response: http.client.HTTPResponse, part: Path, have: int) -> None:
    length = response.headers.get("Content-Length")
    total = None if length is None else have + int(length)
    _check_space(part.parent, (total or 0) - have)
    label = part.name.removesuffix(".part")
    try:
        with part.open("ab" if have else "wb") as file, closing(StatusLine()) as status:
            while chunk := _next_chunk(response, have, total):
                file.write(chunk)
                have += len(chunk)
                _show(status, label, have, total)
    except OSError as error:  # the network's have become DownloadErrors
        part.unlink(missing_ok=True)
        raise DownloadError(f"cannot write {part}: {reason_of(error)}") from error
    if total is not None and have < total:
        raise _broken_off("the connection closed", have, total)


def _show(status: StatusLine, label: str, have: int, total: int | None) -> None:
    whole = "" if total is None else f" of {readable_size(total)}"
    status.show(f"{label} {readable_size(have)}{whole}", have / total if total else None)


def _next_chunk(response: http.client.HTTPResponse, have: int, total: int | None) -> bytes:
    try:
        return response.read(CHUNK_BYTES)
    except _NETWORK_ERRORS as error:
        raise _broken_off(_words(error), have, total) from error


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadError(
            f"{folder} has {readable_size(free)} free, the file needs {readable_size(needed)}: "
            "free some space or set RINKSIDE_CACHE to another folder"
        )


def _broken_off(reason: str, have: int, total: int | None) -> DownloadError:
    of_all = "" if total is None else f" of {readable_size(total)}"
    return DownloadError(
        f"the transfer broke off after {readable_size(have)}{of_all} ({reason}); "
        "run the command again to continue"
    )


def _words(error: Exception) -> str:
    """What the network said, without Python's wrapping."""
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
