"""Who of the people in view is the skater.

Several people are in view (bystanders, judges, audience), and the paper does not say how it tells
the skater apart. Here every person earns up to one point in every frame: for being large, for
moving against the background, for changing posture, for being near the middle of the picture and
for being certain. The skater is who has most points over the whole clip, so presence counts too.
`docs/main_skater.md` has the rule in full and what it was measured on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.detection.boxes import Numbers, centres, extents, lengths
from pipeline.errors import ConfigError, InputError
from pipeline.messages import Message
from pipeline.settings import NotNegative, Positive, Share, ShareBelow1, settings
from pipeline.types import People, Timeline, Track

CUES = ("size", "motion", "posture", "centrality", "certainty")
"""What speaks for a person; each is a number from 0 to 1."""


@settings()
class MainSkaterSettings:
    """What makes a person the main skater. Assumption: the paper says nothing of it."""

    size: NotNegative = 0.05
    """Weight of being large; the largest person of a frame earns it all."""
    motion: NotNegative = 0.1
    """Weight of moving against the background."""
    posture: NotNegative = 0.25
    """Weight of opening and closing arms and legs, which no camera movement can imitate."""
    centrality: NotNegative = 0.55
    """Weight of being near the middle of the picture: the camera follows the skater."""
    certainty: NotNegative = 0.05
    """Weight of the detector's score."""
    full_speed: Positive = 1.0
    """Speed that earns all of the motion's weight, in lengths of the person a second."""
    full_change: Positive = 0.4
    """Change of the box's sides that earns all of the posture's weight, likewise."""
    window_s: Positive = 0.5
    """Both are taken over this time, so that a box that merely jitters does not seem to move."""
    clear_lead: ShareBelow1 = 0.2
    """The choice is uncertain if the next person has more than 1 minus this of the points."""
    min_presence: Share = 0.5
    """The user is warned if the skater is seen in a smaller share of the frames."""
    least_presence: Share = 0.45
    """Who is seen in a smaller share is no skater of this clip: somebody passing by, or a few false
    alarms in a row; only the user can choose them."""

    def __post_init__(self) -> None:
        weights = [getattr(self, cue) for cue in CUES]
        if not np.isclose(sum(weights), 1):
            raise ConfigError(
                f"main_skater: the weights of {', '.join(CUES)} must sum to 1, got {weights}"
            )


@dataclass(frozen=True)
class Candidate:
    """What speaks for one person, each cue as a mean over the frames where the person is seen."""

    person_id: int
    """The track's number."""
    points: float
    """The weighted sum of the cues times presence, 0 to 1: what the choice is made by."""
    presence: float
    """Share of the clip's frames in which the person is seen."""
    size: float
    """Length of the box, as a share of the largest one's in the frame."""
    motion: float
    """Speed against the background, as a share of full speed."""
    posture: float
    """Speed at which the box changes its shape, as a share of full change."""
    centrality: float
    """1 in the middle of the picture, 0 in its corner; a quarter half-way between."""
    certainty: float
    """The detector's score."""


def choose_main_skater(
    tracks: Sequence[Track],
    timeline: Timeline,
    frame_size: tuple[int, int],
    *,
    skater: int | None = None,
    settings: MainSkaterSettings | None = None,
) -> People:
    """Name the main skater.

    Args:
        tracks: All people of the clip.
        timeline: Of the same clip.
        frame_size: `(width, height)` in pixels.
        skater: `person_id` that the user asks for; it overrides the rule.
        settings: See `MainSkaterSettings`.

    Returns:
        Everybody, with the skater named; nobody is named when there are no tracks, or none that
        stays in view.

    Raises:
        InputError: Nobody has the number `skater`.
    """
    people = tuple(tracks)
    if not people:
        return People(people, None, Message.of("nobody_in_view"))
    if skater is not None:
        _check_number(people, skater)
        return People(people, skater, Message.of("chosen", person=skater))
    settings = settings or MainSkaterSettings()
    ranking = rank_candidates(people, timeline, frame_size, settings)
    first = ranking[0]
    if first.presence < settings.least_presence:
        seen = f"{first.presence:.0%}"
        return People(
            people, None, Message.of("seldom_in_view", person=first.person_id, presence=seen)
        )
    points = {candidate.person_id: candidate.points for candidate in ranking}
    return People(people, first.person_id, _in_words(ranking, settings), points)


