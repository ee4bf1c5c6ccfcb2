"""`corrections.json`: a person's part of a programme, beside the machine's; read strictly.

It names the list that it was made for, so that it is never laid over another one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from pipeline import __version__
from pipeline.annotations.notes import in_whole_letters
from pipeline.errors import StoreError
from pipeline.settings import expected
from pipeline.sheet.corrected import apply
from pipeline.sheet.corrections import KINDS, MAX_CORRECTIONS, Correction
from pipeline.sheet.history import History
from pipeline.storage.outside_files import read_json
from pipeline.types import FoundElement, Programme
from pipeline.video.writer import replaced_when_done

FILE = "corrections.json"
SCHEMA_VERSION = 1
MAX_PLAN = 10_000
"""Letters of a pasted plan."""
_MAX_BYTES, _MAX_VALUES = 8 * 2**20, 200_000
_NAME_OF = {kind: name for name, kind in KINDS.items()}


@dataclass(frozen=True)
class Review:
    """Everything that a person added to a programme."""

    history: History = field(default_factory=History)
    plan: str = ""
    """Planned content as it was pasted."""
    season: str = ""
    """Whose rules and base values were chosen, such as `2016-17`; empty: none."""
    segment: str = ""
    """Which rules of the season: a name of its file, such as `men_short`; empty: none."""


def review_as_dict(programme: Programme, review: Review) -> dict[str, Any]:
    """The content of `corrections.json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "rinkside_version": __version__,
        "made_for": {
            "video_sha256": programme.video.sha256,
            "elements_sha256": digest(programme),
        },
        "done": [_as_dict(correction) for correction in review.history.done],
        "undone": [_as_dict(correction) for correction in review.history.undone],
        "plan": review.plan,
        "season": review.season,
        "segment": review.segment,
    }


def read_review(content: object, programme: Programme, name: str = FILE) -> Review:
    """A person's part out of JSON.

    Args:
        content: As `review_as_dict` made it.
        programme: What it was made for.
        name: Of the file, for errors.

    Raises:
        StoreError: Another version, a field with a wrong value, or made for another list.
        InputError: A correction that makes no sense in this list.
    """
    if not isinstance(content, Mapping):
        raise _wrong(name, "content", "an object")
    version = content.get("schema_version")
    if version != SCHEMA_VERSION:
        raise StoreError.of("corrections_version", name=name, version=version, known=SCHEMA_VERSION)
    made_for = content.get("made_for")
    if not isinstance(made_for, Mapping) or made_for.get("elements_sha256") != digest(programme):
        raise StoreError.of("corrections_other", name=name)
    done, undone = (_corrections(content.get(key), key, name) for key in ("done", "undone"))
    apply(programme, (*done, *reversed(undone)))
    texts = {
        key: _text(content.get(key, ""), key, most, name)
        for key, most in (("plan", MAX_PLAN), ("season", 100), ("segment", 100))
    }
    return Review(History(done, undone), **texts)


def save_review(programme: Programme, review: Review, folder: Path) -> None:
    """Write `corrections.json` beside a programme that is saved.

    Raises:
        StoreError: The disk is full, or the folder cannot be written.
    """
    content = json.dumps(review_as_dict(programme, review), indent=1, ensure_ascii=False)
    with replaced_when_done(folder / FILE) as scratch:
        scratch.write_text(content + "\n", encoding="utf-8")


def load_review(programme: Programme, folder: Path) -> Review:
    """A person's part of a saved programme; an empty one where nobody added anything.

    Raises:
        StoreError: It cannot be read.
        InputError: A correction that makes no sense in this list.
    """
    path = folder / FILE
    try:
        content = read_json(path, most_bytes=_MAX_BYTES, most_values=_MAX_VALUES)
    except FileNotFoundError:
        return Review()
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError.of("corrections_unreadable", name=FILE, detail=str(error)) from error
    return read_review(content, programme)


def digest(programme: Programme) -> str:
    """What tells one machine's list from another: video, numbers, codes, times."""
    told = [
        [e.number, e.code, *(round(at_s, 3) for at_s in _moments(e))] for e in programme.elements
    ]
    text = json.dumps([programme.video.sha256, told])
    return hashlib.sha256(text.encode()).hexdigest()


def _moments(element: FoundElement) -> Iterator[float]:
    yield from (element.start_s, element.end_s)
    for jump in element.jumps:
        yield from (jump.takeoff_s, jump.landing_s)


def _as_dict(correction: Correction) -> dict[str, Any]:
    values = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(correction).items()
    }
    return {"kind": _NAME_OF[type(correction)], **values}


def _corrections(content: object, key: str, name: str) -> tuple[Correction, ...]:
    if not isinstance(content, list) or len(content) > MAX_CORRECTIONS:
        raise _wrong(name, key, f"a list of at most {MAX_CORRECTIONS} corrections")
    return tuple(
        _correction(entry, f"{key}.{number}", name) for number, entry in enumerate(content)
    )


def _correction(entry: object, place: str, name: str) -> Correction:
    kind = KINDS.get(str(entry.get("kind"))) if isinstance(entry, Mapping) else None
    if kind is None or not isinstance(entry, Mapping):
        raise _wrong(name, f"{place}.kind", "one of " + ", ".join(KINDS))
    hints = get_type_hints(kind)
    known = {item.name for item in fields(kind)}
    if other := set(map(str, entry)) - known - {"kind"}:
        raise _wrong(name, f"{place}.{min(other)}", "no such field")
    if missing := known - set(entry):
        raise _wrong(name, f"{place}.{min(missing)}", "a value")
    values = {key: _value(entry[key], hints[key], f"{place}.{key}", name) for key in known}
    return kind(**values)


def _value(value: object, hint: Any, place: str, name: str) -> Any:
    if hint == tuple[str, ...]:
        value = tuple(value) if isinstance(value, list) else None
    try:
        found = TypeAdapter(hint).validate_python(value, strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise _wrong(name, place, expected(fault)) from error
    if isinstance(found, str) and not in_whole_letters(found):
        raise _wrong(name, place, "a text")
    return found


def _text(value: object, key: str, most: int, name: str) -> str:
    if not isinstance(value, str) or len(value) > most or not in_whole_letters(value):
        raise _wrong(name, key, f"a text of at most {most} letters")
    return value


def _wrong(name: str, field: str, words: str) -> StoreError:
    return StoreError.of("corrections_field", name=name, field=field, expected=words)
