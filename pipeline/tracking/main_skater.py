"""Who of the people in view is the skater.

Several people are in view (bystanders, judges, audience), and the paper does not say how it tells
the skater apart. Here every person earns up to one point in every frame: for being large, for
moving against the background, for changing posture, for being near the middle of the picture and
for being certain. The skater is who has most points over the whole clip, so presence counts too.
`docs/main_skater.md` has the rule in full and what it was measured on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipeline.errors import InputError
from pipeline.messages import Message
from pipeline.tracking.candidates import CUES, Candidate, MainSkaterSettings, rank_candidates
from pipeline.types import People, Timeline, Track


def choose_main_skater(
    tracks: Sequence[Track],
    timeline: Timeline,
    frame_size: tuple[int, int],
    *,
    skater: int | None = None,
    settings: MainSkaterSettings | None = None,
    ranking: Sequence[Candidate] | None = None,
) -> People:
    """Name the main skater.

    Args:
        tracks: All people of the clip.
        timeline: Of the same clip.
        frame_size: `(width, height)` in pixels.
        skater: `person_id` that the user asks for; it overrides the rule.
        settings: See `MainSkaterSettings`.
        ranking: Of the same tracks by `rank_candidates`, where it is known already.

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
    ranking = ranking or rank_candidates(people, timeline, frame_size, settings)
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