def choice_warnings(
    people: People,
    timeline: Timeline,
    frame_size: tuple[int, int],
    *,
    settings: MainSkaterSettings | None = None,
) -> tuple[Message, ...]:
    """What the user should know of the choice: a wrong person is worse than none.

    The choice is told by the points that it was made by (`People.points`); the user's own choice is
    not called uncertain. Tracks may have been extended since by low-score association.

    Args:
        people: With the main skater named.
        timeline: Of the same clip.
        frame_size: `(width, height)` in pixels.
        settings: See `MainSkaterSettings`.
    """
    settings = settings or MainSkaterSettings()
    ranking = rank_candidates(people.tracks, timeline, frame_size, settings)
    messages = []
    for main in (c for c in ranking if c.person_id == people.main_id):
        if main.person_id in people.points:
            now = {candidate.person_id: candidate.points for candidate in ranking}
            messages += _uncertain(main.person_id, people.points, now, settings.clear_lead)
        if main.presence < settings.min_presence:
            seen = f"{main.presence:.0%}"
            messages.append(Message.of("presence", person=main.person_id, presence=seen))
    return tuple(messages)


def rank_candidates(
    tracks: Sequence[Track],
    timeline: Timeline,
    frame_size: tuple[int, int],
    settings: MainSkaterSettings | None = None,
) -> tuple[Candidate, ...]:
    """Everybody in view, by falling points.

    Args:
        tracks: All people of the clip.
        timeline: Of the same clip.
        frame_size: `(width, height)` in pixels.
        settings: See `MainSkaterSettings`.
    """
    if not tracks:
        return ()
    settings = settings or MainSkaterSettings()
    boxes = np.stack([track.boxes_xyxy for track in tracks]).astype(np.float64)  # (M, T, 4)
    seen = ~np.isnan(boxes[..., 0])  # (M, T)
    cues = {
        "size": _relative_size(boxes),
        "motion": _speed(boxes, timeline.pts_s, settings.window_s) / settings.full_speed,
        "posture": _change(boxes, timeline.pts_s, settings.window_s) / settings.full_change,
        "centrality": _centrality(boxes, frame_size),
        "certainty": np.stack([track.scores for track in tracks]).astype(np.float64),
    }
    presence = seen.mean(axis=1)
    means = {cue: _mean_where(seen, np.clip(value, 0, 1)) for cue, value in cues.items()}
    points = presence * sum(getattr(settings, cue) * means[cue] for cue in CUES)
    candidates = [
        Candidate(
            track.person_id,
            float(points[person]),
            float(presence[person]),
            **{cue: float(means[cue][person]) for cue in CUES},
        )
        for person, track in enumerate(tracks)
    ]
    return tuple(sorted(candidates, key=lambda c: (-c.points, c.person_id)))


def _check_number(people: Sequence[Track], skater: int) -> None:
    numbers = sorted(track.person_id for track in people)
    if skater not in numbers:
        known = ", ".join(map(str, numbers))
        raise InputError.of("skater_unknown", skater=skater, known=known)


def _in_words(ranking: Sequence[Candidate], settings: MainSkaterSettings) -> Message:
    first, *rest = ranking
    values: dict[str, object] = {cue: f"{getattr(settings, cue):.0%}" for cue in CUES}
    values |= {"person": first.person_id, "points": f"{first.points:.2f}"}
    if not rest:
        return Message.of("only_one", **values)
    values["other"] = rest[0].person_id
    if rest[0].points == first.points:
        return Message.of("tie", **values)
    values["points"], values["other_points"] = _told_apart(first.points, rest[0].points)
    return Message.of("most_points", **values)


def _told_apart(*points: float) -> list[str]:
    """Points with two decimals, or as many as tell the first from those that are not the same."""
    for digits in range(2, 17):
        first, *others = (f"{value:.{digits}f}" for value in points)
        if all(
            (text == first) == (value == points[0])
            for text, value in zip(others, points[1:], strict=True)
        ):
            break
    return [first, *others]


