"""Makes saved analyses and programmes as an attacker would: small files that ask for much."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.storage.analysis_files import analysis_arrays
from pipeline.storage.export import EMBEDDED, pack
from pipeline.storage.programme_files import save_programme
from pipeline.types import Analysis
from tests.factories import make_analysis, make_programme


def contents(analysis: Analysis | None = None) -> dict[str, bytes]:
    """The files of an honest packed analysis."""
    with zipfile.ZipFile(io.BytesIO(pack(analysis or make_analysis()))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Mapping[str, bytes], path: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip of files."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def with_json(path: Path, content: object) -> Path:
    """An analysis with another `analysis.json`."""
    return zipped({**contents(), "analysis.json": json.dumps(content).encode()}, path)


def with_entries(path: Path, **entries: object) -> Path:
    """An analysis with other entries in its `analysis.json`."""
    return with_json(path, {**json.loads(contents()["analysis.json"]), **entries})


def with_arrays(path: Path, **arrays: Any) -> Path:
    """An analysis with other arrays."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **{**analysis_arrays(make_analysis()), **arrays})
    return zipped({**contents(), "arrays.npz": stream.getvalue()}, path)


def markers(path: Path) -> Path:
    """A page that calls 16,000 elements the analysis, and holds none."""
    path.write_text(f'id="{EMBEDDED}"' * 16_000)
    return path


def _wide(head: str, values: int) -> bytes:
    """The start of an object, then hundreds of thousands of fields of a wrong kind."""
    fields = ",".join(f'"{n:x}":[]' for n in range(values))
    return f"{head}{{{fields}}}}}".encode()


def wide_json(path: Path) -> Path:
    """An object with hundreds of thousands of fields of a wrong kind."""
    text = _wide('{"schema_version": 1, "timings_s": ', 600_000)
    return zipped({**contents(), "analysis.json": text}, path)


def rather_wide_json(path: Path) -> Path:
    """As many as a file of the largest size holds."""
    text = _wide('{"schema_version": 1, "timings_s": ', 180_000)
    return zipped({**contents(), "analysis.json": text}, path)


def wide_lists(path: Path) -> Path:
    """Millions of empty lists, 32 MB that pack to a few KB."""
    text = b'{"schema_version": 1, "warnings": [' + b"[]," * 5_000_000 + b"[]]}"
    return zipped({**contents(), "analysis.json": text}, path)


def deep_json(path: Path) -> Path:
    """Lists in each other, more than a record of ours has and fewer than Python refuses."""
    text = b'{"schema_version": 1, "notes": ' + b"[" * 900 + b"]" * 900 + b"}"
    return zipped({**contents(), "analysis.json": text}, path)


def crowd(path: Path) -> Path:
    """6,000 people in 60,000 frames, each seen once."""
    T, people = 60_000, 6_000
    return with_arrays(
        path,
        frame_index=np.arange(T),
        pts_s=np.arange(T) / 1000,
        boxes_xyxy=np.zeros((T, 4), np.float32),
        box_scores=np.zeros(T, np.float32),
        keypoints_xy=np.zeros((T, 17, 2), np.float32),
        keypoint_scores=np.zeros((T, 17), np.float32),
        people_frame=np.zeros(people, np.int64),
        people_id=np.arange(people),
        people_scores=np.zeros(people, np.float32),
        people_boxes_xyxy=np.zeros((people, 4), np.float32),
        people_detected=np.zeros(people, np.bool_),
    )


def passers_by(path: Path) -> Path:
    """600,000 people in a clip of twelve frames."""
    T, people = 12, 600_000
    return with_arrays(
        path,
        people_frame=np.zeros(people, np.int64),
        people_id=np.arange(people),
        people_scores=np.zeros(people, np.float32),
        people_boxes_xyxy=np.zeros((people, 4), np.float32),
        people_detected=np.zeros(people, np.bool_),
        frame_index=np.arange(T),
    )


def _head_that_claims(shape: tuple[int, ...], descr: str) -> bytes:
    stream = io.BytesIO()
    head = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, head)
    return stream.getvalue()


def _array_member(path: Path, member: bytes) -> Path:
    files = contents()
    with zipfile.ZipFile(io.BytesIO(files["arrays.npz"])) as archive:
        arrays = {name: archive.read(name) for name in archive.namelist()}
    inner = zipped({**arrays, "pts_s.npy": member}, path.with_suffix(".npz"))
    return zipped({**files, "arrays.npz": inner.read_bytes()}, path)


def claimed_array(path: Path) -> Path:
    """An array of a few bytes that says it has ten thousand million numbers."""
    return _array_member(path, _head_that_claims((10**10,), "<f8") + bytes(96))


