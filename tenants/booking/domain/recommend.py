"""Recommended times: up to three of all free ones, each with its reasons. A pure function.

    score = member × gap × idle

*member* is how well a time keeps the member's own weekday and hour, practitioner and rhythm; *gap* takes
off for what the booking would leave unsellable in the practitioner's day; *idle* adds for people who
stand about. The shop's side is bounded, so that it decides between times that suit about equally and
never against the member. No slot is hidden by it: the full list stands beside. docs/recommendations.md
has the formula, the figures of the replay, and the limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Generic, Literal, TypeVar

from tenants.stores.domain.wall import local_date

from .recommend_gaps import Fit, Floor, fit_of
from .recommend_habit import Habit, bell
from .search import Slot
from .spans import Span

K = TypeVar("K")

MOST = 3
# No factor of the member's side alone closes a time: what each is worth where history says nothing.
HOUR_FLOOR, PERSON_FLOOR, RHYTHM_FLOOR, LEAD_FLOOR = 0.03, 0.25, 0.08, 0.08
# The shop's side: what a wholly lost remnant costs, what idle people and a filled gap are worth.
GAP_COST, IDLE_GAIN, FILL_GAIN = 0.35, 0.12, 0.10
# Two recommendations so near (minutes, the spread of a bell) are one; how much the second loses.
APART, ALIKE = 60, 0.8
# How many of the member's best times are looked at more closely.
CLOSER_LOOK = 160
# For somebody new: within how many days, and from which share of idle people on a shop is quiet.
NEW_DAYS, QUIET = 7, 0.6

ReasonCode = Literal[
    "usual_time", "usual_hour", "last_practitioner", "usual_practitioner", "rhythm", "overdue",
    "fills_gap", "quiet", "soonest", "free",
]  # fmt: skip

# Reasons that lie in who would serve.
PERSONAL = frozenset({"last_practitioner", "usual_practitioner", "free"})


@dataclass(frozen=True, slots=True)
class Because:
    """One reason; `days` since the last visit where the rhythm speaks, `free` of `staff` where it is quiet."""

    code: ReasonCode
    days: int = 0
    free: int = 0
    staff: int = 0


@dataclass(frozen=True)
class Recommendation(Generic[K]):
    """A free slot, who would serve, why: the strongest reason first, never none."""

    slot: Slot[K]
    practitioner: K
    reasons: tuple[Because, ...]
    score: float


@dataclass(frozen=True)
class _Weighed(Generic[K]):
    """A slot with all that its score is made of."""

    slot: Slot[K]
    who: K
    day: date
    member: float
    fit: Fit
    staff: int
    score: float

    @property
    def idle(self) -> float:
        return len(self.slot.staff) / self.staff if self.staff else 0.0


def recommend(
    slots: Sequence[Slot[K]],
    habit: Habit[K],
    floor: Floor[K],
    *,
    now: datetime,
    busy: Iterable[Span] = (),
) -> list[Recommendation[K]]:
    """Up to three of `slots` (free, in order of start), the best first.

    `busy` is the member's own time: what overlaps it is not recommended. The same input gives the same
    answer. Somebody without visits gets the soonest time, one that fills a gap, and a quiet one.
    """
    own = list(busy)
    open_to_them = [
        slot for slot in slots if not any(span.overlaps(Span(slot.starts_at, slot.ends_at)) for span in own)
    ]
    if not open_to_them:
        return []
    soonest = open_to_them[0]
    if habit.known:
        chosen = _choose(_weigh(open_to_them, habit, floor, now=now))
    else:
        chosen = _defaults(_weigh_new(open_to_them, habit, floor, now=now))
    return [
        Recommendation(one.slot, one.who, tuple(_reasons(one, habit, soonest, now=now)), one.score)
        for one in chosen
    ]


def _weigh(slots: Sequence[Slot[K]], habit: Habit[K], floor: Floor[K], *, now: datetime) -> list[_Weighed[K]]:
    """The member's best slots, each with the person whose share and day make the most of it."""
    today = local_date(now, habit.zone)
    persons = {who: habit.person_share(who) for who in floor.staff}
    rhythm: dict[date, float] = {}
    liked: list[tuple[float, int, date]] = []
    for place, slot in enumerate(slots):
        day = local_date(slot.starts_at, habit.zone)
        if day not in rhythm:
            rhythm[day] = RHYTHM_FLOOR + habit.rhythm_share(day, today=today)
        best = max(persons[who] for who in slot.staff)
        member = (HOUR_FLOOR + habit.hour_share(slot.starts_at)) * rhythm[day] * (PERSON_FLOOR + best)
        member *= LEAD_FLOOR + habit.lead_share(slot.starts_at, now=now)
        liked.append((-member, place, day))
    liked.sort()
    weighed = []
    for minus, place, day in liked[:CLOSER_LOOK]:
        slot = slots[place]
        best = max(persons[who] for who in slot.staff)
        fitting = [(fit_of(floor, who, slot.starts_at), who) for who in slot.staff]
        # the person counts on the member's side; among equals whose day it fits best
        fit, who = max(
            fitting, key=lambda pair: (PERSON_FLOOR + persons[pair[1]]) * _gap_factor(pair[0], floor)
        )
        member = -minus * (PERSON_FLOOR + persons[who]) / (PERSON_FLOOR + best)
        weighed.append(_scored(slot, who, day, member, fit, floor))
    return weighed