def _uncertain(
    main: int, decided: Mapping[int, float], now: Mapping[int, float], clear_lead: float
) -> list[Message]:
    """Who comes close to the person who was taken, and by what that person was taken.

    Args:
        main: Who was taken.
        decided: Points of everybody by which the choice was made.
        now: Points of everybody since boxes of low score count too.
        clear_lead: See `MainSkaterSettings`.
    """

    def rivals(points: Mapping[int, float]) -> dict[int, float]:
        close = {
            p: v for p, v in points.items() if p != main and v > (1 - clear_lead) * points[main]
        }
        return dict(sorted(close.items(), key=lambda entry: -entry[1]))

    ahead = {p: v for p, v in rivals(now).items() if v > now[main]}
    if ahead:
        led, first, *rest = _told_apart(now[main], *ahead.values())
        values = {"points": f"{decided[main]:.2f}", "led": led}
        return [
            Message.of(
                "uncertain_led", person=main, others=_listed(ahead, [first, *rest]), **values
            )
        ]
    near = rivals(decided)
    if not near:
        return []
    code = "uncertain_tie" if max(near.values()) == decided[main] else "uncertain"
    points, *texts = _told_apart(decided[main], *near.values())
    return [Message.of(code, person=main, points=points, others=_listed(near, texts))]


def _listed(people: Iterable[int], points: Sequence[str]) -> str:
    return ", ".join(f"{p} ({text})" for p, text in zip(people, points, strict=True))


def _mean_where(seen: NDArray[np.bool_], values: Numbers) -> Numbers:
    total = np.where(seen, np.nan_to_num(values), 0).sum(axis=1)
    return total / np.maximum(seen.sum(axis=1), 1)


def _relative_size(boxes: Numbers) -> Numbers:
    length = np.nan_to_num(lengths(boxes))  # (M, T)
    return length / np.maximum(length.max(axis=0), 1)


def _centrality(boxes: Numbers, frame_size: tuple[int, int]) -> Numbers:
    half = np.array(frame_size) / 2
    off = (centres(boxes) - half) / half  # (M, T, 2), -1..1
    return np.square(1 - np.linalg.norm(off, axis=-1) / np.sqrt(2))


def _speed(boxes: Numbers, times: Numbers, window_s: float) -> Numbers:
    """Speed `(M, T)` against the background, in lengths of the person a second.

    What most people in view do is the camera's doing, so the background moves by their median; one
    person alone is measured against the picture.
    """
    velocity = _rate(centres(boxes), times, window_s)  # (M, T, 2)
    several = (~np.isnan(velocity[..., 0])).sum(axis=0) > 1
    background = np.zeros((len(times), 2))
    background[several] = np.nanmedian(velocity[:, several], axis=0)
    return np.linalg.norm(velocity - background, axis=-1) / lengths(boxes)


def _change(boxes: Numbers, times: Numbers, window_s: float) -> Numbers:
    """Speed `(M, T)` of the box's sides against its centre, in lengths of the person a second."""
    return np.linalg.norm(_rate(extents(boxes) / 2, times, window_s), axis=-1) / lengths(boxes)


def _rate(values: Numbers, times: Numbers, window_s: float) -> Numbers:
    """Change a second `(M, T, 2)` of `values` over the window around each frame.

    Where the person is not seen at an end of the window, the nearest box inside it counts; NaN
    where the window holds fewer than two.
    """
    first = np.searchsorted(times, times - window_s / 2)
    last = np.searchsorted(times, times + window_s / 2, side="right") - 1
    rate = np.full(values.shape, np.nan)
    for person, course in enumerate(values):
        seen = np.flatnonzero(~np.isnan(course[:, 0]))
        start = np.append(seen, len(times))[np.searchsorted(seen, first)]
        end = np.insert(seen, 0, -1)[np.searchsorted(seen, last, side="right")]
        known = start < end
        elapsed = times[end[known]] - times[start[known]]
        rate[person, known] = (course[end[known]] - course[start[known]]) / elapsed[:, None]
    return rate