def empty_items(path: Path) -> Path:
    """An array of 10^18 items that take no bytes at all."""
    return _array_member(path, _head_that_claims((10**18,), "|V0"))


def pickled(path: Path) -> Path:
    """An array of Python objects, which would be unpickled."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.array([print], object), allow_pickle=True)
    return _array_member(path, stream.getvalue())


def endless_clip(path: Path) -> Path:
    """A clip of twelve frames that lasts thirty years."""
    return with_arrays(path, pts_s=np.linspace(0, 1e9, 12))


def infinite_clip(path: Path) -> Path:
    """A clip whose last frame is never shown."""
    return with_arrays(path, pts_s=np.append(np.arange(11) / 25, np.inf))


def no_frames(path: Path) -> Path:
    """A clip without a frame."""
    empty = np.zeros(0)
    return with_arrays(path, frame_index=empty.astype(np.int64), pts_s=empty)


def bomb(path: Path) -> Path:
    """600 MiB of zeros."""
    return zipped({**contents(), "more.bin": bytes(600 * 2**20)}, path)


def array_bomb(path: Path) -> Path:
    """300 MiB of zeros in an array, packed twice."""
    return with_arrays(path, more=np.zeros(300 * 2**20, np.uint8))


def many_members(path: Path) -> Path:
    """Thousands of empty files."""
    return zipped({**contents(), **{f"{n}.txt": b"" for n in range(6000)}}, path)


def long_list(path: Path) -> Path:
    """A zip whose list of files alone has more than a megabyte."""
    names = {f"{'x' * 200}{n}.txt": b"" for n in range(7000)}
    return zipped({**contents(), **names}, path)


def lzma(path: Path) -> Path:
    """Packed with LZMA, and damaged."""
    data = bytearray(zipped(contents(), path, zipfile.ZIP_LZMA).read_bytes())
    data[60:90] = bytes(30)
    path.write_bytes(data)
    return path


def bzip2(path: Path) -> Path:
    """Packed with bzip2, of which one step unpacks gigabytes."""
    return zipped({**contents(), "more.bin": bytes(2**20)}, path, zipfile.ZIP_BZIP2)


def damaged(path: Path) -> Path:
    """An honest zip with a stretch of zeros."""
    data = bytearray(zipped(contents(), path).read_bytes())
    data[200:400] = bytes(200)
    path.write_bytes(data)
    return path


def protected(path: Path) -> Path:
    """A zip that says it needs a password."""
    data = zipped(contents(), path).read_bytes()
    for head, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        pieces = data.split(head)
        marked = [bytes([p[at - 4] | 1]).join((p[: at - 4], p[at - 3 :])) for p in pieces[1:]]
        data = head.join([pieces[0], *marked])
    path.write_bytes(data)
    return path


def page_of_nothing(path: Path) -> Path:
    """A page with the right element and no zip in it."""
    path.write_text(f'<script id="{EMBEDDED}">{base64.b64encode(b"none" * 99).decode()}</script>')
    return path


def wide_programme(path: Path) -> Path:
    """A programme of one object with hundreds of thousands of fields of a wrong kind."""
    folder = path.with_suffix("")
    save_programme(make_programme(), folder)
    text = _wide('{"schema_version": 1, "provenance": ', 600_000)
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    return zipped({**files, "programme.json": text}, path)


ANALYSES: Mapping[Callable[[Path], Path], str] = {
    markers: "is not a Rinkside report",
    page_of_nothing: "cannot be unpacked",
    wide_json: "cannot be read (it is too large)",
    rather_wide_json: "cannot be read (it holds too many values)",
    wide_lists: "cannot be read (it is too large)",
    deep_json: "cannot be read (it is nested too deeply)",
    crowd: "expected 1 to 20000 frames, got (60000,)",
    passers_by: "600000 people in 12 frames are too many",
    claimed_array: "is not as long as it says",
    empty_items: "an array of |V0 is none of ours",
    pickled: "an array of object is none of ours",
    endless_clip: "expected a clip of at most 600 s",
    infinite_clip: "expected finite numbers",
    no_frames: "expected 1 to 20000 frames, got (0,)",
    bomb: "is larger when unpacked",
    array_bomb: "is larger when unpacked",
    many_members: "contains more files",
    long_list: "its list of files is too long",
    lzma: "is compressed in a way that is not read",
    bzip2: "is compressed in a way that is not read",
    damaged: "cannot be unpacked",
    protected: "cannot be unpacked",
}
"""How each is made, and the words that it gets."""