def _weigh_new(
    slots: Sequence[Slot[K]], habit: Habit[K], floor: Floor[K], *, now: datetime
) -> list[_Weighed[K]]:
    """The slots of the first week in which any is free; nobody is known to be liked."""
    first = local_date(slots[0].starts_at, habit.zone)
    weighed = []
    for slot in slots:
        day = local_date(slot.starts_at, habit.zone)
        if (day - first).days >= NEW_DAYS:
            break
        fit, who = min(
            ((fit_of(floor, who, slot.starts_at), who) for who in slot.staff),
            key=lambda pair: (not pair[0].fills, pair[0].lost),
        )
        soon = bell((day - first).days, NEW_DAYS)
        weighed.append(_scored(slot, who, day, soon, fit, floor))
    return weighed


def _scored(slot: Slot[K], who: K, day: date, member: float, fit: Fit, floor: Floor[K]) -> _Weighed[K]:
    one = _Weighed(slot, who, day, member, fit, floor.on_shift(slot.starts_at), 0.0)
    score = member * _gap_factor(fit, floor) * (1 + IDLE_GAIN * min(one.idle, 1.0))
    return replace(one, score=score)


def _gap_factor(fit: Fit, floor: Floor[K]) -> float:
    """1 for a booking that loses nothing, less for the share of a sellable time it loses, more for a filled gap."""
    return 1 - GAP_COST * min(1.0, fit.lost / floor.useful) + (FILL_GAIN if fit.fills else 0.0)


def _choose(weighed: Sequence[_Weighed[K]]) -> list[_Weighed[K]]:
    """The best, then what is best of those not much like the ones chosen already."""
    left = sorted(weighed, key=lambda one: (-one.score, one.slot.starts_at))
    chosen: list[_Weighed[K]] = []
    while left and len(chosen) < MOST:
        best = max(left, key=lambda one: one.score * _unlike(one, chosen))
        chosen.append(best)
        left.remove(best)
    return chosen


def _unlike(one: _Weighed[K], chosen: Iterable[_Weighed[K]]) -> float:
    """1 for a time far from all that are chosen, near 0 for one beside them."""
    factor = 1.0
    for other in chosen:
        apart = abs((one.slot.starts_at - other.slot.starts_at).total_seconds()) / 60
        factor *= 1 - ALIKE * bell(min(apart, 1e6), APART)
    return factor


def _defaults(weighed: Sequence[_Weighed[K]]) -> list[_Weighed[K]]:
    """For somebody new: the soonest, one that fills a gap or leaves none, and the quietest; then in order of start."""
    chosen = [weighed[0]]
    wishes = (
        lambda one: (one.fit.fills, one.fit.joins, _unlike(one, chosen) * one.member),
        lambda one: (round(min(one.idle, 1.0), 1), _unlike(one, chosen) * one.score),
    )
    for wish in wishes:
        left = [one for one in weighed if _unlike(one, chosen) > 1 - ALIKE / 2]
        if left:
            chosen.append(max(left, key=wish))
    return sorted(chosen, key=lambda one: one.slot.starts_at)


def _reasons(one: _Weighed[K], habit: Habit[K], soonest: Slot[K], *, now: datetime) -> Iterable[Because]:
    """What is true of this time, the member's own reasons before the shop's; `free` where nothing else is."""
    found = [*_own_reasons(one, habit, now=now)]
    if one.fit.fills:
        found.append(Because("fills_gap"))
    if one.slot == soonest:
        found.append(Because("soonest"))
    if one.staff >= 2 and len(one.slot.staff) >= 2 and one.idle >= QUIET:
        found.append(Because("quiet", free=len(one.slot.staff), staff=one.staff))
    return found or [Because("free")]


def _own_reasons(one: _Weighed[K], habit: Habit[K], *, now: datetime) -> Iterable[Because]:
    if not habit.known:
        return
    came = habit.came_at(one.slot.starts_at)
    if came >= 2:
        yield Because("usual_time")
    elif habit.hour_share(one.slot.starts_at) >= 0.15:
        yield Because("usual_hour")
    if habit.visits[0].practitioner == one.who:
        yield Because("last_practitioner")
    elif habit.person_share(one.who) >= 0.3:
        yield Because("usual_practitioner")
    if habit.rhythmic and habit.last is not None:
        since = (one.day - habit.last).days
        if abs(since - habit.interval) <= habit.spread:
            yield Because("rhythm", days=since)
        elif since > habit.interval and (one.day - local_date(now, habit.zone)).days <= habit.spread:
            yield Because("overdue", days=since)
