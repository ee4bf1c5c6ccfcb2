"""Notes on frames: what the player sends and shows, and how the report tells them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from html import escape
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.annotations.notes import MAX_NOTES, Note, notes_as_list, read_notes
from pipeline.drawing.data_address import jpeg_uri
from pipeline.errors import InputError
from pipeline.moments import written
from pipeline.types import Analysis, Timeline
from pipeline.video import open_video
from ui.language.tables import say
from ui.player.messages import Nonsense

PICTURES = 12
"""Most pictures with notes in a report."""


def notes_scene(analysis: Analysis) -> list[dict[str, Any]]:
    """The notes for the player."""
    return notes_as_list(analysis.notes)


def with_notes_sent(analysis: Analysis, whole: Timeline, data: object) -> Analysis:
    """The analysis with the notes that the player sent; times come from the file's time line.

    Raises:
        Nonsense: They are none, or lie beyond the file.
    """
    sent = data.get("notes") if isinstance(data, dict) else None
    if not isinstance(sent, list) or len(sent) > MAX_NOTES:
        raise Nonsense("notes: expected a list of them")
    try:
        notes = read_notes([_timed(entry, whole) for entry in sent])
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise Nonsense(f"notes: {error}") from None
    return replace(analysis, notes=notes)


def _timed(entry: object, whole: Timeline) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise TypeError("expected an object")
    timed = {name: entry[name] for name in ("kind", "points", "text") if name in entry}
    for name, at in (("frame_index", "at_s"), ("until_index", "until_s")):
        place = entry.get(name)
        timed[name] = place
        if place is None:
            continue
        if isinstance(place, bool) or not isinstance(place, int) or place < 0:
            raise TypeError(f"{name}: expected a place in the file")
        timed[at] = round(whole.seconds(place), 6)
    return timed


def value_in_words(note: Note) -> str:
    """What a note measures, e.g. `87.3°`."""
    if note.value is None:
        return say("notes_running") if note.kind == "stopwatch" else ""
    digits = {"line": 0, "angle": 1, "stopwatch": 3}[note.kind]
    return say(f"notes_value_{note.kind}", value=f"{note.value:.{digits}f}")


def notes_section(analysis: Analysis) -> str:
    """The notes as a table, and the pictures of their frames, as HTML; empty without notes."""
    if not analysis.notes:
        return ""
    heads = (
        say("notes_frame"), say("notes_time"), say("notes_kind"), say("notes_value"),
        say("notes_text"),
    )  # fmt: skip
    head = "".join(f"<th>{escape(words)}</th>" for words in heads)
    rows = "".join(
        f"<tr><td>{note.frame_index + 1}</td><td>{written(note.at_s)}</td>"
        f"<td>{escape(say(f'notes_kind_{note.kind}'))}</td><td>{escape(value_in_words(note))}</td>"
        f"<td>{escape(note.text)}</td></tr>"
        for note in analysis.notes
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="rs-scroll">{table}</div>{_pictures(analysis)}'


def _pictures(analysis: Analysis) -> str:
    """The frames with what was drawn on them; none when the clip is not here."""
    drawn = [note for note in analysis.notes if note.points]
    frames = sorted({note.frame_index for note in drawn})[:PICTURES]
    figures = []
    try:
        video = open_video(analysis.video.path, stream=analysis.video.stream)
        known = [index for index in frames if index < len(video)]
        if video.info.sha256 != analysis.video.sha256 or not known:
            return ""
        for index, frame in video.frames(known):
            picture = frame.copy()
            for note in (one for one in drawn if one.frame_index == index):
                draw_note(picture, note)
            caption = escape(
                say("saw_caption", frame=index + 1, time=written(video.timeline.seconds(index)))
            )
            figures.append(
                f'<figure><img src="{jpeg_uri(picture, 640)}" alt="{caption}">'
                f"<figcaption>{caption}</figcaption></figure>"
            )
    except InputError:
        return ""
    return f'<div class="rs-film">{"".join(figures)}</div>'


def draw_note(picture: NDArray[np.uint8], note: Note) -> None:
    """Draw a line, an angle or a stopwatch's place into a picture, with its value."""
    size = max(picture.shape[:2])
    width = max(2, size // 400)
    points = [(round(x), round(y)) for x, y in note.points]
    for thickness, colour in ((width + 2, (0, 0, 0)), (width, (240, 228, 66))):
        for start, end in itertools.pairwise(points):
            cv2.line(picture, start, end, colour, thickness, cv2.LINE_AA)
        for point in points:
            cv2.circle(picture, point, 2 * width, colour, thickness, cv2.LINE_AA)
    # Letters of cv2's fonts are plain ones only.
    words = {"line": "{:.0f} px", "angle": "{:.1f} deg", "stopwatch": "{:.3f} s"}[note.kind]
    text = words.format(note.value) if note.value is not None else "0.000 s"
    x, y = points[1 if note.kind == "angle" else -1]
    place = (min(x + 4 * width, picture.shape[1] - 1), max(y - 4 * width, 10))
    for thickness, colour in ((width + 2, (0, 0, 0)), (max(1, width - 1), (240, 228, 66))):
        cv2.putText(
            picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, size / 1600, colour, thickness,
            cv2.LINE_AA,
        )  # fmt: skip
