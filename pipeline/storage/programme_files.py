"""Programmes on disk: `programme.json`, `frame_scores.npz`, and an analysis folder an element.

The layout is schema version 1 of `docs/formats.md`; `load_programme` gives back what
`save_programme` was given, with `stored` set in the provenance.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import __version__
from pipeline.errors import StoreError
from pipeline.storage.analysis_files import UNREADABLE, video_as_dict
from pipeline.storage.field_kinds import WrongField
from pipeline.storage.messages import messages_as_list, read_warnings
from pipeline.storage.output_folder import new_folder
from pipeline.storage.outside_files import Limits, read_arrays, read_json
from pipeline.storage.programme_schema import check_programme
from pipeline.types import (
    Candidate,
    FoundElement,
    FoundJump,
    FoundPosition,
    FrameScores,
    Measured,
    Programme,
    Provenance,
    Shot,
    VideoInfo,
)

SCHEMA_VERSION = 1
PROGRAMME, FRAME_SCORES, ELEMENTS = "programme.json", "frame_scores.npz", "elements"
"""Names in the folder of a programme."""
_SCORES = Limits(unpacked_bytes=64 * 2**20, members=64)
"""Of `frame_scores.npz`: fifteen minutes take a tenth of it."""
_JSON_BYTES, _JSON_VALUES = 4 * 2**20, 100_000
"""Of `programme.json`: a free skate takes a tenth of it."""


def programme_as_dict(programme: Programme) -> dict[str, Any]:
    """The content of `programme.json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "rinkside_version": __version__,
        "profile": programme.profile,
        "video": video_as_dict(programme.video),
        "read_until_s": programme.read_until_s,
        "shots": [asdict(shot) for shot in programme.shots],
        "elements": [_element_as_dict(element) for element in programme.elements],
        "provenance": {stage: asdict(p) for stage, p in programme.provenance.items()},
        "timings_s": dict(programme.timings_s),
        "warnings": [str(message) for message in programme.warnings],
        "messages": {"warnings": messages_as_list(programme.warnings)},
    }


def _element_as_dict(element: FoundElement) -> dict[str, Any]:
    content = {**asdict(element), "label": element.label}
    content["jumps"] = [
        {**asdict(jump), "label": jump.label, "air_s": jump.air_s} for jump in element.jumps
    ]
    return content


def write_programme(programme: Programme, folder: Path) -> None:
    """Write the two files of a programme into an existing folder, beside its analyses."""
    text = json.dumps(programme_as_dict(programme), indent=1, ensure_ascii=False, allow_nan=False)
    scores: dict[str, Any] = asdict(programme.frame_scores)
    np.savez_compressed(folder / FRAME_SCORES, **scores)
    # A path may hold bytes that are no text; JSON escapes them as Python does.
    (folder / PROGRAMME).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def save_programme(
    programme: Programme, folder: Path | str, *, analyses: Path | str | None = None
) -> None:
    """Write a programme to a folder, all files or none.

    Args:
        programme: What was found.
        folder: Where to.
        analyses: A folder of the same programme, from which the elements' analyses are copied;
            None: those that `folder` holds stay.

    Raises:
        StoreError: The disk is full, or the folder cannot be written.
    """
    with new_folder(Path(folder)) as scratch:
        if analyses is not None:
            copy_analyses(programme, Path(analyses), scratch)
        write_programme(programme, scratch)


def copy_analyses(programme: Programme, source: Path, target: Path) -> None:
    """Copy the analyses of a programme's elements from its folder to another.

    Raises:
        OSError: One is absent, or the target cannot be written.
    """
    for place in analysis_places(programme):
        shutil.copytree(source / place, target / place, dirs_exist_ok=True)


def analysis_places(programme: Programme) -> Iterator[str]:
    """Where the analyses of all elements lie in the programme's folder, in order."""
    for element in programme.elements:
        places = (element.analysis, *(jump.analysis for jump in element.jumps))
        yield from (place for place in places if place)


def load_programme(folder: Path | str) -> Programme:
    """Read a saved programme back; every provenance entry then says `stored`.

    Raises:
        StoreError: No programme there, another schema version, a field with a value that none of
            ours has, or damaged files.
    """
    folder = Path(folder)
    content = _read_json(folder)
    try:
        check_programme(content)
        return _programme_of(content, _read_scores(folder))
    except FileNotFoundError:
        raise StoreError.of("programme_no_scores", folder=folder) from None
    except WrongField as wrong:
        raise StoreError.of(
            "programme_field", folder=folder, field=wrong.field, expected=wrong.expected
        ) from wrong
    except UNREADABLE as error:
        raise StoreError.of("programme_damaged", folder=folder, detail=str(error)) from error


def _read_json(folder: Path) -> dict[str, Any]:
    try:
        path = folder / PROGRAMME
        content = read_json(path, most_bytes=_JSON_BYTES, most_values=_JSON_VALUES)
    except FileNotFoundError:
        raise StoreError.of("programme_none", folder=folder) from None
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError.of("programme_unreadable", folder=folder, detail=str(error)) from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise StoreError.of(
            "programme_version", folder=folder, version=version, known=SCHEMA_VERSION
        )
    return content


def _read_scores(folder: Path) -> FrameScores:
    arrays = read_arrays(folder / FRAME_SCORES, _SCORES)
    scores = FrameScores(
        np.asarray(arrays["times_s"], np.float64),
        np.asarray(arrays["probabilities"], np.float32),
        np.asarray(arrays["moments"], np.float32),
        np.asarray(arrays["hip_height"], np.float32),
    )
    known = (scores.times_s, scores.probabilities, scores.moments, scores.hip_height)
    if not all(np.isfinite(values).all() for values in known):
        raise ValueError(f"{FRAME_SCORES}: expected finite numbers")
    if not (np.diff(scores.times_s) > 0).all():
        raise ValueError(f"{FRAME_SCORES}: times_s must increase")
    return scores


def _programme_of(content: Mapping[str, Any], scores: FrameScores) -> Programme:
    return Programme(
        profile=content["profile"],
        video=VideoInfo(**content["video"]),
        shots=tuple(Shot(**_only(shot, Shot)) for shot in content["shots"]),
        elements=tuple(map(_element, content["elements"])),
        frame_scores=scores,
        provenance={
            stage: replace(Provenance(**entry), stored=True)
            for stage, entry in content["provenance"].items()
        },
        timings_s=content["timings_s"],
        read_until_s=content["read_until_s"],
        warnings=read_warnings(content["warnings"], content["messages"]["warnings"]),
    )


def _element(content: Mapping[str, Any]) -> FoundElement:
    found = _only(content, FoundElement)
    return FoundElement(
        **{
            **found,
            "jumps": tuple(map(_jump, content["jumps"])),
            "positions": tuple(
                FoundPosition(**_only(p, FoundPosition)) for p in content["positions"]
            ),
            "candidates": _candidates(content["candidates"]),
            "measurements": _measured(content["measurements"]),
        }
    )


def _jump(content: Mapping[str, Any]) -> FoundJump:
    candidates, measured = _candidates(content["candidates"]), _measured(content["measurements"])
    known = {**_only(content, FoundJump), "candidates": candidates, "measurements": measured}
    return FoundJump(**known)


def _candidates(content: list[Mapping[str, Any]]) -> tuple[Candidate, ...]:
    return tuple(Candidate(**_only(entry, Candidate)) for entry in content)


def _measured(content: Mapping[str, Any]) -> dict[str, Measured]:
    return {name: Measured(**entry) for name, entry in content.items()}


def _only(content: Mapping[str, Any], record: Any) -> dict[str, Any]:
    """The entries that a record has; others may stand beside them."""
    names = (item.name for item in fields(record))
    return {name: content[name] for name in names if name in content}
