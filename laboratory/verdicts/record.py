"""What a researcher decides about clips: `RUN/verdicts.jsonl`, a line a decision, added only.

Why a log: two people may decide at once, and neither may undo the other's work by saving an older
whole. A line is added by one write at the file's end; what counts for a clip is its last decision
that nobody took back. Taking back adds a line too. Whoever edits the file by hand may write, change
or delete lines: one that cannot be read, be it half-written, is passed over and told by its number.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

from pipeline.elements import LABELS, class_index

FILE = "verdicts.jsonl"
MOST_NOTE = 500
MOST_TAGS = 10
MOST_TAG = 40
MOST_BYTES = 50_000_000
"""Of a file that is read: some 200,000 decisions."""

Kind = Literal["label_wrong", "model_wrong", "unclear"]


def _new_id() -> str:
    return secrets.token_hex(6)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Decision:
    """What somebody thinks of one clip."""

    stem: str
    kind: Kind
    label: int | None = None
    """The class that it is, of a wrong label; None where that is not known."""
    note: str = ""
    tags: tuple[str, ...] = ()
    by: str = ""
    """Who: a name, or what a visit is called; who decided may take back."""
    at: str = field(default_factory=_now)
    """ISO time, UTC."""
    key: str = field(default_factory=_new_id)
    """Unique; made anew for every decision."""

    def __post_init__(self) -> None:
        if not self.stem or not self.key:
            raise ValueError("a decision names its clip and has a key")
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind: expected {', '.join(get_args(Kind))}, got {self.kind!r}")
        if self.label is not None and not 0 <= self.label < len(LABELS):
            raise ValueError(f"label: expected 0..{len(LABELS) - 1}, got {self.label}")
        if self.label is not None and self.kind != "label_wrong":
            raise ValueError("label: only a wrong label has another class")
        if len(self.note) > MOST_NOTE:
            raise ValueError(f"note: at most {MOST_NOTE} characters")
        if len(self.tags) > MOST_TAGS or any(not 0 < len(t) <= MOST_TAG for t in self.tags):
            raise ValueError(f"tags: at most {MOST_TAGS} of 1 to {MOST_TAG} characters")

    @property
    def line(self) -> str:
        """As the file has it; the class by its name, for who edits it by hand."""
        content = {
            "key": self.key, "stem": self.stem, "verdict": self.kind,
            **({} if self.label is None else {"label": LABELS[self.label]}),
            **({"note": self.note} if self.note else {}),
            **({"tags": list(self.tags)} if self.tags else {}),
            **({"by": self.by} if self.by else {}), "at": self.at,
        }  # fmt: skip
        return json.dumps(content, ensure_ascii=True)  # half a letter, too, can be written


@dataclass(frozen=True)
class Record:
    """All that was decided about a run."""

    decisions: Mapping[str, Decision]
    """Stem -> the decision that counts, in the order in which they were made."""
    made: tuple[Decision, ...]
    """All that were not taken back, the oldest first."""
    unreadable: tuple[int, ...]
    """Numbers of lines that were passed over, from 1."""

    def last_of(self, by: str) -> Decision | None:
        """The latest decision of somebody that was not taken back."""
        return next((made for made in reversed(self.made) if made.by == by), None)

    @property
    def corrected(self) -> dict[str, int]:
        """Stem -> class of the clips whose label is wrong and known to be another."""
        return {s: d.label for s, d in self.decisions.items() if d.label is not None}


def read_record(run: Path) -> Record:
    """What was decided; nothing where there is no file, or it cannot be read.

    Raises:
        OSError: The file is there but may not be read.
    """
    try:
        with (run / FILE).open("rb") as file:
            lines = file.read(MOST_BYTES).split(b"\n")
    except FileNotFoundError:
        return Record({}, (), ())
    made: dict[str, Decision] = {}
    unreadable = []
    for number, line in enumerate(lines, start=1):
        try:
            _take(line, made)
        except (ValueError, TypeError, RecursionError):
            unreadable.append(number)
    decisions: dict[str, Decision] = {}
    for decision in made.values():
        decisions.pop(decision.stem, None)  # the last one is also the last in order
        decisions[decision.stem] = decision
    return Record(decisions, tuple(made.values()), tuple(unreadable))


def _take(line: bytes, made: dict[str, Decision]) -> None:
    if not line.strip():
        return
    content = json.loads(line.decode("utf-8-sig"))
    if not isinstance(content, dict):
        raise ValueError("expected an object")
    if "takes_back" in content:
        made.pop(str(content["takes_back"]), None)
        return
    decision = _decision(content)
    made.pop(decision.key, None)  # a line that was copied by hand counts where it stands last
    made[decision.key] = decision


def _decision(content: Mapping[str, Any]) -> Decision:
    label = content.get("label")
    tags = content.get("tags", [])
    texts = [content.get(name, "") for name in ("stem", "note", "by", "at")]
    if not isinstance(tags, list) or not all(isinstance(text, str) for text in [*texts, *tags]):
        raise ValueError("expected texts")
    stem, note, by, at = texts
    # Who writes a line by hand need not make up a key: the line is one.
    key = str(content.get("key") or json.dumps(content, sort_keys=True))
    return Decision(
        stem, cast(Kind, content.get("verdict")), _class(label), note, tuple(tags), by, at, key
    )


def _class(label: object) -> int | None:
    if label is None:
        return None
    if isinstance(label, bool) or not isinstance(label, str | int):
        raise ValueError("label: expected the name of a class")
    return class_index(label) if isinstance(label, str) else label


def decide(run: Path, decision: Decision) -> None:
    """Add a decision.

    Raises:
        OSError: The run is gone, the disk is full, or the place cannot be written.
    """
    _add(run, decision.line)


def take_back(run: Path, by: str) -> Decision | None:
    """Take somebody's latest decision back, again and again; None when there is none left.

    Raises:
        OSError: As `decide`.
    """
    last = read_record(run).last_of(by)
    if last is not None:
        _add(run, json.dumps({"takes_back": last.key, "by": by, "at": _now()}))
    return last


def _add(run: Path, line: str) -> None:
    """One write to the end, so that lines of two writers never mix."""
    place = os.open(run / FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        size = os.lseek(place, 0, os.SEEK_END)
        # What somebody left without its end, by hand or in a crash, stays a line of its own.
        torn = size > 0 and os.pread(place, 1, size - 1) != b"\n"
        content = f"{chr(10) if torn else ''}{line}\n".encode()
        if os.write(place, content) != len(content):
            raise OSError(28, os.strerror(28), str(run / FILE))
    finally:
        os.close(place)


def as_rows(decisions: Sequence[Decision]) -> list[dict[str, str]]:
    """Decisions as a table to take away."""
    return [
        {
            "stem": d.stem,
            "verdict": d.kind,
            "label": "" if d.label is None else LABELS[d.label],
            "note": d.note,
            "tags": " ".join(d.tags),
            "by": d.by,
            "at": d.at,
        }
        for d in decisions
    ]
