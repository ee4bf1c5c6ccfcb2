"""Where the skates stand while they are on the ice, and which way the blades point.

A gliding blade points along its own trace. It leaves the trace only where a skater turns it: in a
turn on one foot, in the last tenth of a second before an edge jump leaves the ice, on the toe pick,
just after a landing, and in a spin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.rink.body import Body
from training.rink.motion.kinematics.curves import Array, smooth_step, through_keys
from training.rink.motion.kinematics.skeleton import SIDES, Foot, dot, unit
from training.rink.motion.kinematics.travel import STEP, Travel
from training.rink.motion.phrase import Contact

_TOUCH_S, _PICK_S, _LEAVE_S = 0.14, 0.08, 0.14
_SHIFT_S = 0.12
_PUSH_S = 0.22
_SEEN_S = 20.0
"""So long before and after a contact a skate knows of it: its weight is nothing long before that,
and no clip is longer."""
_PUSHING = 0.02
"""What a leg bears while it pushes: all, where no other leg does."""


@dataclass(frozen=True)
class Skate:
    """One skate's stay on the ice."""

    share: Array
    """`(T, 1)`, 1 on the ice, 0 free, in between on the way."""
    ankle: Array
    """`(T, 3)`, where the ankle is while the share is 1."""
    foot: Foot
    """The attitude while the share is 1."""


def bearing_shares(contacts: Sequence[Contact], times: Array) -> Array:
    """How far the left and the right leg bear the skater, `(T, 2)`, each from 0 to 1."""
    shares = np.zeros((len(times), 2))
    for contact in contacts:
        if contact.bears:
            column = SIDES.index(contact.side)
            taken = smooth_step((times - contact.start) / _SHIFT_S + 0.5)
            left = smooth_step((times - contact.end) / _SHIFT_S + 0.5)
            share = np.maximum(taken * (1.0 - left), _PUSHING * _on_ice(contact, times))
            shares[:, column] = np.maximum(shares[:, column], share)
    return shares


def plan_skate(
    side: str, contacts: Sequence[Contact], travel: Travel, height: Array, body: Body
) -> Skate:
    """The stay of one side's skate on the ice.

    Args:
        side: `left` or `right`.
        contacts: Of both sides.
        travel: Of the centre of mass.
        height: `(T,)`, of the centre of mass over the ice.
        body: Proportions.
    """
    T = len(travel.times)
    free, total = np.ones((T, 1)), np.zeros((T, 1))
    ankle, forward, up = np.zeros((T, 3)), np.zeros((T, 3)), np.zeros((T, 3))
    for contact in contacts:
        if contact.side != side or _absent(contact, travel.times):
            continue
        seen = _seen(contact, travel.times)
        part = travel.part(seen)
        share = _on_ice(contact, part.times)[:, None]
        foot, place = _stance(contact, part, height[seen], body)
        free[seen] *= 1.0 - share
        share = share + _near(contact, part.times)[:, None]
        total[seen] += share
        ankle[seen] += share * place
        forward[seen] += share * foot.forward
        up[seen] += share * foot.up
    used = np.maximum(total, 1e-9)
    nowhere = total[:, 0] < 1e-9
    forward[nowhere], up[nowhere] = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
    forward, up = unit(forward), unit(up)
    return Skate(1.0 - free, ankle / used, Foot(forward, unit(up - forward * dot(up, forward))))


def _absent(contact: Contact, times: Array) -> bool:
    return contact.start - _TOUCH_S > times[-1] or _last(contact) + _LEAVE_S < times[0]


def _seen(contact: Contact, times: Array) -> slice:
    """The samples around a contact, so that a programme's cost grows with its length alone."""
    first, last = np.searchsorted(times, (contact.start - _SEEN_S, _last(contact) + _SEEN_S))
    return slice(int(first), int(last))


def _last(contact: Contact) -> float:
    return contact.end + (_PUSH_S if contact.push else 0.0)


def _on_ice(contact: Contact, times: Array) -> Array:
    touch_s = _PICK_S if contact.pick else _TOUCH_S
    touch = smooth_step((times - contact.start) / touch_s + 1.0)
    leave = smooth_step((times - _last(contact)) / _LEAVE_S)
    return touch * (1.0 - leave)


def _near(contact: Contact, times: Array) -> Array:
    """A trace of a weight, so that a free foot knows the contact before and after."""
    away = np.maximum(np.maximum(contact.start - times, times - _last(contact)), 0.0)
    return 1e-6 / (1.0 + (away / _LEAVE_S) ** 2)


def _keyed(keys: Sequence[tuple[float, float]], times: Array) -> Array:
    if not keys:
        return np.zeros(len(times))
    at, values = np.array(keys).T
    return through_keys(at, values[:, None], times)[:, 0]


def _stance(contact: Contact, travel: Travel, height: Array, body: Body) -> tuple[Foot, Array]:
    """Attitude of the skate and place of its ankle, as if it never left the ice."""
    times = travel.times
    blade = _keyed(contact.blade, times) if contact.blade else _nearest_edge(contact, travel)
    outwards = np.cos(2.0 * np.pi * blade) * (1.0 if contact.side == "left" else -1.0)
    aside = contact.aside + contact.push * outwards * smooth_step((times - contact.end) / _PUSH_S)
    under = travel.position - height[:, None] * travel.tilt
    trace = under + contact.ahead * travel.along + aside[:, None] * travel.aside
    if contact.pick:
        planted = np.argmin(np.abs(times - contact.end))
        trace = np.repeat(trace[planted : planted + 1], len(times), axis=0)
        slip, pivot = np.zeros(len(times)), np.ones(len(times))
    else:
        slip = _slip(trace, travel)
        leaving = smooth_step((times - _last(contact)) / _LEAVE_S + 0.4)
        pivot = np.maximum(_keyed(contact.pivot, times), leaving)
    traced = travel.heading + 2.0 * np.pi * blade + slip
    yaw = traced + pivot * (travel.yaw - traced)
    heel = np.radians(_keyed(contact.heel, times))
    forward = np.stack(
        [np.cos(yaw) * np.cos(heel), np.sin(yaw) * np.cos(heel), -np.sin(heel)], axis=-1
    )
    up = unit(travel.axis - forward * dot(travel.axis, forward))
    foot = Foot(forward, up)
    to_tip = np.ones(len(times)) if contact.pick else 0.5 + 0.5 * smooth_step(heel / 0.2)
    above = (1.0 - to_tip) * body.blade * np.maximum(np.sin(heel), 0.0)
    point = np.concatenate([trace, above[:, None]], axis=1)
    return foot, foot.ankle_over(point, to_tip, body)


def _nearest_edge(contact: Contact, travel: Travel) -> Array:
    middle = np.clip(0.5 * (contact.start + contact.end), travel.times[0], travel.times[-1])
    faced = np.interp(middle, travel.times, travel.facing)
    return np.full(len(travel.times), np.round(2.0 * faced) / 2.0)


def _slip(trace: Array, travel: Travel) -> Array:
    """Angle between the skate's own trace and the travel of the centre of mass, radians."""
    velocity = np.gradient(trace, STEP, axis=0)
    along = np.einsum("ti,ti->t", velocity, travel.along)
    aside = np.einsum("ti,ti->t", velocity, travel.aside)
    slip: Array = np.arctan2(aside, np.maximum(along, 0.5 * travel.speed + 0.3))
    return slip
